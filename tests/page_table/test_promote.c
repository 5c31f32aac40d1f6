/*
 * test_promote.c - small leaves become large ones: by mset_pt_promote, and by themselves with
 * config.promote. Every size of leaves of every format.
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

static void open_promoting(const struct mset_pt_format *format) {
    struct mset_pt_config config = every_config(format);
    config.promote = true;
    every_open(&t, &config);
}

/* Away with everything, so that the next size finds an empty table. */
static void empty_again(void) {
    every_unmap(&t, t.va, 2 * t.kind[t.kinds - 1].size);
    every_flush(&t);
    every_check(&t);
}

/* What a leaf of this kind is made of: entries of its group, or of the table in its place. */
static uint64_t part_of(const struct leaf_kind *kind) {
    return every_slot(&t, kind->count > 1 ? kind->level : kind->level - 1);
}

/* The start of a part that is neither first nor last, nor first in a group. */
static uint64_t middle_of(const struct leaf_kind *kind) {
    const uint64_t part = part_of(kind);
    return kind->size / part * 3 / 5 * part + (kind->size / part > 64 ? part : 0);
}

/* n equal pieces, each by a call of its own, the last one first. */
static void map_pieces(const struct leaf_kind *kind, unsigned n, uint64_t flags) {
    const uint64_t piece = kind->size / n;
    for (unsigned k = n; k-- > 0;) {
        every_map_at(&t, k * piece, piece, flags);
    }
}

/* ---- mset_pt_promote ------------------------------------------------------------------------ */

/* What the last promotion of one leaf must have left: a table that waits for the flush. */
static void check_retired(const struct leaf_kind *kind, uint64_t live) {
    const struct mset_pt_gather stale = every_gather(&t);
    const bool table = kind->count == 1;
    assert_int_equal(stale.tables, table);
    assert_int_equal(stale.start, t.va);
    assert_int_equal(stale.last, t.va + (kind->size - 1));
    assert_int_equal(stale.leaf_size, part_of(kind));
    assert_int_equal(stale.leaf_levels, 1u << (kind->level - table));
    assert_int_equal(stale.table_levels, table ? 1u << kind->level : 0);
    assert_int_equal(t.judge.source.live, live);
    every_flush(&t);
    assert_int_equal(t.judge.source.live, live - (table ? every_frames(&t, kind->level - 1) : 0));
    every_nothing_stale(&t);
}

static void promote_pieces(const struct leaf_kind *kind, unsigned n) {
    const uint64_t before = every_count(&t).promotions;
    map_pieces(kind, n, RW);
    every_nothing_stale(&t);
    assert_true(every_leaf(&t, t.va).leaf_size < kind->size);
    const uint64_t live = t.judge.source.live;
    every_promote(&t, t.va, kind->size);
    every_only(&t, kind, 1);
    assert_int_equal(every_leaf(&t, t.va).leaf_size, kind->size);
    assert_int_equal(every_count(&t).promotions - before, kind->count == 1);
    check_retired(kind, live);
    empty_again();
}

static void halves_and_quarters_become_one_leaf(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        promote_pieces(&t.kind[k], 2);
        promote_pieces(&t.kind[k], 4);
    }
    every_close(&t);
}

static void all_levels_fold_at_once(const struct mset_pt_format *format) {
    open_plain(format);
    const struct leaf_kind *const largest = &t.kind[t.kinds - 1];
    every_map_at(&t, 0, largest->size - t.page, RW);
    every_map_at(&t, largest->size - t.page, t.page, RW);
    every_promote(&t, t.va, largest->size);
    every_only(&t, largest, 1);
    assert_int_equal(every_count(&t).promotions, largest->level);
    assert_int_equal(every_gather(&t).tables, largest->level);
    every_close(&t);
}

/* Far more than is mapped. */
static void the_whole_space_may_be_promoted(const struct mset_pt_format *format) {
    open_plain(format);
    const struct leaf_kind *const largest = &t.kind[t.kinds - 1];
    map_pieces(largest, 2, RW);
    every_promote(&t, 0, format->low_last + 1);
    every_only(&t, largest, 1);
    every_close(&t);
}

