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

#include "page_table/pt_call.h"

struct play {
    struct judge judge;
    struct rng rng;
    const struct mset_pt_format *format;
    struct spots spots;
    uint64_t flags[PT_FLAGS];
    size_t flags_count;
};

/* ---- choices ------------------------------------------------------------------------------ */

static uint64_t pick(struct play *play, const uint64_t *from, size_t n) {
    return from[rng_below(&play->rng, n)];
}

static uint64_t pick_address(struct play *play) {
    const struct spots *const s = &play->spots;
    const uint64_t small[] = {1, 4, 2 * s->group / s->page, s->slot_1 / s->page};
    const uint64_t spread = pick(play, small, 4);
    const uint64_t place = spots_place(s, (unsigned)rng_below(&play->rng, SPOTS));
    return place + rng_below(&play->rng, spread) * s->page;
}

static uint64_t pick_size(struct play *play, uint64_t va) {
    const struct spots *const s = &play->spots;
    const uint64_t sizes[] = {s->page,   3 * s->page,   s->group, s->slot_1 - s->page,
                              s->slot_1, 2 * s->slot_1, s->slot_2};
    uint64_t size = pick(play, sizes, rng_chance(&play->rng, 15) ? 7 : 6);
    if (rng_chance(&play->rng, 50)) { /* up to a boundary */
        size = (va / size + 1) * size - va;
    }
    const uint64_t room = s->window + s->window_size - va;
    return size <= room ? size : room;
}

/* Large runs are mostly aligned alike on both sides: else they are nothing but small leaves. */
static uint64_t pick_pa(struct play *play, uint64_t va, uint64_t size) {
    const struct spots *const s = &play->spots;
    const uint64_t far = (1 + rng_below(&play->rng, 3)) * s->slot_2;
    if (size > 4 * s->slot_1 || rng_chance(&play->rng, 40)) {
        return far + va % s->slot_2;
    }
    const uint64_t within = rng_chance(&play->rng, 60) ? va % s->slot_1 : va % s->group;
    return far + within + (rng_chance(&play->rng, 30) ? s->page : 0);
}

static uint64_t pick_flags(struct play *play) {
    return pick(play, play->flags, play->flags_count);
}

static struct pt_call pick_call(struct play *play) {
    static const enum pt_kind kinds[] = {PT_MAP,   PT_MAP,   PT_MAP,     PT_MAP,     PT_UNMAP,
                                         PT_UNMAP, PT_UNMAP, PT_PROTECT, PT_PROTECT, PT_MOVE,
                                         PT_CUT,   PT_SPLIT, PT_HARVEST, PT_PROMOTE};
    struct pt_call call = {.kind = kinds[rng_below(&play->rng, sizeof kinds / sizeof *kinds)]};
    call.va = pick_address(play);
    call.size = pick_size(play, call.va);
    call.pa = pick_pa(play, call.va, call.size);
    call.flags = pick_flags(play);
    call.overlap = (enum mset_pt_overlap)rng_below(&play->rng, 3);
    call.tell = rng_chance(&play->rng, 50);
    call.to = pick_address(play);
    if (call.kind == PT_MAP && rng_chance(&play->rng, 10)) {
        call.flags = MSET_PT_MARKER;
        call.pa = rng_next(&play->rng) & UINT32_MAX;
    }
    if (call.kind == PT_HARVEST && play->format->marks_optional &&
        !play->judge.config.hardware_marks) {
        call.kind = PT_CUT; /* a leaf without marks would fault, and there is no handler here */
    }
    const uint64_t sizes = mset_pt_leaf_sizes(play->judge.pt);
    do {
        call.leaf = sizes & (UINT64_C(1) << rng_below(&play->rng, 40));
    } while (call.leaf == 0);
    if (call.kind == PT_SPLIT && call.leaf < play->spots.slot_1 &&
        call.size > 2 * play->spots.slot_1) {
        call.size = 2 * play->spots.slot_1; /* a leaf of level 2 is still split as a whole */
    }
    call.prepared = rng_chance(&play->rng, 30);
    call.fail_at = rng_chance(&play->rng, 10) ? 1 + rng_below(&play->rng, 4) : 0;
    return call;
}

static void play_call(struct play *play) {
    const struct pt_call call = pick_call(play);
    char text[256];
    if (pt_call_meets(&play->spots, &call)) {
        return;
    }
    if (getenv("MSET_TEST_PRINT") != NULL) {
        printf("%s\n", pt_call_text(&call, text, sizeof text));
        fflush(stdout);
    }
    pt_call_make(&play->judge, &play->spots, &call);
}

static void play_copy(struct play *play) {
    const uint64_t va = pick_address(play), size = pick_size(play, va);
    pt_call_copy(&play->judge, va, size, rng_chance(&play->rng, 60));
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
        const struct spots *const s = &play->spots;
        assert_int_equal(mset_pt_unmap(play->judge.pt, s->window, s->window_size, NULL, NULL),
                         MSET_OK);
        judge_watch(&play->judge);
        spans_remove(&play->judge.spans, s->window, s->window + (s->window_size - 1));
        judge_flush(&play->judge);
    }
}

static void play_game(const struct mset_pt_config *config, uint64_t seed, unsigned steps) {
    static struct play play;
    memset(&play, 0, sizeof play);
    play.format = config->format;
    judge_open(&play.judge, config, 16384);
    play.rng.state = seed;
    spots_find(&play.spots, &play.judge, seed % 2 == 0);
    play.flags_count = pt_call_flags(&play.judge, &play.spots, play.flags);
    for (unsigned i = 0; i < steps; i++) {
        play_step(&play);
    }
    assert_int_equal(
        mset_pt_unmap(play.judge.pt, play.spots.window, play.spots.window_size, NULL, NULL),
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
