/*
 * timing.c - how long a replay takes: the median of several whole runs.
 *
 * Short traces are repeated until the runs together last a quarter of a second, so that a
 * thousand calls are measured as well as fifty thousand.
 */
#include "timing.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LEAST_RUNS 5u
#define MOST_RUNS 201u
#define SECOND UINT64_C(1000000000)
#define ENOUGH_NS (SECOND / 4)

uint64_t timing_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void progress_start(struct progress *progress) {
    progress->next = timing_now() + SECOND;
    progress->enabled = isatty(STDERR_FILENO) == 1;
    progress->shown = false;
}

void progress_show(struct progress *progress, const char *name, unsigned run) {
    const uint64_t now = timing_now();
    if (progress->enabled && now >= progress->next) {
        fprintf(stderr, "\rmset-replay: %.60s, replay %u\033[K", name, run);
        progress->next = now + SECOND / 10;
        progress->shown = true;
    }
}

void progress_clear(struct progress *progress) {
    if (progress->shown) {
        fputs("\r\033[K", stderr);
        progress->shown = false;
    }
}

static int by_value(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static double median(uint64_t *samples, unsigned count) {
    qsort(samples, count, sizeof *samples, by_value);
    const uint64_t upper = samples[count / 2], lower = samples[(count - 1) / 2];
    return ((double)upper + (double)lower) / 2;
}

bool timing_replay(const struct program *program, struct machine *machine, const char *name,
                   struct progress *progress, double *ns, struct trouble *trouble) {
    uint64_t samples[MOST_RUNS], total = 0;
    unsigned runs = 0;
    while (runs < LEAST_RUNS || (runs < MOST_RUNS && total < ENOUGH_NS)) {
        progress_show(progress, name, runs + 1);
        const uint64_t before = timing_now();
        if (!replay_run(program, machine, NULL, trouble)) {
            return false;
        }
        samples[runs] = timing_now() - before;
        total += samples[runs++];
    }
    *ns = median(samples, runs);
    return true;
}
