/*
 * test_known_faults.c - what other implementations are known to get wrong, one test each, for every
 * format and every size of leaves. What a flush must reach is in test_gather.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page_table/every.h"

static struct every t;

static void open_plain(const struct mset_pt_format *format) {
    const struct mset_pt_config config = every_config(format);
    every_open(&t, &config);
}

static void empty_again(void) {
    every_unmap(&t, t.va, 2 * t.kind[t.kinds - 1].size);
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

/* ---- a part of a large leaf is unmapped: the rest stays ------------------------------------ */

static void unmap_part(const struct leaf_kind *kind, uint64_t from, uint64_t size) {
    every_map_at(&t, 0, kind->size, RW);
    every_mark(&t, t.va, MSET_PT_ACCESSED);
    every_unmap(&t, t.va + from, size);
    every_check(&t);
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(t.pt, t.va + from, 0, &run), MSET_NOT_FOUND);
    assert_int_equal(mset_pt_query(t.pt, t.va + from + size - 1, 0, &run), MSET_NOT_FOUND);
    if (from > 0) {
        assert_int_equal(every_leaf(&t, t.va + from - 1).pa, t.pa + from - 1);
        assert_true(every_leaf(&t, t.va + from - 1).accessed);
    }
    if (from + size < kind->size) {
        assert_int_equal(every_leaf(&t, t.va + from + size).pa, t.pa + from + size);
        assert_true(every_leaf(&t, t.va + from + size).accessed);
    }
    every_flush(&t);
    every_check(&t);
    empty_again();
}

static void unmap_parts(const struct leaf_kind *kind) {
    const uint64_t half = kind->size / 2;
    if (kind->size == t.page) {
        return;
    }
    const uint64_t sizes[] = {t.page, half};
    for (unsigned i = 0; i < 2; i++) {
        unmap_part(kind, 0, sizes[i]);
        unmap_part(kind, kind->size - sizes[i], sizes[i]);
        unmap_part(kind, half / 2 / t.page * t.page, sizes[i]);
    }
    if (half > t.page) {
        unmap_part(kind, t.page, kind->size - 2 * t.page);
    }
}

static void unmapping_a_part_of_a_leaf_keeps_the_rest(const struct mset_pt_format *format) {
    each_kind(format, unmap_parts);
}

/* ---- PROT_NONE keeps its frame ------------------------------------------------------------- */

static void check_kept(const struct leaf_kind *kind, uint64_t flags) {
    struct mmu_leaf leaf;
    struct mset_pt_run run = every_leaf(&t, t.va + kind->size - t.page);
    assert_int_equal(run.pa, t.pa + kind->size - t.page);
    assert_true(run.flags == flags && run.present == (flags != 0));
    assert_int_equal(run.leaf_size, kind->size);
    assert_int_equal(mset_pt_query(t.pt, t.va, kind->size, &run), MSET_OK);
    assert_true(run.pa == t.pa && run.size == kind->size && run.leaf_size == kind->size);
    if (flags == 0) {
        assert_false(mmu_walk(&t.judge.mmu, t.va, &leaf));
    }
    every_check(&t);
}

static void protect_away_and_back(const struct leaf_kind *kind) {
    every_map_at(&t, 0, kind->size, RW);
    every_protect(&t, t.va, kind->size, 0);
    check_kept(kind, 0);
    assert_int_equal(every_gather(&t).leaf_levels, 1u << kind->level);
    every_flush(&t);
    check_kept(kind, 0);
    every_protect(&t, t.va, kind->size, RW);
    every_nothing_stale(&t); /* nothing was there for processors */
    check_kept(kind, RW);
    every_only(&t, kind, 1);
}

static void a_page_without_access_keeps_its_frame(const struct mset_pt_format *format) {
    each_kind(format, protect_away_and_back);
}

/* No flush between: where it must be, the leaf that comes back is broken until then. */
static void protect_away_and_right_back(const struct leaf_kind *kind) {
    struct mmu_leaf leaf;
    every_map_at(&t, 0, kind->size, RW);
    judge_touch(&t.judge, t.va, true);
    every_protect(&t, t.va, kind->size, 0);
    every_protect(&t, t.va, kind->size, RW);
    check_kept(kind, RW);
    assert_int_equal(every_gather(&t).breaks, t.breaks ? kind->count : 0);
    assert_int_equal(mmu_walk(&t.judge.mmu, t.va, &leaf), !t.breaks);
    every_flush(&t);
    assert_true(mmu_walk(&t.judge.mmu, t.va, &leaf));
    assert_int_equal(leaf.pa, t.pa);
}

