/*
 * test_split.c - large leaves become small ones that mean the same: mset_pt_split from every size
 * to every smaller size of every format, and its prepare.
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

/* How many tables take the place of a whole leaf, by level; returns their frames. */
static uint64_t tables_for(const struct leaf_kind *from, const struct leaf_kind *to,
                           struct mset_pt_need *need) {
    uint64_t frames = 0;
    *need = (struct mset_pt_need){{0}};
    for (unsigned level = from->level; level > to->level; level--) {
        const uint64_t slots = from->size >> every_shift(&t, level);
        need->tables[level - 1] = slots;
        frames += slots * every_frames(&t, level - 1);
    }
    return frames;
}

static uint64_t sum(const struct mset_pt_need *need) {
    uint64_t all = 0;
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        all += need->tables[level];
    }
    return all;
}

typedef void (*pair_test)(const struct leaf_kind *from, const struct leaf_kind *to);

/* Runs the test for every pair of sizes between which there are at most so many frames. */
static void each_pair_within(const struct mset_pt_format *format, uint64_t most, pair_test test) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        for (unsigned j = 0; j < k; j++) {
            struct mset_pt_need need;
            if (tables_for(&t.kind[k], &t.kind[j], &need) <= most) {
                test(&t.kind[k], &t.kind[j]);
                empty_again();
            }
        }
    }
    every_close(&t);
}

static void each_pair(const struct mset_pt_format *format, pair_test test) {
    each_pair_within(format, 100, test);
}

/* The same, and one of 1 GiB into pages as well. */
static void each_far_pair(const struct mset_pt_format *format, pair_test test) {
    each_pair_within(format, 600, test);
}

/* ---- one leaf, as a whole ------------------------------------------------------------------ */

struct seen {
    unsigned runs;
    struct mset_pt_run run; /* the last one */
};

static bool see(void *arg, const struct mset_pt_run *run) {
    struct seen *const seen = arg;
    seen->runs++;
    seen->run = *run;
    return true;
}

/* All that is there is one run of leaves of this kind. */
static void check_one_run(const struct leaf_kind *whole, const struct leaf_kind *leaf,
                          uint64_t flags) {
    struct seen seen = {.runs = 0};
    assert_int_equal(mset_pt_walk(t.pt, t.va, 2 * whole->size, see, &seen), MSET_OK);
    assert_int_equal(seen.runs, 1);
    assert_true(seen.run.va == t.va && seen.run.pa == t.pa && seen.run.size == whole->size);
    assert_int_equal(seen.run.leaf_size, leaf->size);
    assert_int_equal(seen.run.flags, flags);
    every_only(&t, leaf, whole->size / leaf->size);
}

static void split_and_promote(const struct leaf_kind *from, const struct leaf_kind *to) {
    const uint64_t before = every_count(&t).splits;
    struct mset_pt_need need;
    every_map_at(&t, 0, from->size, RW);
    every_split(&t, t.va, from->size, to->size);
    (void)tables_for(from, to, &need);
    check_one_run(from, to, RW);
    assert_int_equal(every_count(&t).splits - before, sum(&need));
    every_check(&t);
    if (t.breaks) {
        assert_true(every_gather(&t).breaks > 0);
        every_flush(&t);
        every_check(&t);
    } else {
        every_nothing_stale(&t);
    }
    every_promote(&t, t.va, from->size);
    every_only(&t, from, 1);
    assert_int_equal(every_gather(&t).tables, sum(&need));
}

static void every_size_becomes_every_smaller_one(const struct mset_pt_format *format) {
    each_far_pair(format, split_and_promote);
}

static void split_what_is_not_present(const struct leaf_kind *from, const struct leaf_kind *to) {
    every_map_at(&t, 0, from->size, 0);
    every_split(&t, t.va, from->size, to->size);
    check_one_run(from, to, 0);
    every_nothing_stale(&t);
}

static void pages_without_access_are_split_as_well(const struct mset_pt_format *format) {
    each_pair(format, split_what_is_not_present);
}

/* No groups of markers: to the size of a group means to entries. */
static void split_marker(const struct leaf_kind *from, const struct leaf_kind *to) {
    enum { PAYLOAD = 0x7654321 };
    const struct leaf_kind entry = {every_slot(&t, to->level), to->level, 1};
    if (from->count > 1) {
        return;
    }
    every_map(&t, t.va, PAYLOAD, from->size, MSET_PT_MARKER);
    every_only(&t, from, 1);
    every_split(&t, t.va, from->size, to->size);
    every_only(&t, &entry, from->size / entry.size);
    assert_int_equal(every_leaf(&t, t.va + from->size - t.page).pa, PAYLOAD);
    every_nothing_stale(&t);
}

