/*
 * test_cursor.c - cursors: both ways, over parts, and across changes of the set. (Every full
 * comparison with the model walks cursors too.)
 */
#include "scene.h"
#include "support/scale.h"

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
    mset_cursor_close(&cursor);
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
    mset_cursor_close(&cursor);
    assert_int_equal(mset_cursor_range(&cursor, twin.set, AT(8), 2 * PAGE), MSET_OK);
    assert_false(mset_cursor_next(&cursor, &area));
    assert_false(mset_cursor_prev(&cursor, &area));
    mset_cursor_close(&cursor);
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
    mset_cursor_close(&cursor);
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
    mset_cursor_close(&up);
    mset_cursor_close(&down);
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
    mset_cursor_close(&cursor);
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
    mset_cursor_close(&cursor);
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
    mset_cursor_close(&cursor);
    scene_close(&twin);
}

/* ---- at random ----------------------------------------------------------------------------- */

/*
 * What a step may give, if anything: the nearest area with a byte beyond the area last returned,
 * or the nearest that lies beyond it altogether. They differ only when the area last returned has
 * become part of a larger one, where either is a fair answer.
 */
struct answers {
    bool any[2];
    struct mset_area area[2];
};

static struct answers above(const struct twin *twin, size_t page) {
    struct answers answers;
    size_t next;
    for (int i = 0; i < 2; i++) {
        answers.any[i] = model_next_area(&twin->model, page, i == 0, &answers.area[i], &next);
    }
    return answers;
}

static struct answers below(const struct twin *twin, size_t page) {
    struct answers answers = {{false, false}, {{0}, {0}}};
    struct mset_area area;
    for (size_t next = 0; model_next_area(&twin->model, next, false, &area, &next);) {
        if (area.start < model_address(&twin->model, page)) {
            answers.any[0] = true;
            answers.area[0] = area;
        }
        if (next <= page) {
            answers.any[1] = true;
            answers.area[1] = area;
        }
    }
    return answers;
}

/* One step, compared; `last` is the area last returned, of size 0 if outside. */
static void step_at_random(struct twin *twin, struct mset_cursor *cursor, struct mset_area *last,
                           bool up) {
    struct mset_area area = {0};
    const size_t pages = twin->options.pages;
    const size_t low = (size_t)((last->start - twin->options.base) / PAGE);
    const size_t from = last->size == 0 ? (up ? 0 : pages) : up ? low + last->size / PAGE : low;
    const struct answers wanted = up ? above(twin, from) : below(twin, from);
    const bool got = up ? mset_cursor_next(cursor, &area) : mset_cursor_prev(cursor, &area);
    for (int i = 0; i < 2; i++) {
        if (got == wanted.any[i] && (!got || area_equal(&area, &wanted.area[i]))) {
            *last = got ? area : (struct mset_area){0};
            return;
        }
    }
    twin_print_history(twin);
    fail_msg("%s after {%#llx, %#llx} gives {%#llx, %#llx}", up ? "next" : "prev",
             (unsigned long long)last->start, (unsigned long long)last->size,
             (unsigned long long)area.start, (unsigned long long)area.size);
}

static void test_steps_between_random_changes(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct twin twin;
        struct mset_cursor cursor;
        struct mset_area last = {0};
        struct rng rng = {seed};
        scene_open(&twin, 60 + 200 * (size_t)(seed / 2), seed % 2 != 0);
        const struct operation_mix mix = {.base = SCENE_BASE,
                                          .page_size = PAGE,
                                          .pages = twin.options.pages,
                                          .longest = 8,
                                          .fill = 65,
                                          .backends = 3,
                                          .one_flag_word = seed % 2 != 0};
        mset_cursor_all(&cursor, twin.set);
        for (uint64_t i = 0; i < test_scaled(100000); i++) {
            const struct operation operation = operation_random(&mix, &rng);
            if (rng_chance(&rng, 40) && twin_can_judge(&twin, &operation)) {
                agree(&twin, twin_apply(&twin, &operation));
            }
            step_at_random(&twin, &cursor, &last, rng_chance(&rng, i / 1000 % 2 ? 80 : 20));
        }
        mset_cursor_close(&cursor);
        scene_close(&twin);
    }
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
        cmocka_unit_test(test_steps_between_random_changes),
    };
    return cmocka_run_group_tests_name("set, cursors", tests, NULL, NULL);
}
