/* run_model.c - see run_model.h. */
#include "page_table/run_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

void run_model_init(struct run_model *model) {
    memset(model, 0, sizeof *model);
    model->count = 1;
}

static uint64_t run_last(const struct run_model *model, size_t i) {
    return i + 1 < model->count ? model->run[i + 1].start - 1 : UINT64_MAX;
}

/* Index of the run that starts at `at`, cutting one if need be; `count` for the end of all. */
static size_t cut(struct run_model *model, uint64_t at) {
    size_t i = 0;
    while (i < model->count && model->run[i].start < at) {
        i++;
    }
    if (i < model->count && model->run[i].start == at) {
        return i;
    }
    assert_true(model->count < MODEL_RUNS);
    memmove(&model->run[i + 1], &model->run[i], (model->count - i) * sizeof *model->run);
    model->run[i] = model->run[i - 1];
    model->run[i].start = at;
    model->count++;
    return i;
}

static size_t cut_end(struct run_model *model, uint64_t va, uint64_t size) {
    return va + size == 0 ? model->count : cut(model, va + size);
}

static bool same(const struct model_run *a, const struct model_run *b) {
    return a->mapped == b->mapped && (!a->mapped || (a->bias == b->bias && a->flags == b->flags));
}

static void tidy(struct run_model *model) {
    size_t kept = 1;
    for (size_t i = 1; i < model->count; i++) {
        if (!same(&model->run[kept - 1], &model->run[i])) {
            model->run[kept++] = model->run[i];
        }
    }
    model->count = kept;
}

uint64_t run_model_bytes(const struct run_model *model, uint64_t va, uint64_t last) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < model->count; i++) {
        const uint64_t from = model->run[i].start > va ? model->run[i].start : va;
        const uint64_t to = run_last(model, i) < last ? run_last(model, i) : last;
        if (model->run[i].mapped && from <= to) {
            bytes += to - from + 1;
        }
    }
    return bytes;
}

bool run_model_free(struct run_model *model, uint64_t va, uint64_t size) {
    return run_model_bytes(model, va, va + size - 1) == 0;
}

void run_model_map(struct run_model *model, uint64_t va, uint64_t pa, uint64_t size,
                   uint64_t flags) {
    const size_t from = cut(model, va);
    const size_t to = cut_end(model, va, size);
    for (size_t i = from; i < to; i++) {
        model->run[i] = (struct model_run){model->run[i].start, true, pa - va, flags};
    }
    tidy(model);
}

void run_model_unmap(struct run_model *model, uint64_t va, uint64_t size) {
    const size_t from = cut(model, va);
    const size_t to = cut_end(model, va, size);
    for (size_t i = from; i < to; i++) {
        model->run[i].mapped = false;
    }
    tidy(model);
}

void run_model_protect(struct run_model *model, uint64_t va, uint64_t size, uint64_t flags) {
    const size_t from = cut(model, va);
    const size_t to = cut_end(model, va, size);
    for (size_t i = from; i < to; i++) {
        model->run[i].flags = flags;
    }
    tidy(model);
}

void run_model_move(struct run_model *model, uint64_t from, uint64_t to, uint64_t size) {
    static struct run_model before;
    before = *model;
    for (size_t i = 0; i < before.count; i++) {
        const struct model_run *const run = &before.run[i];
        const uint64_t first = run->start > from ? run->start : from;
        const uint64_t end = from + size - 1;
        const uint64_t last = run_last(&before, i) < end ? run_last(&before, i) : end;
        if (run->mapped && first <= last) {
            run_model_map(model, first - from + to, first + run->bias, last - first + 1,
                          run->flags);
        }
    }
    run_model_unmap(model, from, size);
}

/* ---- comparing ---------------------------------------------------------------------------- */

static bool canonical(uint64_t va) {
    return va >> 47 == 0 || va >> 47 == 0x1ffff;
}

