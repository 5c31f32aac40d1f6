/*
 * test_shapes.c - what shape the leaves have after a call, and what the gather says of it: sizes
 * chosen, groups left alone, breaks counted, marks of a whole group, the stock. The MMU model
 * watches every step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page_table/judge.h"

#define KIB UINT64_C(0x400)
#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)
#define PAGE MSET_PAGE_SIZE
#define R MSET_READ
#define RW (MSET_READ | MSET_WRITE)

enum { FRAMES = 128, GROUP = 16 };

static struct judge first, second; /* large */

static struct judge *open(const struct mset_pt_config *config) {
    judge_open(&first, config, FRAMES);
    return &first;
}

static struct judge *open_format(const struct mset_pt_format *format) {
    const struct mset_pt_config config = {.format = format};
    return open(&config);
}

/* With groups, where the format has them. */
static struct judge *open_grouped(const struct mset_pt_format *format, bool promote) {
    const struct mset_pt_config config = {
        .format = format, .leaf_sizes = format->leaf_sizes, .promote = promote};
    return open(&config);
}

static void map(struct judge *judge, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_map(judge->pt, va, pa, size, flags), MSET_OK);
    judge_watch(judge);
}

static void unmap(struct judge *judge, uint64_t va, uint64_t size) {
    assert_int_equal(mset_pt_unmap(judge->pt, va, size, NULL, NULL), MSET_OK);
    judge_watch(judge);
}

static void protect(struct judge *judge, uint64_t va, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_protect(judge->pt, va, size, flags), MSET_OK);
    judge_watch(judge);
}

static struct mset_pt_statistics count(const struct judge *judge) {
    struct mset_pt_statistics now;
    mset_pt_get_statistics(judge->pt, &now);
    return now;
}

static struct mset_pt_gather gathered(const struct judge *judge) {
    struct mset_pt_gather gather;
    mset_pt_get_gather(judge->pt, &gather);
    return gather;
}

static void no_frames(struct judge *judge, bool none) {
    judge->source.calls = 0;
    judge->source.fail_at = none ? 1 : 0;
}

/* The entry of `level` on the way to va; formats of 512 entries a table, whose tables are there. */
static uint64_t entry(const struct judge *judge, unsigned level, uint64_t va) {
    const bool riscv = judge->config.format == &mset_pt_sv39;
    uint64_t table = mset_pt_root(judge->pt);
    for (unsigned at = judge->config.format->levels - 1;; at--) {
        const uint64_t *const words = mset_frames_virt(judge->config.frames, table);
        const uint64_t value = words[va >> (12 + 9 * at) & 511];
        if (at == level) {
            return value;
        }
        table = (riscv ? value << 2 : value) & UINT64_C(0x0000fffffffff000);
    }
}

/* ---- a large leaf takes the place of a table ----------------------------------------------- */

static const struct mset_pt_format *const formats[] = {&mset_pt_x86_64, &mset_pt_aarch64_4k,
                                                       &mset_pt_sv39, &mset_pt_loongarch64};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* The slot [va, va + size) holds a table; it becomes one leaf, and the table goes. */
static void replace_slot(struct judge *judge, uint64_t va, uint64_t size, unsigned level) {
    const uint64_t pa = 8 * GIB;
    struct mset_pt_need need;
    const struct mset_pt_need none = {{0}};
    assert_int_equal(mset_pt_map_prepare(judge->pt, va, pa, size, RW, MSET_PT_REPLACE, &need),
                     MSET_OK);
    assert_memory_equal(&need, &none, sizeof need);
    no_frames(judge, true);
    assert_int_equal(mset_pt_map_over(judge->pt, va, pa, size, RW, MSET_PT_REPLACE, NULL, NULL),
                     MSET_OK);
    no_frames(judge, false);
    for (unsigned at = 0; at < MSET_PT_LEVELS; at++) {
        assert_int_equal(count(judge).leaves[at], at == level);
    }
    assert_int_equal(count(judge).tables[level - 1], 0);
    judge_watch(judge);
    assert_int_equal(gathered(judge).tables, 1);
    judge_flush(judge);
    assert_int_equal(judge->source.live, judge->config.format->levels - level);
    judge_close(judge);
}

