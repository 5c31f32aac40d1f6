/*
 * test_formats.c - every operation on every format, at random, under the MMU model.
 *
 *     [MSET_TEST_PRINT=1] test-page-table-formats [FORMAT [STEPS]]
 *
 * Each step: some accesses by the processor; one call, sometimes prepared before, sometimes short
 * of memory; the model watches; sometimes a flush. Addresses come from the neighbourhoods where
 * sizes of leaves change, at both ends of what the format translates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_table/judge.h"

struct play {
    struct judge judge;
    struct rng rng;
    const struct mset_pt_format *format;
    uint64_t page, slot_1, slot_2, group; /* bytes */
    uint64_t window, window_size;
    uint64_t flags[16];
    size_t flags_count;
};

/* ---- choices ------------------------------------------------------------------------------ */

static uint64_t pick(struct play *play, const uint64_t *from, size_t n) {
    return from[rng_below(&play->rng, n)];
}

static uint64_t pick_address(struct play *play) {
    const uint64_t near[] = {0,
                             play->slot_1,
                             2 * play->slot_1,
                             3 * play->slot_1,
                             play->slot_2 - play->slot_1,
                             play->slot_2,
                             play->slot_2 + play->slot_1};
    const uint64_t small[] = {1, 4, 2 * play->group / play->page, play->slot_1 / play->page};
    const uint64_t spread = pick(play, small, 4);
    return play->window + pick(play, near, 7) + rng_below(&play->rng, spread) * play->page;
}

static uint64_t pick_size(struct play *play, uint64_t va) {
    const uint64_t sizes[] = {
        play->page,   3 * play->page,   play->group, play->slot_1 - play->page,
        play->slot_1, 2 * play->slot_1, play->slot_2};
    uint64_t size = pick(play, sizes, rng_chance(&play->rng, 15) ? 7 : 6);
    if (rng_chance(&play->rng, 50)) { /* up to a boundary */
        size = (va / size + 1) * size - va;
    }
    const uint64_t room = play->window + play->window_size - va;
    return size <= room ? size : room;
}

/* Large runs are mostly aligned alike on both sides: else they are nothing but small leaves. */
static uint64_t pick_pa(struct play *play, uint64_t va, uint64_t size) {
    const uint64_t far = (1 + rng_below(&play->rng, 3)) * play->slot_2;
    if (size > 4 * play->slot_1 || rng_chance(&play->rng, 40)) {
        return far + va % play->slot_2;
    }
    const uint64_t within = rng_chance(&play->rng, 60) ? va % play->slot_1 : va % play->group;
    return far + within + (rng_chance(&play->rng, 30) ? play->page : 0);
}

static uint64_t pick_flags(struct play *play) {
    return pick(play, play->flags, play->flags_count);
}

static void collect_flags(struct play *play) {
    static const uint64_t all[] = {
        0,
        MSET_READ,
        MSET_READ | MSET_WRITE,
        MSET_READ | MSET_WRITE | MSET_USER,
        MSET_READ | MSET_EXEC | MSET_GLOBAL,
        MSET_READ | MSET_EXEC | MSET_USER,
        MSET_ACCESS,
        MSET_EXEC,
        MSET_WRITE | MSET_DEVICE,
        MSET_READ | MSET_WRITE | MSET_UNCACHED,
        MSET_READ | MSET_WRITE_COMBINE | MSET_SOFT_1,
        MSET_USER | MSET_DEVICE,
        MSET_READ | MSET_SOFT_0 | MSET_USER,
        MSET_READ | MSET_WRITE | MSET_DEVICE,
    };
    const struct mset_pt_format *const f = play->format;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const bool unread = (all[i] & MSET_READ) == 0 && (all[i] & f->implies_read) != 0;
        const bool type = (f->memory_types >> (all[i] >> 8 & 3) & 1) != 0;
        if ((all[i] & ~f->flags) == 0 && !unread && type) {
            play->flags[play->flags_count++] = all[i];
        } else {
            assert_int_equal(mset_pt_map(play->judge.pt, play->window, 0, play->page, all[i]),
                             MSET_UNSUPPORTED);
        }
    }
    assert_true(play->flags_count >= 4);
}