static void check_page(const struct model_run *run, uint64_t last, const struct rig *rig,
                       uint64_t va) {
    if (!canonical(va)) {
        return;
    }
    const bool seen = run->mapped && (run->flags & MSET_ACCESS) != 0;
    const struct slow_answer answer = rig_look(rig, va);
    assert_null(answer.complaint);
    assert_int_equal(answer.present, seen);
    if (seen) {
        assert_int_equal(answer.pa, va + run->bias);
        assert_int_equal(answer.write, (run->flags & MSET_WRITE) != 0);
        assert_int_equal(answer.execute, (run->flags & MSET_EXEC) != 0);
        assert_int_equal(answer.user, (run->flags & MSET_USER) != 0);
        assert_int_equal(answer.global, (run->flags & MSET_GLOBAL) != 0);
        assert_int_equal(answer.pat, (run->flags & MSET_MEMORY_TYPE) >> 8);
    }
    struct mset_pt_run got;
    const mset_status status = mset_pt_query(rig->pt, va, 0, &got);
    assert_int_equal(status, run->mapped ? MSET_OK : MSET_NOT_FOUND);
    if (run->mapped) {
        assert_int_equal(got.va, va);
        assert_int_equal(got.pa, va + run->bias);
        assert_int_equal(got.flags, run->flags);
        assert_int_equal(got.present, seen);
        assert_true(got.size - 1 <= last - va); /* leaves never reach beyond their run */
        assert_true(!seen || got.leaf_size == answer.page_size);
    }
}

static void check_run(const struct model_run *run, uint64_t last, const struct rig *rig,
                      struct rng *rng) {
    const uint64_t span = (last - run->start) | 1;
    for (uint64_t i = 0; i < 3; i++) {
        const uint64_t near = i * PAGE < span ? i * PAGE : 0;
        check_page(run, last, rig, run->start + near);
        check_page(run, last, rig, last - near);
        check_page(run, last, rig, run->start + rng_below(rng, span));
    }
}

struct walk_state {
    const struct run_model *model;
    size_t at;
    uint64_t done; /* bytes of run `at` seen already */
};

static bool check_walk(void *arg, const struct mset_pt_run *got) {
    struct walk_state *const state = arg;
    while (state->at < state->model->count && !state->model->run[state->at].mapped) {
        state->at++;
    }
    assert_true(state->at < state->model->count);
    const struct model_run *const run = &state->model->run[state->at];
    const uint64_t size = run_last(state->model, state->at) - run->start + 1;
    assert_int_equal(got->va, run->start + state->done);
    assert_int_equal(got->pa, got->va + run->bias);
    assert_int_equal(got->flags, run->flags);
    assert_true(got->size <= size - state->done);
    assert_int_equal(got->size % got->leaf_size, 0);
    assert_int_equal((got->va | got->pa) % got->leaf_size, 0);
    state->done += got->size;
    if (state->done == size) {
        state->at++;
        state->done = 0;
    }
    return true;
}

static uint64_t leaf_bytes(const struct rig *rig) {
    const struct mset_pt_statistics now = rig_count(rig);
    return now.leaves[0] * PAGE + now.leaves[1] * 2 * MIB + now.leaves[2] * GIB;
}

void run_model_check(struct run_model *model, const struct rig *rig, struct rng *rng) {
    const uint64_t half = UINT64_C(1) << 47;
    struct walk_state state = {model, 0, 0};
    assert_int_equal(mset_pt_walk(rig->pt, 0, half, check_walk, &state), MSET_OK);
    assert_int_equal(mset_pt_walk(rig->pt, -half, half, check_walk, &state), MSET_OK);
    for (; state.at < model->count; state.at++) {
        assert_false(model->run[state.at].mapped);
    }
    for (size_t i = 0; i < model->count; i++) {
        check_run(&model->run[i], run_last(model, i), rig, rng);
    }
    assert_int_equal(leaf_bytes(rig), run_model_bytes(model, 0, UINT64_MAX));
    rig_validate(rig);
}
