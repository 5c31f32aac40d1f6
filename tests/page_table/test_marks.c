/*
 * test_marks.c - accessed and dirty marks: harvested and set, in every size of leaves of every
 * format; and markers, which have none. Processors that set marks meanwhile: test_live_marks.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/every.h"

enum { BOTH = MSET_PT_ACCESSED | MSET_PT_DIRTY };

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

static void each_kind(const struct mset_pt_format *format,
                      void (*test)(const struct leaf_kind *kind)) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        test(&t.kind[k]);
        empty_again();
    }
    every_close(&t);
}

static unsigned marks_at(uint64_t va) {
    const struct mset_pt_run run = every_leaf(&t, va);
    return (run.accessed ? MSET_PT_ACCESSED : 0) | (run.dirty ? MSET_PT_DIRTY : 0);
}

/* ---- harvest ------------------------------------------------------------------------------- */

enum { SEEN = 8 };

struct seen {
    unsigned runs;
    bool stop;
    struct mset_pt_run run[SEEN];
};

static bool see(void *arg, const struct mset_pt_run *run) {
    struct seen *const seen = arg;
    assert_in_range(seen->runs, 0, SEEN - 1);
    seen->run[seen->runs++] = *run;
    return !seen->stop;
}

static struct seen harvest(uint64_t va, uint64_t size, unsigned marks) {
    struct seen seen = {.runs = 0};
    assert_int_equal(mset_pt_harvest(t.pt, va, size, marks, see, &seen), MSET_OK);
    judge_watch(&t.judge);
    return seen;
}

static void seen_one(const struct seen *seen, uint64_t va, uint64_t size, unsigned marks) {
    const struct mset_pt_run *const run = &seen->run[0];
    assert_int_equal(seen->runs, 1);
    assert_true(run->va == va && run->size == size && run->pa == va - t.va + t.pa);
    assert_true(run->flags == RW && run->present);
    assert_int_equal(run->accessed, (marks & MSET_PT_ACCESSED) != 0);
    assert_int_equal(run->dirty, (marks & MSET_PT_DIRTY) != 0);
}

/* A leaf that had `had` is asked for `marks`. */
static void harvest_one(const struct leaf_kind *kind, unsigned had, unsigned marks) {
    every_map_at(&t, 0, kind->size, RW);
    if (had != 0) {
        every_mark(&t, t.va + kind->size - 1, had);
    }
    const struct seen seen = harvest(t.va, kind->size, marks);
    if ((had & marks) != 0) {
        seen_one(&seen, t.va, kind->size, had);
        assert_int_equal(seen.run[0].leaf_size, kind->size);
    } else {
        assert_int_equal(seen.runs, 0);
    }
    assert_int_equal(marks_at(t.va), had & ~marks);
    every_only(&t, kind, 1);
    assert_int_equal(harvest(t.va, kind->size, marks).runs, 0);
    every_check(&t);
    empty_again();
}

static void harvest_all_ways(const struct leaf_kind *kind) {
    for (unsigned had = 0; had <= BOTH; had++) {
        for (unsigned marks = 1; marks <= BOTH; marks++) {
            harvest_one(kind, had, marks);
        }
    }
}

static void only_the_marks_asked_for_are_cleared(const struct mset_pt_format *format) {
    each_kind(format, harvest_all_ways);
}

/* Three entries in the middle of a group, or of what a large leaf was cut into. */
static void harvest_a_part(const struct leaf_kind *kind) {
    const uint64_t part = kind->count > 1 ? every_slot(&t, kind->level) : t.page;
    const uint64_t at = kind->size / 2, size = 3 * part;
    if (kind->size == t.page) {
        return;
    }
    every_map_at(&t, 0, kind->size, RW);
    every_mark(&t, t.va, BOTH);
    every_flush(&t);
    const struct seen seen = harvest(t.va + at, size, BOTH);
    seen_one(&seen, t.va + at, size, BOTH);
    for (unsigned k = 0; k < 3; k++) {
        assert_int_equal(marks_at(t.va + at + k * part), 0);
    }
    assert_int_equal(marks_at(t.va), BOTH);
    assert_int_equal(marks_at(t.va + at - part), BOTH);
    assert_int_equal(marks_at(t.va + at + size), BOTH);
    assert_int_equal(marks_at(t.va + kind->size - t.page), BOTH);
    every_check(&t);
}

