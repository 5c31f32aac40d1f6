/*
 * place.h - a set with all that is around it, and lists of areas to put into it at once.
 */
#ifndef MSET_TEST_SET_PLACE_H
#define MSET_TEST_SET_PLACE_H

#include <stdlib.h>

#include "scene.h"
#include "support/rng.h"

#include "area_tree/node.h"

#define HALF (UINT64_C(1) << 63)

/* Areas that fill a leaf, a branch of leaves, and a branch of those. */
#define LEAF ((uint64_t)AT_LEAF_CAPACITY)
#define TWO_LEVELS (LEAF * AT_BRANCH_CAPACITY)
#define THREE_LEVELS (TWO_LEVELS * AT_BRANCH_CAPACITY)

/* ---- a backend that counts, and refuses to merge at some pages ------------------------------- */

struct counted {
    struct mset_backend base;
    int64_t references;
    int64_t taken;
};

static inline void take_reference(struct mset_backend *backend) {
    struct counted *const counted = (struct counted *)backend;
    counted->references++;
    counted->taken++;
}

static inline void drop_reference(struct mset_backend *backend) {
    ((struct counted *)backend)->references--;
}

static inline bool may_merge(struct mset_backend *backend, const struct mset_area *left,
                             const struct mset_area *right) {
    (void)backend, (void)left;
    return right->start / PAGE % 7 != 0;
}

/* Nothing is asked of it but references: neither load nor the metadata calls tell it anything. */
static inline int not_called(struct mset_backend *backend, const struct mset_area *run,
                             void *page_table) {
    (void)backend, (void)run, (void)page_table;
    fail_msg("a backend is told");
    return 0;
}

static const struct mset_backend_ops counted_ops = {.name = "counted",
                                                    .map = not_called,
                                                    .unmap = not_called,
                                                    .may_merge = may_merge,
                                                    .retain = take_reference,
                                                    .release = drop_reference};

/* ---- a set and all that is around it --------------------------------------------------------- */

struct place {
    struct counting_allocator memory;
    struct counted counted;
    struct mset *set;
};

static inline void open_place(struct place *place, struct mset_options options) {
    counting_allocator_open(&place->memory);
    place->counted = (struct counted){.base = {&counted_ops}};
    options.allocator = &place->memory.base;
    assert_int_equal(mset_create(&options, &place->set), MSET_OK);
}

static inline void close_place(struct place *place) {
    mset_destroy(place->set);
    assert_null(counting_allocator_complaint(&place->memory, true));
    assert_int_equal(place->counted.references, 0);
}

/* Nothing has happened to the set since it was opened, and there is `live` memory. */
static inline void assert_untouched(const struct place *place, uint64_t live) {
    assert_int_equal(mset_count(place->set), 0);
    assert_int_equal(mset_mapped_bytes(place->set), 0);
    assert_null(mset_validate(place->set));
    assert_int_equal(place->counted.taken, 0);
    assert_int_equal(place->memory.live_bytes, live);
    assert_null(counting_allocator_complaint(&place->memory, false));
}

/* ---- lists ----------------------------------------------------------------------------------- */

struct list {
    struct mset_area *areas;
    uint64_t count;
    uint64_t end; /* of the last one */
};

/* Ascending areas of 1..3 pages, of two kinds of flags; `holes` percent have one before them. */
static inline struct list random_list(struct place *place, uint64_t count, unsigned holes,
                                      struct rng *rng) {
    struct list list = {calloc(count + 1, sizeof(struct mset_area)), count, AT(0)};
    assert_non_null(list.areas);
    for (uint64_t i = 0; i < count; i++) {
        list.end += rng_chance(rng, holes) ? (1 + rng_below(rng, 2)) * PAGE : 0;
        list.areas[i] =
            (struct mset_area){.start = list.end,
                               .size = (1 + rng_below(rng, 3)) * PAGE,
                               .flags = rng_chance(rng, 70) ? RW : R,
                               .backend = rng_chance(rng, 50) ? &place->counted.base : NULL,
                               .offset = list.end};
        list.end += list.areas[i].size;
    }
    return list;
}

static inline void load(struct place *place, const struct list *list, mset_status status) {
    assert_int_equal(mset_load_metadata(place->set, list->areas, list->count), status);
}

/* The area with the place's own backend where there is one. */
static inline struct mset_area own(struct place *place, const struct mset_area *area) {
    struct mset_area copy = *area;
    copy.backend = area->backend == NULL ? NULL : &place->counted.base;
    return copy;
}

static inline void map_one_by_one(struct place *place, const struct list *list) {
    for (uint64_t i = 0; i < list->count; i++) {
        const struct mset_area area = own(place, &list->areas[i]);
        assert_int_equal(mset_replace_metadata(place->set, &area), MSET_OK);
    }
}

static inline int64_t with_backend(const struct list *list) {
    int64_t count = 0;
    for (uint64_t i = 0; i < list->count; i++) {
        count += list->areas[i].backend != NULL;
    }
    return count;
}

/* None, one, and a few more or less than fill a leaf, a branch, and two levels of branches. */
static const uint64_t counts[] = {
    0,
    1,
    2,
    LEAF - 1,
    LEAF,
    LEAF + 1,
    2 * LEAF,
    2 * LEAF + 1,
    TWO_LEVELS - 1,
    TWO_LEVELS,
    TWO_LEVELS + 1,
    TWO_LEVELS + LEAF + 1,
    2 * TWO_LEVELS + 1,
    THREE_LEVELS < 3000 ? THREE_LEVELS + 1 : 3000,
};

enum { COUNTS = sizeof counts / sizeof *counts };

#endif
