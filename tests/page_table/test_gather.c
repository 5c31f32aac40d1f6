/*
 * test_gather.c - the gather covers every translation that was removed or narrowed, and says
 * exactly what: cases made by hand, for every format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/every.h"

static struct every t;

static void open_plain(const struct mset_pt_format *format) {
    const struct mset_pt_config config = every_config(format);
    every_open(&t, &config);
}

static void empty_again(void) {
    every_unmap(&t, t.va, 3 * t.kind[t.kinds - 1].size);
    every_flush(&t);
    every_check(&t);
}

/* ---- what is expected ---------------------------------------------------------------------- */

static void stale_range(uint64_t va, uint64_t size) {
    const struct mset_pt_gather now = every_gather(&t);
    assert_true(now.start == va);
    assert_true(now.last == va + (size - 1));
}

/* At least this, and nothing beyond the tables of pages that hold its ends. */
static void stale_about(uint64_t va, uint64_t size) {
    const struct mset_pt_gather now = every_gather(&t);
    const uint64_t table = every_slot(&t, 1), last = va + (size - 1);
    assert_true(now.start <= va && now.start >= va / table * table);
    assert_true(now.last >= last && now.last <= last / table * table + (table - 1));
}

/* Leaves of these levels, the smallest of which is the stride. */
static void stale_leaves(unsigned levels) {
    const struct mset_pt_gather now = every_gather(&t);
    assert_int_equal(now.leaf_levels, levels);
    assert_int_equal(now.leaf_size, every_slot(&t, (unsigned)__builtin_ctz(levels)));
}

static void no_stale_tables(void) {
    assert_int_equal(every_gather(&t).table_levels, 0);
    assert_int_equal(every_gather(&t).tables, 0);
}

/* One table of each of the levels from..to is gone. */
static void stale_tables(unsigned from, unsigned to) {
    unsigned levels = 0;
    for (unsigned level = from; level <= to; level++) {
        levels |= 2u << level;
    }
    assert_int_equal(every_gather(&t).table_levels, levels);
    assert_int_equal(every_gather(&t).tables, to + 1 - from);
}

/* What was done to a part of a leaf: where there must be a break, all of it is stale. */
static void stale_part(const struct leaf_kind *kind, uint64_t va, uint64_t size) {
    const struct mset_pt_gather now = every_gather(&t);
    if (t.breaks) {
        stale_range(t.va, kind->size);
        assert_true((now.leaf_levels >> kind->level & 1) != 0);
    } else {
        stale_range(va, size);
    }
    assert_true((now.leaf_levels & 1) != 0);
    assert_int_equal(now.leaf_size, t.page);
    no_stale_tables();
}

/* ---- pages ---------------------------------------------------------------------------------- */

static void the_only_page_unmapped(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t places[] = {0, 5 * t.page, t.kind[t.kinds - 1].size - t.page};
    for (unsigned i = 0; i < 3; i++) {
        every_map_at(&t, places[i], t.page, RW);
        every_unmap(&t, t.va + places[i], t.page);
        stale_range(t.va + places[i], t.page);
        stale_leaves(1);
        stale_tables(0, t.top - 1);
        every_flush(&t);
    }
    every_close(&t);
}

/* The page and everything around it: level by level up to all that the root has there. */
static void unmap_all_around(void (*check)(void)) {
    for (unsigned level = 1; level <= t.top; level++) {
        const uint64_t all = every_slot(&t, level), va = t.va / all * all;
        every_map_at(&t, 5 * t.page, t.page, RW);
        every_unmap(&t, va, all);
        check();
        every_flush(&t);
    }
}

static void check_all_tables(void) {
    stale_leaves(1);
    stale_tables(0, t.top - 1);
}

static void the_only_page_unmapped_with_all_its_tables(const struct mset_pt_format *format) {
    open_plain(format);
    unmap_all_around(check_all_tables);
    every_close(&t);
}

static void check_page_only(void) {
    stale_about(t.va + 5 * t.page, t.page);
}