static void markers_are_split_as_well(const struct mset_pt_format *format) {
    each_pair(format, split_marker);
}

/* Every small leaf has the marks of the large one. */
static void split_marked(const struct leaf_kind *from, const struct leaf_kind *to, unsigned marks) {
    every_map_at(&t, 0, from->size, RW);
    if (marks != 0) {
        every_mark(&t, t.va + from->size / 2, marks);
    }
    every_split(&t, t.va, from->size, to->size);
    const uint64_t places[] = {0, from->size / 2, from->size - t.page};
    for (unsigned i = 0; i < 3; i++) {
        const struct mset_pt_run run = every_leaf(&t, t.va + places[i]);
        assert_int_equal(run.accessed, (marks & MSET_PT_ACCESSED) != 0);
        assert_int_equal(run.dirty, (marks & MSET_PT_DIRTY) != 0);
    }
}

static void split_with_all_marks(const struct leaf_kind *from, const struct leaf_kind *to) {
    for (unsigned marks = 0; marks < 4; marks++) {
        split_marked(from, to, marks);
        empty_again();
    }
}

static void small_leaves_inherit_the_marks(const struct mset_pt_format *format) {
    each_pair(format, split_with_all_marks);
}

/* ---- parts, and what is small already ------------------------------------------------------ */

/* "Those that stick out are split as a whole." */
static void split_by_a_page(const struct leaf_kind *from, const struct leaf_kind *to) {
    every_map_at(&t, 0, 2 * from->size, RW);
    const uint64_t at = from->size / 2;
    every_split(&t, t.va + at, t.page, to->size);
    assert_int_equal(every_leaf(&t, t.va + at).leaf_size, to->size);
    if (from->count == 1) {
        assert_int_equal(every_leaf(&t, t.va).leaf_size, to->size);
        assert_int_equal(every_leaf(&t, t.va + from->size - t.page).leaf_size, to->size);
    }
    assert_true(every_leaf(&t, t.va + from->size).leaf_size >= every_slot(&t, from->level));
    every_check(&t);
}

static void a_leaf_that_sticks_out_is_split_as_a_whole(const struct mset_pt_format *format) {
    each_pair(format, split_by_a_page);
}

/* Leaves of the size asked for, smaller ones, and holes. */
static void split_nothing(const struct leaf_kind *from, const struct leaf_kind *to) {
    every_map_at(&t, 0, to->size, RW);
    every_map_at(&t, from->size, t.page, RW);
    const struct every_state before = every_state(&t);
    every_split(&t, t.va, 2 * from->size, to->size);
    every_unchanged(&t, &before);
    every_split(&t, t.va, 2 * from->size, from->size);
    every_unchanged(&t, &before);
}

static void what_is_small_stays(const struct mset_pt_format *format) {
    each_pair(format, split_nothing);
}

/* Before it, smaller leaves; behind it, a hole and another large one. */
static void split_among_others(const struct leaf_kind *from, const struct leaf_kind *to) {
    struct mset_pt_need need;
    if (from->count > 1 || from->level == t.top) {
        return;
    }
    const uint64_t size = from->size, splits = every_count(&t).splits;
    every_map_at(&t, size - to->size, to->size + size, RW);
    every_map(&t, t.va + 2 * size, t.pa, to->size, RW);
    every_split(&t, t.va, 3 * size, to->size);
    (void)tables_for(from, to, &need);
    every_only(&t, to, size / to->size + 2);
    assert_int_equal(every_count(&t).splits - splits, sum(&need));
}

static void leaves_among_others_are_split(const struct mset_pt_format *format) {
    each_pair(format, split_among_others);
}

/* ---- prepare -------------------------------------------------------------------------------- */

static void prepare_split(const struct leaf_kind *from, const struct leaf_kind *to) {
    struct mset_pt_need expected, need = {{99}};
    struct judged_frames *const source = &t.judge.source;
    const uint64_t frames = tables_for(from, to, &expected);
    every_map_at(&t, 0, from->size, RW);
    const uint64_t live = source->live;
    assert_int_equal(mset_pt_split_prepare(t.pt, t.va, from->size, to->size, &need), MSET_OK);
    assert_memory_equal(&need, &expected, sizeof need);
    assert_int_equal(source->live, live + frames);
    every_only(&t, from, 1);
    source->calls = 0;
    source->fail_at = 1;
    every_split(&t, t.va, from->size, to->size);
    source->fail_at = 0;
    assert_int_equal(source->calls, 0);
    mset_pt_prepare_drop(t.pt);
    assert_int_equal(source->live, live + frames); /* all of them are in use */
}

