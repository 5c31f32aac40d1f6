/*
 * test_steps.c - who is told what and when, in literal numbers: backends without prepare before
 * those with, prepares before everything, rooms, aborts, and what is left when nothing helps.
 */
#include "scene.h"

/* P: prepared, F: full, without prepare; M: prepared, cannot move; N: cannot move. */
#define P RECORDER_PREPARED
#define F RECORDER_FULL
#define M RECORDER_PREPARED_NO_MOVE
#define N RECORDER_NO_MOVE

/* Pages 0, 1, 2, 3: P, F, P, F. */
static void open_alternating(struct twin *twin) {
    scene_open(twin, 16, false);
    for (size_t page = 0; page < 4; page++) {
        expect(twin, MSET_OK, map(page, 1, R, page % 2 == 0 ? P : F, MSET_MAP_FAIL));
    }
}

static void assert_prepare(const struct twin *twin, size_t index, enum call_kind kind,
                           enum call_kind step, enum recorder_kind backend, size_t page,
                           size_t pages) {
    const struct call *about = assert_call(&twin->stage, index, kind, backend, page, pages);
    assert_int_equal(about->step, step);
}

static void assert_room(const struct twin *twin, size_t index, size_t page, size_t pages) {
    assert_true(index < twin->stage.calls.count);
    const struct call *about = &twin->stage.calls.calls[index];
    assert_int_equal(about->room_start, pages == 0 ? 0 : AT(page));
    assert_int_equal(about->room_size, pages * PAGE);
}

static void assert_heard(const struct twin *twin, size_t count) {
    assert_int_equal(twin->stage.calls.count, count);
}

/* ---- order --------------------------------------------------------------------------------- */

static void test_others_come_first(void **state) {
    (void)state;
    struct twin twin;
    open_alternating(&twin);
    expect(&twin, MSET_OK, unmap(0, 4));
    assert_heard(&twin, 6);
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_UNMAP, P, 0, 1);
    assert_prepare(&twin, 1, CALL_PREPARE, CALL_UNMAP, P, 2, 1);
    assert_call(&twin.stage, 2, CALL_UNMAP, F, 1, 1);
    assert_call(&twin.stage, 3, CALL_UNMAP, F, 3, 1);
    assert_call(&twin.stage, 4, CALL_UNMAP, P, 0, 1);
    assert_call(&twin.stage, 5, CALL_UNMAP, P, 2, 1);
    scene_close(&twin);
}

static void test_phases_come_one_after_the_other(void **state) {
    (void)state;
    struct twin twin;
    open_alternating(&twin);
    expect(&twin, MSET_OK, map(8, 1, R, P, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(9, 1, R, F, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, move(0, 4, 8, MSET_MAP_REPLACE));
    assert_heard(&twin, 9);
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_UNMAP, P, 8, 1);
    assert_prepare(&twin, 1, CALL_PREPARE, CALL_MOVE, P, 0, 1);
    assert_prepare(&twin, 2, CALL_PREPARE, CALL_MOVE, P, 2, 1);
    assert_call(&twin.stage, 3, CALL_UNMAP, F, 9, 1);
    assert_call(&twin.stage, 4, CALL_UNMAP, P, 8, 1);
    assert_call(&twin.stage, 5, CALL_MOVE, F, 1, 1);
    assert_call(&twin.stage, 6, CALL_MOVE, F, 3, 1);
    assert_call(&twin.stage, 7, CALL_MOVE, P, 0, 1);
    assert_call(&twin.stage, 8, CALL_MOVE, P, 2, 1);
    scene_close(&twin);
}

/* Flags of pieces of either sort, and one that keeps its flags between them: no step. */
static void test_protect_tells_others_first(void **state) {
    (void)state;
    struct twin twin;
    open_alternating(&twin);
    expect(&twin, MSET_OK, protect(2, 1, UPDATE_SET, RW));
    expect(&twin, MSET_OK, protect(0, 4, UPDATE_SET, RW));
    assert_heard(&twin, 4);
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_PROTECT, P, 0, 1);
    assert_int_equal(twin.stage.calls.calls[0].extra, RW);
    assert_call(&twin.stage, 1, CALL_PROTECT, F, 1, 1);
    assert_call(&twin.stage, 2, CALL_PROTECT, F, 3, 1);
    assert_call(&twin.stage, 3, CALL_PROTECT, P, 0, 1);
    scene_close(&twin);
}

