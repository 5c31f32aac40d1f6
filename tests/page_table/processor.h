/*
 * processor.h - a second thread that uses a page table as a processor with marks in hardware does:
 * it walks from the root and sets accessed and dirty marks by compare and exchange. Written from
 * the manuals; no header of the library is included here.
 *
 * Like a processor it may go on through a table that was unlinked meanwhile: it keeps the address
 * of one table of the lowest level until it is paused. What it has dirtied is logged by page frame.
 */
#ifndef MSET_TEST_PAGE_TABLE_PROCESSOR_H
#define MSET_TEST_PAGE_TABLE_PROCESSOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/rng.h"

enum { PROCESSOR_FRAMES = 4096 };

struct processor_seen {
    enum { SEEN_NOTHING, SEEN_TABLE, SEEN_LEAF } kind;
    uint64_t pa, size; /* of the table, or of the leaf with its group */
};

struct processor_kind {
    const char *name;
    unsigned levels;
    struct processor_seen (*see)(uint64_t entry, unsigned level);
    /* The leaf after an access; unchanged if the access faults or everything is marked. */
    uint64_t (*mark)(uint64_t leaf, bool write);
    uint64_t table_mark; /* set in entries that point at tables */
};

/* NULL: no such architecture. */
const struct processor_kind *processor_find(const char *name);

struct processor {
    const struct processor_kind *kind;
    unsigned char *storage; /* where tables are: [base, base + bytes) */
    uint64_t base, bytes, root;
    uint64_t frames; /* physical address of the first frame of the log */
    uint8_t dirtied[PROCESSOR_FRAMES];

    uint64_t va, pages; /* where it reads and writes, set before it runs */
    struct rng rng;
    uint64_t kept_table, kept_slot; /* table of level 0, 0: none */

    pthread_t thread;
    bool there;
    int state, resting;
    uint64_t accesses;
};

/* The fields up to `frames` are filled in. It pauses. */
bool processor_start(struct processor *processor);
void processor_stop(struct processor *processor);
/* Returns as soon as it is busy in these pages. */
void processor_run(struct processor *processor, uint64_t va, uint64_t pages);
/* Returns when the last access is over; the log is the caller's now. */
void processor_pause(struct processor *processor);

#endif