static void replacing_a_2m_slot_makes_one_leaf(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        struct judge *const judge = open_format(formats[i]);
        map(judge, GIB, 4 * GIB + PAGE, 2 * MIB, RW); /* a page off: small leaves */
        assert_int_equal(count(judge).leaves[0], 512);
        replace_slot(judge, GIB, 2 * MIB, 1);
    }
}

static void replacing_a_1g_slot_makes_one_leaf(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        struct judge *const judge = open_format(formats[i]);
        map(judge, GIB, 4 * GIB + 2 * MIB, GIB, RW);
        assert_int_equal(count(judge).leaves[1], 512);
        replace_slot(judge, GIB, GIB, 2);
    }
}

/* ---- groups stay as they are --------------------------------------------------------------- */

/* Nothing but `groups` groups at this level, nothing stale, nothing broken. */
static void expect_untouched(const struct judge *judge, unsigned level, unsigned groups) {
    assert_int_equal(count(judge).groups[level], groups);
    assert_int_equal(gathered(judge).breaks, 0);
    assert_int_equal(gathered(judge).leaf_size, 0);
}

static void cut(struct judge *judge, uint64_t va) {
    assert_int_equal(mset_pt_cut(judge->pt, va), MSET_OK);
}

/* Four groups of leaves of this size, at 1 GiB. */
static void cut_groups(struct judge *judge, unsigned level, uint64_t leaf, bool must_break) {
    map(judge, GIB, 4 * GIB, 4 * leaf * GROUP, R);
    expect_untouched(judge, level, 4);
    cut(judge, GIB);
    expect_untouched(judge, level, 4);
    cut(judge, GIB + 2 * leaf * GROUP);
    expect_untouched(judge, level, 4);
    judge_watch(judge);
    cut(judge, GIB + 2 * leaf * GROUP + leaf);
    assert_int_equal(count(judge).groups[level], 3);
    assert_int_equal(gathered(judge).breaks, must_break ? GROUP : 0);
    judge_watch(judge);
    judge_flush(judge);
    assert_int_equal(count(judge).leaves[level], 4 * GROUP);
    judge_close(judge);
}

static void a_cut_opens_the_group_it_is_in(void **state) {
    (void)state;
    cut_groups(open_format(&mset_pt_aarch64_4k), 0, PAGE, true);
    cut_groups(open_format(&mset_pt_aarch64_4k), 1, 2 * MIB, true);
    cut_groups(open_grouped(&mset_pt_sv39, false), 0, PAGE, false);
}

/* A leaf of 2 MiB becomes a table of groups; the boundary lies between two of them. */
static void a_cut_of_a_large_leaf_between_groups(void **state) {
    (void)state;
    const struct mset_pt_format *const both[] = {&mset_pt_aarch64_4k, &mset_pt_sv39};
    for (unsigned i = 0; i < 2; i++) {
        struct judge *const judge = open_grouped(both[i], false);
        map(judge, GIB, 4 * GIB, 2 * MIB, R);
        cut(judge, GIB + 64 * KIB);
        assert_int_equal(count(judge).groups[0], 32);
        assert_int_equal(gathered(judge).breaks, both[i] == &mset_pt_aarch64_4k); /* the link */
        judge_watch(judge);
        judge_close(judge);
    }
}

static void equal_flags_open_no_group(const struct mset_pt_format *format, unsigned level,
                                      uint64_t leaf, bool promote) {
    struct judge *const judge = open_grouped(format, promote);
    map(judge, GIB, 4 * GIB, GROUP * leaf, R);
    expect_untouched(judge, level, 1);
    const uint64_t from[] = {0, leaf, 15 * leaf}, size[] = {leaf, 3 * leaf, leaf};
    for (unsigned i = 0; i < 3; i++) {
        protect(judge, GIB + from[i], size[i], R);
        expect_untouched(judge, level, 1);
    }
    judge_close(judge);
}

static void protecting_with_equal_flags_changes_nothing(void **state) {
    (void)state;
    for (unsigned promote = 0; promote < 2; promote++) {
        equal_flags_open_no_group(&mset_pt_aarch64_4k, 0, PAGE, promote);
        equal_flags_open_no_group(&mset_pt_aarch64_4k, 1, 2 * MIB, promote);
        equal_flags_open_no_group(&mset_pt_sv39, 0, PAGE, promote);
    }
}

