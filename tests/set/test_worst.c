/*
 * test_worst.c - the worst cases: moves that can be neither finished nor taken back, step by step.
 *
 * The twin checks after each that the set shows what the pretended page table holds. Bit n of a
 * mask refuses the n-th call to a backend, counted from 0.
 */
#include "scene.h"

/* Refuses the calls of the mask; everybody must agree on BAD_STATE and on what is left. */
static void stick(struct twin *twin, uint64_t mask, struct operation operation) {
    refuse(twin, mask, MSET_NO_MEMORY);
    agree(twin, twin_apply(twin, &operation));
    assert_int_equal(twin->status, MSET_BAD_STATE);
    assert_null(mset_validate(twin->set));
}

static void assert_done(const struct twin *twin, uint64_t start, uint64_t size) {
    const struct mset_failure failure = mset_last_failure(twin->set);
    assert_int_equal(failure.code, MSET_NO_MEMORY);
    assert_int_equal(failure.done_start, start);
    assert_int_equal(failure.done_size, size);
}

/*
 * Without `move` a piece is unmapped and mapped: unmap A, map A', unmap B, map B' (no), map B (no).
 * B is neither here nor there, and A stays where it is.
 */
static void a_piece_is_lost_between_two_calls(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 32, false);
    expect(&twin, MSET_OK, map(1, 1, R, RECORDER_NO_MOVE, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 1, RW, RECORDER_NO_MOVE, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 1, RX, RECORDER_NO_MOVE, MSET_MAP_FAIL));
    stick(&twin, 0x18, move(1, 4, 16, MSET_MAP_FAIL));
    assert_calls(&twin, 5);
    assert_count(&twin, 2);
    assert_area(&twin, 0, 4, 1, RX);
    assert_area(&twin, 1, 16, 1, R);
    assert_done(&twin, AT(1), 2 * PAGE);
    agree(&twin, twin_close(&twin));
}

/* The same on the way back: map B' (no), map B, unmap A' , map A (no). B is back, A is lost. */
static void a_piece_is_lost_on_the_way_back(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 32, false);
    expect(&twin, MSET_OK, map(1, 1, R, RECORDER_NO_MOVE, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 1, RW, RECORDER_NO_MOVE, MSET_MAP_FAIL));
    stick(&twin, 0x48, move(1, 2, 16, MSET_MAP_FAIL));
    assert_calls(&twin, 7);
    assert_count(&twin, 1);
    assert_area(&twin, 0, 2, 1, RW);
    assert_done(&twin, AT(1), PAGE);
    agree(&twin, twin_close(&twin));
}

/*
 * A cannot be taken back: unmap D, move A, move B (no), move A back (no). Undoing ends there, so
 * what was at the destination does not come back either.
 */
static void the_steps_before_a_refused_undo_stay_done(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 32, false);
    expect(&twin, MSET_OK, map(1, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 1, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(15, 3, RX, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(18, 1, RX, RECORDER_NONE, MSET_MAP_FAIL));
    stick(&twin, 0xc, move(1, 3, 16, MSET_MAP_REPLACE));
    assert_calls(&twin, 4);
    assert_count(&twin, 3);
    assert_area(&twin, 0, 2, 1, RW);
    assert_area(&twin, 1, 15, 1, RX);
    assert_area(&twin, 2, 16, 1, R);
    assert_done(&twin, AT(1), PAGE);
    agree(&twin, twin_close(&twin));
}

/* B and A come back, D does not: unmap D, E, move A, move B (no), move A back, map E, map D (no).
 */
static void the_destination_stays_empty(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 32, false);
    expect(&twin, MSET_OK, map(1, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 1, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(16, 1, RX, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(17, 1, R, RECORDER_FULL, MSET_MAP_FAIL));
    stick(&twin, 0x48, move(1, 3, 16, MSET_MAP_REPLACE));
    assert_calls(&twin, 7);
    assert_count(&twin, 3);
    assert_area(&twin, 0, 1, 1, R);
    assert_area(&twin, 1, 2, 1, RW);
    assert_area(&twin, 2, 17, 1, R);
    assert_done(&twin, AT(16), PAGE);
    agree(&twin, twin_close(&twin));
}

/* Without a look at everything: that is for the end. */
static void prepare(struct twin *twin, struct operation operation) {
    agree(twin, twin_apply(twin, &operation));
}

/*
 * Onto every area of full leaves in turn, the first of each leaf included: what comes there then
 * goes to the leaf before, which may be full although the one looked at first is not.
 */
static void moving_onto_every_area(void **state) {
    (void)state;
    enum { AREAS = 150, SOURCE = 2 * AREAS };
    for (size_t onto = 0; onto < AREAS; onto++) {
        struct twin twin;
        scene_open(&twin, SOURCE + 8, false);
        for (size_t i = 0; i < AREAS; i++) {
            prepare(&twin, map(2 * i, 1, R, RECORDER_NONE, MSET_MAP_FAIL));
        }
        /* Two pieces for one: some leaf has to take more than it gives. */
        prepare(&twin, map(SOURCE, 1, RW, RECORDER_NONE, MSET_MAP_FAIL));
        prepare(&twin, map(SOURCE + 1, 2, RX, RECORDER_NONE, MSET_MAP_FAIL));
        prepare(&twin, unmap(2 * AREAS - 20, 18)); /* room in the last leaf */
        expect(&twin, MSET_OK, move(SOURCE, 2, 2 * onto, MSET_MAP_REPLACE));
        scene_close(&twin);
    }
}

/* An area of 2^64 - 1 bytes cannot grow over the last one, nor one of a byte over all others. */
static void no_area_grows_to_all_of_memory(void **state) {
    (void)state;
    const struct mset_options bytes = {.page_size = 1};
    const struct mset_area ends[] = {{UINT64_MAX, 1, R, NULL, 0}, {0, 1, R, NULL, 0}};
    for (unsigned end = 0; end < 2; end++) {
        const enum mset_side side = end == 0 ? MSET_LOW : MSET_HIGH;
        struct mset *set;
        assert_int_equal(mset_create(&bytes, &set), MSET_OK);
        assert_int_equal(mset_map(set, &ends[end], MSET_MAP_FAIL, NULL), MSET_OK);
        assert_int_equal(mset_grow(set, ends[end].start, side, UINT64_MAX, NULL),
                         MSET_INVALID_PARAM);
        assert_int_equal(mset_grow(set, ends[end].start, side, UINT64_MAX - 1, NULL), MSET_OK);
        assert_int_equal(mset_grow(set, ends[end].start, side, 1, NULL), MSET_INVALID_PARAM);
        assert_int_equal(mset_mapped_bytes(set), UINT64_MAX);
        assert_null(mset_validate(set));
        mset_destroy(set);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_is_lost_between_two_calls),
        cmocka_unit_test(a_piece_is_lost_on_the_way_back),
        cmocka_unit_test(the_steps_before_a_refused_undo_stay_done),
        cmocka_unit_test(the_destination_stays_empty),
        cmocka_unit_test(moving_onto_every_area),
        cmocka_unit_test(no_area_grows_to_all_of_memory),
    };
    return cmocka_run_group_tests_name("set, worst cases", tests, NULL, NULL);
}
