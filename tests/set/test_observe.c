/*
 * test_observe.c - what observers are told, in literal numbers: every kind of change, their order,
 * who is told, and the accounting.
 */
#include "scene.h"

#include <string.h>

#define A RECORDER_FULL
#define B RECORDER_PREPARED

static void told(const struct twin *twin, size_t index, enum mset_change_kind kind, size_t old_page,
                 size_t old_pages, size_t new_page, size_t new_pages) {
    assert_change(&twin->mirror.told, index, kind, old_page, old_pages, new_page, new_pages);
}

static void told_in_all(const struct twin *twin, size_t count) {
    assert_int_equal(twin->mirror.told.count, count);
}

/* ---- kinds of changes ---------------------------------------------------------------------- */

static void test_map_inserts(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(2, 3, R, A, MSET_MAP_FAIL));
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_INSERTED, 0, 0, 2, 3);
    assert_int_equal(twin.mirror.told.changes[0].new_run.flags, R);
    assert_int_equal(twin.mirror.told.changes[0].new_run.offset, AT(2));
    assert_ptr_equal(twin.mirror.told.changes[0].new_run.backend, &twin.stage.recorders[A].base);
    scene_close(&twin);
}

static void test_unmap_removes_trims_and_splits(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 8, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, unmap(0, 1)); /* a head */
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_TRIMMED, 0, 8, 1, 7);
    expect(&twin, MSET_OK, unmap(7, 3)); /* a tail */
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_TRIMMED, 1, 7, 1, 6);
    expect(&twin, MSET_OK, unmap(3, 2)); /* a middle */
    told_in_all(&twin, 2);
    told(&twin, 0, MSET_SPLIT, 1, 6, 5, 2);
    told(&twin, 1, MSET_TRIMMED, 1, 4, 1, 2);
    expect(&twin, MSET_OK, unmap(1, 2)); /* a whole */
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_REMOVED, 1, 2, 0, 0);
    expect(&twin, MSET_OK, unmap(0, 2)); /* a hole */
    told_in_all(&twin, 0);
    expect(&twin, MSET_OK, map(8, 2, R, B, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(11, 2, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, unmap(6, 6)); /* in address order, whatever the backends */
    told_in_all(&twin, 3);
    told(&twin, 0, MSET_TRIMMED, 5, 2, 5, 1);
    told(&twin, 1, MSET_REMOVED, 8, 2, 0, 0);
    told(&twin, 2, MSET_TRIMMED, 11, 2, 12, 1);
    expect(&twin, MSET_OK, metadata(unmap(5, 1))); /* bookkeeping is told like all else */
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_REMOVED, 5, 1, 0, 0);
    scene_close(&twin);
}

static void test_protect_splits_off_at_both_ends(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 8, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, protect(2, 3, UPDATE_SET, RW));
    told_in_all(&twin, 3);
    told(&twin, 0, MSET_SPLIT, 0, 8, 2, 6);
    told(&twin, 1, MSET_SPLIT, 2, 6, 5, 3);
    told(&twin, 2, MSET_PROTECTED, 2, 3, 2, 3);
    assert_int_equal(twin.mirror.told.changes[2].old_run.flags, R);
    assert_int_equal(twin.mirror.told.changes[2].new_run.flags, RW);
    expect(&twin, MSET_OK, protect(0, 8, UPDATE_SET, RW)); /* the middle one has them already */
    told_in_all(&twin, 2);
    told(&twin, 0, MSET_PROTECTED, 0, 2, 0, 2);
    told(&twin, 1, MSET_PROTECTED, 5, 3, 5, 3);
    expect(&twin, MSET_OK, protect(0, 8, UPDATE_NEVER, 0));
    told_in_all(&twin, 0);
    scene_close(&twin);
}