static void access_comes_back_before_the_flush(const struct mset_pt_format *format) {
    each_kind(format, protect_away_and_right_back);
}

static void born_without_access(const struct leaf_kind *kind) {
    every_map_at(&t, 0, kind->size, 0);
    every_nothing_stale(&t);
    every_only(&t, kind, 1);
    check_kept(kind, 0);
    assert_int_equal(mset_pt_map(t.pt, t.va, t.pa, t.page, RW), MSET_ALREADY_EXISTS);
    every_protect(&t, t.va, kind->size, MSET_READ);
    check_kept(kind, MSET_READ);
}

static void a_page_may_be_born_without_access(const struct mset_pt_format *format) {
    each_kind(format, born_without_access);
}

struct told {
    unsigned runs;
    struct mset_pt_run run; /* the last one */
};

static void tell(void *arg, const struct mset_pt_run *run) {
    struct told *const told = arg;
    told->runs++;
    told->run = *run;
}

static void unmap_kept(const struct leaf_kind *kind) {
    struct told told = {.runs = 0};
    every_map_at(&t, 0, kind->size, 0);
    const uint64_t at = kind->size - t.page;
    assert_int_equal(mset_pt_unmap(t.pt, t.va + at, t.page, tell, &told), MSET_OK);
    spans_remove(&t.judge.spans, t.va + at, t.va + kind->size - 1);
    judge_watch(&t.judge);
    assert_true(told.runs == 1 && told.run.va == t.va + at && told.run.pa == t.pa + at);
    assert_true(told.run.size == t.page && told.run.flags == 0 && !told.run.present);
    every_check(&t);
}

static void unmapping_says_what_was_without_access(const struct mset_pt_format *format) {
    each_kind(format, unmap_kept);
}

/* A part of a large leaf loses its access, and has it again. */
static void hide_part(const struct leaf_kind *kind) {
    const uint64_t at = kind->size / 2 / t.page * t.page;
    every_map_at(&t, 0, kind->size, RW);
    every_protect(&t, t.va + at, t.page, 0);
    every_check(&t);
    assert_true(every_leaf(&t, t.va + at).pa == t.pa + at);
    every_flush(&t);
    every_protect(&t, t.va + at, t.page, RW);
    every_flush(&t);
    every_check(&t);
    every_promote(&t, t.va, kind->size);
    every_only(&t, kind, 1);
}

static void a_part_without_access_keeps_its_frame(const struct mset_pt_format *format) {
    each_kind(format, hide_part);
}

/* ---- LoongArch: a directory has no valid bit ----------------------------------------------- */

enum { LOONGARCH_HUGE = 0x40 };

/* Every entry of every directory, by the manual: H, or the bare address of a table. */
static uint64_t count_loongarch_tables(uint64_t table, unsigned level) {
    const uint64_t *const entries = judge_memory(&t.judge, table);
    uint64_t count = 1;
    assert_non_null(entries);
    for (unsigned i = 0; level > 0 && i < 512; i++) {
        if ((entries[i] & LOONGARCH_HUGE) == 0) {
            assert_int_equal(entries[i] & (MSET_PAGE_SIZE - 1), 0);
            assert_int_not_equal(entries[i], 0);
            count += count_loongarch_tables(entries[i], level - 1);
        } else if ((entries[i] & 0x80) == 0 && entries[i] >> 62 == 0) {
            assert_int_equal(entries[i], LOONGARCH_HUGE); /* not valid, whatever is asked of it */
        }
    }
    return count;
}

static void check_loongarch_tables(void) {
    const struct mset_pt_statistics now = every_count(&t);
    const uint64_t tables = now.tables[0] + now.tables[1] + now.tables[2] + now.tables[3];
    assert_int_equal(count_loongarch_tables(mset_pt_root(t.pt), 3), tables);
}