static void protect_brings_back_groups_inside_of_its_range(void **state) {
    (void)state;
    struct judge *const judge = open_grouped(&mset_pt_sv39, true);
    map(judge, GIB, 4 * GIB, 256 * KIB, R);
    assert_int_equal(count(judge).groups[0], 4);
    for (uint64_t va = GIB; va < GIB + 256 * KIB; va += 2 * PAGE) {
        protect(judge, va, PAGE, RW);
    }
    assert_int_equal(count(judge).groups[0], 0);
    protect(judge, GIB, 256 * KIB, RW);
    assert_int_equal(count(judge).groups[0], 4);
    judge_close(judge);
}

/* ---- break before make --------------------------------------------------------------------- */

/* A leaf of 2 MiB that has lost its access, but may still be cached. */
static struct judge *open_hidden_leaf(void) {
    struct judge *const judge = open_format(&mset_pt_aarch64_4k);
    map(judge, 0, 4 * GIB, 2 * MIB, R);
    protect(judge, 0, 2 * MIB, 0);
    return judge;
}

static void expect_broken_link(struct judge *judge) {
    assert_int_equal(entry(judge, 1, 0) & 1, 0);
    judge_watch(judge);
    judge_flush(judge);
    assert_int_equal(entry(judge, 1, 0) & 3, 3);
    judge_close(judge);
}

static void a_table_is_broken_where_a_hidden_leaf_may_be_cached(void **state) {
    (void)state;
    struct judge *const judge = open_hidden_leaf();
    assert_int_equal(mset_pt_protect(judge->pt, 0, PAGE, R), MSET_OK);
    assert_in_range(gathered(judge).breaks, 1, 2); /* the link, and perhaps the page below it */
    expect_broken_link(judge);
}

/* Nothing below is valid, so the link alone is what must be broken. */
static void a_cut_of_a_hidden_leaf_breaks_the_link(void **state) {
    (void)state;
    struct judge *const judge = open_hidden_leaf();
    cut(judge, PAGE);
    assert_int_equal(gathered(judge).breaks, 1);
    expect_broken_link(judge);
}

static struct judge *open_stale_page(bool promote) {
    const struct mset_pt_config config = {.format = &mset_pt_aarch64_4k, .promote = promote};
    struct judge *const judge = open(&config);
    map(judge, 0, 4 * GIB, PAGE, R);
    map(judge, 4 * MIB, 5 * GIB, PAGE, R);
    unmap(judge, 0, PAGE);
    return judge;
}

static void breaks_of_retired_tables_are_not_counted(void **state) {
    (void)state;
    struct judge *const judge = open_stale_page(false);
    map(judge, 0, 4 * GIB, 64 * KIB, R); /* broken: the page is stale */
    assert_true(gathered(judge).breaks > 0);
    assert_int_equal(mset_pt_unmap(judge->pt, 0, 4 * MIB, NULL, NULL), MSET_OK);
    assert_int_equal(gathered(judge).breaks, 0);
    judge_watch(judge);
    judge_flush(judge);
    assert_int_equal(judge->source.live, 4); /* down to the page at 4 MiB */
    unmap(judge, 4 * MIB, PAGE);
    judge_flush(judge);
    assert_int_equal(judge->source.live, 1);
    judge_close(judge);
}

/* The second half completes 2 MiB: the table goes, and one leaf waits for the flush. */
static void breaks_of_folded_tables_are_not_counted(void **state) {
    (void)state;
    struct judge *const judge = open_stale_page(true);
    map(judge, 0, 4 * GIB, MIB, R);
    assert_int_equal(mset_pt_map(judge->pt, MIB, 4 * GIB + MIB, MIB, R), MSET_OK);
    assert_int_equal(count(judge).leaves[1], 1);
    assert_int_equal(gathered(judge).breaks, 1);
    judge_watch(judge);
    judge_flush(judge);
    assert_int_equal(judge->source.live, 4);
    judge_close(judge);
}

/* ---- marks --------------------------------------------------------------------------------- */

static void mark(struct judge *judge, uint64_t va, unsigned marks) {
    assert_int_equal(mset_pt_mark(judge->pt, va, marks), MSET_OK);
    judge_watch(judge);
}

static bool covers(const struct mset_pt_gather *gather, uint64_t va, uint64_t size) {
    return gather->leaf_size != 0 && gather->start <= va && gather->last >= va + size - 1;
}

