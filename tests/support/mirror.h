/*
 * mirror.h - an observer that keeps its own list of the areas of a set, from nothing but the
 * changes it is told.
 *
 * Every change must fit that list: `old_run` is exactly an area of it at that moment, and
 * `new_run` is what observe.h says that the kind of change makes of it. Anything else is a
 * complaint.
 */
#ifndef MSET_TEST_SUPPORT_MIRROR_H
#define MSET_TEST_SUPPORT_MIRROR_H

#include "calls.h"

struct mirror {
    struct mset_observer observer;
    uint64_t base, page_size;
    size_t pages;
    struct mset_area *areas; /* by the page on which they begin; size 0: none */
    bool *covered;           /* does an area lie on the page? */
    uint64_t count;
    uint64_t bytes; /* modulo 2^64 */
    uint64_t splits, merges;
    struct change_list told; /* in the present operation */
    char complaint[768];     /* the first thing that was wrong, or "" */
};

void mirror_open(struct mirror *mirror, uint64_t base, uint64_t page_size, size_t pages);
void mirror_close(struct mirror *mirror);
/* There are no areas. */
void mirror_reset(struct mirror *mirror);
/* Starts a new operation: forgets what was told. */
void mirror_begin(struct mirror *mirror);
bool mirror_holds(const struct mirror *mirror, const struct mset_area *area);

#endif