static void test_moving_in_two_is_prepared_in_two(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 2, R, M, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 1, R, N, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, move(0, 3, 8, MSET_MAP_FAIL));
    assert_heard(&twin, 6);
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_UNMAP, M, 0, 2);
    assert_prepare(&twin, 1, CALL_PREPARE, CALL_MAP, M, 8, 2);
    assert_call(&twin.stage, 2, CALL_UNMAP, N, 2, 1);
    assert_call(&twin.stage, 3, CALL_MAP, N, 10, 1);
    assert_call(&twin.stage, 4, CALL_UNMAP, M, 0, 2);
    assert_call(&twin.stage, 5, CALL_MAP, M, 8, 2);
    scene_close(&twin);
}

/* ---- what is prepared ---------------------------------------------------------------------- */

static void test_a_single_step_is_prepared_as_well(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 4, R, P, MSET_MAP_FAIL));
    assert_heard(&twin, 2);
    expect(&twin, MSET_OK, protect(1, 1, UPDATE_SET, RW));
    assert_heard(&twin, 2);
    expect(&twin, MSET_OK, move(1, 1, 8, MSET_MAP_FAIL));
    assert_heard(&twin, 2);
    expect(&twin, MSET_OK, resize(OP_GROW, 8, MSET_HIGH, 2));
    assert_heard(&twin, 2);
    expect(&twin, MSET_OK, unmap(9, 1));
    assert_heard(&twin, 2);
    scene_close(&twin);
}

static void test_faults_and_metadata_are_not_prepared(void **state) {
    (void)state;
    struct twin twin;
    open_alternating(&twin);
    expect(&twin, MSET_OK, fault(AT(0), MSET_READ));
    assert_heard(&twin, 1);
    expect(&twin, MSET_OK, metadata(map(0, 2, RW, P, MSET_MAP_REPLACE)));
    assert_heard(&twin, 0);
    expect(&twin, MSET_OK, metadata(unmap(1, 3)));
    assert_heard(&twin, 0);
    scene_close(&twin);
}

/* ---- rooms --------------------------------------------------------------------------------- */

static void test_the_room_of_a_map_is_what_it_replaces(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(2, 1, R, F, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(5, 1, R, P, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(1, 4, RW, P, MSET_MAP_REPLACE)); /* F goes */
    assert_heard(&twin, 3);
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_MAP, P, 1, 4);
    assert_room(&twin, 0, 1, 4);
    expect(&twin, MSET_OK, map(8, 1, RW, P, MSET_MAP_REPLACE)); /* nothing goes */
    assert_heard(&twin, 2);
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_MAP, P, 8, 1);
    assert_room(&twin, 0, 0, 0);
    scene_close(&twin);
}

/* All of the destination, for every piece that comes into it; none for what goes. */
static void test_the_room_of_a_move_is_its_destination(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 1, R, P, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 1, R, M, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(11, 1, R, P, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, move(0, 3, 10, MSET_MAP_REPLACE));
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_UNMAP, P, 11, 1);
    assert_room(&twin, 0, 0, 0);
    assert_prepare(&twin, 1, CALL_PREPARE, CALL_MOVE, P, 0, 1);
    assert_room(&twin, 1, 10, 3);
    assert_prepare(&twin, 2, CALL_PREPARE, CALL_UNMAP, M, 2, 1);
    assert_room(&twin, 2, 0, 0);
    assert_prepare(&twin, 3, CALL_PREPARE, CALL_MAP, M, 12, 1);
    assert_room(&twin, 3, 10, 3);
    expect(&twin, MSET_OK, move(10, 3, 4, MSET_MAP_REPLACE)); /* free as it is */
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_MOVE, P, 10, 1);
    assert_room(&twin, 0, 0, 0);
    scene_close(&twin);
}

/* ---- refusals ------------------------------------------------------------------------------ */

