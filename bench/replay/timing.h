/*
 * timing.h - how long a replay takes.
 */
#ifndef REPLAY_TIMING_H
#define REPLAY_TIMING_H

#include "replay.h"

uint64_t timing_now(void); /* nanoseconds of a clock that never goes back */

/* A line on stderr that says how far it is: only on a terminal, only after the first second. */
struct progress {
    uint64_t next; /* timing_now() when it is shown again */
    bool enabled, shown;
};
void progress_start(struct progress *progress);
void progress_show(struct progress *progress, const char *name, unsigned run);
void progress_clear(struct progress *progress);

/* Replays until there are enough samples; *ns is the median of whole runs. */
bool timing_replay(const struct program *program, struct machine *machine, const char *name,
                   struct progress *progress, double *ns, struct trouble *trouble);

#endif