static void a_group_is_closed_by_any_part_of_it(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        const uint64_t part = part_of(kind);
        const uint64_t ends[] = {part, 3 * part, kind->size - part};
        for (unsigned i = 0; kind->count > 1 && i < 3; i++) {
            map_pieces(kind, 2, RW);
            every_promote(&t, t.va, ends[i]);
            every_only(&t, kind, 1);
            empty_again();
            map_pieces(kind, 2, RW);
            every_promote(&t, t.va + ends[i], kind->size - ends[i]);
            every_only(&t, kind, 1);
            empty_again();
        }
    }
    every_close(&t);
}

static void leaf_sizes_of_the_machine_are_kept_to(const struct mset_pt_format *format) {
    struct mset_pt_config config = every_config(format);
    config.leaf_sizes = config.leaf_sizes & -config.leaf_sizes;
    every_open(&t, &config);
    const uint64_t size = every_slot(&t, 1);
    every_map_at(&t, 0, size / 2, RW);
    every_map_at(&t, size / 2, size / 2, RW);
    const struct every_state before = every_state(&t);
    every_promote(&t, t.va, size);
    every_unchanged(&t, &before);
    every_only(&t, &t.kind[0], size / t.page);
    every_close(&t);
}

/* ---- not present ---------------------------------------------------------------------------- */

/* For processors there was nothing and there is nothing; only a table pointer is stale. */
static void pages_without_access_become_one_leaf(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        map_pieces(kind, 2, 0);
        every_promote(&t, t.va, kind->size);
        every_only(&t, kind, 1);
        const struct mset_pt_run run = every_leaf(&t, t.va);
        assert_true(run.pa == t.pa && run.leaf_size == kind->size && !run.present);
        const struct mset_pt_gather stale = every_gather(&t);
        assert_int_equal(stale.leaf_levels, 0);
        assert_int_equal(stale.table_levels, kind->count > 1 ? 0 : 1u << kind->level);
        assert_int_equal(stale.breaks, 0);
        empty_again();
    }
    every_close(&t);
}

static void markers_become_one_marker(const struct mset_pt_format *format) {
    enum { PAYLOAD = 0x1234567 };
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        const uint64_t half = kind->size / 2;
        every_map(&t, t.va, PAYLOAD, half, MSET_PT_MARKER);
        every_map(&t, t.va + half, PAYLOAD, half, MSET_PT_MARKER);
        const struct every_state before = every_state(&t);
        every_promote(&t, t.va, kind->size);
        if (kind->count == 1) {
            every_only(&t, kind, 1);
            assert_int_equal(every_leaf(&t, t.va).pa, PAYLOAD);
        } else { /* nobody caches what has no address */
            every_unchanged(&t, &before);
        }
        empty_again();
    }
    every_close(&t);
}

static void markers_of_two_payloads_stay(const struct mset_pt_format *format) {
    open_plain(format);
    const struct leaf_kind *const kind = every_largest_entry(&t);
    const uint64_t part = part_of(kind);
    every_map(&t, t.va, 1, kind->size - part, MSET_PT_MARKER);
    every_map(&t, t.va + kind->size - part, 2, part, MSET_PT_MARKER);
    const struct every_state before = every_state(&t);
    every_promote(&t, t.va, kind->size);
    every_unchanged(&t, &before);
    every_close(&t);
}

/* ---- what does not line up ------------------------------------------------------------------ */

static void other_flags(const struct leaf_kind *kind) {
    map_pieces(kind, 2, RW);
    every_protect(&t, t.va + middle_of(kind), part_of(kind), MSET_READ);
}

static void no_access(const struct leaf_kind *kind) {
    map_pieces(kind, 2, RW);
    every_protect(&t, t.va + middle_of(kind), part_of(kind), 0);
}

static void around_the_middle(const struct leaf_kind *kind) {
    const uint64_t behind = middle_of(kind) + part_of(kind);
    every_map_at(&t, 0, middle_of(kind), RW);
    every_map_at(&t, behind, kind->size - behind, RW);
}

static void other_address(const struct leaf_kind *kind) {
    around_the_middle(kind);
    every_map(&t, t.va + middle_of(kind), t.pa, part_of(kind), RW);
}

static void a_marker(const struct leaf_kind *kind) {
    around_the_middle(kind);
    every_map(&t, t.va + middle_of(kind), 7, part_of(kind), MSET_PT_MARKER);
}