static void test_move_carries(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 4, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 1, RW, RECORDER_NO_MOVE, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(11, 2, R, B, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, move(3, 2, 10, MSET_MAP_REPLACE));
    told_in_all(&twin, 4);
    told(&twin, 0, MSET_TRIMMED, 11, 2, 12, 1); /* what was in the way */
    told(&twin, 1, MSET_SPLIT, 0, 4, 3, 1);
    told(&twin, 2, MSET_MOVED, 3, 1, 10, 1);
    told(&twin, 3, MSET_MOVED, 4, 1, 11, 1); /* also of a backend that cannot move */
    assert_int_equal(twin.mirror.told.changes[2].new_run.offset, AT(3));
    scene_close(&twin);
}

/* From one part of an area into another: it is trimmed before it is cut. */
static void test_move_within_an_area(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 12, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, move(2, 2, 7, MSET_MAP_REPLACE));
    told_in_all(&twin, 5);
    told(&twin, 0, MSET_SPLIT, 0, 12, 9, 3);
    told(&twin, 1, MSET_TRIMMED, 0, 9, 0, 7);
    told(&twin, 2, MSET_SPLIT, 0, 7, 2, 5);
    told(&twin, 3, MSET_SPLIT, 2, 5, 4, 3);
    told(&twin, 4, MSET_MOVED, 2, 2, 7, 2);
    scene_close(&twin);
}

static void test_grow_and_shrink(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(4, 2, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, resize(OP_GROW, 4, MSET_HIGH, 2));
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_GROWN, 4, 2, 4, 4);
    expect(&twin, MSET_OK, resize(OP_GROW, 4, MSET_LOW, 1));
    told(&twin, 0, MSET_GROWN, 4, 4, 3, 5);
    expect(&twin, MSET_OK, resize(OP_SHRINK, 4, MSET_LOW, 2));
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_TRIMMED, 3, 5, 5, 3);
    scene_close(&twin);
}

static void test_replace_removes_then_inserts(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 8, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 2, RW, B, MSET_MAP_REPLACE));
    told_in_all(&twin, 3);
    told(&twin, 0, MSET_SPLIT, 0, 8, 4, 4);
    told(&twin, 1, MSET_TRIMMED, 0, 4, 0, 2);
    told(&twin, 2, MSET_INSERTED, 0, 0, 2, 2);
    scene_close(&twin);
}