static void prepare_is_exact(const struct mset_pt_format *format) {
    each_far_pair(format, prepare_split);
}

static void drop_split(const struct leaf_kind *from, const struct leaf_kind *to) {
    every_map_at(&t, 0, from->size, RW);
    const struct every_state before = every_state(&t);
    assert_int_equal(mset_pt_split_prepare(t.pt, t.va, from->size, to->size, NULL), MSET_OK);
    mset_pt_prepare_drop(t.pt);
    every_unchanged(&t, &before);
}

static void what_was_prepared_can_be_dropped(const struct mset_pt_format *format) {
    each_pair(format, drop_split);
}

static void refuse_split(const struct leaf_kind *from, const struct leaf_kind *to) {
    struct mset_pt_need need;
    struct judged_frames *const source = &t.judge.source;
    (void)tables_for(from, to, &need);
    every_map_at(&t, 0, from->size, RW);
    const struct every_state before = every_state(&t);
    const uint64_t tables = sum(&need), step = tables > 16 ? tables / 16 : 1;
    for (uint64_t nth = 1; nth <= tables; nth += step) {
        source->calls = 0;
        source->fail_at = nth;
        assert_int_equal(mset_pt_split(t.pt, t.va, from->size, to->size), MSET_NO_MEMORY);
        source->calls = 0;
        assert_int_equal(mset_pt_split_prepare(t.pt, t.va, from->size, to->size, NULL),
                         MSET_NO_MEMORY);
        source->fail_at = 0;
        every_unchanged(&t, &before);
        judge_watch(&t.judge);
    }
    every_check(&t);
}

static void a_refused_frame_changes_nothing(const struct mset_pt_format *format) {
    each_pair(format, refuse_split);
}

/* ---- AArch64 ------------------------------------------------------------------------------- */

static void level_2_splits_without_a_break(const struct mset_pt_format *format) {
    struct mset_pt_config config = every_config(format);
    config.bbm_level_2 = true;
    every_open(&t, &config);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const from = &t.kind[k], *const to = &t.kind[k - 1];
        struct mmu_leaf leaf;
        every_map_at(&t, 0, from->size, RW);
        every_split(&t, t.va, from->size, to->size);
        every_nothing_stale(&t);
        assert_true(mmu_walk(&t.judge.mmu, t.va, &leaf));
        assert_int_equal(leaf.last - leaf.va + 1, to->size);
        empty_again();
    }
    every_close(&t);
}

/* Until the flush, the leaf is not there for processors; for the library it is. */
static void without_level_2_a_split_is_a_break(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const from = &t.kind[k], *const to = &t.kind[k - 1];
        struct mmu_leaf leaf;
        every_map_at(&t, 0, from->size, RW);
        every_split(&t, t.va, from->size, to->size);
        const struct mset_pt_gather stale = every_gather(&t);
        assert_true(stale.start == t.va && stale.last == t.va + (from->size - 1));
        assert_int_equal(stale.leaf_levels, 1u << from->level);
        assert_int_equal(stale.leaf_size, every_slot(&t, from->level));
        assert_int_equal(stale.breaks, from->count);
        assert_false(mmu_walk(&t.judge.mmu, t.va + from->size / 2, &leaf));
        assert_int_equal(every_leaf(&t, t.va).leaf_size, to->size);
        every_flush(&t);
        assert_true(mmu_walk(&t.judge.mmu, t.va + from->size / 2, &leaf));
        assert_int_equal(leaf.last - leaf.va + 1, to->size);
        empty_again();
    }
    every_close(&t);
}

#define ALL(test) \
    { #test, test, NULL }
#define BREAKS(test) \
    { #test, test, every_has_breaks }

int main(void) {
    static const struct every_test tests[] = {
        ALL(every_size_becomes_every_smaller_one),
        ALL(pages_without_access_are_split_as_well),
        ALL(markers_are_split_as_well),
        ALL(small_leaves_inherit_the_marks),
        ALL(a_leaf_that_sticks_out_is_split_as_a_whole),
        ALL(what_is_small_stays),
        ALL(leaves_among_others_are_split),
        ALL(prepare_is_exact),
        ALL(what_was_prepared_can_be_dropped),
        ALL(a_refused_frame_changes_nothing),
        BREAKS(level_2_splits_without_a_break),
        BREAKS(without_level_2_a_split_is_a_break),
    };
    return every_run("split", tests, sizeof tests / sizeof *tests);
}
