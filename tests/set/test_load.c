/*
 * test_load.c - many areas in one call: mset_load_metadata against the same areas mapped one by one
 * into a second set, and mset_cursor_next_many against mset_cursor_next.
 */
#include <stdlib.h>
#include <string.h>

#include "scene.h"
#include "support/rng.h"
#include "support/scale.h"

#include "area_tree/node.h"

#define HALF (UINT64_C(1) << 63)
#define TOP (UINT64_C(0) - PAGE)

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

static void take_reference(struct mset_backend *backend) {
    struct counted *const counted = (struct counted *)backend;
    counted->references++;
    counted->taken++;
}

static void drop_reference(struct mset_backend *backend) {
    ((struct counted *)backend)->references--;
}

static bool may_merge(struct mset_backend *backend, const struct mset_area *left,
                      const struct mset_area *right) {
    (void)backend, (void)left;
    return right->start / PAGE % 7 != 0;
}

/* Nothing is asked of it but references: neither load nor the metadata calls tell it anything. */
static int not_called(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
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

static void open_place(struct place *place, struct mset_options options) {
    counting_allocator_open(&place->memory);
    place->counted = (struct counted){.base = {&counted_ops}};
    options.allocator = &place->memory.base;
    assert_int_equal(mset_create(&options, &place->set), MSET_OK);
}

static void close_place(struct place *place) {
    mset_destroy(place->set);
    assert_null(counting_allocator_complaint(&place->memory, true));
    assert_int_equal(place->counted.references, 0);
}

/* Nothing has happened to the set since it was opened, and there is `live` memory. */
static void assert_untouched(const struct place *place, uint64_t live) {
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
static struct list random_list(struct place *place, uint64_t count, unsigned holes,
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

static void load(struct place *place, const struct list *list, mset_status status) {
    assert_int_equal(mset_load_metadata(place->set, list->areas, list->count), status);
}

/* The area with the place's own backend where there is one. */
static struct mset_area own(struct place *place, const struct mset_area *area) {
    struct mset_area copy = *area;
    copy.backend = area->backend == NULL ? NULL : &place->counted.base;
    return copy;
}

static void map_one_by_one(struct place *place, const struct list *list) {
    for (uint64_t i = 0; i < list->count; i++) {
        const struct mset_area area = own(place, &list->areas[i]);
        assert_int_equal(mset_replace_metadata(place->set, &area), MSET_OK);
    }
}

static int64_t with_backend(const struct list *list) {
    int64_t count = 0;
    for (uint64_t i = 0; i < list->count; i++) {
        count += list->areas[i].backend != NULL;
    }
    return count;
}

/* ---- two sets compared ----------------------------------------------------------------------- */

static void assert_same_listing(struct place *a, struct place *b) {
    struct mset_cursor left, right;
    struct mset_area one, other;
    mset_cursor_all(&left, a->set);
    mset_cursor_all(&right, b->set);
    while (mset_cursor_next(&left, &one)) {
        assert_true(mset_cursor_next(&right, &other));
        other = own(a, &other);
        assert_true(area_equal(&one, &other));
    }
    assert_false(mset_cursor_next(&right, &other));
}

static void assert_same_gap(const struct place *a, const struct place *b,
                            const struct mset_gap_request *wish) {
    uint64_t one = 1, other = 1;
    assert_int_equal(mset_find_free(a->set, wish, &one), mset_find_free(b->set, wish, &other));
    assert_int_equal(one, other);
}

static void assert_same_gaps(const struct place *a, const struct place *b, uint64_t end,
                             struct rng *rng) {
    for (unsigned i = 0; i < 64; i++) {
        const struct mset_gap_request wish = {.size = (1 + rng_below(rng, 4)) * PAGE,
                                              .lo = AT(0),
                                              .hi = i % 2 == 0 ? end : 0,
                                              .hint = AT(0) + rng_below(rng, end - AT(0) + 1),
                                              .guard = i % 8 == 0 ? PAGE : 0,
                                              .flags = i / 2 % 4};
        assert_same_gap(a, b, &wish);
    }
}

static void assert_same(struct place *a, struct place *b, uint64_t end, struct rng *rng) {
    struct mset_statistics one, other;
    assert_null(mset_validate(a->set));
    assert_null(mset_validate(b->set));
    mset_get_statistics(a->set, &one);
    mset_get_statistics(b->set, &other);
    assert_int_equal(one.areas, other.areas);
    assert_int_equal(one.mapped_bytes, other.mapped_bytes);
    assert_int_equal(one.merges, other.merges);
    assert_int_equal(one.splits, other.splits);
    assert_int_equal(a->counted.references, b->counted.references);
    assert_same_listing(a, b);
    assert_same_gaps(a, b, end, rng);
}

/* A change to both, somewhere in the list or right behind it. */
static void change_both(struct place *a, struct place *b, uint64_t end, struct rng *rng) {
    const uint64_t start = AT(0) + rng_below(rng, (end - AT(0)) / PAGE + 1) * PAGE;
    const uint64_t size = (1 + rng_below(rng, rng_chance(rng, 10) ? 150 : 3)) * PAGE;
    const struct mset_area area = {start, size, RX, NULL, start};
    if (rng_chance(rng, 70)) {
        assert_int_equal(mset_replace_metadata(a->set, &area), MSET_OK);
        assert_int_equal(mset_replace_metadata(b->set, &area), MSET_OK);
    } else {
        assert_int_equal(mset_unmap_metadata(a->set, start, size), MSET_OK);
        assert_int_equal(mset_unmap_metadata(b->set, start, size), MSET_OK);
    }
}

/* ---- loading --------------------------------------------------------------------------------- */

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

/* Loaded and mapped one by one there is the same, and so there is after the same changes. */
static void load_and_map(uint64_t count, unsigned holes, unsigned flags, uint64_t seed) {
    const struct mset_options options = {.flags = flags};
    struct place loaded, mapped;
    struct rng rng = {seed};
    open_place(&loaded, options);
    open_place(&mapped, options);
    const struct list list = random_list(&loaded, count, holes, &rng);
    map_one_by_one(&mapped, &list);
    load(&loaded, &list, MSET_OK);
    assert_int_equal(loaded.counted.taken, with_backend(&list));
    assert_same(&loaded, &mapped, list.end, &rng);
    for (unsigned i = 0; i < 60; i++) {
        change_both(&loaded, &mapped, list.end, &rng);
    }
    assert_same(&loaded, &mapped, list.end, &rng);
    free(list.areas);
    close_place(&loaded);
    close_place(&mapped);
}

static void test_as_mapped_one_by_one(void **state) {
    (void)state;
    for (unsigned i = 0; i < COUNTS; i++) {
        load_and_map(counts[i], 30, 0, i);
        load_and_map(counts[i], 0, 0, i); /* no gap anywhere */
        load_and_map(counts[i], 100, 0, i);
    }
}

static void test_equal_neighbours_merge(void **state) {
    (void)state;
    for (unsigned i = 0; i < COUNTS; i++) {
        load_and_map(counts[i], 30, MSET_MERGE, i);
        load_and_map(counts[i], 2, MSET_MERGE, i);
        load_and_map(counts[i], 100, MSET_MERGE, i); /* none touches another */
    }
}

/* Every size from none to a few leaves, and a tall tree: against the list itself. */
static void load_and_list(uint64_t count) {
    struct place place;
    struct rng rng = {count};
    struct mset_cursor cursor;
    struct mset_area area;
    open_place(&place, (struct mset_options){0});
    const struct list list = random_list(&place, count, 50, &rng);
    load(&place, &list, MSET_OK);
    assert_null(mset_validate(place.set));
    mset_cursor_all(&cursor, place.set);
    for (uint64_t i = 0; i < count; i++) {
        assert_true(mset_cursor_next(&cursor, &area));
        assert_true(area_equal(&area, &list.areas[i]));
    }
    assert_false(mset_cursor_next(&cursor, &area));
    assert_int_equal(place.counted.references, with_backend(&list));
    free(list.areas);
    close_place(&place);
}

static void test_every_size(void **state) {
    (void)state;
    for (uint64_t count = 0; count <= 5 * LEAF; count++) {
        load_and_list(count);
    }
    load_and_list(THREE_LEVELS + 1);
}

/* Nodes are full: no fewer could hold the areas, but for the last of each level. */
static void test_nodes_are_full(void **state) {
    (void)state;
    struct place place;
    struct rng rng = {1};
    struct mset_statistics statistics;
    const uint64_t leaves = AT_BRANCH_CAPACITY;
    open_place(&place, (struct mset_options){0});
    const struct list list = random_list(&place, leaves * LEAF, 50, &rng);
    load(&place, &list, MSET_OK);
    mset_get_statistics(place.set, &statistics);
    assert_int_equal(statistics.height, 2);
    assert_int_equal(statistics.node_bytes,
                     leaves * sizeof(struct at_leaf) + sizeof(struct at_branch));
    free(list.areas);
    close_place(&place);
}

/* Emptied in either way it can be loaded again. */
static void test_again_after_emptying(void **state) {
    (void)state;
    struct place place;
    struct rng rng = {1};
    open_place(&place, (struct mset_options){0});
    const struct list list = random_list(&place, 300, 50, &rng);
    for (int i = 0; i < 3; i++) {
        load(&place, &list, MSET_OK);
        assert_int_equal(mset_count(place.set), 300);
        assert_int_equal(place.counted.references, with_backend(&list));
        assert_int_equal(mset_unmap_metadata(place.set, 0, HALF), MSET_OK);
        assert_int_equal(mset_count(place.set), 0);
        assert_int_equal(place.counted.references, 0);
    }
    free(list.areas);
    close_place(&place);
}

/* ---- the whole address space ----------------------------------------------------------------- */

/* What covers it all stays two areas, as if mapped one by one. */
static void test_all_of_the_address_space(void **state) {
    (void)state;
    const struct mset_area areas[] = {
        {0, HALF, R, NULL, 0}, {HALF, HALF - PAGE, R, NULL, HALF}, {TOP, PAGE, R, NULL, TOP}};
    for (unsigned merge = 0; merge < 2; merge++) {
        struct place place;
        struct mset_area area = {0};
        open_place(&place, (struct mset_options){.flags = merge ? MSET_MERGE : 0});
        const struct list list = {(struct mset_area *)areas, 3, 0};
        assert_int_equal(mset_set_limits(place.set, 0, UINT64_MAX), MSET_OK);
        load(&place, &list, MSET_OVER_LIMIT); /* 2^64 bytes are more than that */
        assert_int_equal(mset_set_limits(place.set, merge ? 1 : 2, 0), MSET_OK);
        load(&place, &list, MSET_OVER_LIMIT);
        assert_int_equal(mset_set_limits(place.set, merge ? 2 : 3, 0), MSET_OK);
        load(&place, &list, MSET_OK);
        assert_int_equal(mset_count(place.set), merge ? 2 : 3);
        assert_int_equal(mset_mapped_bytes(place.set), 0);
        assert_true(mset_find(place.set, UINT64_MAX, &area));
        assert_int_equal(area.start, TOP);
        assert_null(mset_validate(place.set));
        close_place(&place);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static int agree_to_all(struct mset_backend *backend, const struct mset_step *step,
                        void *page_table) {
    (void)backend, (void)step, (void)page_table;
    return 0;
}

static void test_lists_that_are_wrong(void **state) {
    (void)state;
    static const struct mset_backend_ops no_abort = {.prepare = agree_to_all};
    static struct mset_backend no_table = {NULL}, no_way_back = {&no_abort};
    /* Each comes behind a good one, on pages 0 and 1. */
    static const struct mset_area bad[] = {
        {AT(2), 0, R, NULL, 0},           {AT(2) + 1, PAGE, R, NULL, 0},
        {AT(2), PAGE + 1, R, NULL, 0},    {AT(2), PAGE / 2, R, NULL, 0},
        {TOP, 2 * PAGE, R, NULL, 0},      {AT(2), 0 - PAGE, R, NULL, 0},
        {AT(1), PAGE, R, NULL, 0},        {AT(0), 2 * PAGE, R, NULL, 0},
        {AT(0), PAGE, R, NULL, 0},        {0, PAGE, R, NULL, 0},
        {0, 64 * AT(0), R, NULL, 0},      {AT(2), PAGE, R, &no_table, 0},
        {AT(2), PAGE, R, &no_way_back, 0}};
    struct place place;
    open_place(&place, (struct mset_options){0});
    const uint64_t live = place.memory.live_bytes;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mset_area areas[] = {{AT(0), 2 * PAGE, R, &place.counted.base, 0}, bad[i]};
        load(&place, &(struct list){areas, 2, 0}, MSET_INVALID_PARAM);
        assert_untouched(&place, live);
    }
    assert_int_equal(mset_load_metadata(place.set, NULL, 1), MSET_INVALID_PARAM);
    assert_int_equal(mset_load_metadata(place.set, NULL, UINT64_MAX), MSET_INVALID_PARAM);
    assert_untouched(&place, live);
    assert_int_equal(place.memory.calls, 1); /* the set itself */
    assert_int_equal(mset_load_metadata(place.set, NULL, 0), MSET_OK);
    assert_untouched(&place, live);
    close_place(&place);
}

/* Behind an area that ends at 2^64 there is nothing, not even the first address of all. */
static void test_nothing_comes_after_the_end(void **state) {
    (void)state;
    const struct mset_area next[] = {
        {0, PAGE, R, NULL, 0}, {AT(0), PAGE, R, NULL, 0}, {TOP, PAGE, R, NULL, 0}};
    struct place place;
    open_place(&place, (struct mset_options){0});
    const uint64_t live = place.memory.live_bytes;
    for (size_t i = 0; i < 3; i++) {
        struct mset_area areas[] = {{TOP, PAGE, R, NULL, 0}, next[i]};
        load(&place, &(struct list){areas, 2, 0}, MSET_INVALID_PARAM);
        assert_untouched(&place, live);
    }
    struct mset_area areas[] = {{0, PAGE, R, NULL, 0}, {TOP, PAGE, R, NULL, 0}};
    load(&place, &(struct list){areas, 2, 0}, MSET_OK);
    assert_int_equal(mset_count(place.set), 2);
    close_place(&place);
}

static void test_the_last_of_many_is_wrong(void **state) {
    (void)state;
    struct place place;
    struct rng rng = {3};
    open_place(&place, (struct mset_options){0});
    const uint64_t live = place.memory.live_bytes;
    const struct list list = random_list(&place, 500, 50, &rng);
    list.areas[499].start = list.areas[498].start;
    load(&place, &list, MSET_INVALID_PARAM);
    assert_untouched(&place, live);
    free(list.areas);
    close_place(&place);
}

/* One area is enough; and what is wrong by itself is said first. */
static void test_only_an_empty_set(void **state) {
    (void)state;
    struct place place;
    struct mset_area areas[] = {{AT(0), PAGE, R, NULL, 0}, {AT(2), PAGE, R, NULL, 0}};
    open_place(&place, (struct mset_options){0});
    assert_int_equal(mset_replace_metadata(place.set, &areas[1]), MSET_OK);
    load(&place, &(struct list){areas, 2, 0}, MSET_ALREADY_EXISTS);
    load(&place, &(struct list){areas, 1, 0}, MSET_ALREADY_EXISTS);
    load(&place, &(struct list){areas, 0, 0}, MSET_ALREADY_EXISTS);
    areas[0].size = 1;
    load(&place, &(struct list){areas, 1, 0}, MSET_INVALID_PARAM);
    assert_int_equal(mset_set_limits(place.set, 1, 0), MSET_OK); /* limits come after */
    load(&place, &(struct list){&areas[1], 1, 0}, MSET_ALREADY_EXISTS);
    assert_int_equal(mset_count(place.set), 1);
    close_place(&place);
}

static void test_not_while_a_plan_is_open(void **state) {
    (void)state;
    struct place place;
    struct mset_plan *plan = NULL;
    struct mset_area areas[] = {{AT(0), PAGE, R, NULL, 0}, {AT(2), PAGE, R, NULL, 0}};
    open_place(&place, (struct mset_options){0});
    assert_int_equal(mset_plan_map(place.set, &areas[0], MSET_MAP_FAIL, NULL, &plan), MSET_OK);
    load(&place, &(struct list){areas, 2, 0}, MSET_BAD_STATE);
    assert_int_equal(mset_count(place.set), 0);
    mset_plan_drop(plan);
    load(&place, &(struct list){areas, 2, 0}, MSET_OK);
    assert_int_equal(mset_count(place.set), 2);
    close_place(&place);
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Of any list: as many areas and bytes as there would be are allowed, one less is not. */
static void load_within(uint64_t count, unsigned flags) {
    struct place free_place, place;
    struct rng rng = {count};
    open_place(&free_place, (struct mset_options){.flags = flags});
    open_place(&place, (struct mset_options){.flags = flags});
    const struct list list = random_list(&place, count, 20, &rng);
    map_one_by_one(&free_place, &list);
    const uint64_t areas = mset_count(free_place.set);
    const uint64_t bytes = mset_mapped_bytes(free_place.set);
    const uint64_t live = place.memory.live_bytes;
    assert_int_equal(mset_set_limits(place.set, areas - 1, 0), MSET_OK);
    load(&place, &list, MSET_OVER_LIMIT);
    assert_untouched(&place, live);
    assert_int_equal(mset_set_limits(place.set, 0, bytes - 1), MSET_OK);
    load(&place, &list, MSET_OVER_LIMIT);
    assert_untouched(&place, live);
    assert_int_equal(mset_set_limits(place.set, areas, bytes), MSET_OK);
    load(&place, &list, MSET_OK);
    assert_int_equal(mset_count(place.set), areas);
    assert_int_equal(mset_mapped_bytes(place.set), bytes);
    free(list.areas);
    close_place(&place);
    close_place(&free_place);
}

static void test_limits_are_judged_after_merging(void **state) {
    (void)state;
    load_within(200, 0);
    load_within(200, MSET_MERGE);
    load_within(2 * LEAF, MSET_MERGE);
}

static void test_many_that_become_one(void **state) {
    (void)state;
    struct place place;
    struct mset_area areas[6]; /* fewer pages than there are between two seams that are refused */
    const uint64_t start = 7 * AT(0);
    for (uint64_t i = 0; i < 6; i++) {
        areas[i] =
            (struct mset_area){start + i * PAGE, PAGE, R, &place.counted.base, start + i * PAGE};
    }
    open_place(&place, (struct mset_options){.flags = MSET_MERGE, .max_areas = 1});
    load(&place, &(struct list){areas, 6, 0}, MSET_OK);
    assert_int_equal(mset_count(place.set), 1);
    assert_int_equal(place.counted.taken, 6);
    assert_int_equal(place.counted.references, 1);
    load(&place, &(struct list){areas, 0, 0}, MSET_ALREADY_EXISTS);
    assert_int_equal(mset_set_limits(place.set, 1, 0), MSET_OK);
    close_place(&place);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* The nth allocation fails, alone or with all after it; false: there were not so many. */
static bool starve(struct place *place, const struct list *list, uint64_t nth, bool on) {
    const uint64_t live = place->memory.live_bytes;
    counting_allocator_fail(&place->memory, nth, on);
    const mset_status status = mset_load_metadata(place->set, list->areas, list->count);
    const bool refused = place->memory.refused != 0;
    counting_allocator_fail(&place->memory, 0, false);
    assert_int_equal(status, refused ? MSET_NO_MEMORY : MSET_OK);
    if (refused) {
        assert_untouched(place, live);
    }
    return refused;
}

static void test_every_allocation_fails_in_turn(void **state) {
    (void)state;
    const uint64_t sizes[] = {1, LEAF + 1, TWO_LEVELS + 1};
    for (unsigned i = 0; i < 12; i++) {
        struct place place;
        struct rng rng = {i};
        uint64_t nth = 1;
        open_place(&place, (struct mset_options){.flags = i / 6 ? MSET_MERGE : 0});
        const struct list list = random_list(&place, sizes[i % 3], 50, &rng);
        while (starve(&place, &list, nth, i / 3 % 2)) {
            nth++;
        }
        assert_true(nth > list.count / LEAF);
        assert_int_equal(place.counted.taken, with_backend(&list));
        assert_null(mset_validate(place.set));
        free(list.areas);
        close_place(&place);
    }
}

/* After a failure the set is an empty one like any other. */
static void test_usable_after_a_failure(void **state) {
    (void)state;
    struct place place;
    struct rng rng = {5};
    open_place(&place, (struct mset_options){0});
    const struct list list = random_list(&place, 100, 50, &rng);
    assert_true(starve(&place, &list, 2, true));
    map_one_by_one(&place, &list);
    assert_int_equal(mset_count(place.set), 100);
    assert_null(mset_validate(place.set));
    free(list.areas);
    close_place(&place);
}

/* ---- observers ------------------------------------------------------------------------------- */

/* All that come, in their order; then all that merge, in theirs. */
static void observe(uint64_t count, unsigned flags) {
    struct place place;
    struct mirror mirror;
    struct rng rng = {count};
    open_place(&place, (struct mset_options){.flags = flags});
    const struct list list = random_list(&place, count, 20, &rng);
    mirror_open(&mirror, AT(0), PAGE, (size_t)((list.end - AT(0)) / PAGE));
    assert_int_equal(mset_attach(place.set, &mirror.observer), MSET_OK);
    mirror_begin(&mirror);
    load(&place, &list, MSET_OK);
    const struct change_list *const told = &mirror.told;
    assert_int_equal(told->count, count + (count - mset_count(place.set)));
    for (size_t i = 0; i < told->count; i++) {
        const struct mset_change *const change = &told->changes[i];
        assert_int_equal(change->kind, i < count ? MSET_INSERTED : MSET_MERGED);
        assert_true(i >= count || area_equal(&change->new_run, &list.areas[i]));
        assert_true(i <= count || change->old_run.start > change[-1].old_run.start);
    }
    assert_string_equal(mirror.complaint, "");
    assert_int_equal(mirror.count, mset_count(place.set));
    assert_int_equal(mirror.bytes, mset_mapped_bytes(place.set));
    free(list.areas);
    close_place(&place);
    mirror_close(&mirror);
}

static void test_observers_are_told_in_order(void **state) {
    (void)state;
    observe(1, 0);
    observe(200, 0);
    observe(200, MSET_MERGE);
    observe(2 * LEAF, MSET_MERGE);
}

/* What is refused is told to nobody. */
static void test_observers_hear_nothing_of_a_failure(void **state) {
    (void)state;
    struct place place;
    struct mirror mirror;
    struct rng rng = {1};
    open_place(&place, (struct mset_options){0});
    const struct list list = random_list(&place, 100, 20, &rng);
    mirror_open(&mirror, AT(0), PAGE, (size_t)((list.end - AT(0)) / PAGE));
    assert_int_equal(mset_attach(place.set, &mirror.observer), MSET_OK);
    mirror_begin(&mirror);
    assert_true(starve(&place, &list, 1, false));
    assert_int_equal(mset_set_limits(place.set, 99, 0), MSET_OK);
    load(&place, &list, MSET_OVER_LIMIT);
    list.areas[99].size = 0;
    load(&place, &list, MSET_INVALID_PARAM);
    assert_int_equal(mirror.told.count, 0);
    free(list.areas);
    close_place(&place);
    mirror_close(&mirror);
}

/* ---- many steps at a time -------------------------------------------------------------------- */

enum { MOST_ROOM = 70 };

/* What next_many says it does, step by step. */
static size_t step_by_step(struct mset_cursor *cursor, struct mset_area *out, size_t room) {
    size_t n = 0;
    while (n < room && mset_cursor_next(cursor, &out[n])) {
        n++;
    }
    if (n != 0 && n < room) {
        (void)mset_cursor_prev(cursor, NULL); /* back from outside */
    }
    return n;
}

/* Two cursors side by side over the same part of the same set. */
struct walkers {
    struct mset_cursor many, one;
};

static size_t walk_on(struct walkers *walkers, size_t room) {
    struct mset_area out[MOST_ROOM + 1], wanted[MOST_ROOM];
    memset(out, 0xa5, sizeof out);
    const struct mset_area untouched = out[MOST_ROOM];
    const size_t n = mset_cursor_next_many(&walkers->many, out, room);
    assert_int_equal(n, step_by_step(&walkers->one, wanted, room));
    for (size_t i = 0; i < n; i++) {
        assert_true(area_equal(&out[i], &wanted[i]));
    }
    assert_true(area_equal(&out[room], &untouched));
    return n;
}

static void close_walkers(struct walkers *walkers) {
    mset_cursor_close(&walkers->many);
    mset_cursor_close(&walkers->one);
}

/* To the end, which is told by a 0, and once more. */
static void walk_twice(struct walkers *walkers, size_t room, uint64_t areas) {
    for (int i = 0; i < 2; i++) {
        uint64_t seen = 0;
        for (size_t n; (n = walk_on(walkers, room)) != 0;) {
            seen += n;
        }
        assert_int_equal(seen, areas);
    }
}

static void test_every_room(void **state) {
    (void)state;
    for (unsigned i = 0; i < COUNTS && counts[i] <= 1100; i++) {
        struct place place;
        struct walkers walkers;
        struct rng rng = {i};
        open_place(&place, (struct mset_options){0});
        const struct list list = random_list(&place, counts[i], 50, &rng);
        load(&place, &list, MSET_OK);
        mset_cursor_all(&walkers.many, place.set);
        mset_cursor_all(&walkers.one, place.set);
        for (size_t room = 1; room <= MOST_ROOM; room++) {
            walk_twice(&walkers, room, counts[i]);
        }
        free(list.areas);
        close_place(&place);
    }
}

/* No room, or no place for the answer: no step. */
static void test_no_room(void **state) {
    (void)state;
    struct place place;
    struct mset_cursor cursor;
    struct mset_area areas[] = {{AT(0), PAGE, R, NULL, 0}, {AT(2), PAGE, R, NULL, 0}}, area = {0};
    open_place(&place, (struct mset_options){0});
    load(&place, &(struct list){areas, 2, 0}, MSET_OK);
    mset_cursor_all(&cursor, place.set);
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 0), 0);
    assert_true(mset_cursor_next(&cursor, &area));
    assert_int_equal(area.start, AT(0));
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 0), 0);
    assert_int_equal(mset_cursor_next_many(&cursor, NULL, 5), 0);
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 1), 1);
    assert_int_equal(area.start, AT(2));
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 1), 0);
    close_place(&place);
}