/* ---- one call ----------------------------------------------------------------------------- */

enum kind { MAP, UNMAP, PROTECT, MOVE, CUT, SPLIT, HARVEST, PROMOTE, KINDS };

struct call {
    enum kind kind;
    uint64_t va, size, pa, flags, to, leaf;
    enum mset_pt_overlap overlap;
    bool tell;
};

static struct call pick_call(struct play *play) {
    static const enum kind kinds[] = {MAP,     MAP,     MAP,  MAP, UNMAP, UNMAP,   UNMAP,
                                      PROTECT, PROTECT, MOVE, CUT, SPLIT, HARVEST, PROMOTE};
    struct call call = {.kind = kinds[rng_below(&play->rng, sizeof kinds / sizeof *kinds)]};
    call.va = pick_address(play);
    call.size = pick_size(play, call.va);
    call.pa = pick_pa(play, call.va, call.size);
    call.flags = pick_flags(play);
    call.overlap = (enum mset_pt_overlap)rng_below(&play->rng, 3);
    call.tell = rng_chance(&play->rng, 50);
    call.to = pick_address(play);
    if (call.kind == MAP && rng_chance(&play->rng, 10)) {
        call.flags = MSET_PT_MARKER;
        call.pa = rng_next(&play->rng) & UINT32_MAX;
    }
    if (call.kind == HARVEST && play->format->marks_optional &&
        !play->judge.config.hardware_marks) {
        call.kind = CUT; /* a leaf without marks would fault, and there is no handler here */
    }
    const uint64_t sizes = mset_pt_leaf_sizes(play->judge.pt);
    do {
        call.leaf = sizes & (UINT64_C(1) << rng_below(&play->rng, 40));
    } while (call.leaf == 0);
    if (call.kind == SPLIT && call.leaf < play->slot_1 && call.size > 2 * play->slot_1) {
        call.size = 2 * play->slot_1; /* a leaf of level 2 is still split as a whole */
    }
    return call;
}

static void add_removed(void *arg, const struct mset_pt_run *run) {
    *(uint64_t *)arg += run->size;
}

static bool add_marked(void *arg, const struct mset_pt_run *run) {
    assert_true(run->accessed || run->dirty);
    *(uint64_t *)arg += run->size;
    return true;
}

static mset_status prepare(struct play *play, const struct call *call, struct mset_pt_need *need) {
    struct mset_page_table *const pt = play->judge.pt;
    switch (call->kind) {
    case MAP:
        return mset_pt_map_prepare(pt, call->va, call->pa, call->size, call->flags, call->overlap,
                                   need);
    case UNMAP:
        return mset_pt_unmap_prepare(pt, call->va, call->size, need);
    case PROTECT:
        return mset_pt_protect_prepare(pt, call->va, call->size, call->flags, need);
    case MOVE:
        return mset_pt_move_prepare(pt, call->va, call->to, call->size, need);
    case CUT:
        return mset_pt_cut_prepare(pt, call->va, need);
    case SPLIT:
        return mset_pt_split_prepare(pt, call->va, call->size, call->leaf, need);
    case HARVEST:
        return mset_pt_harvest_prepare(pt, call->va, call->size, need);
    default:
        memset(need, 0, sizeof *need);
        return MSET_OK;
    }
}

static mset_status run(struct play *play, const struct call *call, uint64_t *told) {
    struct mset_page_table *const pt = play->judge.pt;
    switch (call->kind) {
    case MAP:
        return mset_pt_map_over(pt, call->va, call->pa, call->size, call->flags, call->overlap,
                                call->tell ? add_removed : NULL, told);
    case UNMAP:
        return mset_pt_unmap(pt, call->va, call->size, call->tell ? add_removed : NULL, told);
    case PROTECT:
        return mset_pt_protect(pt, call->va, call->size, call->flags);
    case MOVE:
        return mset_pt_move(pt, call->va, call->to, call->size);
    case CUT:
        return mset_pt_cut(pt, call->va);
    case SPLIT:
        return mset_pt_split(pt, call->va, call->size, call->leaf);
    case HARVEST:
        return mset_pt_harvest(pt, call->va, call->size, MSET_PT_ACCESSED | MSET_PT_DIRTY,
                               call->tell ? add_marked : NULL, told);
    default:
        return mset_pt_promote(pt, call->va, call->size);
    }
}

