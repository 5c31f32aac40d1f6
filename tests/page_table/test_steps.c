/*
 * test_steps.c - what happens between two steps: the table changes under a cursor, and what is told
 * of removed leaves comes when they are gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/every.h"

static struct every t;
static struct mset_pt_cursor cursor;

static void open_plain(const struct mset_pt_format *format) {
    const struct mset_pt_config config = every_config(format);
    every_open(&t, &config);
}

/* ---- the cursor ---------------------------------------------------------------------------- */

static void start(uint64_t from, uint64_t size) {
    assert_int_equal(mset_pt_cursor_init(&cursor, t.pt, t.va + from, size), MSET_OK);
}

static void step_to(uint64_t from, uint64_t size, uint64_t flags) {
    struct mset_pt_run run;
    assert_true(mset_pt_cursor_next(&cursor, &run));
    assert_int_equal(run.va - t.va, from);
    assert_int_equal(run.size, size);
    assert_int_equal(run.flags, flags);
}

static void step_to_end(void) {
    struct mset_pt_run run;
    assert_false(mset_pt_cursor_next(&cursor, &run));
    assert_false(mset_pt_cursor_next(&cursor, &run)); /* and it stays there */
}

/* Pages 0 and 2 of a table, and page 1 of the next one. */
static void map_three(void) {
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, 2 * t.page, t.page, RW);
    every_map_at(&t, every_slot(&t, 1) + t.page, t.page, RW);
}

static void a_cursor_goes_through_all_tables(const struct mset_pt_format *format) {
    open_plain(format);
    map_three();
    start(0, 2 * every_slot(&t, 1));
    step_to(0, t.page, RW);
    step_to(2 * t.page, t.page, RW);
    step_to(every_slot(&t, 1) + t.page, t.page, RW);
    step_to_end();
    every_close(&t);
}

/* The table that the cursor is in, and all above it, go back to the frames. */
static void the_table_of_the_cursor_is_freed(const struct mset_pt_format *format) {
    open_plain(format);
    map_three();
    start(0, 2 * every_slot(&t, 1));
    step_to(0, t.page, RW);
    every_unmap(&t, t.va, every_slot(&t, 1));
    every_flush(&t);
    step_to(every_slot(&t, 1) + t.page, t.page, RW);
    every_unmap(&t, t.va, 2 * every_slot(&t, 1));
    every_flush(&t);
    step_to_end();
    every_close(&t);
}

static void the_table_ahead_is_freed(const struct mset_pt_format *format) {
    open_plain(format);
    map_three();
    start(0, 2 * every_slot(&t, 1));
    step_to(0, t.page, RW);
    step_to(2 * t.page, t.page, RW);
    every_unmap(&t, t.va + every_slot(&t, 1) + t.page, t.page);
    every_flush(&t);
    step_to_end();
    every_close(&t);
}

/* Freed, and another one mapped in its place: what is seen is what is there. */
static void the_table_of_the_cursor_is_another(const struct mset_pt_format *format) {
    open_plain(format);
    map_three();
    start(0, 2 * every_slot(&t, 1));
    step_to(0, t.page, RW);
    every_unmap(&t, t.va, every_slot(&t, 1));
    every_flush(&t);
    every_map_at(&t, every_slot(&t, 1) + 5 * t.page, t.page, RW);
    every_map(&t, t.va + 4 * t.page, t.pa, t.page, MSET_READ);
    step_to(4 * t.page, t.page, MSET_READ);
    step_to(every_slot(&t, 1) + t.page, t.page, RW);
    step_to(every_slot(&t, 1) + 5 * t.page, t.page, RW);
    step_to_end();
    every_close(&t);
}

static void something_new_is_mapped_ahead(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    start(0, 4 * every_slot(&t, 1));
    step_to(0, t.page, RW);
    every_map(&t, t.va + t.page, t.pa, t.page, RW); /* in the same table, just behind */
    step_to(t.page, t.page, RW);
    every_map_at(&t, 2 * every_slot(&t, 1) + t.page, t.page, 0); /* where there was no table */
    step_to(2 * every_slot(&t, 1) + t.page, t.page, 0);
    step_to_end();
    every_map_at(&t, 3 * every_slot(&t, 1), t.page, RW); /* too late */
    step_to_end();
    every_close(&t);
}

