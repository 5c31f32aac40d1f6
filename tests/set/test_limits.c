/*
 * test_limits.c - how many areas and bytes a set may hold, judged by what there would be after
 * merging; and the guard distance around what is new.
 */
#include "scene.h"

#define HALF (UINT64_C(1) << 63)
#define ANY RECORDER_FULL

static void open_limited(struct twin *twin, bool merge, uint64_t max_areas, uint64_t max_bytes) {
    const struct twin_options options = {.base = SCENE_BASE,
                                         .page_size = PAGE,
                                         .pages = 16,
                                         .merge = merge,
                                         .max_areas = max_areas,
                                         .max_bytes = max_bytes};
    twin_open(twin, &options);
}

/* ---- areas --------------------------------------------------------------------------------- */

static void test_no_more_areas_than_allowed(void **state) {
    (void)state;
    struct twin twin;
    open_limited(&twin, false, 2, 0);
    expect(&twin, MSET_OK, map(0, 4, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(6, 4, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, map(12, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, unmap(1, 1));                   /* a hole makes two of one */
    expect(&twin, MSET_OVER_LIMIT, protect(1, 1, UPDATE_SET, RW)); /* three */
    expect(&twin, MSET_OVER_LIMIT, protect(0, 1, UPDATE_SET, RW)); /* two */
    expect(&twin, MSET_OVER_LIMIT, move(0, 1, 12, MSET_MAP_FAIL)); /* a part of one */
    expect(&twin, MSET_OVER_LIMIT, map(1, 2, RW, ANY, MSET_MAP_REPLACE));
    expect(&twin, MSET_OVER_LIMIT, metadata(unmap(1, 1)));
    expect(&twin, MSET_OVER_LIMIT, metadata(map(12, 1, R, ANY, MSET_MAP_FAIL)));
    assert_calls(&twin, 0);
    expect(&twin, MSET_OK, unmap(0, 1));
    expect(&twin, MSET_OK, protect(1, 3, UPDATE_SET, RW));
    expect(&twin, MSET_OK, move(1, 3, 12, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(5, 6, RW, ANY, MSET_MAP_REPLACE)); /* one for one */
    expect(&twin, MSET_OK, resize(OP_GROW, 5, MSET_LOW, 1));
    assert_count(&twin, 2);
    scene_close(&twin);
}

/* What merges does not count: one more would be one too many, were it to stay. */
static void test_areas_are_counted_after_merging(void **state) {
    (void)state;
    struct twin twin;
    open_limited(&twin, true, 2, 0);
    expect(&twin, MSET_OK, map(0, 2, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(3, 2, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, map(2, 1, RW, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, map(6, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(5, 1, R, ANY, MSET_MAP_FAIL)); /* joins the one before it */
    assert_count(&twin, 2);
    expect(&twin, MSET_OK, map(2, 1, R, ANY, MSET_MAP_FAIL)); /* joins both */
    assert_count(&twin, 1);
    expect(&twin, MSET_OK, protect(0, 1, UPDATE_SET, RW));
    expect(&twin, MSET_OVER_LIMIT, protect(4, 1, UPDATE_SET, RW));
    expect(&twin, MSET_OK, protect(1, 1, UPDATE_SET, RW)); /* cut off here, joined there */
    assert_count(&twin, 2);
    scene_close(&twin);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static void test_no_more_bytes_than_allowed(void **state) {
    (void)state;
    struct twin twin;
    open_limited(&twin, false, 0, 4 * PAGE);
    expect(&twin, MSET_OVER_LIMIT, map(0, 5, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(0, 3, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, map(8, 2, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, resize(OP_GROW, 0, MSET_HIGH, 2));
    expect(&twin, MSET_OK, resize(OP_GROW, 0, MSET_HIGH, 1));
    expect(&twin, MSET_OVER_LIMIT, map(3, 2, RW, ANY, MSET_MAP_REPLACE)); /* one goes, two come */
    expect(&twin, MSET_OK, map(2, 2, RW, ANY, MSET_MAP_REPLACE));
    expect(&twin, MSET_OK, protect(0, 4, UPDATE_ODD, RX));
    expect(&twin, MSET_OK, move(0, 4, 8, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, unmap(9, 1));
    expect(&twin, MSET_OK, map(0, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, map(1, 1, R, ANY, MSET_MAP_FAIL));
    scene_close(&twin);
}

/* ---- lowering ------------------------------------------------------------------------------ */

static void test_limits_below_what_is_there(void **state) {
    (void)state;
    struct twin twin;
    open_limited(&twin, false, 0, 0);
    expect(&twin, MSET_OK, map(0, 4, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 4, RW, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(8, 4, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, set_limits(1, 2 * PAGE));
    assert_count(&twin, 3); /* nothing goes */
    expect(&twin, MSET_OVER_LIMIT, map(14, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, resize(OP_GROW, 8, MSET_HIGH, 1));
    expect(&twin, MSET_OVER_LIMIT, unmap(1, 1));
    expect(&twin, MSET_OVER_LIMIT, protect(1, 1, UPDATE_SET, RX));
    expect(&twin, MSET_OK, protect(0, 12, UPDATE_TOGGLE, 0)); /* no more than there are now */
    expect(&twin, MSET_OK, map(0, 4, R, ANY, MSET_MAP_REPLACE));
    expect(&twin, MSET_OK, unmap(0, 1));
    expect(&twin, MSET_OK, unmap(3, 2)); /* two areas, both cut */
    expect(&twin, MSET_OVER_LIMIT, map(3, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, set_limits(0, 0));
    expect(&twin, MSET_OK, map(3, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, unmap(9, 1));
    assert_count(&twin, 5);
    scene_close(&twin);
}

static void test_each_limit_by_itself(void **state) {
    (void)state;
    struct twin twin;
    open_limited(&twin, false, 1, 8 * PAGE);
    expect(&twin, MSET_OK, map(0, 4, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OVER_LIMIT, map(8, 1, R, ANY, MSET_MAP_FAIL)); /* areas */
    expect(&twin, MSET_OK, set_limits(2, 4 * PAGE));
    expect(&twin, MSET_OVER_LIMIT, map(8, 1, R, ANY, MSET_MAP_FAIL)); /* bytes */
    expect(&twin, MSET_OK, set_limits(2, 5 * PAGE));
    expect(&twin, MSET_OK, map(8, 1, R, ANY, MSET_MAP_FAIL));
    assert_int_equal(mset_set_limits(NULL, 1, 1), MSET_INVALID_PARAM);
    scene_close(&twin);
}

/* ---- order of the checks ------------------------------------------------------------------- */

static void test_limits_come_after_what_is_wrong(void **state) {
    (void)state;
    const struct twin_options options = {.base = SCENE_BASE,
                                         .page_size = PAGE,
                                         .pages = 16,
                                         .no_split = 2,
                                         .guard = PAGE,
                                         .max_areas = 1};
    struct twin twin;
    twin_open(&twin, &options);
    expect(&twin, MSET_OK, map(0, 8, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_INVALID_PARAM, map(9, 0, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, map(7, 2, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, map(8, 2, R, ANY, MSET_MAP_FAIL | MSET_GUARD));
    expect(&twin, MSET_NOT_FOUND, move(9, 2, 12, MSET_MAP_FAIL));
    expect(&twin, MSET_UNSUPPORTED, unmap(2, 2));
    expect(&twin, MSET_OVER_LIMIT, unmap(1, 2));
    twin.starve_at = 1; /* and before memory */
    expect(&twin, MSET_OVER_LIMIT, map(12, 1, R, ANY, MSET_MAP_FAIL));
    refuse(&twin, 1, -1); /* and backends */
    expect(&twin, MSET_OVER_LIMIT, map(12, 1, R, ANY, MSET_MAP_FAIL));
    assert_calls(&twin, 0);
    scene_close(&twin);
}

/* ---- 2^64 bytes ---------------------------------------------------------------------------- */

static mset_status map_half(struct mset *set, uint64_t start, uint64_t size) {
    const struct mset_area area = {start, size, R, NULL, start};
    return mset_map(set, &area, MSET_MAP_FAIL, NULL);
}

/* The sum of all bytes is 0 when there are 2^64 of them: that is much, not nothing. */
static void test_all_of_the_address_space(void **state) {
    (void)state;
    const struct mset_options options = {.max_bytes = UINT64_MAX};
    struct mset *set = NULL;
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    assert_int_equal(map_half(set, 0, HALF), MSET_OK);
    assert_int_equal(map_half(set, HALF, HALF), MSET_OVER_LIMIT);
    assert_int_equal(map_half(set, HALF, HALF - PAGE), MSET_OK);
    assert_int_equal(map_half(set, 0 - PAGE, PAGE), MSET_OVER_LIMIT);
    assert_int_equal(mset_set_limits(set, 0, 0), MSET_OK);
    assert_int_equal(map_half(set, 0 - PAGE, PAGE), MSET_OK);
    assert_int_equal(mset_mapped_bytes(set), 0);
    assert_int_equal(mset_set_limits(set, 0, PAGE), MSET_OK);
    assert_int_equal(mset_unmap(set, PAGE, PAGE, NULL), MSET_OK); /* fewer than 2^64 */
    assert_int_equal(map_half(set, PAGE, PAGE), MSET_OVER_LIMIT);
    assert_int_equal(mset_clear(set, NULL), MSET_OK);
    assert_int_equal(map_half(set, 0, 2 * PAGE), MSET_OVER_LIMIT);
    assert_int_equal(map_half(set, 0, PAGE), MSET_OK);
    mset_destroy(set);
}

static bool count_changes(void *count, const struct mset_change *change) {
    (void)change;
    ++*(size_t *)count;
    return true;
}

/* Two equal halves of it stay two areas, foreseen as well as done. */
static void test_halves_count_as_two(void **state) {
    (void)state;
    const struct mset_options options = {.flags = MSET_MERGE, .max_areas = 1};
    const struct mset_area high = {HALF, HALF, R, NULL, HALF};
    struct mset *set = NULL;
    struct mset_plan *plan = NULL;
    size_t changes = 0;
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    assert_int_equal(map_half(set, 0, HALF), MSET_OK);
    assert_int_equal(map_half(set, HALF, HALF), MSET_OVER_LIMIT);
    assert_int_equal(map_half(set, HALF, HALF - PAGE), MSET_OK); /* one area, not quite all */
    assert_int_equal(mset_count(set), 1);
    assert_int_equal(map_half(set, 0 - PAGE, PAGE), MSET_OVER_LIMIT);
    assert_int_equal(mset_unmap(set, HALF, HALF, NULL), MSET_OK);
    assert_int_equal(mset_set_limits(set, 2, 0), MSET_OK);
    assert_int_equal(mset_plan_map(set, &high, MSET_MAP_FAIL, NULL, &plan), MSET_OK);
    mset_plan_show(plan, count_changes, &changes);
    assert_int_equal(changes, 1); /* inserted, not merged */
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(mset_count(set), 2);
    mset_destroy(set);
}

/* ---- guard --------------------------------------------------------------------------------- */

static void open_guarded(struct twin *twin, uint64_t base, uint64_t guard) {
    const struct twin_options options = {
        .base = base, .page_size = PAGE, .pages = 16, .guard = guard};
    twin_open(twin, &options);
}

/* One page beside the guard distance is far enough, one page less is not; on both sides. */
static void test_guard_of_a_map(void **state) {
    (void)state;
    const unsigned fail = MSET_MAP_FAIL | MSET_GUARD, replace = MSET_MAP_REPLACE | MSET_GUARD;
    struct twin twin;
    open_guarded(&twin, SCENE_BASE, 2 * PAGE);
    expect(&twin, MSET_OK, map(6, 2, R, ANY, fail));
    expect(&twin, MSET_ALREADY_EXISTS, map(9, 1, R, ANY, fail));
    expect(&twin, MSET_ALREADY_EXISTS, map(4, 1, R, ANY, fail));
    expect(&twin, MSET_ALREADY_EXISTS, map(3, 2, R, ANY, replace));
    expect(&twin, MSET_OK, map(10, 1, R, ANY, fail));
    expect(&twin, MSET_OK, map(3, 1, R, ANY, fail));
    expect(&twin, MSET_OK, map(4, 1, R, ANY, MSET_MAP_FAIL)); /* who does not ask is not kept */
    scene_close(&twin);
}

/* What is replaced does not count, the rest of it does. */
static void test_guard_of_a_replacement(void **state) {
    (void)state;
    const unsigned replace = MSET_MAP_REPLACE | MSET_GUARD;
    struct twin twin;
    open_guarded(&twin, SCENE_BASE, PAGE);
    expect(&twin, MSET_OK, map(4, 4, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, map(4, 3, RW, ANY, replace)); /* page 7 is left */
    expect(&twin, MSET_ALREADY_EXISTS, map(5, 3, RW, ANY, replace)); /* page 4 is left */
    expect(&twin, MSET_ALREADY_EXISTS, map(3, 3, RW, ANY, replace));
    expect(&twin, MSET_OK, map(4, 4, RW, ANY, replace));
    expect(&twin, MSET_OK, map(9, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, map(3, 6, R, ANY, replace));
    expect(&twin, MSET_OK, map(3, 5, R, ANY, replace));
    scene_close(&twin);
}

/* The piece that moves is not in its own way; what it was cut off from is. */
static void test_guard_of_a_move(void **state) {
    (void)state;
    const unsigned fail = MSET_MAP_FAIL | MSET_GUARD, replace = MSET_MAP_REPLACE | MSET_GUARD;
    struct twin twin;
    open_guarded(&twin, SCENE_BASE, 2 * PAGE);
    expect(&twin, MSET_OK, map(2, 2, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, move(2, 2, 4, fail)); /* right beside where it was */
    expect(&twin, MSET_ALREADY_EXISTS, move(5, 1, 6, fail));
    expect(&twin, MSET_ALREADY_EXISTS, move(5, 1, 3, fail));
    expect(&twin, MSET_OK, move(5, 1, 7, fail));
    expect(&twin, MSET_OK, map(12, 1, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, move(7, 1, 10, fail));
    expect(&twin, MSET_ALREADY_EXISTS, move(7, 1, 12, fail));
    expect(&twin, MSET_OK, move(7, 1, 12, replace)); /* what is there goes */
    assert_count(&twin, 2);
    scene_close(&twin);
}

/* The gap below a stack. */
static void test_guard_of_growing(void **state) {
    (void)state;
    struct twin twin;
    open_guarded(&twin, SCENE_BASE, PAGE);
    expect(&twin, MSET_OK, map(2, 2, R, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(6, 2, RW, ANY, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, resize(OP_GROW, 6, MSET_LOW | MSET_GUARD, 2));
    expect(&twin, MSET_OK, resize(OP_GROW, 6, MSET_LOW | MSET_GUARD, 1));
    expect(&twin, MSET_ALREADY_EXISTS, resize(OP_GROW, 2, MSET_HIGH | MSET_GUARD, 1));
    expect(&twin, MSET_OK, resize(OP_GROW, 6, MSET_HIGH | MSET_GUARD, 1));
    expect(&twin, MSET_OK, resize(OP_GROW, 2, MSET_HIGH, 1));
    expect(&twin, MSET_INVALID_PARAM, resize(OP_SHRINK, 2, MSET_HIGH | MSET_GUARD, 1));
    scene_close(&twin);
}

/* At either end of the address space the distance ends there. */
static void test_guard_at_the_ends(void **state) {
    (void)state;
    const uint64_t bases[] = {0, 0 - 16 * PAGE};
    for (size_t i = 0; i < 2; i++) {
        struct twin twin;
        open_guarded(&twin, bases[i], UINT64_C(1) << 62);
        struct operation one = map(0, 1, R, ANY, MSET_MAP_FAIL | MSET_GUARD);
        one.start = i == 0 ? 0 : bases[i] + 15 * PAGE;
        expect(&twin, MSET_OK, one);
        const struct operation larger = {.kind = OP_GROW,
                                         .start = one.start,
                                         .size = PAGE,
                                         .side = (i == 0 ? MSET_HIGH : MSET_LOW) | MSET_GUARD};
        expect(&twin, MSET_OK, larger);
        one.start = bases[i] + 7 * PAGE;
        expect(&twin, MSET_ALREADY_EXISTS, one);
        one.how = MSET_MAP_FAIL;
        expect(&twin, MSET_OK, one);
        expect(&twin, MSET_ALREADY_EXISTS, larger);
        scene_close(&twin);
    }
}

/* Not a step beyond: the pages next to the distance, by the byte. */
static void test_guard_by_the_byte(void **state) {
    (void)state;
    const struct twin_options options = {.base = 100, .page_size = 1, .pages = 40, .guard = 5};
    struct operation one = {.kind = OP_MAP, .start = 120, .size = 1, .how = MSET_GUARD};
    struct twin twin;
    twin_open(&twin, &options);
    expect(&twin, MSET_OK, one);
    one.start = 125;
    expect(&twin, MSET_ALREADY_EXISTS, one);
    one.start = 115;
    expect(&twin, MSET_ALREADY_EXISTS, one);
    one.start = 126;
    expect(&twin, MSET_OK, one);
    one.start = 114;
    expect(&twin, MSET_OK, one);
    scene_close(&twin);
}

static void test_options_that_make_no_sense(void **state) {
    (void)state;
    const struct mset_options odd = {.guard = PAGE + 1};
    struct mset *set = NULL;
    struct twin twin;
    assert_int_equal(mset_create(&odd, &set), MSET_INVALID_PARAM);
    open_guarded(&twin, SCENE_BASE, PAGE);
    expect(&twin, MSET_INVALID_PARAM, map(2, 1, R, ANY, 2));
    expect(&twin, MSET_INVALID_PARAM, map(2, 1, R, ANY, MSET_GUARD << 1));
    expect(&twin, MSET_INVALID_PARAM, move(2, 1, 4, 3));
    expect(&twin, MSET_INVALID_PARAM, resize(OP_GROW, 2, 2, 1));
    scene_close(&twin);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_more_areas_than_allowed),
        cmocka_unit_test(test_areas_are_counted_after_merging),
        cmocka_unit_test(test_no_more_bytes_than_allowed),
        cmocka_unit_test(test_limits_below_what_is_there),
        cmocka_unit_test(test_each_limit_by_itself),
        cmocka_unit_test(test_limits_come_after_what_is_wrong),
        cmocka_unit_test(test_all_of_the_address_space),
        cmocka_unit_test(test_halves_count_as_two),
        cmocka_unit_test(test_guard_of_a_map),
        cmocka_unit_test(test_guard_of_a_replacement),
        cmocka_unit_test(test_guard_of_a_move),
        cmocka_unit_test(test_guard_of_growing),
        cmocka_unit_test(test_guard_at_the_ends),
        cmocka_unit_test(test_guard_by_the_byte),
        cmocka_unit_test(test_options_that_make_no_sense),
    };
    return cmocka_run_group_tests_name("set, limits", tests, NULL, NULL);
}