/* The leaf [1 GiB, 1 GiB + size) loses its marks, gets this one by its byte `at`, and once more. */
static void mark_after_harvest(struct judge *judge, uint64_t size, uint64_t at, unsigned marks) {
    const unsigned both = MSET_PT_ACCESSED | MSET_PT_DIRTY;
    assert_int_equal(mset_pt_harvest(judge->pt, GIB, size, both, NULL, NULL), MSET_OK);
    judge_flush(judge);
    mark(judge, GIB + at, marks);
    const struct mset_pt_gather gather = gathered(judge);
    assert_true(covers(&gather, GIB, size));
    judge_flush(judge);
    mark(judge, GIB + at, marks);
    assert_int_equal(gathered(judge).leaf_size, 0);
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(judge->pt, GIB, 0, &run), MSET_OK);
    assert_true(run.accessed == ((marks & MSET_PT_ACCESSED) != 0));
    assert_true(run.dirty == ((marks & MSET_PT_DIRTY) != 0));
}

/* All entries of the group have the bit as given. */
static void expect_bit(const struct judge *judge, unsigned bit, unsigned value) {
    for (uint64_t i = 0; i < GROUP; i++) {
        assert_int_equal(entry(judge, 0, GIB + i * PAGE) >> bit & 1, value);
    }
}

static void a_mark_is_that_of_the_whole_group(void **state) {
    (void)state;
    struct judge *judge = open_format(&mset_pt_aarch64_4k);
    map(judge, GIB, 4 * GIB, 64 * KIB, RW);
    assert_int_equal(count(judge).groups[0], 1);
    mark_after_harvest(judge, 64 * KIB, 5 * PAGE + 17, MSET_PT_ACCESSED);
    expect_bit(judge, 10, 1); /* AF */
    expect_bit(judge, 7, 1);  /* AP[2]: clean */
    mark_after_harvest(judge, 64 * KIB, 15 * PAGE, MSET_PT_ACCESSED | MSET_PT_DIRTY);
    expect_bit(judge, 7, 0);
    judge_close(judge);

    judge = open_grouped(&mset_pt_sv39, false);
    map(judge, GIB, 4 * GIB, 64 * KIB, RW);
    mark_after_harvest(judge, 64 * KIB, 5 * PAGE + 17, MSET_PT_ACCESSED);
    expect_bit(judge, 6, 1); /* A */
    expect_bit(judge, 7, 0); /* D */
    mark_after_harvest(judge, 64 * KIB, 15 * PAGE, MSET_PT_ACCESSED | MSET_PT_DIRTY);
    expect_bit(judge, 7, 1);
    judge_close(judge);
}

/* What a processor has cached without the mark would fault for ever. */
static void a_new_mark_wants_a_flush_where_marks_are_optional(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        if (formats[i]->marks_optional) {
            struct judge *const judge = open_format(formats[i]);
            map(judge, GIB, 4 * GIB, 2 * MIB, RW);
            mark_after_harvest(judge, 2 * MIB, MIB, MSET_PT_ACCESSED);
            mark_after_harvest(judge, 2 * MIB, MIB, MSET_PT_ACCESSED | MSET_PT_DIRTY);
            unmap(judge, GIB, 2 * MIB);
            judge_flush(judge);
            map(judge, GIB, 4 * GIB, PAGE, RW);
            mark_after_harvest(judge, PAGE, 9, MSET_PT_ACCESSED);
            judge_close(judge);
        }
    }
}

/* ---- stock --------------------------------------------------------------------------------- */

/* Two leaves of 1 GiB at 1 GiB and 2 GiB. */
static struct judge *open_two_large_leaves(void) {
    struct judge *const judge = open_format(&mset_pt_x86_64);
    map(judge, GIB, 4 * GIB, 2 * GIB, RW);
    return judge;
}

/* Announces that a page of a leaf of 1 GiB will go: a table each of levels 1 and 0. */
static void prepare_unmap(struct judge *judge, uint64_t va) {
    struct mset_pt_need need;
    const struct mset_pt_need two = {{1, 1}};
    assert_int_equal(mset_pt_unmap_prepare(judge->pt, va, PAGE, &need), MSET_OK);
    assert_memory_equal(&need, &two, sizeof need);
}

static void unmap_prepared(struct judge *judge, uint64_t va) {
    no_frames(judge, true);
    assert_int_equal(mset_pt_unmap(judge->pt, va, PAGE, NULL, NULL), MSET_OK);
    assert_int_equal(judge->source.calls, 0);
    no_frames(judge, false);
    judge_watch(judge);
}