static void neighbours_of_a_harvested_part_keep_their_marks(const struct mset_pt_format *format) {
    each_kind(format, harvest_a_part);
}

/* Runs of leaves with the same marks; what is between them has none. */
static void runs_are_of_leaves_with_the_same_marks(const struct mset_pt_format *format) {
    open_plain(format);
    every_map(&t, t.va, t.pa + t.page, 8 * t.page, RW); /* askew: no groups */
    every_mark(&t, t.va + t.page, BOTH);
    every_mark(&t, t.va + 2 * t.page, BOTH);
    every_mark(&t, t.va + 3 * t.page, MSET_PT_ACCESSED);
    every_mark(&t, t.va + 5 * t.page, MSET_PT_DIRTY);
    const struct seen seen = harvest(t.va, 8 * t.page, BOTH);
    assert_int_equal(seen.runs, 3);
    assert_true(seen.run[0].va == t.va + t.page && seen.run[0].size == 2 * t.page);
    assert_true(seen.run[0].accessed && seen.run[0].dirty);
    assert_true(seen.run[1].va == t.va + 3 * t.page && seen.run[1].size == t.page);
    assert_true(seen.run[1].accessed && !seen.run[1].dirty);
    assert_true(seen.run[2].va == t.va + 5 * t.page && seen.run[2].size == t.page);
    assert_true(!seen.run[2].accessed && seen.run[2].dirty);
    every_close(&t);
}

/* Who does not want to see more gets no more, but all marks are cleared. */
static void returning_false_changes_nothing(const struct mset_pt_format *format) {
    open_plain(format);
    every_map(&t, t.va, t.pa + t.page, 8 * t.page, RW);
    for (unsigned k = 0; k < 8; k += 2) {
        every_mark(&t, t.va + k * t.page, MSET_PT_ACCESSED);
    }
    struct seen seen = {.stop = true};
    assert_int_equal(mset_pt_harvest(t.pt, t.va, 8 * t.page, MSET_PT_ACCESSED, see, &seen),
                     MSET_OK);
    assert_int_equal(seen.runs, 1);
    assert_int_equal(harvest(t.va, 8 * t.page, BOTH).runs, 0);
    every_close(&t);
}

/* A leaf without access keeps its marks until it has access again. */
static void harvest_kept(const struct leaf_kind *kind) {
    every_map_at(&t, 0, kind->size, RW);
    every_mark(&t, t.va, BOTH);
    every_protect(&t, t.va, kind->size, 0);
    every_flush(&t);
    assert_int_equal(harvest(t.va, kind->size, BOTH).runs, 0);
    every_nothing_stale(&t);
    every_protect(&t, t.va, kind->size, RW);
    assert_int_equal(marks_at(t.va), BOTH);
}

static void what_is_not_present_is_not_harvested(const struct mset_pt_format *format) {
    each_kind(format, harvest_kept);
}

/* Born with marks, and broken, for something else was there: it counts as what it will be. */
static void a_broken_leaf_is_harvested(const struct mset_pt_format *format) {
    struct mset_pt_config config = every_config(format);
    config.hardware_marks = false;
    every_open(&t, &config);
    for (unsigned k = 0; k < t.kinds; k++) {
        const uint64_t size = t.kind[k].size;
        every_map_at(&t, 0, size, MSET_READ);
        every_unmap(&t, t.va, size);
        every_map_at(&t, 0, size, RW);
        const uint64_t breaks = every_gather(&t).breaks;
        assert_true(breaks > 0);
        const struct seen seen = harvest(t.va, size, MSET_PT_DIRTY);
        seen_one(&seen, t.va, size, BOTH);
        assert_int_equal(marks_at(t.va), MSET_PT_ACCESSED);
        assert_int_equal(every_gather(&t).breaks, breaks);
        every_mark(&t, t.va, MSET_PT_DIRTY);
        assert_int_equal(marks_at(t.va), BOTH);
        assert_int_equal(every_gather(&t).breaks, breaks);
        every_flush(&t);
        assert_int_equal(marks_at(t.va), BOTH);
        empty_again();
    }
    every_close(&t);
}