static void what_is_ahead_gets_other_flags(const struct mset_pt_format *format) {
    open_plain(format);
    every_map(&t, t.va, t.pa + t.page, 2 * t.page, RW);
    every_map(&t, t.va + 4 * t.page, t.pa, t.page, RW);
    start(0, every_slot(&t, 1));
    step_to(0, 2 * t.page, RW);
    every_protect(&t, t.va + 4 * t.page, t.page, MSET_READ);
    step_to(4 * t.page, t.page, MSET_READ);
    every_protect(&t, t.va, every_slot(&t, 1), 0); /* and what is behind */
    step_to_end();
    every_close(&t);
}

/* In the middle of a large leaf: what remains of it is shown, in its new sizes. */
static void a_large_leaf_ahead_is_cut(const struct mset_pt_format *format) {
    open_plain(format);
    const struct leaf_kind *const kind = every_largest_entry(&t);
    every_map_at(&t, 0, t.page, MSET_READ);
    every_map_at(&t, kind->size, kind->size, RW);
    start(0, 2 * kind->size);
    step_to(0, t.page, MSET_READ);
    every_protect(&t, t.va + kind->size, t.page, 0);
    step_to(kind->size, t.page, 0);
    uint64_t bytes = 0;
    struct mset_pt_run run;
    while (mset_pt_cursor_next(&cursor, &run)) {
        assert_int_equal(run.va - t.va, kind->size + t.page + bytes);
        assert_int_equal(run.pa - t.pa, run.va - t.va);
        bytes += run.size;
    }
    assert_int_equal(bytes, kind->size - t.page);
    every_close(&t);
}

/* The cursor's table folds into a leaf that it has passed, and then goes back to the frames. */
static void the_table_of_the_cursor_is_promoted(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t table = every_slot(&t, 1), half = table / 2;
    every_map_at(&t, 0, half, RW);
    every_map_at(&t, half, half, RW);
    every_map(&t, t.va + table + t.page, t.pa, t.page, MSET_READ);
    start(0, 2 * table);
    step_to(0, table, RW);
    start(0, 2 * table);
    every_protect(&t, t.va, t.page, MSET_READ);
    step_to(0, t.page, MSET_READ);
    every_protect(&t, t.va, t.page, RW);
    every_flush(&t);
    every_promote(&t, t.va, table);
    every_flush(&t);
    assert_int_equal(every_leaf(&t, t.va).leaf_size, table);
    step_to(t.page, table - t.page, RW); /* clipped to what is left */
    step_to(table + t.page, t.page, MSET_READ);
    step_to_end();
    every_close(&t);
}

/* ---- what was removed is gone
 * ----------------------------------------------------------------------- */

enum { TOLD = 8 };

struct told {
    unsigned runs;
    uint64_t bytes;
    struct mset_pt_run run[TOLD];
};

static void assert_gone(const struct mset_pt_run *run, uint64_t va) {
    struct mmu_leaf leaf;
    if (mmu_walk(&t.judge.mmu, va, &leaf)) { /* something else may be there already */
        assert_true(leaf.pa + (va - leaf.va) != run->pa + (va - run->va));
    }
}

/* The walk is the model's, through the memory of the tables. */
static void tell(void *arg, const struct mset_pt_run *run) {
    struct told *const told = arg;
    assert_in_range(told->runs, 0, TOLD - 1);
    assert_true(told->runs == 0 || run->va > told->run[told->runs - 1].va);
    assert_gone(run, run->va);
    assert_gone(run, run->va + run->size / 2);
    assert_gone(run, run->va + (run->size - 1));
    told->run[told->runs++] = *run;
    told->bytes += run->size;
}

static struct told unmap(uint64_t from, uint64_t size) {
    struct told told = {.runs = 0};
    assert_int_equal(mset_pt_unmap(t.pt, t.va + from, size, tell, &told), MSET_OK);
    spans_remove(&t.judge.spans, t.va + from, t.va + from + (size - 1));
    judge_watch(&t.judge);
    every_check(&t);
    return told;
}

static void told_one(const struct told *told, uint64_t from, uint64_t size) {
    assert_int_equal(told->runs, 1);
    assert_true(told->run[0].va == t.va + from && told->run[0].pa == t.pa + from);
    assert_true(told->run[0].size == size && told->run[0].flags == RW && told->run[0].present);
}