static bool is_loongarch(const struct mset_pt_format *format) {
    return strcmp(format->name, "loongarch64") == 0;
}

static void an_empty_directory_entry_is_not_walked(const struct mset_pt_format *format) {
    struct mmu_leaf leaf;
    open_plain(format);
    check_loongarch_tables();
    const uint64_t sizes[] = {t.page, every_slot(&t, 1), every_slot(&t, 2)};
    for (unsigned i = 0; i < 3; i++) {
        every_map_at(&t, 0, sizes[i], RW);
        check_loongarch_tables();
        assert_false(mmu_walk(&t.judge.mmu, t.va + sizes[i], &leaf));
        assert_false(mmu_walk(&t.judge.mmu, t.va + 4 * every_slot(&t, 2), &leaf));
        assert_false(mmu_walk(&t.judge.mmu, t.va + every_slot(&t, 3), &leaf));
        every_protect(&t, t.va, t.page, 0);
        check_loongarch_tables();
        every_map(&t, t.va + 2 * every_slot(&t, 2), 5, every_slot(&t, 2) + t.page, MSET_PT_MARKER);
        check_loongarch_tables();
        every_unmap(&t, t.va + t.page, 3 * every_slot(&t, 2));
        check_loongarch_tables();
        every_unmap(&t, t.va, t.page);
        check_loongarch_tables();
        assert_false(mmu_walk(&t.judge.mmu, t.va, &leaf));
        every_flush(&t);
    }
    every_close(&t);
}

/* ---- no table goes back before the flush
 * ---------------------------------------------------------- */

static uint64_t frames_below(unsigned level) {
    uint64_t frames = 0;
    for (unsigned at = 0; at < level; at++) {
        frames += every_frames(&t, at);
    }
    return frames;
}

/* What was done has given up one table of each level below this one. */
static void check_nothing_freed(uint64_t live, unsigned level) {
    assert_int_equal(t.judge.source.live, live);
    assert_int_equal(every_gather(&t).tables, level);
    every_flush(&t);
    assert_int_equal(t.judge.source.live, live - frames_below(level));
}

static void tables_of_unmapped_pages_wait_for_the_flush(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t sizes[] = {t.page, every_slot(&t, t.top)}; /* the page, or all around it */
    for (unsigned i = 0; i < 2; i++) {
        every_map_at(&t, 0, t.page, RW);
        const uint64_t live = t.judge.source.live;
        judge_touch(&t.judge, t.va, true);
        every_unmap(&t, t.va / sizes[i] * sizes[i], sizes[i]);
        check_nothing_freed(live, t.top);
    }
    every_close(&t);
}

static void tables_of_untouched_pages_wait_as_well(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, 0);
    const uint64_t live = t.judge.source.live;
    every_unmap(&t, t.va, t.page);
    check_nothing_freed(live, t.top);
    every_close(&t);
}

static void a_promoted_table_waits_for_the_flush(const struct mset_pt_format *format) {
    open_plain(format);
    const struct leaf_kind *const kind = every_largest_entry(&t);
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, t.page, kind->size - t.page, RW);
    const uint64_t live = t.judge.source.live;
    every_promote(&t, t.va, kind->size);
    check_nothing_freed(live, kind->level);
    every_close(&t);
}

static void a_replaced_table_waits_for_the_flush(const struct mset_pt_format *format) {
    open_plain(format);
    const struct leaf_kind *const kind = every_largest_entry(&t);
    every_map_at(&t, 0, t.page, RW);
    const uint64_t live = t.judge.source.live;
    judge_touch(&t.judge, t.va, true);
    assert_int_equal(
        mset_pt_map_over(t.pt, t.va, t.pa, kind->size, RW, MSET_PT_REPLACE, NULL, NULL), MSET_OK);
    spans_put(&t.judge.spans, (struct span){t.va, t.va + kind->size - 1, RW, t.pa});
    judge_watch(&t.judge);
    check_nothing_freed(live, kind->level);
    every_close(&t);
}