/* What the call should say and do; the model does it if the call succeeded. */
static mset_status expect(struct play *play, const struct call *call) {
    struct spans *const spans = &play->judge.spans;
    const uint64_t last = call->va + (call->size - 1);
    const uint64_t to_last = call->to + (call->size - 1);
    switch (call->kind) {
    case MAP:
        return call->overlap == MSET_PT_REFUSE && !spans_free(spans, call->va, last)
                   ? MSET_ALREADY_EXISTS
                   : MSET_OK;
    case MOVE:
        if (!(last < call->to || to_last < call->va) ||
            call->size - 1 > play->window + (play->window_size - 1) - call->to) {
            return MSET_INVALID_PARAM;
        }
        return spans_free(spans, call->to, to_last) ? MSET_OK : MSET_ALREADY_EXISTS;
    default:
        return MSET_OK;
    }
}

static uint64_t expect_told(struct play *play, const struct call *call) {
    const bool removes =
        call->kind == UNMAP || (call->kind == MAP && call->overlap == MSET_PT_REPLACE);
    return removes && call->tell
               ? spans_bytes(&play->judge.spans, call->va, call->va + (call->size - 1), false)
               : 0;
}

static void model(struct play *play, const struct call *call) {
    struct spans *const spans = &play->judge.spans;
    const uint64_t last = call->va + (call->size - 1);
    const struct span span = {call->va, last, call->flags, call->pa};
    switch (call->kind) {
    case MAP:
        if (call->overlap == MSET_PT_KEEP) {
            spans_fill(spans, span);
        } else {
            spans_put(spans, span);
        }
        break;
    case UNMAP:
        spans_remove(spans, call->va, last);
        break;
    case PROTECT:
        spans_protect(spans, call->va, last, call->flags);
        break;
    case MOVE:
        spans_move(spans, call->va, last, call->to);
        break;
    default:
        break;
    }
}

/* A commit that was prepared cannot fail, uses up exactly what was prepared, and takes nothing. */
static mset_status run_prepared(struct play *play, const struct call *call, uint64_t *told) {
    struct judged_frames *const source = &play->judge.source;
    struct mset_pt_need need;
    const uint64_t before = source->live;
    const mset_status status = prepare(play, call, &need);
    if (status != MSET_OK) {
        assert_int_equal(source->live, before);
        return status;
    }
    judge_watch(&play->judge);
    source->calls = 0;
    source->fail_at = 1;
    const mset_status done = run(play, call, told);
    source->fail_at = 0;
    assert_int_equal(done, MSET_OK);
    assert_int_equal(source->calls, 0);
    const uint64_t live = source->live;
    mset_pt_prepare_drop(play->judge.pt);
    assert_int_equal(source->live, live);
    return MSET_OK;
}

static void print_call(const struct call *call) {
    static const char *const names[KINDS] = {"map", "unmap", "protect", "move",
                                             "cut", "split", "harvest", "promote"};
    printf("%s %#jx + %#jx pa %#jx flags %#jx overlap %d to %#jx leaf %#jx\n", names[call->kind],
           (uintmax_t)call->va, (uintmax_t)call->size, (uintmax_t)call->pa, (uintmax_t)call->flags,
           (int)call->overlap, (uintmax_t)call->to, (uintmax_t)call->leaf);
}