static void a_call_without_memory_leaves_the_stock(void **state) {
    (void)state;
    struct judge *const judge = open_two_large_leaves();
    const uint64_t far = UINT64_C(1) << 40; /* wants a table of level 2 too, which is not there */
    prepare_unmap(judge, GIB + PAGE);
    const uint64_t live = judge->source.live;
    no_frames(judge, true);
    assert_int_equal(mset_pt_map(judge->pt, far, 0, PAGE, R), MSET_NO_MEMORY);
    no_frames(judge, false);
    assert_int_equal(judge->source.live, live);
    counting_allocator_fail(&judge->memory, 1, true);
    assert_int_equal(mset_pt_map(judge->pt, far, 0, PAGE, R), MSET_NO_MEMORY);
    counting_allocator_fail(&judge->memory, 0, false);
    assert_int_equal(judge->source.live, live);
    unmap_prepared(judge, GIB + PAGE);
    judge_close(judge);
}

static void a_refused_call_leaves_the_stock(void **state) {
    (void)state;
    struct judge *const judge = open_two_large_leaves();
    prepare_unmap(judge, GIB + PAGE);
    assert_int_equal(mset_pt_map(judge->pt, GIB, 0, PAGE, R), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_unmap(judge->pt, 1, PAGE, NULL, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_move(judge->pt, GIB, 2 * GIB, PAGE), MSET_ALREADY_EXISTS);
    unmap_prepared(judge, GIB + PAGE);
    judge_close(judge);
}

/* The source has what it needs, in stock; the other table has nothing. */
static void a_copy_without_memory_leaves_the_stock(void **state) {
    (void)state;
    struct judge *const judge = open_two_large_leaves();
    const struct mset_pt_config config = {.format = &mset_pt_x86_64};
    judge_open(&second, &config, FRAMES);
    prepare_unmap(judge, GIB + PAGE);
    const uint64_t live = judge->source.live;
    no_frames(&second, true);
    assert_int_equal(mset_pt_copy(judge->pt, second.pt, GIB + PAGE, PAGE, true), MSET_NO_MEMORY);
    no_frames(&second, false);
    assert_int_equal(judge->source.live, live);
    assert_int_equal(second.source.live, 1);
    unmap_prepared(judge, GIB + PAGE);
    judge_close(&second);
    judge_close(judge);
}

static void prepares_add_up(void **state) {
    (void)state;
    struct judge *const judge = open_two_large_leaves();
    prepare_unmap(judge, GIB + PAGE);
    prepare_unmap(judge, 2 * GIB + PAGE);
    assert_int_equal(judge->source.live, 2 + 4);
    unmap_prepared(judge, GIB + PAGE);
    unmap_prepared(judge, 2 * GIB + PAGE);
    assert_int_equal(judge->source.live, 2 + 4);
    judge_close(judge);
}

static void what_was_prepared_can_be_dropped(void **state) {
    (void)state;
    struct judge *const judge = open_two_large_leaves();
    prepare_unmap(judge, GIB + PAGE);
    prepare_unmap(judge, 2 * GIB + PAGE);
    mset_pt_prepare_drop(judge->pt);
    assert_int_equal(judge->source.live, 2);
    judge_watch(judge);
    mset_pt_prepare_drop(judge->pt);
    no_frames(judge, true);
    assert_int_equal(mset_pt_unmap(judge->pt, GIB + PAGE, PAGE, NULL, NULL), MSET_NO_MEMORY);
    no_frames(judge, false);
    prepare_unmap(judge, GIB + PAGE); /* closing gives it back as well */
    judge_close(judge);
}

/* ---- the gather of a lone page ------------------------------------------------------------- */

static void ignore_run(void *arg, const struct mset_pt_run *run) {
    (void)arg, (void)run;
}

static void unmap_lone_page(const struct mset_pt_format *format, mset_pt_removed removed) {
    struct judge *const judge = open_format(format);
    const uint64_t va = 5 * GIB + 6 * MIB + 7 * PAGE;
    map(judge, va, 4 * GIB, PAGE, RW);
    assert_int_equal(mset_pt_unmap(judge->pt, va, PAGE, removed, NULL), MSET_OK);
    const struct mset_pt_gather gather = gathered(judge);
    assert_true(gather.start == va && gather.last == va + PAGE - 1);
    assert_int_equal(gather.leaf_size, PAGE);
    assert_int_equal(gather.leaf_levels, 1);
    assert_int_equal(gather.table_levels, (1u << format->levels) - 2); /* all but the lowest */
    assert_int_equal(gather.tables, format->levels - 1);
    judge_watch(judge);
    judge_flush(judge);
    assert_int_equal(judge->source.live, 1);
    judge_close(judge);
}

static void only_the_page_is_stale_when_its_tables_go(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        unmap_lone_page(formats[i], NULL);
        unmap_lone_page(formats[i], ignore_run);
    }
}

