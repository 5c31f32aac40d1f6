/*
 * shrink.c - a counter-example is made short: whole groups of calls are left out, then single ones,
 * then those that remain are made simpler. What still violates the same rule is kept.
 */
#include "kit.h"

#include <string.h>

struct shrinking {
    struct kit *kit;
    struct finding *finding;
    struct mset_conformance_result ignored; /* counts of attempts */
};

/* Runs the trace in a fresh world; true if it ends as the finding did. */
static bool still_fails(struct shrinking *s) {
    struct kit *const kit = s->kit;
    struct trial *const trial = &kit->trial;
    bool well = trial_open(trial, &kit->shape, &s->ignored);
    size_t made = 0;
    for (; made < kit->traced && well; made++) {
        well = trial_call(trial, &kit->trace[made]);
    }
    (void)trial_close(trial);
    if (trial->finding.rule != s->finding->rule) {
        return false;
    }
    kit->traced = made; /* what came later has nothing to do with it */
    *s->finding = trial->finding;
    return true;
}

/* ---- leaving out ----------------------------------------------------------------------------- */

static bool leave_out(struct shrinking *s, size_t first, size_t count) {
    struct kit *const kit = s->kit;
    struct call *const trace = kit->trace;
    struct call saved[TRACE_ROOM];
    const size_t traced = kit->traced;
    memcpy(saved, trace, traced * sizeof *trace);
    memmove(&trace[first], &trace[first + count], (traced - first - count) * sizeof *trace);
    kit->traced = traced - count;
    if (still_fails(s)) {
        return true;
    }
    memcpy(trace, saved, traced * sizeof *trace);
    kit->traced = traced;
    return false;
}

/* From behind, since the last calls are what it is about least often in long sequences. */
static bool leave_out_groups(struct shrinking *s, size_t count) {
    bool less = false;
    size_t at = s->kit->traced;
    while (at >= count) {
        less = leave_out(s, at - count, count) || less;
        at -= count;
        at = at > s->kit->traced ? s->kit->traced : at;
    }
    return less;
}

static void leave_out_all(struct shrinking *s) {
    for (size_t count = s->kit->traced / 2; count > 1; count /= 2) {
        (void)leave_out_groups(s, count);
    }
    while (leave_out_groups(s, 1)) {
    }
}

/* ---- making simpler -------------------------------------------------------------------------- */

static bool same_call(const struct call *a, const struct call *b) {
    return a->size == b->size && a->fail == b->fail && a->fail_on == b->fail_on &&
           a->refuse == b->refuse && a->mode == b->mode && a->replace == b->replace;
}

static bool try_call(struct shrinking *s, size_t at, const struct call *simpler) {
    struct call *const call = &s->kit->trace[at];
    const struct call saved = *call;
    const size_t traced = s->kit->traced;
    if (same_call(&saved, simpler)) {
        return false;
    }
    *call = *simpler;
    if (still_fails(s)) {
        return true;
    }
    *call = saved;
    s->kit->traced = traced;
    return false;
}

static void make_shorter(struct shrinking *s, size_t at) {
    const uint64_t page = s->kit->trial.model.page_size;
    bool less = true;
    while (less && at < s->kit->traced && s->kit->trace[at].size > page) {
        struct call half = s->kit->trace[at];
        half.size = half.size / 2 / page * page;
        struct call less_one = s->kit->trace[at];
        less_one.size -= page;
        less = try_call(s, at, &half) || try_call(s, at, &less_one);
    }
}

static void make_simpler(struct shrinking *s, size_t at) {
    struct call simple = s->kit->trace[at];
    simple.fail = 0;
    simple.refuse = 0;
    (void)try_call(s, at, &simple);
    simple = s->kit->trace[at];
    simple.fail_on = false;
    (void)try_call(s, at, &simple);
    simple = s->kit->trace[at];
    simple.mode = CALL_DIRECT;
    (void)try_call(s, at, &simple);
    simple = s->kit->trace[at];
    simple.replace = false;
    (void)try_call(s, at, &simple);
    if (s->kit->trace[at].kind != CALL_FAULT) {
        make_shorter(s, at);
    }
}

static void without_merging(struct shrinking *s) {
    struct shape *const shape = &s->kit->shape;
    if (shape->merge) {
        shape->merge = false;
        shape->merge = !still_fails(s);
    }
}

bool kit_shrink(struct kit *kit, struct finding *finding) {
    struct shrinking s = {.kit = kit, .finding = finding};
    if (!still_fails(&s)) {
        return false;
    }
    leave_out_all(&s);
    without_merging(&s);
    for (size_t i = 0; i < kit->traced; i++) {
        make_simpler(&s, i);
    }
    leave_out_all(&s);
    return true;
}
