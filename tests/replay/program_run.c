/*
 * program_run.c - runs mset-replay as a user does.
 */
#include "program_run.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char program_out[1 << 16];
char program_err[1 << 16];
static char folder[] = "/tmp/mset-replay-XXXXXX";

static void must(int condition, const char *what) {
    if (!condition) {
        perror(what);
        abort();
    }
}

void program_enter(void) {
    must(mkdtemp(folder) != NULL && chdir(folder) == 0, "folder for the test");
}

void program_leave(void) {
    DIR *open_folder = opendir(folder);
    must(open_folder != NULL, "folder of the test");
    // cppcheck-suppress readdirCalled; there is one thread
    for (const struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            must(remove(entry->d_name) == 0, entry->d_name);
        }
    }
    closedir(open_folder);
    must(chdir("/") == 0 && rmdir(folder) == 0, "folder of the test");
}

void program_write(const char *name, const void *bytes, size_t size) {
    FILE *file = fopen(name, "wb");
    must(file != NULL, name);
    must(fwrite(bytes, 1, size, file) == size && fclose(file) == 0, name);
}

void program_write_text(const char *name, const char *text) {
    program_write(name, text, strlen(text));
}

static size_t read_file(const char *name, char *bytes, size_t room) {
    FILE *file = fopen(name, "rb");
    must(file != NULL, name);
    const size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

void program_copy(const char *from, const char *name, size_t size, size_t flip) {
    static char bytes[1 << 20];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", REPLAY_TRACES, from);
    const size_t all = read_file(path, bytes, sizeof bytes);
    size = size < all ? size : all;
    for (size_t at = flip; at < size; at++) {
        bytes[at] = (char)~bytes[at];
    }
    program_write(name, bytes, size);
}

int program_run(const char *arguments) {
    char command[8192];
    snprintf(command, sizeof command, "%s '%s' %s >out.txt 2>err.txt", REPLAY_WRAPPER,
             REPLAY_PROGRAM, arguments);
    const int status = system(command);
    program_out[read_file("out.txt", program_out, sizeof program_out - 1)] = 0;
    program_err[read_file("err.txt", program_err, sizeof program_err - 1)] = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