static void a_moved_table_waits_for_the_flush(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t to = t.va + every_slot(&t, 1);
    every_map_at(&t, 0, t.page, RW);
    every_map(&t, to + t.page, t.pa, t.page, RW);
    const uint64_t live = t.judge.source.live;
    assert_int_equal(mset_pt_move(t.pt, t.va, to, t.page), MSET_OK);
    spans_move(&t.judge.spans, t.va, t.va + t.page - 1, to);
    judge_watch(&t.judge);
    check_nothing_freed(live, 1);
    every_close(&t);
}

/* ---- a fresh map leaves the gather alone --------------------------------------------------- */

static void map_fresh(const struct mset_pt_format *format, bool promote) {
    struct mset_pt_config config = every_config(format);
    config.promote = promote;
    every_open(&t, &config);
    every_nothing_stale(&t);
    for (unsigned k = 0; k < t.kinds; k++) {
        const uint64_t size = t.kind[k].size;
        every_map_at(&t, 0, size, RW);
        every_nothing_stale(&t);
        every_map(&t, t.va + size, t.pa, t.page, MSET_READ); /* a neighbour */
        every_nothing_stale(&t);
        every_map(&t, t.va + size + t.page, t.pa, t.page, 0);
        every_nothing_stale(&t);
        every_map(&t, t.va + size + 2 * t.page, 1, t.page, MSET_PT_MARKER);
        every_nothing_stale(&t);
        empty_again();
        every_nothing_stale(&t);
    }
    every_close(&t);
}

static void a_fresh_map_leaves_nothing_stale(const struct mset_pt_format *format) {
    map_fresh(format, false);
    map_fresh(format, true);
}

/* ---- not from the root per page ------------------------------------------------------------ */

/* A call that looks at so many tables may go down to each, and once more before it begins. */
static void check_visits(uint64_t before, uint64_t tables) {
    const uint64_t visits = every_count(&t).visits - before;
    assert_true(visits <= 2 * (tables + t.top + 1));
}

/* Pages and nothing else, for their addresses do not agree. */
static void visit_pages(uint64_t from, uint64_t size, uint64_t tables) {
    const uint64_t va = t.va + from, pa = t.pa + from + t.page;
    struct mset_pt_run run;
    uint64_t before = every_count(&t).visits;
    every_map(&t, va, pa, size, RW);
    check_visits(before, tables);
    assert_int_equal(every_count(&t).leaves[0], size / t.page);
    assert_int_equal(mset_pt_query(t.pt, va, size, &run), MSET_OK);
    assert_true(run.size == size && run.pa == pa && run.leaf_size == t.page);
    before = every_count(&t).visits;
    every_protect(&t, va, size, MSET_READ);
    check_visits(before, tables);
    before = every_count(&t).visits;
    every_protect(&t, va, size / 2, RW);
    check_visits(before, tables);
    before = every_count(&t).visits;
    every_unmap(&t, va + t.page, size - 2 * t.page);
    check_visits(before, tables);
    before = every_count(&t).visits;
    every_unmap(&t, va, size);
    check_visits(before, tables);
    every_flush(&t);
}

static void a_table_full_of_pages_is_entered_once(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t table = every_slot(&t, 1);
    visit_pages(0, table, 1);
    visit_pages(table / 2, table, 2);
    visit_pages(table - 2 * t.page, 3 * table, 4);
    every_close(&t);
}

#define ALL(test) \
    { #test, test, NULL }

int main(void) {
    static const struct every_test tests[] = {
        ALL(unmapping_a_part_of_a_leaf_keeps_the_rest),
        ALL(a_page_without_access_keeps_its_frame),
        ALL(access_comes_back_before_the_flush),
        ALL(a_page_may_be_born_without_access),
        ALL(unmapping_says_what_was_without_access),
        ALL(a_part_without_access_keeps_its_frame),
        {"an_empty_directory_entry_is_not_walked", an_empty_directory_entry_is_not_walked,
         is_loongarch},
        ALL(tables_of_unmapped_pages_wait_for_the_flush),
        ALL(tables_of_untouched_pages_wait_as_well),
        ALL(a_promoted_table_waits_for_the_flush),
        ALL(a_replaced_table_waits_for_the_flush),
        ALL(a_moved_table_waits_for_the_flush),
        ALL(a_fresh_map_leaves_nothing_stale),
        ALL(a_table_full_of_pages_is_entered_once),
    };
    return every_run("known faults", tests, sizeof tests / sizeof *tests);
}
