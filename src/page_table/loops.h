/*
 * loops.h - what is done to many entries at once, without knowing what they mean. The same few
 * loops serve every format, so they can be compiled for several kinds of processors (loops_code.h)
 * and the best is taken when a table is made (loops.c).
 *
 * Leaves of a run rise by a constant step, and leaves with the same attributes change by the same
 * bits. Where that does not hold, these stop, and the engine goes on entry by entry.
 */
#ifndef MSET_SRC_PAGE_TABLE_LOOPS_H
#define MSET_SRC_PAGE_TABLE_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pt_loops {
    /* entries[k] = first + k * step */
    void (*fill)(uint64_t *entries, size_t n, uint64_t first, uint64_t step);
    /* How many from the first on are first + k * step, up to n. */
    size_t (*rising)(const uint64_t *entries, size_t n, uint64_t first, uint64_t step);
    /* Turns over the bits of `delta` in those from the first on that are `like` but for the bits of
       `aside`. Returns how many. Each entry is read once. */
    size_t (*turn)(uint64_t *entries, size_t n, uint64_t like, uint64_t aside, uint64_t delta);
    /* Is any of them something else than `value`? */
    bool (*any_other)(const uint64_t *entries, size_t n, uint64_t value);
    /* Writes `value` into all. Returns how many were something else, and in *any all or-ed. */
    size_t (*wipe)(uint64_t *entries, size_t n, uint64_t value, uint64_t *any);
};

/* The fastest that this processor has. */
const struct pt_loops *mset_pt_choose_loops(void);

extern const struct pt_loops mset_pt_loops_portable, mset_pt_loops_avx2, mset_pt_loops_avx512;

#endif
