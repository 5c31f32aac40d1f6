/*
 * test_copy.c - mset_pt_copy between two tables of every format: what it refuses, what it leaves
 * behind when it fails, and what becomes of marks and of what waits for a flush.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/every.h"

static struct every t;                /* copied from */
static struct mset_page_table *other; /* copied to; its frames come from the same source */
static struct mmu_machine mmu;        /* the processor that uses it */

static void open_both(const struct mset_pt_config *config) {
    every_open(&t, config);
    assert_int_equal(mset_pt_create(&t.judge.config, &other), MSET_OK);
    assert_true(mmu_open(&mmu, config->format->name, &t.judge.mmu.options, mset_pt_root(other),
                         judge_memory, &t.judge));
    mmu_watch(&mmu);
}

static void open_plain(const struct mset_pt_format *format) {
    const struct mset_pt_config config = every_config(format);
    open_both(&config);
}

static void watch_other(void) {
    mmu_watch(&mmu);
    assert_null(mmu_violation(&mmu));
    assert_null(mset_pt_validate(other));
}

static struct mset_pt_gather other_gather(void) {
    struct mset_pt_gather now;
    mset_pt_get_gather(other, &now);
    return now;
}

static void flush_other(void) {
    const struct mset_pt_gather stale = other_gather();
    if (stale.leaf_size != 0) {
        mmu_invalidate(&mmu, stale.start, stale.last, stale.leaf_size, stale.table_levels);
    }
    mmu_audit(&mmu);
    mset_pt_flushed(other);
    watch_other();
}

static void close_both(void) {
    flush_other();
    mmu_close(&mmu);
    mset_pt_destroy(other);
    every_close(&t);
}

static void empty_both(void) {
    const uint64_t size = 2 * t.kind[t.kinds - 1].size;
    every_unmap(&t, t.va, size);
    every_flush(&t);
    assert_int_equal(mset_pt_unmap(other, t.va, size, NULL, NULL), MSET_OK);
    watch_other();
    flush_other();
}

static struct mset_pt_run other_leaf(uint64_t va) {
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(other, va, 0, &run), MSET_OK);
    return run;
}

/* Copies and asserts that both hold the spans. */
static void copy_all(uint64_t size, bool write_protect) {
    assert_int_equal(mset_pt_copy(t.pt, other, t.va, size, write_protect), MSET_OK);
    if (write_protect) {
        spans_protect(&t.judge.spans, t.va, t.va + (size - 1), MSET_READ);
    }
    judge_watch(&t.judge);
    watch_other();
    every_check(&t);
    judge_check_table(&t.judge, other, &mmu);
}

static void same_leaves(void) {
    const struct mset_pt_statistics a = every_count(&t);
    struct mset_pt_statistics b;
    mset_pt_get_statistics(other, &b);
    assert_memory_equal(a.leaves, b.leaves, sizeof a.leaves);
    assert_memory_equal(a.groups, b.groups, sizeof a.groups);
    assert_memory_equal(a.tables, b.tables, sizeof a.tables);
}

static void nothing_stale_in_other(void) {
    assert_int_equal(other_gather().leaf_size, 0);
}

/* ---- what is copied ------------------------------------------------------------------------- */

static void a_copy_has_the_same_leaves(const struct mset_pt_format *format) {
    static const uint64_t flags[] = {RW, MSET_READ, 0};
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        for (unsigned i = 0; i < 3; i++) {
            every_map_at(&t, 0, t.kind[k].size, flags[i]);
            every_map(&t, t.va + t.kind[k].size, 77, t.page, MSET_PT_MARKER);
            copy_all(t.kind[k].size + t.page, false);
            same_leaves();
            every_nothing_stale(&t);
            nothing_stale_in_other();
            assert_int_equal(other_leaf(t.va + t.kind[k].size).pa, 77);
            empty_both();
        }
    }
    close_both();
}