/* ---- move ---------------------------------------------------------------------------------- */

static struct mset_pt_run query(const struct judge *judge, uint64_t va) {
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(judge->pt, va, 0, &run), MSET_OK);
    return run;
}

static void move(struct judge *judge, uint64_t from, uint64_t to, uint64_t size) {
    assert_int_equal(mset_pt_move(judge->pt, from, to, size), MSET_OK);
    judge_watch(judge);
    judge_flush(judge);
}

/* 2 MiB in small leaves that line up 4 GiB further, where they are moved to. */
static void move_small_leaves(bool promote, unsigned small, unsigned large) {
    const struct mset_pt_config config = {.format = &mset_pt_x86_64, .promote = promote};
    struct judge *const judge = open(&config);
    map(judge, GIB + PAGE, 8 * GIB, 2 * MIB, RW);
    assert_int_equal(count(judge).leaves[0], 512);
    move(judge, GIB + PAGE, 4 * GIB, 2 * MIB);
    assert_int_equal(count(judge).leaves[0], small);
    assert_int_equal(count(judge).leaves[1], large);
    assert_true(query(judge, 4 * GIB + MIB).pa == 8 * GIB + MIB);
    judge_close(judge);
}

static void moved_leaves_grow_only_by_promotion(void **state) {
    (void)state;
    move_small_leaves(false, 512, 0);
    move_small_leaves(true, 0, 1);
}

static void move_small_leaves_to_a_group(const struct mset_pt_format *format, bool promote) {
    struct judge *const judge = open_grouped(format, promote);
    map(judge, GIB + PAGE, 8 * GIB, 64 * KIB, RW);
    assert_int_equal(count(judge).groups[0], 0);
    move(judge, GIB + PAGE, 4 * GIB, 64 * KIB);
    assert_int_equal(count(judge).leaves[0], GROUP);
    assert_int_equal(count(judge).groups[0], promote);
    judge_close(judge);
}

static void moved_leaves_become_groups_only_by_promotion(void **state) {
    (void)state;
    for (unsigned promote = 0; promote < 2; promote++) {
        move_small_leaves_to_a_group(&mset_pt_aarch64_4k, promote);
        move_small_leaves_to_a_group(&mset_pt_sv39, promote);
    }
}

static void a_large_leaf_stays_one_where_it_can(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        struct judge *const judge = open_grouped(formats[i], false);
        const bool groups = (formats[i]->leaf_sizes & 64 * KIB) != 0;
        map(judge, GIB, 8 * GIB, 2 * MIB, RW);
        mark(judge, GIB, MSET_PT_ACCESSED | MSET_PT_DIRTY);
        move(judge, GIB, GIB + 6 * MIB, 2 * MIB);
        assert_int_equal(count(judge).leaves[1], 1);
        assert_int_equal(count(judge).leaves[0], 0);
        assert_true(query(judge, GIB + 6 * MIB).dirty);
        map(judge, GIB, 9 * GIB, 64 * KIB, RW);
        move(judge, GIB, GIB + 10 * MIB, 64 * KIB);
        assert_int_equal(count(judge).groups[0], groups);
        judge_close(judge);
    }
}

static void a_large_leaf_moved_by_a_page_keeps_its_marks(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        const struct mset_pt_config config = {.format = formats[i], .hardware_marks = true};
        struct judge *const judge = open(&config);
        map(judge, GIB, 8 * GIB, 4 * MIB, RW);
        mark(judge, GIB, MSET_PT_ACCESSED | MSET_PT_DIRTY);
        move(judge, GIB, 4 * GIB + PAGE, 4 * MIB);
        assert_int_equal(count(judge).leaves[1], 0);
        assert_int_equal(count(judge).leaves[0], 1024);
        for (uint64_t page = 0; page < 1024; page++) {
            const struct mset_pt_run run = query(judge, 4 * GIB + (page + 1) * PAGE);
            assert_true(run.pa == 8 * GIB + page * PAGE && run.leaf_size == PAGE);
            assert_true(run.dirty == (page < 512) && run.accessed == (page < 512));
        }
        judge_close(judge);
    }
}

