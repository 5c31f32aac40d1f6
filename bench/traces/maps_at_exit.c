/*
 * maps_at_exit.c - loaded into a program that is recorded (see `record`): when the program
 * exits, it reads its own /proc/self/maps and leaves the text in the file MSET_MAPS_FILE. A text
 * that does not fit leaves no file.
 *
 * Nothing here allocates: the areas must not change between the openat, which marks the moment
 * in the trace, and the last read.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[4096];
static char text[1 << 24]; /* 200,000 areas; zero pages until it is used */
static pid_t recorded;     /* children of the program are left alone */

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("MSET_MAPS_FILE");
    if (file == NULL || strlen(file) >= sizeof path) {
        return;
    }
    strcpy(path, file);
    recorded = getpid();
    /* Programs that it starts shall not do this. */
    unsetenv("MSET_MAPS_FILE");
    unsetenv("LD_PRELOAD");
}

/* 0 if it does not fit. */
static size_t read_all(int from) {
    size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < sizeof text; size += (size_t)(got > 0 ? got : 0)) {
        got = read(from, text + size, sizeof text - size);
    }
    return size < sizeof text ? size : 0;
}

__attribute__((destructor)) static void end(void) {
    if (recorded == 0 || recorded != getpid()) {
        return;
    }
    const int from = open("/proc/self/maps", O_RDONLY);
    const size_t size = from < 0 ? 0 : read_all(from);
    const int to = creat(path, 0666);
    size_t done = 0;
    for (ssize_t put = 1; to >= 0 && put > 0 && done < size; done += (size_t)(put > 0 ? put : 0)) {
        put = write(to, text + done, size - done);
    }
}
