/*
 * test_upstream.c - the Rust crate memory_set, behaviour by behaviour: first what it does well and
 * mset keeps, one test each; then its faults, one test each that shows the fault gone.
 */
#include "scene.h"

/* ---- kept ---------------------------------------------------------------------------------- */

static void test_ranges_are_half_open(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(2, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 1, R, RECORDER_FULL, MSET_MAP_FAIL)); /* touches the end */
    expect(&twin, MSET_OK, map(1, 1, R, RECORDER_FULL, MSET_MAP_FAIL)); /* and the start */
    assert_false(mset_find(twin.set, AT(5), NULL));
    assert_true(mset_find(twin.set, AT(5) - 1, NULL));
    scene_close(&twin);
}

static void test_mapping_an_empty_area_is_invalid(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_INVALID_PARAM, map(2, 0, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_INVALID_PARAM, map(2, 0, R, RECORDER_FULL, MSET_MAP_REPLACE));
    assert_calls(&twin, 0);
    scene_close(&twin);
}

static void test_unmapping_a_hole_is_ok(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, unmap(0, 8));
    expect(&twin, MSET_OK, map(3, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, unmap(4, 4));
    expect(&twin, MSET_OK, unmap(0, 3));
    assert_count(&twin, 1);
    scene_close(&twin);
}

