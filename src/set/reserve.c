/* reserve.c - backends that can prepare take what their steps will need, before any is told. */
#include "set.h"

static int prepare(const struct step *step) {
    struct mset_backend *const backend = step->told.run.backend;
    return backend->ops->prepare(backend, &step->told, step->plan->page_table);
}

/* Aborts the step and the prepared ones before it, until `behind` are left. */
static void abort_back(struct mset_plan *plan, struct step *step, uint64_t behind,
                       uint64_t number) {
    bool more = true;
    for (; more && number > behind; more = mset_prev_step(step), number--) {
        if (mset_prepares(step->told.run.backend)) {
            struct mset_backend *const backend = step->told.run.backend;
            backend->ops->abort(backend, &step->told, plan->page_table);
        }
    }
}

mset_status mset_reserve(struct mset_plan *plan) {
    struct step step;
    uint64_t number = 0;                                          /* steps before this one */
    bool more = plan->steps != 0 && mset_first_step(&step, plan); /* unreachable: they are there */
    for (; more; more = mset_next_step(&step), number++) {
        if (!mset_prepares(step.told.run.backend)) {
            continue;
        }
        const int code = prepare(&step);
        if (code != 0) {
            const mset_status status = mset_refused(plan->set, code, step.piece.first);
            if (mset_prev_step(&step)) {
                abort_back(plan, &step, 0, number);
            }
            plan->prepared = 0;
            return status;
        }
        plan->prepared = number + 1;
    }
    return MSET_OK;
}

/* To step `number`, counted from 1. */
static bool go_to(struct step *step, const struct mset_plan *plan, uint64_t number) {
    bool more = mset_first_step(step, plan);
    for (; more && number > 1; number--) { /* unreachable: there are so many steps */
        more = mset_next_step(step);
    }
    return more;
}

void mset_unreserve(struct mset_plan *plan, uint64_t done) {
    struct step step;
    /* unreachable: there are so many steps */
    if (plan->prepared > done && go_to(&step, plan, plan->prepared)) {
        abort_back(plan, &step, done, plan->prepared);
    }
    plan->prepared = 0;
}