static void play_call(struct play *play) {
    const struct call call = pick_call(play);
    const bool prepared = rng_chance(&play->rng, 30);
    const mset_status expected = expect(play, &call);
    const uint64_t expected_told = expect_told(play, &call);
    struct mset_pt_gather before, after;
    uint64_t told = 0;
    if (call.kind == MOVE && expected == MSET_INVALID_PARAM) {
        return;
    }
    if (getenv("MSET_TEST_PRINT") != NULL) {
        print_call(&call);
        fflush(stdout);
    }
    mset_pt_get_gather(play->judge.pt, &before);
    play->judge.source.calls = 0;
    play->judge.source.fail_at = rng_chance(&play->rng, 10) ? 1 + rng_below(&play->rng, 4) : 0;
    const bool starved = play->judge.source.fail_at != 0 && !prepared;
    const mset_status status =
        prepared ? (play->judge.source.fail_at = 0, run_prepared(play, &call, &told))
                 : run(play, &call, &told);
    play->judge.source.fail_at = 0;
    if (!(starved && status == MSET_NO_MEMORY)) {
        assert_int_equal(status, expected);
    }
    judge_watch(&play->judge);
    if (status == MSET_OK) {
        assert_true(call.kind == HARVEST || told == expected_told);
        model(play, &call);
    }
    mset_pt_get_gather(play->judge.pt, &after);
    if (status != MSET_OK ||
        (call.kind == MAP && expected_told == 0 && call.overlap == MSET_PT_REFUSE &&
         !play->judge.config.promote)) { /* nothing for a fresh map */
        assert_true(after.leaf_size == before.leaf_size && after.tables == before.tables);
    }
}

/* ---- fork --------------------------------------------------------------------------------- */

static void play_copy(struct play *play) {
    const uint64_t va = pick_address(play), size = pick_size(play, va);
    const bool write_protect = rng_chance(&play->rng, 60);
    struct mset_page_table *child;
    assert_int_equal(mset_pt_create(&play->judge.config, &child), MSET_OK);
    struct mset_pt_need need;
    const mset_status status = mset_pt_copy_prepare(play->judge.pt, child, va, size, &need);
    assert_int_equal(status, MSET_OK);
    play->judge.source.calls = 0;
    play->judge.source.fail_at = 1;
    assert_int_equal(mset_pt_copy(play->judge.pt, child, va, size, write_protect), MSET_OK);
    play->judge.source.fail_at = 0;
    judge_watch(&play->judge);

    struct spans all = play->judge.spans;
    for (size_t i = 0; i < all.count && write_protect; i++) {
        const struct span span = all.span[i];
        const uint64_t from = span.start > va ? span.start : va;
        const uint64_t to = span.last < va + size - 1 ? span.last : va + size - 1;
        if (from <= to && span.flags != MSET_PT_MARKER) {
            spans_protect(&play->judge.spans, from, to, span.flags & ~MSET_WRITE);
        }
    }
    /* The child has the part and nothing else. */
    all = play->judge.spans;
    if (va != 0) {
        spans_remove(&play->judge.spans, 0, va - 1);
    }
    if (va + size - 1 != UINT64_MAX) {
        spans_remove(&play->judge.spans, va + size, UINT64_MAX);
    }
    struct mmu_machine mmu;
    assert_true(mmu_open(&mmu, play->format->name, &play->judge.mmu.options, mset_pt_root(child),
                         judge_memory, &play->judge));
    mmu_watch(&mmu);
    assert_null(mset_pt_validate(child));
    judge_check_table(&play->judge, child, &mmu);
    mmu_close(&mmu);
    mset_pt_destroy(child);
    play->judge.spans = all;
}

/* ---- a game ------------------------------------------------------------------------------- */

static void play_touches(struct play *play) {
    for (unsigned i = 0; i < 6; i++) {
        const bool known = play->judge.spans.count != 0 && rng_chance(&play->rng, 80);
        const struct span *const span =
            known ? &play->judge.spans.span[rng_below(&play->rng, play->judge.spans.count)] : NULL;
        const uint64_t va = known
                                ? span->start + rng_below(&play->rng, span->last - span->start + 1)
                                : pick_address(play);
        judge_touch(&play->judge, va, rng_chance(&play->rng, 40));
    }
}

