/*
 * test_cursor.c - cursors: both ways, over parts, and across changes of the set. (Every full
 * comparison with the model walks cursors too.)
 */
#include "scene.h"

/* Areas at pages 1..2, 3, 5..7 and 10. */
static void open_with_areas(struct twin *twin) {
    scene_open(twin, 12, false);
    expect(twin, MSET_OK, map(1, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(3, 1, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(5, 3, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(10, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
}

static void next_is(struct mset_cursor *cursor, size_t page) {
    struct mset_area area = {0};
    assert_true(mset_cursor_next(cursor, &area));
    assert_int_equal(area.start, AT(page));
}

static void prev_is(struct mset_cursor *cursor, size_t page) {
    struct mset_area area = {0};
    assert_true(mset_cursor_prev(cursor, &area));
    assert_int_equal(area.start, AT(page));
}

static void test_both_ways_and_outside_again(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor cursor;
    struct mset_area area;
    open_with_areas(&twin);
    mset_cursor_all(&cursor, twin.set);
    next_is(&cursor, 1);
    next_is(&cursor, 3);
    prev_is(&cursor, 1);
    assert_false(mset_cursor_prev(&cursor, &area));
    prev_is(&cursor, 10); /* outside: the first prev is the highest */
    assert_false(mset_cursor_next(&cursor, &area));
    next_is(&cursor, 1);
    assert_false(mset_cursor_prev(&cursor, &area));
    next_is(&cursor, 1);
    scene_close(&twin);
}

static void test_range_takes_what_touches(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor cursor;
    struct mset_area area;
    open_with_areas(&twin);
    assert_int_equal(mset_cursor_range(&cursor, twin.set, AT(2), 5 * PAGE), MSET_OK);
    next_is(&cursor, 1); /* sticks out below */
    next_is(&cursor, 3);
    next_is(&cursor, 5); /* sticks out above */
    assert_false(mset_cursor_next(&cursor, &area));
    prev_is(&cursor, 5);
    assert_int_equal(mset_cursor_range(&cursor, twin.set, AT(8), 2 * PAGE), MSET_OK);
    assert_false(mset_cursor_next(&cursor, &area));
    assert_false(mset_cursor_prev(&cursor, &area));
    scene_close(&twin);
}

static void test_empty_set(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor cursor;
    struct mset_area area;
    scene_open(&twin, 4, false);
    mset_cursor_all(&cursor, twin.set);
    assert_false(mset_cursor_next(&cursor, &area));
    assert_false(mset_cursor_prev(&cursor, &area));
    expect(&twin, MSET_OK, map(2, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    next_is(&cursor, 2); /* it was outside, and there is an area now */
    scene_close(&twin);
}

static void test_area_under_the_cursor_goes(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor up, down;
    open_with_areas(&twin);
    mset_cursor_all(&up, twin.set);
    mset_cursor_all(&down, twin.set);
    next_is(&up, 1);
    next_is(&up, 3);
    prev_is(&down, 10);
    prev_is(&down, 5);
    prev_is(&down, 3);
    expect(&twin, MSET_OK, unmap(3, 1));
    next_is(&up, 5);
    prev_is(&down, 1);
    scene_close(&twin);
}

static void test_neighbour_goes_or_comes(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor cursor;
    struct mset_area area;
    open_with_areas(&twin);
    mset_cursor_all(&cursor, twin.set);
    next_is(&cursor, 1);
    expect(&twin, MSET_OK, unmap(3, 1));
    next_is(&cursor, 5);
    expect(&twin, MSET_OK, map(8, 1, RW, RECORDER_NONE, MSET_MAP_FAIL));
    next_is(&cursor, 8);
    expect(&twin, MSET_OK, map(0, 1, RW, RECORDER_NONE, MSET_MAP_FAIL)); /* far behind */
    next_is(&cursor, 10);
    assert_false(mset_cursor_next(&cursor, &area));
    scene_close(&twin);
}

static void test_area_under_the_cursor_is_cut(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor cursor;
    open_with_areas(&twin);
    mset_cursor_all(&cursor, twin.set);
    next_is(&cursor, 1);
    next_is(&cursor, 3);
    next_is(&cursor, 5); /* 5..7 */
    expect(&twin, MSET_OK, unmap(6, 1));
    next_is(&cursor, 10); /* 7 lies inside what was returned: it was seen */
    scene_close(&twin);
}

/* The usual loop: visit all areas and remove each. */
static void test_removing_while_walking(void **state) {
    (void)state;
    for (int up = 0; up < 2; up++) {
        struct twin twin;
        struct mset_cursor cursor;
        struct mset_area area;
        scene_open(&twin, 64, false);
        for (size_t page = 0; page < 64; page += 2) {
            const struct operation one = map(page, 1, R, RECORDER_FULL, MSET_MAP_FAIL);
            agree(&twin, twin_apply(&twin, &one));
        }
        size_t seen = 0;
        mset_cursor_all(&cursor, twin.set);
        while (up ? mset_cursor_next(&cursor, &area) : mset_cursor_prev(&cursor, &area)) {
            const struct operation gone = {
                .kind = OP_UNMAP, .start = area.start, .size = area.size};
            agree(&twin, twin_apply(&twin, &gone));
            seen++;
        }
        assert_int_equal(seen, 32);
        assert_count(&twin, 0);
        scene_close(&twin);
    }
}

/* Adding behind the cursor while it walks, through many splits of nodes. */
static void test_adding_while_walking(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor cursor;
    struct mset_area area;
    scene_open(&twin, 128, false);
    for (size_t page = 0; page < 128; page += 4) {
        const struct operation one = map(page, 1, R, RECORDER_FULL, MSET_MAP_FAIL);
        agree(&twin, twin_apply(&twin, &one));
    }
    uint64_t expected = AT(0);
    mset_cursor_all(&cursor, twin.set);
    while (mset_cursor_next(&cursor, &area)) {
        assert_int_equal(area.start, expected);
        if ((area.start - AT(0)) / PAGE % 4 == 0) { /* one right behind: it comes next */
            struct operation one = map(0, 1, RW, RECORDER_NO_MOVE, MSET_MAP_FAIL);
            one.start = one.offset = area.start + 2 * PAGE;
            agree(&twin, twin_apply(&twin, &one));
        }
        expected += 2 * PAGE;
    }
    assert_int_equal(expected, AT(128));
    assert_count(&twin, 64);
    scene_close(&twin);
}

static void test_version_survives_failed_changes(void **state) {
    (void)state;
    struct twin twin;
    struct mset_cursor cursor;
    open_with_areas(&twin);
    mset_cursor_all(&cursor, twin.set);
    next_is(&cursor, 1);
    refuse(&twin, 1, -5);
    expect(&twin, MSET_BAD_STATE, unmap(0, 12));
    next_is(&cursor, 3);
    expect(&twin, MSET_ALREADY_EXISTS, map(4, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    next_is(&cursor, 5);
    scene_close(&twin);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways_and_outside_again),
        cmocka_unit_test(test_range_takes_what_touches),
        cmocka_unit_test(test_empty_set),
        cmocka_unit_test(test_area_under_the_cursor_goes),
        cmocka_unit_test(test_neighbour_goes_or_comes),
        cmocka_unit_test(test_area_under_the_cursor_is_cut),
        cmocka_unit_test(test_removing_while_walking),
        cmocka_unit_test(test_adding_while_walking),
        cmocka_unit_test(test_version_survives_failed_changes),
    };
    return cmocka_run_group_tests_name("set, cursors", tests, NULL, NULL);
}