/* Not the slots of the upper tables that are gone with it, nor what of the range was empty. */
static void the_only_page_unmapped_with_all_around(const struct mset_pt_format *format) {
    open_plain(format);
    unmap_all_around(check_page_only);
    every_close(&t);
}

static void one_of_two_pages_unmapped(const struct mset_pt_format *format) {
    open_plain(format);
    every_map(&t, t.va, t.pa + t.page, 2 * t.page, RW);
    every_unmap(&t, t.va, t.page);
    stale_range(t.va, t.page);
    stale_leaves(1);
    no_stale_tables();
    every_close(&t);
}

static void calls_add_up(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t far = every_slot(&t, 1) + 7 * t.page;
    every_map_at(&t, 3 * t.page, t.page, RW);
    every_map_at(&t, far, t.page, RW);
    every_map(&t, t.va, t.pa, t.page, RW);
    every_map(&t, t.va + every_slot(&t, 1), t.pa, t.page, RW);
    every_unmap(&t, t.va + far, t.page);
    stale_range(t.va + far, t.page);
    every_protect(&t, t.va + 3 * t.page, t.page, MSET_READ);
    stale_range(t.va + 3 * t.page, far - 2 * t.page);
    every_protect(&t, t.va + every_slot(&t, 1), t.page, 0); /* between them */
    stale_range(t.va + 3 * t.page, far - 2 * t.page);
    stale_leaves(1);
    no_stale_tables();
    every_close(&t);
}

static void pages_of_several_tables_unmapped(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t table = every_slot(&t, 1), size = table + 2 * t.page;
    every_map(&t, t.va + table - t.page, t.pa, size, RW);
    every_unmap(&t, t.va + table - t.page, size);
    const struct mset_pt_gather now = every_gather(&t);
    stale_range(t.va + table - t.page, size);
    stale_leaves(1);
    assert_int_equal(now.tables, 3 + t.top - 1);
    assert_int_equal(now.table_levels, (2u << t.top) - 2);
    every_close(&t);
}

/* Far apart, and nothing but holes around them. */
static void two_pages_and_holes_unmapped(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t table = every_slot(&t, 1), first = 5 * t.page, second = table + 9 * t.page;
    every_map_at(&t, first, t.page, RW);
    every_map_at(&t, second, t.page, RW);
    every_unmap(&t, t.va, 3 * table);
    stale_about(t.va + first, second + t.page - first);
    stale_leaves(1);
    assert_int_equal(every_gather(&t).tables, t.top + 1);
    every_close(&t);
}

static void flags_narrowed_over_holes(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 3 * t.page, t.page, RW);
    every_map_at(&t, 9 * t.page, t.page, RW);
    every_protect(&t, t.va, 16 * t.page, MSET_READ);
    const struct mset_pt_gather now = every_gather(&t);
    assert_true(now.start >= t.va && now.start <= t.va + 3 * t.page);
    assert_true(now.last >= t.va + 10 * t.page - 1 && now.last < t.va + 16 * t.page);
    stale_leaves(1);
    no_stale_tables();
    every_close(&t);
}

static void a_large_leaf_and_a_page_unmapped(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t large = every_slot(&t, 1);
    every_map_at(&t, 0, large + t.page, RW);
    every_unmap(&t, t.va, large + t.page);
    stale_range(t.va, large + t.page);
    stale_leaves(3);
    stale_tables(0, t.top - 1);
    every_close(&t);
}

/* ---- every size of leaves ------------------------------------------------------------------ */

static void each_kind(const struct mset_pt_format *format,
                      void (*test)(const struct leaf_kind *kind)) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        test(&t.kind[k]);
        empty_again();
    }
    every_close(&t);
}

static void unmap_whole(const struct leaf_kind *kind) {
    every_map_at(&t, 0, kind->size, RW);
    every_unmap(&t, t.va, kind->size);
    stale_range(t.va, kind->size);
    stale_leaves(1u << kind->level);
    if (kind->level < t.top) {
        stale_tables(kind->level, t.top - 1);
    } else {
        no_stale_tables();
    }
}