static void misaligned(const struct leaf_kind *kind) {
    every_map(&t, t.va, t.pa + part_of(kind), kind->size, RW);
}

/* Aligned to less than all. */
static void half_aligned(const struct leaf_kind *kind) {
    every_map(&t, t.va, t.pa + kind->size / 2, kind->size, RW);
}

/* The second half first: every entry is aligned, and the first to all. */
static void turned_round(const struct leaf_kind *kind) {
    const uint64_t half = kind->size / 2;
    every_map(&t, t.va, t.pa + half, half, RW);
    every_map(&t, t.va + half, t.pa, half, RW);
}

static void last_one_missing(const struct leaf_kind *kind) {
    every_map_at(&t, 0, kind->size - part_of(kind), RW);
}

static void first_one_differs(const struct leaf_kind *kind) {
    map_pieces(kind, 2, RW);
    every_protect(&t, t.va, part_of(kind), MSET_READ);
}

static void (*const flaws[])(const struct leaf_kind *kind) = {
    other_flags, no_access,    around_the_middle, other_address,    a_marker,
    misaligned,  half_aligned, turned_round,      last_one_missing, first_one_differs,
};
enum { FLAWS = sizeof flaws / sizeof *flaws };

static void what_does_not_line_up_stays(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        for (unsigned i = 0; i < FLAWS; i++) {
            flaws[i](&t.kind[k]);
            const struct every_state before = every_state(&t);
            every_promote(&t, t.va, t.kind[k].size);
            every_unchanged(&t, &before);
            empty_again();
        }
    }
    every_close(&t);
}

static void what_does_not_line_up_is_not_promoted_by_itself(const struct mset_pt_format *format) {
    open_promoting(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        for (unsigned i = 0; i < FLAWS; i++) {
            flaws[i](&t.kind[k]);
            assert_true(every_leaf(&t, t.va).leaf_size < t.kind[k].size);
            empty_again();
        }
    }
    every_close(&t);
}

/* ---- marks ---------------------------------------------------------------------------------- */

/* `marks` of the leaf at `at` only are set, and then all are one. */
static void promote_marked(const struct leaf_kind *kind, uint64_t at, unsigned marks) {
    map_pieces(kind, 4, RW);
    if (marks != 0) {
        every_mark(&t, t.va + at, marks);
    }
    every_promote(&t, t.va, kind->size);
    every_only(&t, kind, 1);
    const struct mset_pt_run run = every_leaf(&t, t.va);
    assert_int_equal(run.accessed, (marks & MSET_PT_ACCESSED) != 0);
    assert_int_equal(run.dirty, (marks & MSET_PT_DIRTY) != 0);
    empty_again();
}

static void one_marked_entry_marks_the_large_leaf(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        const uint64_t places[] = {0, part_of(kind), middle_of(kind), kind->size - part_of(kind)};
        promote_marked(kind, 0, 0);
        for (unsigned i = 0; i < 4; i++) {
            promote_marked(kind, places[i], MSET_PT_ACCESSED);
            promote_marked(kind, places[i], MSET_PT_DIRTY);
            promote_marked(kind, places[i], MSET_PT_ACCESSED | MSET_PT_DIRTY);
        }
    }
    every_close(&t);
}

/* One is accessed, another is dirty: the leaf is both. */
static void marks_of_all_entries_come_together(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        map_pieces(kind, 4, RW);
        every_mark(&t, t.va + middle_of(kind), MSET_PT_DIRTY);
        every_mark(&t, t.va + kind->size - t.page, MSET_PT_ACCESSED);
        every_promote(&t, t.va, kind->size);
        assert_true(every_leaf(&t, t.va).accessed && every_leaf(&t, t.va).dirty);
        empty_again();
    }
    every_close(&t);
}

/* ---- config.promote ------------------------------------------------------------------------- */

static void mapping_the_last_piece_promotes(const struct mset_pt_format *format) {
    open_promoting(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const uint64_t before = every_count(&t).promotions;
        map_pieces(&t.kind[k], 2, RW);
        every_only(&t, &t.kind[k], 1);
        assert_int_equal(every_count(&t).promotions - before, t.kind[k].count == 1);
        empty_again();
    }
    every_close(&t);
}