static void test_ranges(void **state) {
    (void)state;
    struct place place;
    struct rng rng = {2};
    open_place(&place, (struct mset_options){0});
    const struct list list = random_list(&place, 400, 50, &rng);
    load(&place, &list, MSET_OK);
    for (uint64_t i = 0; i < test_scaled(20000); i++) {
        struct walkers walkers;
        const uint64_t pages = (list.end - AT(0)) / PAGE;
        const uint64_t first = rng_below(&rng, pages);
        const uint64_t size =
            (1 + rng_below(&rng, rng_chance(&rng, 50) ? 4 : pages - first)) * PAGE;
        const size_t room = 1 + (size_t)rng_below(&rng, MOST_ROOM);
        assert_int_equal(mset_cursor_range(&walkers.many, place.set, AT(first), size), MSET_OK);
        assert_int_equal(mset_cursor_range(&walkers.one, place.set, AT(first), size), MSET_OK);
        while (walk_on(&walkers, room) != 0) {
        }
        (void)walk_on(&walkers, room);
        close_walkers(&walkers);
    }
    free(list.areas);
    close_place(&place);
}

static void step_both(struct walkers *walkers, bool up) {
    struct mset_area area = {0}, wanted = {0};
    const bool got =
        up ? mset_cursor_next(&walkers->many, &area) : mset_cursor_prev(&walkers->many, &area);
    const bool want =
        up ? mset_cursor_next(&walkers->one, &wanted) : mset_cursor_prev(&walkers->one, &wanted);
    assert_int_equal(got, want);
    assert_true(area_equal(&area, &wanted));
}