static void write_protection_keeps_the_marks(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        const uint64_t size = t.kind[k].size;
        every_map_at(&t, 0, size, RW);
        every_mark(&t, t.va, MSET_PT_ACCESSED | MSET_PT_DIRTY);
        every_flush(&t);
        copy_all(size, true);
        const struct mset_pt_gather stale = every_gather(&t);
        assert_true(stale.start == t.va && stale.last == t.va + (size - 1));
        assert_int_equal(stale.leaf_levels, 1u << t.kind[k].level);
        assert_int_equal(stale.breaks, 0);
        nothing_stale_in_other();
        same_leaves();
        const struct mset_pt_run a = every_leaf(&t, t.va), b = other_leaf(t.va);
        assert_true(a.flags == MSET_READ && a.accessed && a.dirty);
        assert_true(b.flags == MSET_READ && b.accessed && b.dirty);
        every_protect(&t, t.va, size, RW);
        assert_true(every_leaf(&t, t.va).dirty);
        empty_both();
    }
    close_both();
}

static void
write_protection_of_what_is_not_writable_changes_nothing(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        every_map_at(&t, 0, t.kind[k].size, MSET_READ);
        copy_all(t.kind[k].size, true);
        every_nothing_stale(&t);
        empty_both();
    }
    close_both();
}

/* ---- what is refused ----------------------------------------------------------------------- */

static mset_status copy(uint64_t size) {
    return mset_pt_copy(t.pt, other, t.va, size, true);
}

static void refuse_over(uint64_t at, uint64_t flags) {
    const uint64_t size = t.kind[t.kinds - 1].size, pa = flags == MSET_PT_MARKER ? 3 : t.pa;
    every_map_at(&t, 0, size, RW);
    assert_int_equal(mset_pt_map(other, t.va + at, pa, t.page, flags), MSET_OK);
    watch_other();
    const struct every_state before = every_state(&t);
    assert_int_equal(copy(size), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_copy_prepare(t.pt, other, t.va, size, NULL), MSET_ALREADY_EXISTS);
    every_unchanged(&t, &before);
    nothing_stale_in_other();
    watch_other();
    assert_int_equal(other_leaf(t.va + at).flags, flags);
    assert_int_equal(every_leaf(&t, t.va).flags, RW);
    empty_both();
}

static void over_a_mapping_nothing_is_copied(const struct mset_pt_format *format) {
    static const uint64_t flags[] = {RW, 0, MSET_PT_MARKER};
    open_plain(format);
    for (unsigned i = 0; i < 3; i++) {
        refuse_over(0, flags[i]);
        refuse_over(t.kind[t.kinds - 1].size - t.page, flags[i]);
    }
    close_both();
}

/* Beside the range it is fine. */
static void beside_a_mapping_there_is_room(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, 2 * t.page, RW);
    assert_int_equal(mset_pt_map(other, t.va + t.page, t.pa, t.page, RW), MSET_OK);
    assert_int_equal(mset_pt_copy(t.pt, other, t.va, t.page, false), MSET_OK);
    watch_other();
    assert_int_equal(other_leaf(t.va).pa, t.pa);
    assert_int_equal(other_leaf(t.va + t.page).pa, t.pa);
    close_both();
}

/* Between t and a table of this kind. */
static void refuse_pair(const struct mset_pt_config *config) {
    struct mset_page_table *odd;
    assert_int_equal(mset_pt_create(config, &odd), MSET_OK);
    const struct every_state before = every_state(&t);
    struct mset_pt_need need;
    assert_int_equal(mset_pt_copy(t.pt, odd, t.va, t.page, true), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_copy(odd, t.pt, t.va, t.page, true), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_copy(odd, t.pt, 0, t.page, true), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_copy_prepare(t.pt, odd, t.va, t.page, &need), MSET_INVALID_PARAM);
    every_unchanged(&t, &before);
    mset_pt_destroy(odd);
}