static void test_mapping_over_an_area_already_exists(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(2, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, map(3, 1, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, map(0, 8, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, map(5, 2, RW, RECORDER_FULL, MSET_MAP_FAIL));
    assert_calls(&twin, 0);
    assert_area(&twin, 0, 2, 4, R);
    scene_close(&twin);
}

static void test_map_with_unmap_overlap_replaces(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 12, false);
    expect(&twin, MSET_OK, map(0, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(5, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(8, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 8, RW, RECORDER_NO_MOVE, MSET_MAP_REPLACE));
    assert_calls(&twin, 4); /* tail, whole, head unmapped; then the map */
    assert_count(&twin, 3);
    assert_area(&twin, 0, 0, 2, R);
    assert_area(&twin, 1, 2, 8, RW);
    assert_area(&twin, 2, 10, 2, R);
    scene_close(&twin);
}

static void test_cut_in_the_middle_splits_and_both_have_the_backend(void **state) {
    (void)state;
    struct twin twin;
    struct mset_area left = {0}, right = {0};
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 8, RW, RECORDER_FULL, MSET_MAP_FAIL));
    assert_int_equal(twin.stage.recorders[RECORDER_FULL].references, 1);
    expect(&twin, MSET_OK, unmap(3, 2));
    assert_calls(&twin, 1);
    assert_int_equal(twin.stage.recorders[RECORDER_FULL].references, 2);
    assert_true(mset_find(twin.set, AT(2), &left));
    assert_true(mset_find(twin.set, AT(5), &right));
    assert_ptr_equal(left.backend, right.backend);
    assert_int_equal(right.offset - left.offset, 5 * PAGE);
    scene_close(&twin);
}

static void test_protect_asks_and_skips(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 2, R | MSET_SHARED, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(6, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, protect(0, 8, UPDATE_NOT_SHARED, RW));
    assert_int_equal(twin.asked.count, 3);
    assert_calls(&twin, 2);
    assert_area(&twin, 0, 0, 2, RW);
    assert_area(&twin, 1, 2, 2, R | MSET_SHARED);
    assert_area(&twin, 2, 6, 2, RW);
    scene_close(&twin);
}

static void test_protect_cuts_head_middle_and_tail(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 12, false);
    expect(&twin, MSET_OK, map(0, 12, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, protect(0, 2, UPDATE_SET, RW));
    expect(&twin, MSET_OK, protect(10, 2, UPDATE_SET, RW));
    expect(&twin, MSET_OK, protect(5, 1, UPDATE_SET, RX));
    assert_count(&twin, 5);
    assert_area(&twin, 0, 0, 2, RW);
    assert_area(&twin, 1, 2, 3, R);
    assert_area(&twin, 2, 5, 1, RX);
    assert_area(&twin, 3, 6, 4, R);
    assert_area(&twin, 4, 10, 2, RW);
    scene_close(&twin);
}

static void test_areas_are_not_merged_unless_asked_for(void **state) {
    (void)state;
    for (int merge = 0; merge < 2; merge++) {
        struct twin twin;
        scene_open(&twin, 8, merge != 0);
        expect(&twin, MSET_OK, map(0, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
        expect(&twin, MSET_OK, map(4, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
        expect(&twin, MSET_OK, map(2, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
        assert_count(&twin, merge ? 1 : 3);
        scene_close(&twin);
    }
}

static void test_shrink_left_and_right(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 8, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, resize(OP_SHRINK, 3, MSET_LOW, 2));
    assert_calls(&twin, 1);
    assert_area(&twin, 0, 2, 6, R);
    expect(&twin, MSET_OK, resize(OP_SHRINK, 3, MSET_HIGH, 3));
    assert_calls(&twin, 1);
    assert_area(&twin, 0, 2, 3, R);
    expect(&twin, MSET_INVALID_PARAM, resize(OP_SHRINK, 3, MSET_LOW, 3)); /* nothing left */
    assert_count(&twin, 1);
    scene_close(&twin);
}

static void test_split_only_strictly_inside(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, protect(0, 4, UPDATE_SET, RW)); /* at both ends: no split */
    assert_count(&twin, 1);
    assert_int_equal(twin.stage.splits.count, 0);
    expect(&twin, MSET_OK, protect(0, 1, UPDATE_SET, R)); /* one page inside */
    assert_count(&twin, 2);
    scene_close(&twin);
}

static void test_map_unmap_and_protect_area_tell_the_backend_once(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(1, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    assert_calls(&twin, 1);
    expect(&twin, MSET_OK, protect(0, 8, UPDATE_SET, RW));
    assert_calls(&twin, 1);
    expect(&twin, MSET_OK, unmap(0, 8));
    assert_calls(&twin, 1);
    scene_close(&twin);
}

static void test_clear_empties_the_set(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, clear());
    expect(&twin, MSET_OK, map(0, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 2, R, RECORDER_SILENT, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(6, 1, R, RECORDER_NONE, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, clear());
    assert_calls(&twin, 1);
    assert_count(&twin, 0);
    assert_int_equal(mset_mapped_bytes(twin.set), 0);
    scene_close(&twin);
}

static void test_metadata_calls_tell_no_backend(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 6, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, metadata(unmap(2, 1)));
    assert_calls(&twin, 0);
    assert_count(&twin, 2);
    expect(&twin, MSET_OK, metadata(map(1, 3, RW, RECORDER_NO_MOVE, MSET_MAP_REPLACE)));
    assert_calls(&twin, 0);
    assert_count(&twin, 3);
    assert_int_equal(twin.stage.recorders[RECORDER_NO_MOVE].references, 1);
    scene_close(&twin);
}

/* ---- faults gone --------------------------------------------------------------------------- */

static void test_fault_gone_top_page_can_be_expressed(void **state) {
    (void)state;
    struct mset *set;
    struct mset_area area = {0 - PAGE, PAGE, R, NULL, 0};
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_true(mset_find(set, UINT64_MAX, NULL));
    assert_int_equal(mset_unmap(set, 0 - PAGE, PAGE, NULL), MSET_OK);
    assert_int_equal(mset_count(set), 0);
    mset_destroy(set);
}

static void test_fault_gone_overflow_is_a_status(void **state) {
    (void)state;
    struct mset *set;
    struct mset_area area = {0 - PAGE, 2 * PAGE, R, NULL, 0};
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_unmap(set, 0 - PAGE, 2 * PAGE, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_count(set), 0);
    mset_destroy(set);
}

static void test_fault_gone_empty_range_overlaps_nothing(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 8, R, RECORDER_FULL, MSET_MAP_FAIL));
    assert_false(mset_overlaps(twin.set, AT(4), 0));
    assert_true(mset_overlaps(twin.set, AT(4), 1));
    scene_close(&twin);
}

static void test_fault_gone_refused_replacement_loses_nothing(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    refuse(&twin, 1 << 1, -7); /* the unmap is done, the map refused */
    expect(&twin, MSET_BAD_STATE, map(2, 4, RW, RECORDER_NO_MOVE, MSET_MAP_REPLACE));
    assert_calls(&twin, 3); /* and the unmap undone */
    assert_int_equal(mset_last_failure(twin.set).code, -7);
    assert_count(&twin, 1);
    assert_area(&twin, 0, 0, 4, R);
    scene_close(&twin);
}

static void test_fault_gone_refused_unmap_of_a_contained_area(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(2, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    refuse(&twin, 1, -7);
    expect(&twin, MSET_BAD_STATE, unmap(0, 8)); /* there: a panic */
    assert_area(&twin, 0, 2, 2, R);
    scene_close(&twin);
}

static void test_fault_gone_refused_middle_cut_keeps_the_right_part(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 8, R, RECORDER_FULL, MSET_MAP_FAIL));
    refuse(&twin, 1, -7);
    expect(&twin, MSET_BAD_STATE, unmap(3, 2));
    assert_count(&twin, 1);
    assert_area(&twin, 0, 0, 8, R);
    scene_close(&twin);
}

static void test_fault_gone_refused_head_cut_keeps_the_area(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(2, 6, R, RECORDER_FULL, MSET_MAP_FAIL));
    refuse(&twin, 1, -7);
    expect(&twin, MSET_BAD_STATE, unmap(0, 4));
    assert_area(&twin, 0, 2, 6, R);
    scene_close(&twin);
}

static void test_fault_gone_unmap_goes_upwards(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 3, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(3, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(5, 3, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, unmap(1, 6));
    assert_calls(&twin, 3); /* tail of the first, the second, head of the third */
    assert_int_equal(twin.stage.calls.calls[0].run.start, AT(1));
    assert_int_equal(twin.stage.calls.calls[0].run.size, 2 * PAGE);
    assert_int_equal(twin.stage.calls.calls[1].run.start, AT(3));
    assert_int_equal(twin.stage.calls.calls[2].run.start, AT(5));
    assert_int_equal(twin.stage.calls.calls[2].run.size, 2 * PAGE);
    scene_close(&twin);
}

static void test_fault_gone_refused_protect_changes_no_flags(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    refuse(&twin, 1 << 1, MSET_NO_MEMORY);
    expect(&twin, MSET_NO_MEMORY, protect(2, 4, UPDATE_SET, RW));
    assert_area(&twin, 0, 0, 4, R);
    assert_area(&twin, 1, 4, 4, R);
    scene_close(&twin);
}

static void test_fault_gone_protect_asks_inside_the_range_only(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    for (size_t page = 0; page < 8; page += 2) {
        expect(&twin, MSET_OK, map(page, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    }
    expect(&twin, MSET_OK, protect(3, 2, UPDATE_SET, RW));
    assert_int_equal(twin.asked.count, 2);
    assert_int_equal(twin.asked.areas[0].start, AT(3));
    assert_int_equal(twin.asked.areas[0].size, PAGE);
    assert_int_equal(twin.asked.areas[1].start, AT(4));
    assert_int_equal(twin.asked.areas[1].size, PAGE);
    scene_close(&twin);
}

static void test_fault_gone_protect_of_nothing_inside_an_area(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 8, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_INVALID_PARAM, protect(4, 0, UPDATE_SET, RW)); /* there: a panic */
    assert_area(&twin, 0, 0, 8, R);
    scene_close(&twin);
}

static void expect_gap(const struct twin *twin, struct mset_gap_request wish, uint64_t answer) {
    uint64_t start = 0;
    assert_int_equal(mset_find_free(twin->set, &wish, &start), MSET_OK);
    assert_int_equal(start, answer);
}

static void test_fault_gone_free_room_ends_at_the_limit(void **state) {
    (void)state;
    struct twin twin;
    uint64_t start;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(0, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(6, 2, R, RECORDER_FULL, MSET_MAP_FAIL)); /* above the limit */
    const struct mset_gap_request wish = {.size = 3 * PAGE, .lo = AT(0), .hi = AT(4)};
    assert_int_equal(mset_find_free(twin.set, &wish, &start), MSET_NOT_FOUND);
    scene_close(&twin);
}

static void test_fault_gone_aligned_room_is_free(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 12, false);
    expect(&twin, MSET_OK, map(0, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect_gap(
        &twin,
        (struct mset_gap_request){.size = 2 * PAGE, .align = 4 * PAGE, .lo = AT(0), .hi = AT(12)},
        AT(8));
    scene_close(&twin);
}

static void test_fault_gone_room_below_the_hint_is_seen(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(4, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect_gap(&twin,
               (struct mset_gap_request){
                   .size = PAGE, .lo = AT(0), .hi = AT(8), .hint = AT(5), .flags = MSET_GAP_HINT},
               AT(0));
    scene_close(&twin);
}

static void test_fault_gone_free_room_does_not_overflow(void **state) {
    (void)state;
    struct twin twin;
    uint64_t start;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(4, 4, R, RECORDER_FULL, MSET_MAP_FAIL));
    const struct mset_gap_request wish = {.size = 0 - PAGE,
                                          .align = UINT64_C(1) << 63,
                                          .hint = UINT64_MAX,
                                          .guard = UINT64_MAX,
                                          .flags = MSET_GAP_HINT};
    assert_int_equal(mset_find_free(twin.set, &wish, &start), MSET_NOT_FOUND);
    scene_close(&twin);
}

static void test_fault_gone_refused_clear_lists_what_is_there(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    for (size_t page = 0; page < 8; page += 2) {
        expect(&twin, MSET_OK, map(page, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    }
    refuse(&twin, 1 << 2, -7);
    expect(&twin, MSET_BAD_STATE, clear());
    assert_calls(&twin, 5); /* two done, one refused, two undone */
    assert_count(&twin, 4);
    scene_close(&twin);
}

static void test_fault_gone_areas_grow_both_ways_and_tell(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(3, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, resize(OP_GROW, 3, MSET_HIGH, 2));
    assert_calls(&twin, 1);
    expect(&twin, MSET_OK, resize(OP_GROW, 3, MSET_LOW, 3));
    assert_calls(&twin, 1);
    assert_count(&twin, 1);
    assert_area(&twin, 0, 0, 7, R);
    expect(&twin, MSET_OK, map(7, 1, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_ALREADY_EXISTS, resize(OP_GROW, 0, MSET_HIGH, 1));
    scene_close(&twin);
}

#define T(name) cmocka_unit_test(test_##name)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(ranges_are_half_open),
        T(mapping_an_empty_area_is_invalid),
        T(unmapping_a_hole_is_ok),
        T(mapping_over_an_area_already_exists),
        T(map_with_unmap_overlap_replaces),
        T(cut_in_the_middle_splits_and_both_have_the_backend),
        T(protect_asks_and_skips),
        T(protect_cuts_head_middle_and_tail),
        T(areas_are_not_merged_unless_asked_for),
        T(shrink_left_and_right),
        T(split_only_strictly_inside),
        T(map_unmap_and_protect_area_tell_the_backend_once),
        T(clear_empties_the_set),
        T(metadata_calls_tell_no_backend),
        T(fault_gone_top_page_can_be_expressed),
        T(fault_gone_overflow_is_a_status),
        T(fault_gone_empty_range_overlaps_nothing),
        T(fault_gone_refused_replacement_loses_nothing),
        T(fault_gone_refused_unmap_of_a_contained_area),
        T(fault_gone_refused_middle_cut_keeps_the_right_part),
        T(fault_gone_refused_head_cut_keeps_the_area),
        T(fault_gone_unmap_goes_upwards),
        T(fault_gone_refused_protect_changes_no_flags),
        T(fault_gone_protect_asks_inside_the_range_only),
        T(fault_gone_protect_of_nothing_inside_an_area),
        T(fault_gone_free_room_ends_at_the_limit),
        T(fault_gone_aligned_room_is_free),
        T(fault_gone_room_below_the_hint_is_seen),
        T(fault_gone_free_room_does_not_overflow),
        T(fault_gone_refused_clear_lists_what_is_there),
        T(fault_gone_areas_grow_both_ways_and_tell),
    };
    return cmocka_run_group_tests_name("set, as upstream", tests, NULL, NULL);
}
