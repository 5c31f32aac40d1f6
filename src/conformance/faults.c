/*
 * faults.c - a call in a prepared state, while its first, second, third, ... request is refused,
 * until it passes.
 *
 *     prepared state   two or three calls of the alphabet
 *     what is refused  a request of the subject, once; from then on; a call of the partner
 *     the call         direct, or planned and committed
 *
 * As long as the call fails the state must stay what it is, so the next attempt is made there; it
 * passes in the end. Where something was refused and yet it passed, the state is made anew.
 */
#include "kit.h"

enum lack { LACK_ONCE, LACK_FROM_THEN_ON, LACK_PARTNER, LACKS };

static struct call lacking(const struct call *call, enum lack lack, uint64_t nth) {
    struct call result = *call;
    if (lack == LACK_PARTNER) {
        result.refuse = nth;
    } else {
        result.fail = nth;
        result.fail_on = lack == LACK_FROM_THEN_ON;
    }
    return result;
}

/* After an attempt that passed although something was refused, back to the prepared state. */
static void sweep(struct kit *kit, const struct call *call, enum lack lack) {
    const size_t prepared = kit->traced;
    for (uint64_t nth = 1; nth < MOST_ATTEMPTS; nth++) {
        const struct call attempt = lacking(call, lack, nth);
        if (!kit_call(kit, &attempt) || !kit->trial.hit) {
            return;
        }
        if (kit->trial.changed && !(kit_close(kit) && kit_open_again(kit, prepared))) {
            return;
        }
    }
}

static bool run(struct kit *kit, const struct shape *shape, const struct call *state,
                unsigned length, const struct call *call, enum lack lack) {
    bool well = kit_open(kit, shape);
    bool worth = true;
    for (unsigned i = 0; i < length && well && worth; i++) {
        well = kit_call(kit, &state[i]);
        worth = kit->trial.changed;
    }
    if (well && worth) {
        sweep(kit, call, lack);
    }
    return kit_close(kit);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* The last digit of the number, which loses it. */
static uint64_t digit(uint64_t *number, uint64_t base) {
    const uint64_t result = *number % base;
    *number /= base;
    return result;
}

static bool run_number(struct kit *kit, const struct geometry *geometry,
                       const struct alphabet *alphabet, unsigned length, uint64_t number) {
    struct shape shape = geometry->shape;
    struct call state[4];
    const enum lack lack = (enum lack)digit(&number, LACKS);
    shape.merge = digit(&number, 2) != 0;
    const enum call_mode mode = digit(&number, 2) == 0 ? CALL_DIRECT : CALL_COMMIT;
    struct call call = alphabet->calls[digit(&number, alphabet->count)];
    for (unsigned i = length; i-- > 0;) {
        state[i] =
            alphabet
                ->calls[digit(&number, i < 2 && i + 1 < length ? alphabet->maps : alphabet->count)];
    }
    call.mode = call.kind == CALL_FAULT ? CALL_DIRECT : mode;
    if ((lack != LACK_PARTNER && kit->subject->fail == NULL) || !kit_wants(kit, &call)) {
        return true;
    }
    return run(kit, &shape, state, length, &call, lack);
}

/* States of `length` calls: maps, and at the end any call. */
static bool run_length(struct kit *kit, const struct geometry *geometry,
                       const struct alphabet *alphabet, unsigned length, unsigned percent) {
    const uint64_t budget = kit_budget(kit, percent);
    uint64_t total = (uint64_t)LACKS * 2 * 2 * alphabet->count;
    for (unsigned i = 0; i < length; i++) {
        total *= i < 2 && i + 1 < length ? alphabet->maps : alphabet->count;
    }
    struct stroll stroll = stroll_over(total);
    bool well = true;
    for (uint64_t done = 0; done < total && well && kit->trial.work < budget; done++) {
        well = run_number(kit, geometry, alphabet, length, stroll_next(&stroll));
    }
    return well;
}

static bool run_geometry(struct kit *kit, const struct geometry *geometry, unsigned percent) {
    struct alphabet alphabet;
    bool well = true;
    alphabet_make(kit, geometry, &alphabet);
    for (unsigned length = 0; length <= 3 && well; length++) {
        well = run_length(kit, geometry, &alphabet, length, percent / 4);
    }
    return well;
}

bool kit_faults(struct kit *kit) {
    struct geometry geometry;
    geometry_small(kit, &geometry);
    return run_geometry(kit, &geometry, 16) &&
           (!geometry_large(kit, &geometry) || run_geometry(kit, &geometry, 12));
}