static void leaves_are_gone_when_they_are_told(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        const uint64_t size = t.kind[k].size;
        every_map_at(&t, 0, size, RW);
        struct told told = unmap(0, size);
        told_one(&told, 0, size);
        assert_int_equal(told.run[0].leaf_size, size);
        every_map_at(&t, 0, size, RW);
        told = unmap(size - t.page, t.page); /* the end of a large leaf */
        told_one(&told, size - t.page, t.page);
        assert_int_equal(unmap(0, size).bytes, size - t.page);
        every_flush(&t);
    }
    every_close(&t);
}

/* Askew, so that there are pages only; from the middle of one table to the middle of the next. */
static void pages_of_several_tables_are_told_as_one_run(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t table = every_slot(&t, 1), from = table / 2 + 3 * t.page;
    const uint64_t size = 2 * table + 5 * t.page;
    every_map(&t, t.va + from, t.pa + from + t.page, size, RW);
    every_mark(&t, t.va + from + 200 * t.page, MSET_PT_ACCESSED | MSET_PT_DIRTY);
    const struct told told = unmap(0, 4 * table);
    assert_int_equal(told.runs, 1);
    assert_true(told.run[0].va == t.va + from && told.run[0].pa == t.pa + from + t.page);
    assert_int_equal(told.run[0].size, size);
    assert_true(told.run[0].accessed && told.run[0].dirty); /* one of them */
    every_close(&t);
}

static void what_differs_is_told_apart(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, t.page, t.page, MSET_READ);
    every_map_at(&t, 2 * t.page, t.page, 0);
    every_map(&t, t.va + 3 * t.page, 9, 2 * t.page, MSET_PT_MARKER);
    every_map_at(&t, 6 * t.page, t.page, RW);
    const struct told told = unmap(0, every_slot(&t, t.top));
    assert_int_equal(told.runs, 5);
    assert_true(told.run[0].flags == RW && told.run[1].flags == MSET_READ);
    assert_true(told.run[2].flags == 0 && told.run[2].pa == t.pa + 2 * t.page);
    assert_true(told.run[3].flags == MSET_PT_MARKER && told.run[3].pa == 9);
    assert_int_equal(told.run[3].size, 2 * t.page);
    assert_int_equal(told.run[4].va - t.va, 6 * t.page);
    every_close(&t);
}

static void what_is_replaced_is_gone_when_it_is_told(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        const uint64_t size = t.kind[k].size;
        struct told told = {.runs = 0};
        every_map_at(&t, 0, size, RW);
        assert_int_equal(mset_pt_map_over(t.pt, t.va, t.pa + size, size, MSET_READ, MSET_PT_REPLACE,
                                          tell, &told),
                         MSET_OK);
        spans_put(&t.judge.spans, (struct span){t.va, t.va + size - 1, MSET_READ, t.pa + size});
        judge_watch(&t.judge);
        told_one(&told, 0, size);
        every_unmap(&t, t.va, size);
        every_flush(&t);
    }
    every_close(&t);
}

/* Empty: nobody is told anything. */
static void holes_are_not_told(const struct mset_pt_format *format) {
    open_plain(format);
    assert_int_equal(unmap(0, t.page).runs, 0);
    every_map_at(&t, t.page, t.page, RW);
    assert_int_equal(unmap(0, t.page).runs, 0);
    assert_int_equal(unmap(2 * t.page, every_slot(&t, 1)).runs, 0);
    every_nothing_stale(&t);
    every_close(&t);
}

#define ALL(test) \
    { #test, test, NULL }

int main(void) {
    static const struct every_test tests[] = {
        ALL(a_cursor_goes_through_all_tables),
        ALL(the_table_of_the_cursor_is_freed),
        ALL(the_table_ahead_is_freed),
        ALL(the_table_of_the_cursor_is_another),
        ALL(something_new_is_mapped_ahead),
        ALL(what_is_ahead_gets_other_flags),
        ALL(a_large_leaf_ahead_is_cut),
        ALL(the_table_of_the_cursor_is_promoted),
        ALL(leaves_are_gone_when_they_are_told),
        ALL(pages_of_several_tables_are_told_as_one_run),
        ALL(what_differs_is_told_apart),
        ALL(what_is_replaced_is_gone_when_it_is_told),
        ALL(holes_are_not_told),
    };
    return every_run("steps", tests, sizeof tests / sizeof *tests);
}
