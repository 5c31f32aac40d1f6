/*
 * test_holes.c - mset_protect over holes: skipped, or not put up with.
 */
#include "scene.h"

/* Pages 1, 2 and 3..4 and 6: a hole before, one between, one behind. */
static void open_with_holes(struct twin *twin, bool merge) {
    scene_open(twin, 8, merge);
    expect(twin, MSET_OK, map(1, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(2, 1, R, RECORDER_PREPARED, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(3, 2, R, RECORDER_NONE, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(6, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
}

static void test_skipped(void **state) {
    (void)state;
    struct twin twin;
    open_with_holes(&twin, false);
    expect(&twin, MSET_OK, protect(0, 8, UPDATE_SET, RW));
    assert_int_equal(twin.asked.count, 4);
    assert_area(&twin, 0, 1, 1, RW);
    assert_area(&twin, 3, 6, 1, RW);
    expect(&twin, MSET_OK, protect(5, 1, UPDATE_SET, R)); /* nothing but a hole */
    assert_int_equal(twin.asked.count, 0);
    scene_close(&twin);
}

/* Wherever the hole is: nobody is asked, nobody is told, nothing changes. */
static void test_not_put_up_with(void **state) {
    (void)state;
    static const size_t ranges[][2] = {{0, 2}, {0, 8}, {0, 1}, {4, 2}, {4, 3}, {1, 6},
                                       {5, 1}, {5, 2}, {6, 2}, {7, 1}, {1, 5}};
    for (int way = WAY_DIRECT; way <= WAY_DROPPED; way++) {
        struct twin twin;
        open_with_holes(&twin, way == WAY_PLANNED);
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            by(&twin, (enum operation_way)way);
            expect(&twin, MSET_NOT_FOUND,
                   strictly(protect(ranges[i][0], ranges[i][1], UPDATE_SET, RW)));
            assert_int_equal(twin.asked.count, 0);
            assert_calls(&twin, 0);
        }
        assert_area(&twin, 0, 1, 1, R);
        scene_close(&twin);
    }
}

static void test_covered_ranges(void **state) {
    (void)state;
    static const size_t ranges[][2] = {{1, 4}, {1, 1}, {2, 3}, {4, 1}, {6, 1}, {3, 2}, {3, 1}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct twin twin;
        open_with_holes(&twin, i % 2 != 0);
        expect(&twin, MSET_OK, strictly(protect(ranges[i][0], ranges[i][1], UPDATE_SET, RW)));
        assert_true(twin.asked.count != 0);
        scene_close(&twin);
    }
}

/* Up to the last byte of 2^64, which no address lies behind. */
static void test_top_of_the_address_space(void **state) {
    (void)state;
    const struct twin_options options = {.base = 0 - 4 * PAGE, .page_size = PAGE, .pages = 4};
    const uint64_t top = 0 - PAGE;
    struct twin twin;
    twin_open(&twin, &options);
    const struct operation last = {.kind = OP_MAP, .start = top, .size = PAGE, .flags = R};
    const struct operation two = {.kind = OP_PROTECT,
                                  .start = top - PAGE,
                                  .size = 2 * PAGE,
                                  .flags = RW,
                                  .holes = MSET_HOLES_FAIL};
    struct operation one = two;
    one.start = top;
    one.size = PAGE;
    expect(&twin, MSET_OK, last);
    expect(&twin, MSET_NOT_FOUND, two);
    expect(&twin, MSET_OK, one);
    assert_int_equal(twin.asked.count, 1);
    scene_close(&twin);
}

static void test_bad_arguments_come_first(void **state) {
    (void)state;
    struct twin twin;
    struct operation odd = protect(0, 8, UPDATE_SET, RW);
    open_with_holes(&twin, false);
    odd.holes = (enum mset_holes)2;
    expect(&twin, MSET_INVALID_PARAM, odd);
    expect(&twin, MSET_INVALID_PARAM, strictly(protect(0, 0, UPDATE_SET, RW)));
    scene_close(&twin);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_not_put_up_with),
        cmocka_unit_test(test_covered_ranges),
        cmocka_unit_test(test_top_of_the_address_space),
        cmocka_unit_test(test_bad_arguments_come_first),
    };
    return cmocka_run_group_tests_name("set, holes", tests, NULL, NULL);
}
