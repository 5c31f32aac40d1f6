/*
 * replay.h - runs the program of a trace on memory sets.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "machine.h"
#include "maps.h"
#include "process.h"

/* What a run found out. */
struct findings {
    uint64_t peak_areas; /* the most areas that one space had */
    uint64_t peak_bytes; /* of its tree, then */
    uint64_t peak_tables;
    uint64_t peak_leaves[3]; /* 4 KiB, 2 MiB, 1 GiB */
    uint64_t splits, merges; /* of all spaces */
    /* At the last look a process took at its own areas, or after the last change if none did: */
    struct maps areas;   /* what the set says */
    struct maps pages;   /* what the page table says; empty with MACHINE_NONE */
    struct ranges known; /* the addresses that the trace itself has mapped */
};

void findings_free(struct findings *findings);

/*
 * Runs the program once. With `findings` not NULL it looks around at every step and checks the
 * structures; without, it only does the work (for timing). False with the reason in *trouble.
 * With or without, `findings` must be freed.
 */
bool replay_run(const struct program *program, struct machine *machine, struct findings *findings,
                struct trouble *trouble);

#endif