static void a_whole_leaf_unmapped(const struct mset_pt_format *format) {
    each_kind(format, unmap_whole);
}

static void narrow_whole(const struct leaf_kind *kind) {
    every_map_at(&t, 0, kind->size, RW);
    every_protect(&t, t.va, kind->size, MSET_READ);
    stale_range(t.va, kind->size);
    stale_leaves(1u << kind->level);
    no_stale_tables();
    assert_int_equal(every_gather(&t).breaks, 0);
}

static void a_whole_leaf_narrowed(const struct mset_pt_format *format) {
    each_kind(format, narrow_whole);
}

static void cut_off(const struct leaf_kind *kind) {
    if (kind->size == t.page) {
        return;
    }
    const uint64_t places[] = {0, kind->size / 2, kind->size - t.page};
    for (unsigned i = 0; i < 3; i++) {
        const uint64_t va = t.va + places[i];
        every_map_at(&t, 0, kind->size, RW);
        every_unmap(&t, va, t.page);
        stale_part(kind, va, t.page);
        empty_again();
        every_map_at(&t, 0, kind->size, RW);
        every_protect(&t, va, t.page, MSET_READ);
        stale_part(kind, va, t.page);
        empty_again();
    }
}

static void a_part_of_a_leaf_unmapped_or_narrowed(const struct mset_pt_format *format) {
    each_kind(format, cut_off);
}

static void replace_page(const struct leaf_kind *kind) {
    const uint64_t va = t.va + kind->size - t.page;
    every_map_at(&t, 0, kind->size, RW);
    assert_int_equal(
        mset_pt_map_over(t.pt, va, t.pa, t.page, MSET_READ, MSET_PT_REPLACE, NULL, NULL), MSET_OK);
    spans_put(&t.judge.spans, (struct span){va, va + t.page - 1, MSET_READ, t.pa});
    judge_watch(&t.judge);
    stale_part(kind, va, t.page);
}

static void a_page_of_a_leaf_replaced(const struct mset_pt_format *format) {
    each_kind(format, replace_page);
}

static void move_leaf(const struct leaf_kind *kind) {
    const uint64_t to = t.va + 2 * t.kind[t.kinds - 1].size;
    every_map_at(&t, 0, kind->size, RW);
    assert_int_equal(mset_pt_move(t.pt, t.va, to, kind->size), MSET_OK);
    spans_move(&t.judge.spans, t.va, t.va + kind->size - 1, to);
    judge_watch(&t.judge);
    stale_range(t.va, kind->size);
    stale_leaves(1u << kind->level);
}

/* Where it went, nothing was. */
static void a_leaf_moved(const struct mset_pt_format *format) {
    each_kind(format, move_leaf);
}

static void harvest_leaf(const struct leaf_kind *kind) {
    every_map_at(&t, 0, 2 * kind->size, RW);
    every_mark(&t, t.va + kind->size, MSET_PT_ACCESSED);
    every_flush(&t);
    assert_int_equal(mset_pt_harvest(t.pt, t.va, 2 * kind->size, MSET_PT_DIRTY, NULL, NULL),
                     MSET_OK);
    every_nothing_stale(&t); /* none had this one */
    assert_int_equal(mset_pt_harvest(t.pt, t.va, 2 * kind->size, MSET_PT_ACCESSED, NULL, NULL),
                     MSET_OK);
    judge_watch(&t.judge);
    stale_range(t.va + kind->size, kind->size);
    stale_leaves(1u << kind->level);
    no_stale_tables();
}