static void change_one(struct place *place, uint64_t end, struct rng *rng) {
    const uint64_t start = AT(0) + rng_below(rng, (end - AT(0)) / PAGE) * PAGE;
    const struct mset_area area = {start, PAGE, RX, NULL, start};
    const mset_status status = rng_chance(rng, 60) ? mset_replace_metadata(place->set, &area)
                                                   : mset_unmap_metadata(place->set, start, PAGE);
    assert_int_equal(status, MSET_OK);
}

/* Among single steps both ways, and changes of the set. */
static void mix(uint64_t seed) {
    struct place place;
    struct walkers walkers;
    struct rng rng = {seed};
    open_place(&place, (struct mset_options){.flags = seed % 2 != 0 ? MSET_MERGE : 0});
    const struct list list = random_list(&place, 300, 50, &rng);
    load(&place, &list, MSET_OK);
    const uint64_t start = seed < 2 ? 0 : AT(50), size = seed < 2 ? HALF : 300 * PAGE;
    assert_int_equal(mset_cursor_range(&walkers.many, place.set, start, size), MSET_OK);
    assert_int_equal(mset_cursor_range(&walkers.one, place.set, start, size), MSET_OK);
    for (uint64_t i = 0; i < test_scaled(50000); i++) {
        if (rng_chance(&rng, 20)) {
            change_one(&place, list.end, &rng);
        }
        if (rng_chance(&rng, 50)) {
            (void)walk_on(&walkers, (size_t)rng_below(&rng, MOST_ROOM + 1));
        } else {
            step_both(&walkers, rng_chance(&rng, 30));
        }
    }
    close_walkers(&walkers);
    free(list.areas);
    close_place(&place);
}

static void test_among_steps_and_changes(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        mix(seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_mapped_one_by_one),
        cmocka_unit_test(test_equal_neighbours_merge),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_nodes_are_full),
        cmocka_unit_test(test_again_after_emptying),
        cmocka_unit_test(test_all_of_the_address_space),
        cmocka_unit_test(test_lists_that_are_wrong),
        cmocka_unit_test(test_nothing_comes_after_the_end),
        cmocka_unit_test(test_the_last_of_many_is_wrong),
        cmocka_unit_test(test_only_an_empty_set),
        cmocka_unit_test(test_not_while_a_plan_is_open),
        cmocka_unit_test(test_limits_are_judged_after_merging),
        cmocka_unit_test(test_many_that_become_one),
        cmocka_unit_test(test_every_allocation_fails_in_turn),
        cmocka_unit_test(test_usable_after_a_failure),
        cmocka_unit_test(test_observers_are_told_in_order),
        cmocka_unit_test(test_observers_hear_nothing_of_a_failure),
        cmocka_unit_test(test_every_room),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_among_steps_and_changes),
    };
    return cmocka_run_group_tests_name("set, many at a time", tests, NULL, NULL);
}