static bool half_full(const struct play *play) {
    return 2 * play->judge.source.live > play->judge.bytes / MSET_PAGE_SIZE;
}

static void play_step(struct play *play) {
    play_touches(play);
    if (rng_chance(&play->rng, 3)) {
        play_copy(play);
    } else {
        play_call(play);
    }
    judge_check(&play->judge, &play->rng);
    if (rng_chance(&play->rng, 25) || half_full(play)) {
        judge_flush(&play->judge);
        judge_check(&play->judge, &play->rng);
    }
    if (play->judge.spans.count > 60 || half_full(play)) {
        assert_int_equal(mset_pt_unmap(play->judge.pt, play->window, play->window_size, NULL, NULL),
                         MSET_OK);
        judge_watch(&play->judge);
        spans_remove(&play->judge.spans, play->window, play->window + (play->window_size - 1));
        judge_flush(&play->judge);
    }
}

static void play_game(const struct mset_pt_config *config, uint64_t seed, unsigned steps) {
    static struct play play;
    memset(&play, 0, sizeof play);
    play.format = config->format;
    const uint64_t sizes = config->format->leaf_sizes & ~config->format->optional_sizes;
    play.page = sizes & -sizes;
    play.slot_1 = play.page * (play.page / 8);
    play.slot_2 = play.slot_1 * (play.page / 8);
    play.group = play.page * (play.page == 0x4000 ? 128 : play.page == 0x10000 ? 32 : 16);
    judge_open(&play.judge, config, 16384);
    play.rng.state = seed;
    play.window_size = 2 * play.slot_2;
    const struct mmu_architecture *const a = play.judge.mmu.architecture;
    const uint64_t top = a->is_signed ? 0 : config->upper ? 0 : UINT64_C(1) << a->va_bits;
    play.window = seed % 2 == 0 || (top == 0 && !a->is_signed) ? top - play.window_size : 0;
    collect_flags(&play);
    for (unsigned i = 0; i < steps; i++) {
        play_step(&play);
    }
    assert_int_equal(mset_pt_unmap(play.judge.pt, play.window, play.window_size, NULL, NULL),
                     MSET_OK);
    play.judge.spans.count = 0;
    judge_flush(&play.judge);
    judge_check(&play.judge, &play.rng);
    struct mset_pt_statistics now;
    mset_pt_get_statistics(play.judge.pt, &now);
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        assert_int_equal(now.tables[level], level + 1 == play.format->levels);
        assert_int_equal(now.leaves[level] + now.groups[level], 0);
    }
    judge_close(&play.judge);
}

static unsigned steps = 250;
static const char *only;

static void play_format(const struct mset_pt_format *format) {
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct mset_pt_config config = {.format = format, .pa_bits = 46};
        config.promote = (seed & 2) != 0;
        config.hardware_marks = (seed & 4) != 0;
        config.bbm_level_2 = seed > 6;
        config.upper = format->two_roots && seed % 3 == 0;
        config.leaf_sizes = seed % 4 != 0 ? format->leaf_sizes : 0;
        play_game(&config, seed, steps);
    }
}

static void test_format(void **state) {
    play_format(*state);
}

int main(int argc, char **argv) {
    only = argc > 1 ? argv[1] : NULL;
    steps = argc > 2 ? (unsigned)atoi(argv[2]) : steps;
    struct CMUnitTest tests[32];
    size_t n = 0;
    const struct mset_pt_format *format;
    for (size_t i = 0; (format = mset_pt_format_at(i)) != NULL; i++) {
        if (only == NULL || strcmp(only, "all") == 0 || strcmp(only, format->name) == 0) {
            tests[n++] = (struct CMUnitTest){.name = format->name,
                                             .test_func = test_format,
                                             .initial_state = (void *)(uintptr_t)format};
        }
    }
    return _cmocka_run_group_tests("formats", tests, n, NULL, NULL);
}