/* Where there are groups, the sizes of whole entries; else the smallest. */
static uint64_t fewer_sizes(void) {
    uint64_t sizes = 0;
    for (unsigned k = 0; k < t.kinds; k++) {
        const bool keep = every_has_groups(t.format) ? t.kind[k].count == 1 : k == 0;
        sizes |= keep ? t.kind[k].size : 0;
    }
    return sizes;
}

static void tables_that_differ_are_refused(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    assert_int_equal(mset_pt_copy(t.pt, t.pt, t.va, t.page, false), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_copy(NULL, other, t.va, t.page, false), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_copy(t.pt, NULL, t.va, t.page, false), MSET_INVALID_PARAM);
    struct mset_pt_config odd = t.judge.config;
    odd.leaf_sizes = fewer_sizes();
    refuse_pair(&odd);
    odd.leaf_sizes = t.page;
    refuse_pair(&odd);
    odd = t.judge.config;
    odd.pa_bits = format->pa_bits - 1;
    refuse_pair(&odd);
    odd = t.judge.config;
    odd.upper = format->two_roots;
    if (odd.upper) {
        refuse_pair(&odd);
    }
    const struct mset_pt_format *another;
    for (size_t i = 0; (another = mset_pt_format_at(i)) != NULL; i++) {
        odd = every_config(another);
        odd.frames = t.judge.config.frames;
        if (another != format) {
            refuse_pair(&odd);
        }
    }
    close_both();
}

/* Marks, promotion and breaks are each table's own affair. */
static void tables_may_differ_in_what_entries_do_not_show(const struct mset_pt_format *format) {
    open_plain(format);
    struct mset_pt_config odd = t.judge.config;
    struct mset_page_table *pt;
    odd.promote = odd.bbm_level_2 = true;
    assert_int_equal(mset_pt_create(&odd, &pt), MSET_OK);
    every_map_at(&t, 0, t.page, RW);
    assert_int_equal(mset_pt_copy(t.pt, pt, t.va, t.page, false), MSET_OK);
    assert_null(mset_pt_validate(pt));
    mset_pt_destroy(pt);
    close_both();
}

/* ---- no memory ----------------------------------------------------------------------------- */

static uint64_t sum(const struct mset_pt_need *need) {
    uint64_t all = 0;
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        all += need->tables[level];
    }
    return all;
}

static void check_refused(mset_status status, const struct every_state *before) {
    assert_int_equal(status, MSET_NO_MEMORY);
    every_unchanged(&t, before);
    assert_null(mset_pt_validate(t.pt));
    nothing_stale_in_other();
    watch_other();
    struct mset_pt_run run;
    assert_int_equal(mset_pt_next(other, t.va, t.page, &run), MSET_NOT_FOUND);
}

/* A page out of the largest leaf: tables to cut it, and as many to hold the copy. */
static void a_refused_frame_changes_neither_table(const struct mset_pt_format *format) {
    open_plain(format);
    struct judged_frames *const source = &t.judge.source;
    const struct leaf_kind *const kind = every_largest_entry(&t);
    struct mset_pt_need need;
    every_map_at(&t, 0, kind->size, RW);
    const struct every_state before = every_state(&t);
    assert_int_equal(mset_pt_copy_prepare(t.pt, other, t.va, t.page, &need), MSET_OK);
    assert_int_equal(sum(&need), kind->level + t.top);
    mset_pt_prepare_drop(t.pt);
    mset_pt_prepare_drop(other);
    every_unchanged(&t, &before);
    for (uint64_t nth = 1; nth <= sum(&need); nth++) {
        source->calls = 0;
        source->fail_at = nth;
        check_refused(copy(t.page), &before);
        source->calls = 0;
        check_refused(mset_pt_copy_prepare(t.pt, other, t.va, t.page, NULL), &before);
    }
    source->calls = source->fail_at = 0;
    assert_int_equal(mset_pt_copy(t.pt, other, t.va, t.page, false), MSET_OK);
    assert_int_equal(source->calls, sum(&need));
    judge_watch(&t.judge);
    watch_other();
    assert_int_equal(other_leaf(t.va).pa, t.pa);
    close_both();
}

