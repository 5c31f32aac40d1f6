/*
 * tell.c - calls to backends, and taking them back.
 *
 * The tree still shows the old state while backends are told, so the steps of a plan can be walked
 * twice: forwards to tell, backwards to undo. If a backend refuses the undoing as well, the walk
 * stops: the steps from the first up to that one are what the backends have confirmed, and what
 * the operation then commits.
 */
#include "set.h"

static mset_status status_of_code(int code) {
    return code >= 0 && code <= MSET_OVER_LIMIT ? (mset_status)code : MSET_BAD_STATE;
}

mset_status mset_refused(struct mset *set, int code, uint64_t address) {
    set->failure = (struct mset_failure){.code = code, .address = address};
    return status_of_code(code);
}

static int call(const struct mset_step *step, void *page_table) {
    struct mset_backend *const backend = step->run.backend;
    if (backend == NULL) {
        return 0;
    }
    const struct mset_backend_ops *const ops = backend->ops;
    switch (step->kind) {
    case MSET_STEP_MAP:
        return ops->map == NULL ? 0 : ops->map(backend, &step->run, page_table);
    case MSET_STEP_UNMAP:
        return ops->unmap == NULL ? 0 : ops->unmap(backend, &step->run, page_table);
    case MSET_STEP_PROTECT:
        return ops->protect == NULL
                   ? 0
                   : ops->protect(backend, &step->run, step->new_flags, page_table);
    default:
        return ops->move(backend, &step->run, step->new_start, page_table);
    }
}

/* The step that takes another one back. */
static struct mset_step inverse(const struct mset_step *step) {
    struct mset_step back = *step;
    switch (step->kind) { /* unreachable: there are no other kinds */
    case MSET_STEP_MAP:
        back.kind = MSET_STEP_UNMAP;
        break;
    case MSET_STEP_UNMAP:
        back.kind = MSET_STEP_MAP;
        break;
    case MSET_STEP_PROTECT:
        back.run.flags = step->new_flags;
        back.new_flags = step->run.flags;
        break;
    case MSET_STEP_MOVE:
        back.run.start = step->new_start;
        back.new_start = step->run.start;
        break;
    }
    return back;
}

/* Takes back the step and the `before` ones before it; how many stay done. */
static uint64_t undo(struct step *step, uint64_t before) {
    for (;; before--) {
        const struct mset_step back = inverse(&step->told);
        if (call(&back, step->plan->page_table) != 0) {
            return before + 1;
        }
        if (before == 0) {
            return 0;
        }
        (void)mset_prev_step(step);
    }
}

mset_status mset_tell(struct mset_plan *plan, uint64_t *done) {
    struct step step;
    uint64_t number = 0; /* steps before this one */
    *done = 0;
    bool more = plan->steps != 0 && mset_first_step(&step, plan); /* unreachable: they are there */
    for (; more; more = mset_next_step(&step), number++) {
        const int code = call(&step.told, plan->page_table);
        if (code != 0) {
            const mset_status status = mset_refused(plan->set, code, step.piece.first);
            mset_unreserve(plan, number + 1); /* this one is ended by its call */
            if (number != 0) {
                (void)mset_prev_step(&step);
                *done = undo(&step, number - 1);
            }
            return *done == 0 ? status : MSET_BAD_STATE;
        }
    }
    plan->prepared = 0;
    return MSET_OK;
}