static void the_last_page_promotes_through_all_levels(const struct mset_pt_format *format) {
    open_promoting(format);
    const struct leaf_kind *const kinds[] = {every_largest_entry(&t), &t.kind[t.kinds - 1]};
    for (unsigned i = 0; i < 2; i++) {
        const uint64_t before = every_count(&t).promotions, hole = kinds[i]->size / 2;
        every_map_at(&t, 0, hole, RW);
        every_map_at(&t, hole + t.page, kinds[i]->size - hole - t.page, RW);
        assert_true(every_leaf(&t, t.va).leaf_size < kinds[i]->size);
        every_map_at(&t, hole, t.page, RW);
        every_only(&t, kinds[i], 1);
        assert_int_equal(every_count(&t).promotions - before, kinds[i]->level);
        empty_again();
    }
    every_close(&t);
}

/* A mapping over several tables, the ends of which complete what was there. */
static void a_long_mapping_promotes_at_both_ends(const struct mset_pt_format *format) {
    open_promoting(format);
    const struct leaf_kind *const kind = every_largest_entry(&t);
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, 2 * kind->size - t.page, t.page, RW);
    every_map_at(&t, t.page, 2 * kind->size - 2 * t.page, RW);
    const struct mset_pt_statistics now = every_count(&t);
    assert_int_equal(now.leaves[kind->level], 2);
    assert_int_equal(now.leaves[0], kind->level == 0 ? 2 : 0);
    every_close(&t);
}

static void filling_holes_promotes(const struct mset_pt_format *format) {
    open_promoting(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        every_map_at(&t, middle_of(kind), part_of(kind), RW);
        assert_int_equal(
            mset_pt_map_over(t.pt, t.va, t.pa, kind->size, RW, MSET_PT_KEEP, NULL, NULL), MSET_OK);
        spans_fill(&t.judge.spans, (struct span){t.va, t.va + (kind->size - 1), RW, t.pa});
        judge_watch(&t.judge);
        every_only(&t, kind, 1);
        empty_again();
    }
    every_close(&t);
}

static void replacing_what_differs_promotes(const struct mset_pt_format *format) {
    open_promoting(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        const uint64_t at = middle_of(kind), part = part_of(kind);
        other_address(kind);
        assert_int_equal(
            mset_pt_map_over(t.pt, t.va + at, t.pa + at, part, RW, MSET_PT_REPLACE, NULL, NULL),
            MSET_OK);
        spans_put(&t.judge.spans, (struct span){t.va + at, t.va + at + (part - 1), RW, t.pa + at});
        judge_watch(&t.judge);
        every_only(&t, kind, 1);
        empty_again();
    }
    every_close(&t);
}

static void equal_flags_again_promote(const struct mset_pt_format *format) {
    open_promoting(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        const uint64_t half = kind->size / 2, before = every_count(&t).promotions;
        every_map_at(&t, 0, kind->size, RW);
        every_protect(&t, t.va + half, t.page, MSET_READ);
        assert_true(every_leaf(&t, t.va).leaf_size < kind->size);
        every_protect(&t, t.va + half, t.page, RW);
        every_only(&t, kind, 1);
        assert_int_equal(every_count(&t).promotions - before, kind->level);
        every_protect(&t, t.va, half, MSET_READ);
        assert_true(every_leaf(&t, t.va).leaf_size < kind->size);
        every_protect(&t, t.va + half, kind->size - half, MSET_READ);
        every_only(&t, kind, 1);
        assert_int_equal(every_leaf(&t, t.va).flags, MSET_READ);
        empty_again();
    }
    every_close(&t);
}

/* ---- over what waits for a flush: AArch64 -------------------------------------------------- */

static void open_level_2(const struct mset_pt_format *format) {
    struct mset_pt_config config = every_config(format);
    config.bbm_level_2 = true; /* so that nothing else asks for a break */
    every_open(&t, &config);
}

/* All but one part; that one was something else until just now, so its leaf is broken. */
static void map_with_a_broken_part(const struct leaf_kind *kind) {
    other_address(kind);
    every_unmap(&t, t.va + middle_of(kind), part_of(kind));
    every_map_at(&t, middle_of(kind), part_of(kind), RW);
    assert_true(every_gather(&t).breaks > 0);
}