/* ---- one entry of a group is marked: so is the group
 * ----------------------------------------------- */

/* The processor marks one entry, which need not be the first. */
static void touch_and_move(const struct leaf_kind *kind) {
    const uint64_t to = t.va + 2 * t.kind[t.kinds - 1].size;
    every_map_at(&t, 0, kind->size, RW);
    judge_touch(&t.judge, t.va + kind->size * 3 / 8, true);
    const unsigned marks = marks_at(t.va);
    assert_int_equal(marks_at(t.va + kind->size - 1), marks);
    assert_int_equal(mset_pt_move(t.pt, t.va, to, kind->size), MSET_OK);
    spans_move(&t.judge.spans, t.va, t.va + kind->size - 1, to);
    judge_watch(&t.judge);
    every_only(&t, kind, 1);
    assert_int_equal(marks_at(to), marks);
    assert_int_equal(marks_at(to + kind->size - 1), marks);
}

static void a_leaf_moves_with_the_marks_of_all_entries(const struct mset_pt_format *format) {
    each_kind(format, touch_and_move);
}

/* Supervisor pages of the first stage, and all of the second, can be written by the model. */
static void touch_and_harvest(const struct leaf_kind *kind) {
    uint64_t pa;
    every_map_at(&t, 0, kind->size, RW);
    const uint64_t at = t.va + kind->size * 3 / 8;
    assert_true(mmu_access(&t.judge.mmu, at, MMU_WRITE, &pa));
    const struct seen seen = harvest(t.va, kind->size, BOTH);
    seen_one(&seen, t.va, kind->size, BOTH);
    assert_int_equal(marks_at(t.va), 0);
    every_flush(&t);
    assert_true(mmu_access(&t.judge.mmu, at, MMU_WRITE, &pa)); /* marks it again */
    assert_int_equal(marks_at(t.va), BOTH);
}

static void a_mark_of_the_processor_is_harvested(const struct mset_pt_format *format) {
    each_kind(format, touch_and_harvest);
}

/* A run over two tables has the marks of both. */
static void a_query_sees_marks_in_the_next_table(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t table = every_slot(&t, 1), va = t.va + table - t.page;
    struct mset_pt_run run;
    every_map(&t, va, t.pa, 2 * t.page, RW);
    every_mark(&t, t.va + table, BOTH);
    assert_int_equal(mset_pt_query(t.pt, va, 2 * t.page, &run), MSET_OK);
    assert_true(run.size == 2 * t.page && run.accessed && run.dirty);
    assert_int_equal(marks_at(va), 0);
    every_close(&t);
}

/* ---- mset_pt_mark -------------------------------------------------------------------------- */

static void refuse_mark(uint64_t va, unsigned marks, mset_status status) {
    const struct every_state before = every_state(&t);
    assert_int_equal(mset_pt_mark(t.pt, va, marks), status);
    every_unchanged(&t, &before);
    judge_watch(&t.judge);
}

static void mark_badly(const struct leaf_kind *kind) {
    const uint64_t last = t.va + kind->size - 1;
    for (unsigned marks = 1; marks <= BOTH; marks++) {
        refuse_mark(t.va, marks, MSET_NOT_FOUND); /* a hole */
    }
    every_map_at(&t, 0, kind->size, 0);
    every_map(&t, last + 1, 3, kind->size, MSET_PT_MARKER);
    for (unsigned marks = 1; marks <= BOTH; marks++) {
        refuse_mark(last, marks, MSET_NOT_FOUND);
        refuse_mark(last + 1, marks, MSET_NOT_FOUND);
        refuse_mark(t.va + 3 * kind->size - t.page, marks, MSET_NOT_FOUND);
    }
    assert_int_equal(marks_at(t.va), 0);
    every_protect(&t, t.va, kind->size, MSET_READ);
    every_flush(&t);
    refuse_mark(last, MSET_PT_DIRTY, MSET_ACCESS_DENIED);
    refuse_mark(last, BOTH, MSET_ACCESS_DENIED);
    assert_int_equal(marks_at(t.va), 0);
    refuse_mark(last, 0, MSET_INVALID_PARAM);
    refuse_mark(last, 4, MSET_INVALID_PARAM);
    refuse_mark(last, 7, MSET_INVALID_PARAM);
    every_mark(&t, last, MSET_PT_ACCESSED);
    assert_int_equal(marks_at(t.va), MSET_PT_ACCESSED);
}

