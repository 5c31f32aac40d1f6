/*
 * counting_allocator.h - an allocator that checks its user.
 *
 * Reports: memory never freed, freed twice or never handed out, freed with another size or
 * alignment than it was asked for, written past its end, and alignments that are no power of two.
 * Fresh and freed memory is filled with a pattern, so that nobody gets away with using it. The
 * n-th call, or every call from the n-th on, can be made to fail.
 */
#ifndef MSET_TEST_SUPPORT_COUNTING_ALLOCATOR_H
#define MSET_TEST_SUPPORT_COUNTING_ALLOCATOR_H

#include <mset/base.h>

struct counting_allocator {
    struct mset_allocator base; /* what the library gets; its context is this structure */
    uint64_t calls;             /* to alloc, since the last counting_allocator_fail() */
    uint64_t refused;           /* of these, how many were made to fail */
    uint64_t live_blocks;
    uint64_t live_bytes;
    uint64_t fail_at;      /* 0: never; else the number of the call that fails */
    bool fail_on;          /* and all after it */
    const char *complaint; /* the first thing that was wrong, or NULL */
};

void counting_allocator_open(struct counting_allocator *memory);

/* Starts counting anew; the nth call (from 1) fails, and with `on` all later ones; 0: none. */
void counting_allocator_fail(struct counting_allocator *memory, uint64_t nth, bool on);

/* What was done wrong so far, or NULL. With `closed` live memory is wrong too. */
const char *counting_allocator_complaint(const struct counting_allocator *memory, bool closed);

#endif