/* A processor that faulted for want of a mark may remember the leaf without it. */
static void mark_leaf(const struct leaf_kind *kind) {
    every_map_at(&t, 0, kind->size, RW);
    for (unsigned marks = MSET_PT_ACCESSED; marks <= MSET_PT_DIRTY; marks++) {
        every_mark(&t, t.va + kind->size - t.page, marks);
        if (t.format->marks_optional) {
            stale_range(t.va, kind->size);
            stale_leaves(1u << kind->level);
            no_stale_tables();
            every_flush(&t);
        }
        every_nothing_stale(&t);
        every_mark(&t, t.va, marks); /* it has it */
        every_nothing_stale(&t);
    }
}

static void a_leaf_marked(const struct mset_pt_format *format) {
    each_kind(format, mark_leaf);
}

/* The neighbour is not marked. */
static void a_leaf_harvested(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) { /* two of them must not make a larger one */
        if (k + 1 == t.kinds || t.kind[k + 1].size > 2 * t.kind[k].size) {
            harvest_leaf(&t.kind[k]);
            empty_again();
        }
    }
    every_close(&t);
}

/* ---- what processors never had --------------------------------------------------------------- */

static void unmap_beside(uint64_t flags) {
    every_map_at(&t, 0, t.page, RW);
    every_map(&t, t.va + t.page, 4 * t.page, t.page, flags);
    every_unmap(&t, t.va + t.page, t.page);
    every_nothing_stale(&t);
    empty_again();
    every_map(&t, t.va, 4 * t.page, t.page, flags); /* alone: pointers to its tables */
    every_unmap(&t, t.va, t.page);
    assert_int_equal(every_gather(&t).leaf_levels, 0);
    assert_true(every_gather(&t).start <= t.va && every_gather(&t).last >= t.va);
    stale_tables(0, t.top - 1);
    empty_again();
}

static void what_had_no_access_leaves_table_pointers_only(const struct mset_pt_format *format) {
    open_plain(format);
    unmap_beside(0);
    unmap_beside(MSET_PT_MARKER);
    every_close(&t);
}

static void access_given_leaves_nothing_stale(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, 3 * t.page, 0);
    every_protect(&t, t.va, t.page, RW);
    every_nothing_stale(&t);
    every_protect(&t, t.va + t.page, t.page, 0);
    every_nothing_stale(&t);
    every_close(&t);
}

/* The same flags again, in whole and in part, present or not. */
static void equal_flags_leave_nothing_stale(const struct mset_pt_format *format) {
    static const uint64_t flags[] = {RW, MSET_READ, 0};
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        for (unsigned i = 0; i < 3; i++) {
            every_map_at(&t, 0, t.kind[k].size, flags[i]);
            const struct every_state before = every_state(&t);
            every_protect(&t, t.va, t.kind[k].size, flags[i]);
            every_unchanged(&t, &before);
            every_protect(&t, t.va, t.page, flags[i]);
            every_unchanged(&t, &before);
            every_nothing_stale(&t);
            empty_again();
        }
    }
    every_close(&t);
}

#define ALL(test) \
    { #test, test, NULL }

int main(void) {
    static const struct every_test tests[] = {
        ALL(the_only_page_unmapped),
        ALL(the_only_page_unmapped_with_all_its_tables),
        ALL(the_only_page_unmapped_with_all_around),
        ALL(one_of_two_pages_unmapped),
        ALL(calls_add_up),
        ALL(pages_of_several_tables_unmapped),
        ALL(two_pages_and_holes_unmapped),
        ALL(flags_narrowed_over_holes),
        ALL(a_large_leaf_and_a_page_unmapped),
        ALL(a_whole_leaf_unmapped),
        ALL(a_whole_leaf_narrowed),
        ALL(a_part_of_a_leaf_unmapped_or_narrowed),
        ALL(a_page_of_a_leaf_replaced),
        ALL(a_leaf_moved),
        ALL(a_leaf_marked),
        ALL(a_leaf_harvested),
        ALL(what_had_no_access_leaves_table_pointers_only),
        ALL(access_given_leaves_nothing_stale),
        ALL(equal_flags_leave_nothing_stale),
    };
    return every_run("gather", tests, sizeof tests / sizeof *tests);
}