static const uint64_t marked_pages[] = {0, 3, 17, 300, 511};

static unsigned marks_of_page(uint64_t page) {
    for (unsigned i = 0; i < 5; i++) {
        if (page == marked_pages[i]) {
            return i % 2 == 0 ? MSET_PT_ACCESSED : MSET_PT_ACCESSED | MSET_PT_DIRTY;
        }
    }
    return 0;
}

/* 512 small leaves of which some get marks; `prepared` before that, and then there is no memory. */
static void move_marked_pages(const struct mset_pt_format *format, bool prepared) {
    const struct mset_pt_config config = {.format = format, .hardware_marks = true};
    struct judge *const judge = open(&config);
    const uint64_t from = GIB + PAGE, to = 5 * GIB;
    map(judge, from, 8 * GIB, 2 * MIB, RW);
    if (prepared) {
        assert_int_equal(mset_pt_move_prepare(judge->pt, from, to, 2 * MIB, NULL), MSET_OK);
    }
    for (unsigned i = 0; i < 5; i++) {
        mark(judge, from + marked_pages[i] * PAGE, marks_of_page(marked_pages[i]));
    }
    no_frames(judge, prepared);
    move(judge, from, to, 2 * MIB);
    no_frames(judge, false);
    for (uint64_t page = 0; page < 512; page++) {
        const struct mset_pt_run run = query(judge, to + page * PAGE);
        const unsigned marks = marks_of_page(page);
        assert_true(run.pa == 8 * GIB + page * PAGE);
        assert_true(run.accessed == ((marks & MSET_PT_ACCESSED) != 0));
        assert_true(run.dirty == ((marks & MSET_PT_DIRTY) != 0));
    }
    judge_close(judge);
}

static void each_page_keeps_its_own_marks(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        move_marked_pages(formats[i], false);
    }
}

static void a_prepared_move_survives_marks(void **state) {
    (void)state;
    for (size_t i = 0; i < FORMATS; i++) {
        move_marked_pages(formats[i], true);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replacing_a_2m_slot_makes_one_leaf),
        cmocka_unit_test(replacing_a_1g_slot_makes_one_leaf),
        cmocka_unit_test(a_cut_opens_the_group_it_is_in),
        cmocka_unit_test(a_cut_of_a_large_leaf_between_groups),
        cmocka_unit_test(protecting_with_equal_flags_changes_nothing),
        cmocka_unit_test(protect_brings_back_groups_inside_of_its_range),
        cmocka_unit_test(a_table_is_broken_where_a_hidden_leaf_may_be_cached),
        cmocka_unit_test(a_cut_of_a_hidden_leaf_breaks_the_link),
        cmocka_unit_test(breaks_of_retired_tables_are_not_counted),
        cmocka_unit_test(breaks_of_folded_tables_are_not_counted),
        cmocka_unit_test(a_mark_is_that_of_the_whole_group),
        cmocka_unit_test(a_new_mark_wants_a_flush_where_marks_are_optional),
        cmocka_unit_test(a_call_without_memory_leaves_the_stock),
        cmocka_unit_test(a_refused_call_leaves_the_stock),
        cmocka_unit_test(a_copy_without_memory_leaves_the_stock),
        cmocka_unit_test(prepares_add_up),
        cmocka_unit_test(what_was_prepared_can_be_dropped),
        cmocka_unit_test(only_the_page_is_stale_when_its_tables_go),
        cmocka_unit_test(moved_leaves_grow_only_by_promotion),
        cmocka_unit_test(moved_leaves_become_groups_only_by_promotion),
        cmocka_unit_test(a_large_leaf_stays_one_where_it_can),
        cmocka_unit_test(a_large_leaf_moved_by_a_page_keeps_its_marks),
        cmocka_unit_test(each_page_keeps_its_own_marks),
        cmocka_unit_test(a_prepared_move_survives_marks),
    };
    return cmocka_run_group_tests_name("page table, shapes", tests, NULL, NULL);
}
