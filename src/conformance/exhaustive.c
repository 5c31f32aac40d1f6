/*
 * exhaustive.c - all sequences of calls over three ranges, the short ones first.
 *
 * A sequence of n calls is a number: its first call is one that maps, the others are any, and the
 * last is made in each of the three modes.
 *
 *     number = ((last * all ... + second) * maps + first) * modes + mode
 *
 * so that in the order of numbers each call is made in all states before the next call is. What
 * would be judged already by a shorter sequence is left out: a call before the last that changes no
 * area. Where the work that is allowed ends before a length does, its sequences are sampled evenly;
 * longer ones are left to chance (random.c).
 */
#include "kit.h"

enum { MODES = 3, LONGEST = 8 };

static uint64_t sequences_of(const struct alphabet *alphabet, unsigned length) {
    uint64_t total = alphabet->maps * (uint64_t)MODES;
    for (unsigned i = 1; i < length; i++) {
        total *= alphabet->count;
    }
    return total;
}

/* The calls of the sequence. Faults have no plan: false for two of their modes. */
static bool spell(const struct kit *kit, const struct alphabet *alphabet, unsigned length,
                  uint64_t number, struct call *calls) {
    const enum call_mode mode = (enum call_mode)(number % MODES);
    number /= MODES;
    calls[0] = alphabet->calls[number % alphabet->maps];
    number /= alphabet->maps;
    for (unsigned i = 1; i < length; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): it has letters that map */
        calls[i] = alphabet->calls[number % alphabet->count];
        number /= alphabet->count;
    }
    calls[length - 1].mode = mode;
    return (mode == CALL_DIRECT || calls[length - 1].kind != CALL_FAULT) &&
           kit_wants(kit, &calls[length - 1]);
}

static bool run(struct kit *kit, const struct shape *shape, const struct call *calls,
                unsigned length) {
    bool well = kit_open(kit, shape);
    bool worth = true;
    for (unsigned i = 0; i < length && well && worth; i++) {
        well = kit_call(kit, &calls[i]);
        worth = kit->trial.changed;
    }
    return kit_close(kit);
}

/* What a sequence costs, more or less. */
static uint64_t work_of(const struct geometry *geometry, unsigned length) {
    const uint64_t looks = geometry->shape.pages / (geometry->shape.sparse ? 8 : 1) + 20;
    return 60 + (length + 1) * looks;
}

/* *complete: all of them were run. */
static bool run_length(struct kit *kit, const struct geometry *geometry,
                       const struct alphabet *alphabet, unsigned length, uint64_t budget,
                       bool *complete) {
    const uint64_t total = sequences_of(alphabet, length);
    const uint64_t left = budget > kit->trial.work ? budget - kit->trial.work : 0;
    const bool fits = total <= left / work_of(geometry, length);
    struct stroll stroll = fits ? stroll_straight(total) : stroll_over(total);
    uint64_t done = 0;
    bool well = true;
    for (; done < total && well && kit->trial.work < budget; done++) {
        struct call calls[LONGEST];
        const uint64_t number = stroll_next(&stroll);
        struct shape shape = geometry->shape;
        shape.merge = number / MODES % 2 != 0;
        if (spell(kit, alphabet, length, number, calls)) {
            well = run(kit, &shape, calls, length);
        }
    }
    *complete = done == total;
    return well;
}

static bool run_geometry(struct kit *kit, const struct geometry *geometry, unsigned percent,
                         unsigned *length) {
    const uint64_t budget = kit_budget(kit, percent);
    struct alphabet alphabet;
    bool complete = true;
    bool well = true;
    alphabet_make(kit, geometry, &alphabet);
    *length = 0;
    /* unreachable: no budget is enough for all sequences of LONGEST calls */
    while (well && complete && *length < LONGEST) {
        well = run_length(kit, geometry, &alphabet, *length + 1, budget, &complete);
        *length += complete;
    }
    return well;
}

bool kit_exhaustive(struct kit *kit) {
    struct geometry geometry;
    unsigned length;
    geometry_small(kit, &geometry);
    if (!run_geometry(kit, &geometry, 30, &kit->result->exhaustive_length)) {
        return false;
    }
    if (!geometry_large(kit, &geometry)) {
        return true;
    }
    const bool well = run_geometry(kit, &geometry, 20, &length);
    if (length < kit->result->exhaustive_length) {
        kit->result->exhaustive_length = length;
    }
    return well;
}
