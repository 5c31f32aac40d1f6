/*
 * replay.c - runs a fuzz target over inputs that are there, without any engine: regressions, seeds,
 * corpora. For compilers that have no engine, for ctest, for coverage, for a debugger.
 *
 *     fuzz_set FILE|FOLDER...        every file in a folder, but not in folders below it
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

static unsigned long long inputs;

static void *all_of(FILE *file, size_t *size) {
    size_t room = 4096, got;
    char *data = malloc(room);
    for (*size = 0; data != NULL && (got = fread(data + *size, 1, room - *size, file)) != 0;) {
        *size += got;
        if (*size == room) {
            char *const more = realloc(data, room *= 2);
            if (more == NULL) {
                free(data);
            }
            data = more;
        }
    }
    return data;
}

/* The target sees exactly as many bytes as there are, so that sanitizers see where it looks. */
static void run(const void *data, size_t size) {
    uint8_t *const exact = malloc(size != 0 ? size : 1);
    if (exact == NULL) {
        perror("replay");
        exit(1);
    }
    memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    inputs++;
}

static int run_file(const char *path) {
    size_t size;
    FILE *const file = fopen(path, "rb");
    void *const data = file != NULL ? all_of(file, &size) : NULL;
    const int wrong = data == NULL || ferror(file) != 0;
    if (wrong) {
        (void)fprintf(stderr, "replay: cannot read %s: %s\n", path, strerror(errno));
    } else {
        run(data, size);
    }
    free(data);
    if (file != NULL) {
        (void)fclose(file);
    }
    return wrong;
}

static int run_folder(DIR *folder, const char *path) {
    int wrong = 0;
    /* cppcheck-suppress readdirCalled ; there is one thread */
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[4096];
        const int length = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.') {
            continue;
        }
        wrong |= length < 0 || (size_t)length >= sizeof name || run_file(name);
    }
    return wrong;
}

int main(int argc, char **argv) {
    int wrong = 0;
    for (int i = 1; i < argc; i++) {
        DIR *const folder = opendir(argv[i]);
        if (folder != NULL) {
            wrong |= run_folder(folder, argv[i]);
            (void)closedir(folder);
        } else {
            wrong |= run_file(argv[i]);
        }
    }
    (void)fprintf(stderr, "inputs replayed: %llu\n", inputs);
    return wrong || inputs == 0;
}