/* The second of the others refuses: those that have prepared get no call at all. */
static void test_a_refusal_among_others_leaves_the_prepared_alone(void **state) {
    (void)state;
    struct twin twin;
    open_alternating(&twin);
    refuse(&twin, 1 << 1, -5);
    expect(&twin, MSET_BAD_STATE, unmap(0, 4));
    assert_heard(&twin, 7);
    assert_prepare(&twin, 0, CALL_PREPARE, CALL_UNMAP, P, 0, 1);
    assert_prepare(&twin, 1, CALL_PREPARE, CALL_UNMAP, P, 2, 1);
    assert_call(&twin.stage, 2, CALL_UNMAP, F, 1, 1);
    assert_call(&twin.stage, 3, CALL_UNMAP, F, 3, 1); /* no */
    assert_prepare(&twin, 4, CALL_ABORT, CALL_UNMAP, P, 2, 1);
    assert_prepare(&twin, 5, CALL_ABORT, CALL_UNMAP, P, 0, 1);
    assert_call(&twin.stage, 6, CALL_MAP, F, 1, 1);
    assert_int_equal(mset_last_failure(twin.set).code, -5);
    assert_int_equal(mset_last_failure(twin.set).address, AT(3));
    assert_int_equal(mset_last_failure(twin.set).done_size, 0);
    assert_count(&twin, 4);
    scene_close(&twin);
}

static void test_a_refused_prepare_aborts_those_before_it(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    for (size_t page = 0; page < 3; page++) {
        expect(&twin, MSET_OK, map(page, 1, R, P, MSET_MAP_FAIL));
    }
    refuse_to_prepare(&twin, 1 << 2, MSET_NO_MEMORY);
    expect(&twin, MSET_NO_MEMORY, unmap(0, 3));
    assert_heard(&twin, 5);
    assert_prepare(&twin, 2, CALL_PREPARE, CALL_UNMAP, P, 2, 1); /* no */
    assert_prepare(&twin, 3, CALL_ABORT, CALL_UNMAP, P, 1, 1);
    assert_prepare(&twin, 4, CALL_ABORT, CALL_UNMAP, P, 0, 1);
    assert_int_equal(mset_last_failure(twin.set).code, MSET_NO_MEMORY);
    assert_int_equal(mset_last_failure(twin.set).address, AT(2));
    refuse_to_prepare(&twin, 1, -1); /* the first one: nothing to abort */
    expect(&twin, MSET_BAD_STATE, unmap(0, 3));
    assert_heard(&twin, 1);
    assert_int_equal(mset_last_failure(twin.set).address, AT(0));
    scene_close(&twin);
}

/* A backend that refuses what it has prepared: that one has ended, those behind it are aborted. */
static void test_a_broken_promise_is_undone_as_well(void **state) {
    (void)state;
    struct twin twin;
    open_alternating(&twin);
    twin.refusal = (struct refusal){.calls = 1 << 2, .code = -8, .breaks_promises = true};
    expect(&twin, MSET_BAD_STATE, unmap(0, 4));
    assert_heard(&twin, 8);
    assert_call(&twin.stage, 4, CALL_UNMAP, P, 0, 1); /* no */
    assert_prepare(&twin, 5, CALL_ABORT, CALL_UNMAP, P, 2, 1);
    assert_call(&twin.stage, 6, CALL_MAP, F, 3, 1);
    assert_call(&twin.stage, 7, CALL_MAP, F, 1, 1);
    assert_int_equal(mset_last_failure(twin.set).address, AT(0));
    assert_count(&twin, 4);
    scene_close(&twin);
}

/* ---- undoing that is refused --------------------------------------------------------------- */

/* Pages 0, 2 (P) and 1, 3 (F): done are 1 and 3; the undoing of 3 is refused and ends it. */
static void test_what_could_not_be_undone_is_done(void **state) {
    (void)state;
    struct twin twin;
    open_alternating(&twin);
    twin.refusal = (struct refusal){.calls = 1 << 2 | 1 << 3, .code = -8, .breaks_promises = true};
    expect(&twin, MSET_BAD_STATE, unmap(0, 4));
    assert_true(twin.stuck);
    assert_heard(&twin, 7);
    assert_prepare(&twin, 5, CALL_ABORT, CALL_UNMAP, P, 2, 1);
    assert_call(&twin.stage, 6, CALL_MAP, F, 3, 1); /* no: and no more */
    assert_int_equal(mset_last_failure(twin.set).done_start, AT(1));
    assert_int_equal(mset_last_failure(twin.set).done_size, 3 * PAGE); /* 2 lies between */
    assert_count(&twin, 2);
    assert_area(&twin, 0, 0, 1, R);
    assert_area(&twin, 1, 2, 1, R);
    scene_close(&twin);
}

