/*
 * orchard.h - trees for the tests of this room, with an allocator that checks its user.
 */
#ifndef MSET_TEST_ORCHARD_H
#define MSET_TEST_ORCHARD_H

#include "area_tree/area_tree.h"
#include "support/counting_allocator.h"

/* clang-format off: cmocka.h wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

struct orchard {
    struct counting_allocator memory;
    struct at_tree tree;
};

static inline void orchard_open(struct orchard *orchard) {
    counting_allocator_open(&orchard->memory);
    mset_at_init(&orchard->tree, &orchard->memory.base);
}

static inline void orchard_close(struct orchard *orchard) {
    mset_at_destroy(&orchard->tree);
    assert_null(counting_allocator_complaint(&orchard->memory, true));
}

static inline struct at_run run_of(uint64_t first, uint64_t last, uint64_t flags) {
    const struct at_run run = {first, last, {flags, NULL, 0}};
    return run;
}

/* Prepare and splice, as an operation of the set would. */
static inline mset_status splice(struct at_tree *tree, uint64_t first, uint64_t last,
                                 const struct at_run *run) {
    struct at_path path = {0}; /* in an empty tree it stays so */
    if (tree->height != 0) {
        at_seek_range(tree, first, last, &path);
    }
    const mset_status status = mset_at_prepare(tree, &path, first, last, run != NULL);
    if (status == MSET_OK) {
        mset_at_splice_at(tree, &path, first, last, run);
    }
    return status;
}

static inline void put(struct at_tree *tree, uint64_t first, uint64_t last, uint64_t flags) {
    const struct at_run run = run_of(first, last, flags);
    assert_int_equal(splice(tree, first, last, &run), MSET_OK);
}

static inline void take(struct at_tree *tree, uint64_t first, uint64_t last) {
    assert_int_equal(splice(tree, first, last, NULL), MSET_OK);
}

#endif