static void a_prepared_copy_takes_no_frame(const struct mset_pt_format *format) {
    open_plain(format);
    struct judged_frames *const source = &t.judge.source;
    every_map_at(&t, 0, every_largest_entry(&t)->size, RW);
    assert_int_equal(mset_pt_copy_prepare(t.pt, other, t.va, t.page, NULL), MSET_OK);
    const uint64_t live = source->live;
    source->calls = 0;
    source->fail_at = 1;
    assert_int_equal(mset_pt_copy(t.pt, other, t.va, t.page, false), MSET_OK);
    source->fail_at = 0;
    mset_pt_prepare_drop(t.pt);
    mset_pt_prepare_drop(other);
    assert_int_equal(source->live, live);
    judge_watch(&t.judge);
    close_both();
}

/* What was prepared for something else is still there after a copy failed for the other table. */
static void a_refused_copy_leaves_the_stock(const struct mset_pt_format *format) {
    open_plain(format);
    struct judged_frames *const source = &t.judge.source;
    every_map_at(&t, 0, every_largest_entry(&t)->size, RW);
    assert_int_equal(mset_pt_unmap_prepare(t.pt, t.va, t.page, NULL), MSET_OK);
    const struct every_state before = every_state(&t);
    source->calls = 0;
    source->fail_at = 1;
    check_refused(copy(t.page), &before);
    check_refused(mset_pt_copy_prepare(t.pt, other, t.va, t.page, NULL), &before);
    every_unmap(&t, t.va, t.page);
    source->fail_at = 0;
    mset_pt_prepare_drop(t.pt);
    close_both();
}

/* ---- into what waits for a flush: AArch64 -------------------------------------------------- */

/* The processor of the other table has a page cached that is not there any more. */
static void cache_and_unmap(void) {
    uint64_t pa;
    assert_int_equal(mset_pt_map(other, t.va, t.pa + t.page, t.page, RW), MSET_OK);
    watch_other();
    (void)mmu_access(&mmu, t.va, MMU_WRITE, &pa);
    assert_int_equal(mset_pt_unmap(other, t.va, t.page, NULL, NULL), MSET_OK);
    watch_other();
}

static void check_broken_copy(uint64_t breaks) {
    struct mmu_leaf leaf;
    assert_int_equal(mset_pt_copy(t.pt, other, t.va, t.page, false), MSET_OK);
    watch_other();
    assert_int_equal(other_gather().breaks, breaks);
    assert_false(mmu_walk(&mmu, t.va, &leaf));
    assert_int_equal(other_leaf(t.va).pa, t.pa);
    flush_other();
    assert_true(mmu_walk(&mmu, t.va, &leaf));
    assert_int_equal(leaf.pa, t.pa);
}

static void a_copy_over_stale_addresses_is_broken(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    const uint64_t neighbour = t.va + 20 * t.page; /* keeps the tables */
    assert_int_equal(mset_pt_map(other, neighbour, t.pa, t.page, RW), MSET_OK);
    watch_other();
    cache_and_unmap();
    check_broken_copy(1);
    close_both();
}

/* Every table on the way is new, and hangs on a broken entry as well. */
static void tables_copied_over_stale_addresses_are_broken(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    cache_and_unmap();
    check_broken_copy(1 + t.top);
    close_both();
}

