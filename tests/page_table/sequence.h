/*
 * sequence.h - calls that are prepared one after the other, and then made when there is no memory
 * at all.
 */
#ifndef MSET_TEST_PAGE_TABLE_SEQUENCE_H
#define MSET_TEST_PAGE_TABLE_SEQUENCE_H

#include "page_table/every.h"

enum step_kind { STEP_UNMAP, STEP_ROOM, STEP_MAP, STEP_MOVE };

struct step {
    enum step_kind kind;
    uint64_t va, size;
    uint64_t to;    /* of a move */
    uint64_t pa;    /* of a map */
    uint64_t flags; /* of a map, and the next: else MSET_PT_REFUSE */
    enum mset_pt_overlap overlap;
};

enum { STEPS = 24 };

struct sequence {
    unsigned count;
    struct step step[STEPS];
};

void sequence_unmap(struct sequence *sequence, uint64_t va, uint64_t size);
void sequence_room(struct sequence *sequence, uint64_t va, uint64_t size);
void sequence_map(struct sequence *sequence, uint64_t va, uint64_t pa, uint64_t size,
                  uint64_t flags);
void sequence_move(struct sequence *sequence, uint64_t from, uint64_t to, uint64_t size);

/* Announces one step; what it needs is added up. */
mset_status step_prepare(struct every *t, const struct step *step, struct mset_pt_need *sum);

/* Prepares all; asserts that it works. */
void sequence_prepare(struct every *t, const struct sequence *sequence, struct mset_pt_need *sum);
/* The same, and each step first meets refusals, of frames and of memory, which change nothing. */
void sequence_prepare_hard(struct every *t, const struct sequence *sequence,
                           struct mset_pt_need *sum);
/* Prepares all, and drops it: not a byte of memory for tables is another one. */
void sequence_drop(struct every *t, const struct sequence *sequence);

/* Makes the calls without memory; asserts that they work. Returns how many frames are left over. */
uint64_t sequence_run(struct every *t, const struct sequence *sequence);

/* Prepares the hard way, makes the calls, and checks all: nothing is left over. */
void sequence_exact(struct every *t, const struct sequence *sequence, struct mset_pt_need *sum);
/* The same, but something may be left over. Returns how many frames. */
uint64_t sequence_bound(struct every *t, const struct sequence *sequence);

#endif