static void check_broken_until_flushed(const struct leaf_kind *kind) {
    struct mmu_leaf leaf;
    every_only(&t, kind, 1);
    assert_true(every_gather(&t).breaks >= kind->count);
    assert_false(mmu_walk(&t.judge.mmu, t.va, &leaf));
    assert_false(mmu_walk(&t.judge.mmu, t.va + middle_of(kind), &leaf));
    assert_int_equal(every_leaf(&t, t.va).leaf_size, kind->size);
    every_flush(&t);
    assert_true(mmu_walk(&t.judge.mmu, t.va + middle_of(kind), &leaf));
    assert_int_equal(leaf.last - leaf.va + 1, kind->size);
}

/* One of the entries may not be valid yet: then neither may the leaf. */
static void one_broken_entry_breaks_the_large_leaf(const struct mset_pt_format *format) {
    open_level_2(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        map_with_a_broken_part(&t.kind[k]);
        every_promote(&t, t.va, t.kind[k].size);
        assert_int_equal(every_gather(&t).breaks, t.kind[k].count);
        check_broken_until_flushed(&t.kind[k]);
        empty_again();
    }
    every_close(&t);
}

/* A broken leaf is cut: its table hangs on a broken entry, and has leaves that are whole. */
static void a_broken_table_becomes_a_broken_leaf(const struct mset_pt_format *format) {
    open_level_2(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        if (kind->count > 1) {
            continue;
        }
        every_map(&t, t.va, t.pa + kind->size, kind->size, RW);
        every_unmap(&t, t.va, kind->size);
        every_map_at(&t, 0, kind->size, RW);
        assert_int_equal(mset_pt_cut(t.pt, t.va + part_of(kind)), MSET_OK);
        judge_watch(&t.judge);
        every_promote(&t, t.va, kind->size);
        check_broken_until_flushed(kind);
        empty_again();
    }
    every_close(&t);
}

/* Without level 2, valid leaves may not change their size at all. */
static void a_promotion_is_a_break(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        map_pieces(&t.kind[k], 2, RW);
        every_promote(&t, t.va, t.kind[k].size);
        assert_int_equal(every_gather(&t).breaks, t.kind[k].count);
        check_broken_until_flushed(&t.kind[k]);
        empty_again();
    }
    every_close(&t);
}

static void level_2_needs_no_break(const struct mset_pt_format *format) {
    open_level_2(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        struct mmu_leaf leaf;
        map_pieces(&t.kind[k], 2, RW);
        every_promote(&t, t.va, t.kind[k].size);
        assert_int_equal(every_gather(&t).breaks, 0);
        assert_true(mmu_walk(&t.judge.mmu, t.va, &leaf));
        empty_again();
    }
    every_close(&t);
}

#define ALL(test) \
    { #test, test, NULL }
#define GROUPS(test) \
    { #test, test, every_has_groups }
#define BREAKS(test) \
    { #test, test, every_has_breaks }

int main(void) {
    static const struct every_test tests[] = {
        ALL(halves_and_quarters_become_one_leaf),
        ALL(all_levels_fold_at_once),
        ALL(the_whole_space_may_be_promoted),
        GROUPS(a_group_is_closed_by_any_part_of_it),
        ALL(leaf_sizes_of_the_machine_are_kept_to),
        ALL(pages_without_access_become_one_leaf),
        ALL(markers_become_one_marker),
        ALL(markers_of_two_payloads_stay),
        ALL(what_does_not_line_up_stays),
        ALL(what_does_not_line_up_is_not_promoted_by_itself),
        ALL(one_marked_entry_marks_the_large_leaf),
        ALL(marks_of_all_entries_come_together),
        ALL(mapping_the_last_piece_promotes),
        ALL(the_last_page_promotes_through_all_levels),
        ALL(a_long_mapping_promotes_at_both_ends),
        ALL(filling_holes_promotes),
        ALL(replacing_what_differs_promotes),
        ALL(equal_flags_again_promote),
        BREAKS(one_broken_entry_breaks_the_large_leaf),
        BREAKS(a_broken_table_becomes_a_broken_leaf),
        BREAKS(a_promotion_is_a_break),
        BREAKS(level_2_needs_no_break),
    };
    return every_run("promote", tests, sizeof tests / sizeof *tests);
}
