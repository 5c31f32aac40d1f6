/* sequence.c - see sequence.h. */
#include "page_table/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- putting one together ------------------------------------------------------------------- */

static void add(struct sequence *sequence, const struct step *step) {
    assert_true(sequence->count < STEPS);
    sequence->step[sequence->count++] = *step;
}

void sequence_unmap(struct sequence *sequence, uint64_t va, uint64_t size) {
    add(sequence, &(struct step){.kind = STEP_UNMAP, .va = va, .size = size});
}

void sequence_room(struct sequence *sequence, uint64_t va, uint64_t size) {
    add(sequence, &(struct step){.kind = STEP_ROOM, .va = va, .size = size});
}

void sequence_map(struct sequence *sequence, uint64_t va, uint64_t pa, uint64_t size,
                  uint64_t flags) {
    add(sequence,
        &(struct step){.kind = STEP_MAP, .va = va, .size = size, .pa = pa, .flags = flags});
}

void sequence_move(struct sequence *sequence, uint64_t from, uint64_t to, uint64_t size) {
    add(sequence, &(struct step){.kind = STEP_MOVE, .va = from, .size = size, .to = to});
}

/* ---- preparing ------------------------------------------------------------------------------ */

static mset_status prepare(struct mset_page_table *pt, const struct step *step,
                           struct mset_pt_need *need) {
    switch (step->kind) {
    case STEP_UNMAP:
        return mset_pt_unmap_prepare(pt, step->va, step->size, need);
    case STEP_ROOM:
        return mset_pt_prepare_room(pt, step->va, step->size);
    case STEP_MAP:
        return mset_pt_map_prepare(pt, step->va, step->pa, step->size, step->flags, step->overlap,
                                   need);
    default:
        return mset_pt_move_prepare(pt, step->va, step->to, step->size, need);
    }
}

mset_status step_prepare(struct every *t, const struct step *step, struct mset_pt_need *sum) {
    struct mset_pt_need need = {{0}};
    const mset_status status = prepare(t->pt, step, &need);
    for (unsigned level = 0; status == MSET_OK && level < MSET_PT_LEVELS; level++) {
        sum->tables[level] += need.tables[level];
    }
    return status;
}

void sequence_prepare(struct every *t, const struct sequence *sequence, struct mset_pt_need *sum) {
    *sum = (struct mset_pt_need){{0}};
    for (unsigned i = 0; i < sequence->count; i++) {
        assert_int_equal(step_prepare(t, &sequence->step[i], sum), MSET_OK);
    }
}

/* The nth request for a frame or for memory and all after it are refused; 0: none. */
static void refuse(struct every *t, uint64_t nth, bool frames) {
    t->judge.source.calls = 0;
    t->judge.source.fail_at = frames ? nth : 0;
    counting_allocator_fail(&t->judge.memory, frames ? 0 : nth, true);
}

/* Prepares a step after refusals, more and more of it being granted. */
static void prepare_hard(struct every *t, const struct step *step, struct mset_pt_need *sum,
                         bool frames) {
    const struct every_state before = every_state(t);
    const uint64_t bytes = t->judge.memory.live_bytes;
    mset_status status = MSET_NO_MEMORY;
    for (uint64_t nth = 1; status == MSET_NO_MEMORY; nth += 1 + nth / 2) {
        refuse(t, nth, frames);
        status = step_prepare(t, step, sum);
        refuse(t, 0, frames);
        if (status == MSET_NO_MEMORY) {
            every_unchanged(t, &before);
            assert_true(t->judge.memory.live_bytes == bytes);
        }
    }
    assert_int_equal(status, MSET_OK);
}

void sequence_prepare_hard(struct every *t, const struct sequence *sequence,
                           struct mset_pt_need *sum) {
    *sum = (struct mset_pt_need){{0}};
    for (unsigned i = 0; i < sequence->count; i++) {
        prepare_hard(t, &sequence->step[i], sum, i % 2 == 0);
    }
}

void sequence_drop(struct every *t, const struct sequence *sequence) {
    struct mset_pt_need sum;
    const struct judge *const judge = &t->judge;
    const struct every_state before = every_state(t);
    const uint64_t bytes = judge->memory.live_bytes, blocks = judge->memory.live_blocks;
    unsigned char *const image = malloc(judge->bytes);
    assert_non_null(image);
    memcpy(image, judge->storage, judge->bytes);
    sequence_prepare(t, sequence, &sum);
    mset_pt_prepare_drop(t->pt);
    every_unchanged(t, &before);
    assert_true(judge->memory.live_bytes == bytes && judge->memory.live_blocks == blocks);
    assert_memory_equal(image, judge->storage, judge->bytes);
    free(image);
}

/* ---- the calls ------------------------------------------------------------------------------ */

static void run_map(struct every *t, const struct step *step) {
    const struct span span = {step->va, step->va + (step->size - 1), step->flags, step->pa};
    assert_int_equal(mset_pt_map_over(t->pt, step->va, step->pa, step->size, step->flags,
                                      step->overlap, NULL, NULL),
                     MSET_OK);
    if (step->overlap == MSET_PT_KEEP) {
        spans_fill(&t->judge.spans, span);
    } else {
        spans_put(&t->judge.spans, span);
    }
    judge_watch(&t->judge);
}

static void run_move(struct every *t, const struct step *step) {
    assert_int_equal(mset_pt_move(t->pt, step->va, step->to, step->size), MSET_OK);
    spans_move(&t->judge.spans, step->va, step->va + (step->size - 1), step->to);
    judge_watch(&t->judge);
}

uint64_t sequence_run(struct every *t, const struct sequence *sequence) {
    struct judged_frames *const source = &t->judge.source;
    refuse(t, 1, true);
    counting_allocator_fail(&t->judge.memory, 1, true);
    for (unsigned i = 0; i < sequence->count; i++) {
        const struct step *const step = &sequence->step[i];
        if (step->kind == STEP_UNMAP) {
            every_unmap(t, step->va, step->size);
        } else if (step->kind == STEP_MAP) {
            run_map(t, step);
        } else if (step->kind == STEP_MOVE) {
            run_move(t, step);
        }
    }
    assert_true(source->calls == 0 && t->judge.memory.calls == 0);
    refuse(t, 0, true);
    const uint64_t live = source->live;
    mset_pt_prepare_drop(t->pt);
    return live - source->live;
}

static uint64_t frames_in_use(const struct every *t) {
    const struct mset_pt_statistics now = every_count(t);
    uint64_t frames = 0;
    for (unsigned level = 0; level <= t->top; level++) {
        frames += now.tables[level] * every_frames(t, level);
    }
    return frames;
}

static uint64_t run_all(struct every *t, const struct sequence *sequence,
                        struct mset_pt_need *sum) {
    sequence_prepare_hard(t, sequence, sum);
    const uint64_t left_over = sequence_run(t, sequence);
    every_check(t);
    every_flush(t);
    assert_int_equal(t->judge.source.live, frames_in_use(t));
    every_check(t);
    return left_over;
}

void sequence_exact(struct every *t, const struct sequence *sequence, struct mset_pt_need *sum) {
    assert_int_equal(run_all(t, sequence, sum), 0);
}

uint64_t sequence_bound(struct every *t, const struct sequence *sequence) {
    struct mset_pt_need sum;
    return run_all(t, sequence, &sum);
}
