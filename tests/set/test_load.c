/*
 * test_load.c - mset_load_metadata against the same areas mapped one by one into a second set.
 */
#include "place.h"
#include "support/scale.h"

#define TOP (UINT64_C(0) - PAGE)

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

/* By the byte: an area may begin behind the last byte of the one before it, but not on it. */
static void test_side_by_side_but_not_over(void **state) {
    (void)state;
    struct place place;
    struct mset_area areas[] = {{10, 5, R, NULL, 0}, {14, 5, R, NULL, 0}};
    open_place(&place, (struct mset_options){.page_size = 1});
    load(&place, &(struct list){areas, 2, 0}, MSET_INVALID_PARAM);
    areas[1].start = 15;
    load(&place, &(struct list){areas, 2, 0}, MSET_OK);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_mapped_one_by_one),
        cmocka_unit_test(test_equal_neighbours_merge),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_nodes_are_full),
        cmocka_unit_test(test_again_after_emptying),
        cmocka_unit_test(test_all_of_the_address_space),
        cmocka_unit_test(test_lists_that_are_wrong),
        cmocka_unit_test(test_side_by_side_but_not_over),
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
    };
    return cmocka_run_group_tests_name("set, loading", tests, NULL, NULL);
}