static void
marks_are_for_present_leaves_and_dirty_for_writable_ones(const struct mset_pt_format *format) {
    each_kind(format, mark_badly);
}

/* ---- markers ------------------------------------------------------------------------------- */

static void protect_marker(const struct leaf_kind *kind) {
    static const uint64_t flags[] = {0, MSET_READ, RW};
    if (kind->count > 1) {
        return;
    }
    every_map(&t, t.va, 0xabcdef, kind->size, MSET_PT_MARKER);
    const struct every_state before = every_state(&t);
    t.judge.source.calls = 0;
    t.judge.source.fail_at = 1;
    for (unsigned i = 0; i < 3; i++) {
        struct mset_pt_need need = {{1}};
        const uint64_t middle = t.va + kind->size / 2 / t.page * t.page;
        assert_int_equal(mset_pt_protect_prepare(t.pt, middle, t.page, flags[i], &need), MSET_OK);
        assert_int_equal(mset_pt_protect(t.pt, middle, t.page, flags[i]), MSET_OK);
        assert_int_equal(mset_pt_protect(t.pt, t.va, kind->size, flags[i]), MSET_OK);
        every_unchanged(&t, &before);
        assert_int_equal(t.judge.source.calls, 0);
        for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
            assert_int_equal(need.tables[level], 0);
        }
    }
    t.judge.source.fail_at = 0;
    every_only(&t, kind, 1);
    assert_int_equal(every_leaf(&t, t.va).pa, 0xabcdef);
    every_check(&t);
}

static void protecting_a_part_of_a_marker_does_nothing(const struct mset_pt_format *format) {
    each_kind(format, protect_marker);
}

static void protecting_around_a_marker_leaves_it(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, 2 * t.page, RW);
    every_map(&t, t.va + 2 * t.page, 5, t.page, MSET_PT_MARKER);
    every_map_at(&t, 3 * t.page, 2 * t.page, RW);
    assert_int_equal(mset_pt_protect(t.pt, t.va, 5 * t.page, MSET_READ), MSET_OK);
    spans_protect(&t.judge.spans, t.va, t.va + 2 * t.page - 1, MSET_READ);
    spans_protect(&t.judge.spans, t.va + 3 * t.page, t.va + 5 * t.page - 1, MSET_READ);
    judge_watch(&t.judge);
    every_check(&t);
    every_close(&t);
}

#define ALL(test) \
    { #test, test, NULL }
#define BREAKS(test) \
    { #test, test, every_has_breaks }

int main(void) {
    static const struct every_test tests[] = {
        ALL(only_the_marks_asked_for_are_cleared),
        ALL(neighbours_of_a_harvested_part_keep_their_marks),
        ALL(runs_are_of_leaves_with_the_same_marks),
        ALL(returning_false_changes_nothing),
        ALL(what_is_not_present_is_not_harvested),
        BREAKS(a_broken_leaf_is_harvested),
        ALL(a_leaf_moves_with_the_marks_of_all_entries),
        ALL(a_mark_of_the_processor_is_harvested),
        ALL(a_query_sees_marks_in_the_next_table),
        ALL(marks_are_for_present_leaves_and_dirty_for_writable_ones),
        ALL(protecting_a_part_of_a_marker_does_nothing),
        ALL(protecting_around_a_marker_leaves_it),
    };
    return every_run("marks", tests, sizeof tests / sizeof *tests);
}