/* What is new joins the one before it, and takes in the one behind it. */
static void test_neighbours_merge_upwards(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, true);
    expect(&twin, MSET_OK, map(0, 2, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(3, 2, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(2, 1, R, A, MSET_MAP_FAIL));
    told_in_all(&twin, 3);
    told(&twin, 0, MSET_INSERTED, 0, 0, 2, 1);
    told(&twin, 1, MSET_MERGED, 2, 1, 0, 3);
    told(&twin, 2, MSET_MERGED, 3, 2, 0, 5);
    expect(&twin, MSET_OK, protect(1, 1, UPDATE_SET, RW));
    expect(&twin, MSET_OK, protect(0, 3, UPDATE_SET, R)); /* everything before any of it merges */
    told_in_all(&twin, 3);
    told(&twin, 0, MSET_PROTECTED, 1, 1, 1, 1);
    told(&twin, 1, MSET_MERGED, 1, 1, 0, 2);
    told(&twin, 2, MSET_MERGED, 2, 3, 0, 5);
    expect(&twin, MSET_OK, unmap(2, 1));
    expect(&twin, MSET_OK, resize(OP_GROW, 0, MSET_HIGH, 1));
    told_in_all(&twin, 2);
    told(&twin, 0, MSET_GROWN, 0, 2, 0, 3);
    told(&twin, 1, MSET_MERGED, 3, 2, 0, 5);
    scene_close(&twin);
}

/*
 * An area from which a piece moves to right beside what is left of it, where something else that
 * moves along fits it: what merges is what is left.
 */
static void test_the_rest_of_a_source_merges(void **state) {
    (void)state;
    struct twin twin;
    struct operation other = map(12, 2, R, A, MSET_MAP_FAIL);
    other.offset = AT(2);
    scene_open(&twin, 16, true);
    expect(&twin, MSET_OK, map(4, 8, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, other);
    by(&twin, WAY_DROPPED);
    expect(&twin, MSET_OK, move(10, 4, 0, MSET_MAP_FAIL));
    told_in_all(&twin, 4);
    told(&twin, 0, MSET_SPLIT, 4, 8, 10, 2);
    told(&twin, 1, MSET_MOVED, 10, 2, 0, 2);
    told(&twin, 2, MSET_MOVED, 12, 2, 2, 2);
    told(&twin, 3, MSET_MERGED, 4, 6, 2, 8);
    assert_count(&twin, 2);
    scene_close(&twin);
}

/* What would fit the neighbour of the new place, were it not to move away itself. */
static void test_what_leaves_does_not_merge(void **state) {
    (void)state;
    struct twin twin;
    struct operation low = map(2, 1, R, A, MSET_MAP_FAIL), high = map(3, 1, R, A, MSET_MAP_FAIL);
    low.offset = AT(11);
    high.offset = AT(10);
    scene_open(&twin, 16, true);
    expect(&twin, MSET_OK, low);
    expect(&twin, MSET_OK, high);
    by(&twin, WAY_DROPPED);
    expect(&twin, MSET_OK, move(2, 2, 4, MSET_MAP_FAIL)); /* 11 comes to lie behind 10 */
    told_in_all(&twin, 2);
    told(&twin, 0, MSET_MOVED, 2, 1, 4, 1);
    told(&twin, 1, MSET_MOVED, 3, 1, 5, 1);
    by(&twin, WAY_DROPPED);
    expect(&twin, MSET_OK, move(4, 2, 2, MSET_MAP_FAIL)); /* and the other way round */
    told_in_all(&twin, 2);
    scene_close(&twin);
}

/* ---- failures ------------------------------------------------------------------------------ */

static void test_failures_are_not_told(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 16, false);
    expect(&twin, MSET_OK, map(0, 2, R, A, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(4, 2, R, A, MSET_MAP_FAIL));
    refuse(&twin, 1 << 1, -1);
    expect(&twin, MSET_BAD_STATE, unmap(0, 8));
    told_in_all(&twin, 0);
    expect(&twin, MSET_ALREADY_EXISTS, map(1, 2, R, A, MSET_MAP_FAIL));
    told_in_all(&twin, 0);
    refuse(&twin, 1 << 1 | 1 << 2, -1); /* the undoing, too: what is done is told */
    expect(&twin, MSET_BAD_STATE, unmap(1, 8));
    told_in_all(&twin, 1);
    told(&twin, 0, MSET_TRIMMED, 0, 2, 0, 1);
    scene_close(&twin);
}

/* ---- who is told --------------------------------------------------------------------------- */

/* Writes its name on a list that it shares with others. */
struct scribe {
    struct mset_observer observer;
    char *list;
    char name;
};

static void write_name(struct mset_observer *observer, const struct mset_change *change) {
    const struct scribe *scribe = (const struct scribe *)(const void *)observer;
    const size_t length = strlen(scribe->list);
    (void)change;
    scribe->list[length] = scribe->name;
    scribe->list[length + 1] = '\0';
}

static void map_page(struct mset *set, size_t page, uint64_t flags) {
    const struct mset_area area = {AT(page), PAGE, flags, NULL, 0};
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
}

static void test_observers_come_in_their_order(void **state) {
    (void)state;
    char list[64] = "";
    struct scribe a = {{write_name, NULL}, list, 'a'}, b = {{write_name, NULL}, list, 'b'},
                  c = {{write_name, NULL}, list, 'c'};
    struct mset *set = NULL;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_attach(set, &a.observer), MSET_OK);
    assert_int_equal(mset_attach(set, &b.observer), MSET_OK);
    assert_int_equal(mset_attach(set, &c.observer), MSET_OK);
    map_page(set, 0, R);
    assert_string_equal(list, "abc");
    assert_int_equal(mset_detach(set, &b.observer), MSET_OK);
    map_page(set, 1, R);
    assert_string_equal(list, "abcac");
    assert_int_equal(mset_detach(set, &a.observer), MSET_OK);
    assert_int_equal(mset_attach(set, &a.observer), MSET_OK);
    map_page(set, 2, R);
    assert_string_equal(list, "abcacca");
    assert_int_equal(mset_detach(set, &a.observer), MSET_OK);
    list[0] = '\0';
    mset_destroy(set); /* three areas go */
    assert_string_equal(list, "ccc");
}

static void test_attaching_what_cannot_be(void **state) {
    (void)state;
    char list[8] = "";
    struct scribe a = {{write_name, NULL}, list, 'a'}, b = {{write_name, NULL}, list, 'b'};
    struct mset_observer deaf = {NULL, NULL};
    struct mset *set = NULL;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_attach(NULL, &a.observer), MSET_INVALID_PARAM);
    assert_int_equal(mset_attach(set, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_attach(set, &deaf), MSET_INVALID_PARAM);
    assert_int_equal(mset_detach(set, &a.observer), MSET_INVALID_PARAM);
    assert_int_equal(mset_attach(set, &a.observer), MSET_OK);
    assert_int_equal(mset_attach(set, &a.observer), MSET_INVALID_PARAM); /* twice */
    assert_int_equal(mset_detach(set, &b.observer), MSET_INVALID_PARAM);
    assert_int_equal(mset_detach(set, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_detach(NULL, &a.observer), MSET_INVALID_PARAM);
    map_page(set, 0, R);
    assert_string_equal(list, "a");
    assert_int_equal(mset_detach(set, &a.observer), MSET_OK);
    assert_int_equal(mset_detach(set, &a.observer), MSET_INVALID_PARAM);
    mset_destroy(set);
    assert_string_equal(list, "a");
}

static void test_text_of_changes(void **state) {
    (void)state;
    static const char *const texts[] = {"split", "trimmed",   "removed", "inserted",
                                        "grown", "protected", "moved",   "merged"};
    for (int kind = MSET_SPLIT; kind <= MSET_MERGED; kind++) {
        assert_string_equal(mset_change_text((enum mset_change_kind)kind), texts[kind]);
    }
    assert_non_null(mset_change_text((enum mset_change_kind)8));
    assert_non_null(mset_change_text((enum mset_change_kind) - 1));
}

/* ---- accounting ---------------------------------------------------------------------------- */

static void assert_tally(const struct mset_accounting *accounting, uint64_t flags, uint64_t areas,
                         uint64_t pages) {
    struct mset_tally tally = {1, 2, 3};
    assert_true(mset_accounting_find(accounting, flags, &tally));
    assert_int_equal(tally.flags, flags & accounting->mask);
    assert_int_equal(tally.areas, areas);
    assert_int_equal(tally.bytes, pages * PAGE);
}

static void test_accounting_counts_what_is_there(void **state) {
    (void)state;
    struct mset_accounting accounting;
    struct mset *set = NULL;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    map_page(set, 0, R);
    map_page(set, 1, RW);
    map_page(set, 2, R);
    assert_int_equal(mset_accounting_attach(&accounting, set, UINT64_MAX), MSET_OK);
    assert_tally(&accounting, R, 2, 2);
    assert_tally(&accounting, RW, 1, 1);
    assert_tally(&accounting, RX, 0, 0); /* never there */
    assert_int_equal(mset_unmap(set, AT(1), PAGE, NULL), MSET_OK);
    assert_tally(&accounting, RW, 0, 0);
    const struct mset_area large = {AT(4), 8 * PAGE, RX, NULL, 0};
    assert_int_equal(mset_map(set, &large, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_int_equal(mset_unmap(set, AT(6), PAGE, NULL), MSET_OK);
    assert_tally(&accounting, RX, 2, 7);
    assert_int_equal(mset_grow(set, AT(4), MSET_HIGH, PAGE, NULL), MSET_OK);
    assert_tally(&accounting, RX, 2, 8);
    assert_int_equal(accounting.total.areas, 4);
    assert_int_equal(accounting.total.bytes, 10 * PAGE);
    assert_int_equal(accounting.rest.areas, 0);
    assert_int_equal(mset_detach(set, &accounting.observer), MSET_OK);
    map_page(set, 3, R);
    assert_tally(&accounting, R, 2, 2);
    mset_destroy(set);
    assert_int_equal(accounting.total.areas, 4);
}

/* Only the masked flags are told apart. */
static void test_accounting_by_mask(void **state) {
    (void)state;
    struct mset_accounting writable, all;
    struct mset *set = NULL;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_accounting_attach(&writable, set, MSET_WRITE), MSET_OK);
    assert_int_equal(mset_accounting_attach(&all, set, 0), MSET_OK);
    map_page(set, 0, R);
    map_page(set, 1, RX);
    map_page(set, 2, RW);
    assert_tally(&writable, R, 2, 2);
    assert_tally(&writable, 0, 2, 2);
    assert_tally(&writable, MSET_WRITE, 1, 1);
    assert_tally(&writable, RW | MSET_SHARED, 1, 1);
    assert_tally(&all, RW, 3, 3);
    mset_destroy(set);
    assert_int_equal(writable.total.areas, 0);
    assert_int_equal(all.total.bytes, 0);
}

/* The table is full after 64; whatever else comes is counted together. */
static void test_accounting_beyond_its_table(void **state) {
    (void)state;
    struct mset_accounting accounting;
    struct mset_tally tally;
    struct mset *set = NULL;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_accounting_attach(&accounting, set, UINT64_MAX), MSET_OK);
    for (size_t i = 0; i < 100; i++) {
        map_page(set, i, (uint64_t)i << 32);
    }
    for (size_t i = 0; i < 64; i++) {
        assert_tally(&accounting, (uint64_t)i << 32, 1, 1);
    }
    for (size_t i = 64; i < 100; i++) {
        assert_false(mset_accounting_find(&accounting, (uint64_t)i << 32, &tally));
    }
    assert_int_equal(accounting.rest.areas, 36);
    assert_int_equal(accounting.rest.bytes, 36 * PAGE);
    assert_int_equal(accounting.total.areas, 100);
    assert_int_equal(mset_unmap(set, AT(0), 80 * PAGE, NULL), MSET_OK);
    assert_tally(&accounting, 0, 0, 0); /* a place in the table is kept */
    assert_false(mset_accounting_find(&accounting, UINT64_C(64) << 32, &tally));
    assert_int_equal(accounting.rest.areas, 20);
    mset_destroy(set);
    assert_int_equal(accounting.rest.areas, 0);
    assert_int_equal(accounting.rest.bytes, 0);
}

static void test_accounting_that_cannot_be(void **state) {
    (void)state;
    struct mset_accounting accounting;
    struct mset *set = NULL;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_accounting_attach(NULL, set, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_accounting_attach(&accounting, NULL, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_accounting_attach(&accounting, set, 0), MSET_OK);
    map_page(set, 0, R);
    assert_int_equal(mset_accounting_attach(&accounting, set, 0), MSET_INVALID_PARAM);
    assert_int_equal(accounting.total.areas, 1);
    mset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_inserts),
        cmocka_unit_test(test_unmap_removes_trims_and_splits),
        cmocka_unit_test(test_protect_splits_off_at_both_ends),
        cmocka_unit_test(test_move_carries),
        cmocka_unit_test(test_move_within_an_area),
        cmocka_unit_test(test_grow_and_shrink),
        cmocka_unit_test(test_replace_removes_then_inserts),
        cmocka_unit_test(test_neighbours_merge_upwards),
        cmocka_unit_test(test_the_rest_of_a_source_merges),
        cmocka_unit_test(test_what_leaves_does_not_merge),
        cmocka_unit_test(test_failures_are_not_told),
        cmocka_unit_test(test_observers_come_in_their_order),
        cmocka_unit_test(test_attaching_what_cannot_be),
        cmocka_unit_test(test_text_of_changes),
        cmocka_unit_test(test_accounting_counts_what_is_there),
        cmocka_unit_test(test_accounting_by_mask),
        cmocka_unit_test(test_accounting_beyond_its_table),
        cmocka_unit_test(test_accounting_that_cannot_be),
    };
    return cmocka_run_group_tests_name("set, observers", tests, NULL, NULL);
}