/* The source is broken, the copy never was anything else. */
static void a_copy_of_a_broken_leaf_is_whole(const struct mset_pt_format *format) {
    struct mmu_leaf leaf;
    open_plain(format);
    every_map(&t, t.va, t.pa + t.page, t.page, RW);
    every_unmap(&t, t.va, t.page);
    every_map_at(&t, 0, t.page, RW);
    assert_false(mmu_walk(&t.judge.mmu, t.va, &leaf));
    assert_int_equal(mset_pt_copy(t.pt, other, t.va, t.page, false), MSET_OK);
    judge_watch(&t.judge);
    watch_other();
    nothing_stale_in_other();
    assert_true(mmu_walk(&mmu, t.va, &leaf));
    close_both();
}

/* What has no access stays whole: there is nothing to break. */
static void what_is_not_present_is_not_broken(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, t.page, t.page, 0);
    every_map(&t, t.va + 2 * t.page, 5, t.page, MSET_PT_MARKER);
    assert_int_equal(mset_pt_map(other, t.va + 5 * t.page, t.pa, t.page, RW), MSET_OK);
    cache_and_unmap(); /* but the tables stay */
    assert_int_equal(mset_pt_copy(t.pt, other, t.va, 4 * t.page, false), MSET_OK);
    judge_watch(&t.judge);
    watch_other();
    assert_int_equal(other_gather().breaks, 1);
    flush_other();
    assert_true(other_leaf(t.va).present && !other_leaf(t.va + t.page).present);
    assert_int_equal(other_leaf(t.va + 2 * t.page).pa, 5);
    close_both();
}

/* ---- parts of leaves ----------------------------------------------------------------------- */

/* A part of a leaf has the tables and leaves that the cut leaf has, and the plan knew it. */
static void copy_part(const struct leaf_kind *kind, uint64_t from, uint64_t size) {
    struct mset_pt_need need;
    every_map_at(&t, 0, kind->size, RW);
    assert_int_equal(mset_pt_copy_prepare(t.pt, other, t.va + from, size, &need), MSET_OK);
    t.judge.source.fail_at = 1;
    t.judge.source.calls = 0;
    assert_int_equal(mset_pt_copy(t.pt, other, t.va + from, size, false), MSET_OK);
    assert_int_equal(t.judge.source.calls, 0);
    t.judge.source.fail_at = 0;
    judge_watch(&t.judge);
    watch_other();
    every_check(&t);
    const uint64_t at[] = {from, from + size / 2, from + size - t.page};
    for (unsigned k = 0; k < 3; k++) {
        const struct mset_pt_run here = every_leaf(&t, t.va + at[k]);
        const struct mset_pt_run there = other_leaf(t.va + at[k]);
        assert_true(here.leaf_size == there.leaf_size && here.pa == there.pa);
    }
    empty_both();
}

static void a_part_of_a_leaf_is_copied(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        copy_part(kind, t.page, kind->size - t.page);
        copy_part(kind, 0, kind->size / 2 + t.page);
        copy_part(kind, kind->size / 2, t.page);
    }
    close_both();
}

#define ALL(test) \
    { #test, test, NULL }
#define BREAKS(test) \
    { #test, test, every_has_breaks }

int main(void) {
    static const struct every_test tests[] = {
        ALL(a_copy_has_the_same_leaves),
        ALL(write_protection_keeps_the_marks),
        ALL(write_protection_of_what_is_not_writable_changes_nothing),
        ALL(over_a_mapping_nothing_is_copied),
        ALL(beside_a_mapping_there_is_room),
        ALL(tables_that_differ_are_refused),
        ALL(tables_may_differ_in_what_entries_do_not_show),
        ALL(a_refused_frame_changes_neither_table),
        ALL(a_prepared_copy_takes_no_frame),
        ALL(a_refused_copy_leaves_the_stock),
        BREAKS(a_copy_over_stale_addresses_is_broken),
        BREAKS(tables_copied_over_stale_addresses_are_broken),
        BREAKS(a_copy_of_a_broken_leaf_is_whole),
        BREAKS(what_is_not_present_is_not_broken),
        ALL(a_part_of_a_leaf_is_copied),
    };
    return every_run("copy", tests, sizeof tests / sizeof *tests);
}