/* Making room is all that was done: the destination is named, and empty. */
static void test_a_move_that_only_made_room(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 2, R, F, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(8, 1, RW, F, MSET_MAP_FAIL));
    refuse(&twin, 1 << 1 | 1 << 2, -8);
    expect(&twin, MSET_BAD_STATE, move(0, 2, 8, MSET_MAP_REPLACE));
    assert_int_equal(mset_last_failure(twin.set).address, AT(0));
    assert_int_equal(mset_last_failure(twin.set).done_start, AT(8));
    assert_int_equal(mset_last_failure(twin.set).done_size, PAGE);
    assert_count(&twin, 1);
    assert_area(&twin, 0, 0, 2, R);
    scene_close(&twin);
}

/* Two of three pieces have moved: the source is named. */
static void test_a_move_that_stopped_half_way(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    for (size_t page = 0; page < 3; page++) {
        expect(&twin, MSET_OK, map(page, 1, R, F, MSET_MAP_FAIL));
    }
    expect(&twin, MSET_OK, map(8, 1, RW, F, MSET_MAP_FAIL));
    refuse(&twin, 1 << 3 | 1 << 4, -8);
    expect(&twin, MSET_BAD_STATE, move(0, 3, 8, MSET_MAP_REPLACE));
    assert_int_equal(mset_last_failure(twin.set).address, AT(2));
    assert_int_equal(mset_last_failure(twin.set).done_start, AT(0));
    assert_int_equal(mset_last_failure(twin.set).done_size, 2 * PAGE);
    assert_count(&twin, 3);
    assert_area(&twin, 0, 2, 1, R);
    assert_area(&twin, 1, 8, 1, R);
    assert_area(&twin, 2, 9, 1, R);
    scene_close(&twin);
}

/* A backend that cannot move: unmapped here, not mapped there, and not taken back. */
static void test_a_piece_that_was_lost_on_the_way(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 1, R, N, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(1, 1, R, N, MSET_MAP_FAIL));
    refuse(&twin, 1 << 3 | 1 << 4, -8); /* unmap, map, unmap, map: no; map back: no */
    expect(&twin, MSET_BAD_STATE, move(0, 2, 8, MSET_MAP_FAIL));
    assert_int_equal(mset_last_failure(twin.set).address, AT(1));
    assert_int_equal(mset_last_failure(twin.set).done_start, AT(0));
    assert_int_equal(mset_last_failure(twin.set).done_size, 2 * PAGE);
    assert_count(&twin, 1);
    assert_area(&twin, 0, 8, 1, R);
    scene_close(&twin);
}

/* Equal neighbours that a half-done protect makes still become one. */
static void test_what_is_left_of_a_protect_merges(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, true);
    expect(&twin, MSET_OK, map(0, 1, RW, F, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(1, 2, R, F, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 1, R, F, MSET_MAP_FAIL));
    refuse(&twin, 1 << 1 | 1 << 2, -8);
    expect(&twin, MSET_BAD_STATE, protect(1, 4, UPDATE_SET, RW));
    assert_int_equal(mset_last_failure(twin.set).done_start, AT(1));
    assert_int_equal(mset_last_failure(twin.set).done_size, 2 * PAGE);
    assert_count(&twin, 2);
    assert_area(&twin, 0, 0, 3, RW);
    assert_area(&twin, 1, 4, 1, R);
    scene_close(&twin);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_others_come_first),
        cmocka_unit_test(test_phases_come_one_after_the_other),
        cmocka_unit_test(test_protect_tells_others_first),
        cmocka_unit_test(test_moving_in_two_is_prepared_in_two),
        cmocka_unit_test(test_a_single_step_is_prepared_as_well),
        cmocka_unit_test(test_faults_and_metadata_are_not_prepared),
        cmocka_unit_test(test_the_room_of_a_map_is_what_it_replaces),
        cmocka_unit_test(test_the_room_of_a_move_is_its_destination),
        cmocka_unit_test(test_a_refusal_among_others_leaves_the_prepared_alone),
        cmocka_unit_test(test_a_refused_prepare_aborts_those_before_it),
        cmocka_unit_test(test_a_broken_promise_is_undone_as_well),
        cmocka_unit_test(test_what_could_not_be_undone_is_done),
        cmocka_unit_test(test_a_move_that_only_made_room),
        cmocka_unit_test(test_a_move_that_stopped_half_way),
        cmocka_unit_test(test_a_piece_that_was_lost_on_the_way),
        cmocka_unit_test(test_what_is_left_of_a_protect_merges),
    };
    return cmocka_run_group_tests_name("set, steps", tests, NULL, NULL);
}
