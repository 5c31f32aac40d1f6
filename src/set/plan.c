/* plan.c - plans that wait for their commit: see plan.h. */
#include "set.h"

static void free_plan(struct mset_plan *plan) {
    const struct mset_allocator *const allocator = &plan->set->tree.allocator;
    allocator->free(allocator->context, plan, sizeof *plan, _Alignof(struct mset_plan));
}

/* The path in a plan is good as long as the tree is not changed; the list of answers moves along.
 */
static void copy_plan(struct mset_plan *to, const struct mset_plan *from) {
    *to = *from;
    if (from->answers.flags == from->answers.few) {
        to->answers.flags = to->answers.few;
    }
}

/* What the plan maps has no area yet that would hold it. */
static struct mset_backend *new_backend(const struct mset_plan *plan) {
    return plan->added.attributes.backend;
}

/* From an opened plan on some stack to one that waits, with all it needs. */
static mset_status keep(struct mset_plan *opened, void *page_table, struct mset_plan **out) {
    struct mset *const set = opened->set;
    const struct mset_allocator *const allocator = &set->tree.allocator;
    struct mset_plan *const plan =
        allocator->alloc(allocator->context, sizeof *plan, _Alignof(struct mset_plan));
    if (plan == NULL) {
        mset_close(opened);
        return MSET_NO_MEMORY;
    }
    copy_plan(plan, opened);
    plan->page_table = page_table;
    mset_count_steps(plan);
    const mset_status status = mset_reserve(plan);
    if (status != MSET_OK) {
        mset_close(plan);
        free_plan(plan);
        return status;
    }
    mset_hold(new_backend(plan));
    set->open = plan;
    *out = plan;
    return MSET_OK;
}

mset_status mset_plan_map(struct mset *set, const struct mset_area *area, unsigned how,
                          void *page_table, struct mset_plan **plan) {
    struct mset_plan opened;
    const mset_status status =
        plan == NULL ? MSET_INVALID_PARAM : mset_open_map(&opened, set, area, how);
    return status == MSET_OK ? keep(&opened, page_table, plan) : status;
}

mset_status mset_plan_unmap(struct mset *set, uint64_t start, uint64_t size, void *page_table,
                            struct mset_plan **plan) {
    struct mset_plan opened;
    const mset_status status =
        plan == NULL ? MSET_INVALID_PARAM : mset_open_unmap(&opened, set, start, size);
    return status == MSET_OK ? keep(&opened, page_table, plan) : status;
}

mset_status mset_plan_clear(struct mset *set, void *page_table, struct mset_plan **plan) {
    struct mset_plan opened;
    const mset_status status = plan == NULL ? MSET_INVALID_PARAM : mset_open_clear(&opened, set);
    return status == MSET_OK ? keep(&opened, page_table, plan) : status;
}

mset_status mset_plan_protect(struct mset *set, uint64_t start, uint64_t size,
                              enum mset_holes holes, mset_update_flags update, void *arg,
                              void *page_table, struct mset_plan **plan) {
    struct mset_plan opened;
    const mset_status status =
        plan == NULL ? MSET_INVALID_PARAM
                     : mset_open_protect(&opened, set, start, size, holes, update, arg);
    return status == MSET_OK ? keep(&opened, page_table, plan) : status;
}

mset_status mset_plan_move(struct mset *set, uint64_t from, uint64_t size, uint64_t to,
                           unsigned how, void *page_table, struct mset_plan **plan) {
    struct mset_plan opened;
    const mset_status status =
        plan == NULL ? MSET_INVALID_PARAM : mset_open_move(&opened, set, from, size, to, how);
    return status == MSET_OK ? keep(&opened, page_table, plan) : status;
}

mset_status mset_plan_grow(struct mset *set, uint64_t address, unsigned side, uint64_t bytes,
                           void *page_table, struct mset_plan **plan) {
    struct mset_plan opened;
    const mset_status status =
        plan == NULL ? MSET_INVALID_PARAM : mset_open_grow(&opened, set, address, side, bytes);
    return status == MSET_OK ? keep(&opened, page_table, plan) : status;
}

mset_status mset_plan_shrink(struct mset *set, uint64_t address, unsigned side, uint64_t bytes,
                             void *page_table, struct mset_plan **plan) {
    struct mset_plan opened;
    const mset_status status =
        plan == NULL ? MSET_INVALID_PARAM : mset_open_shrink(&opened, set, address, side, bytes);
    return status == MSET_OK ? keep(&opened, page_table, plan) : status;
}

/* ---- looking ------------------------------------------------------------------------------- */

struct show {
    mset_visit_change visit;
    void *arg;
    bool stopped;
};

static void show_change(void *arg, enum mset_change_kind kind, const struct at_run *old_run,
                        const struct at_run *new_run) {
    struct show *const show = arg;
    if (!show->stopped) {
        const struct mset_change change = mset_change_of(kind, old_run, new_run);
        show->stopped = !show->visit(show->arg, &change);
    }
}

void mset_plan_show(const struct mset_plan *plan, mset_visit_change visit, void *arg) {
    if (plan == NULL || visit == NULL) {
        return;
    }
    struct show show = {.visit = visit, .arg = arg};
    const struct sink sink = {show_change, &show};
    mset_foresee(plan, &sink);
}

/* ---- the end ------------------------------------------------------------------------------- */

mset_status mset_plan_commit(struct mset_plan *plan) {
    if (plan == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset *const set = plan->set;
    (void)mset_given(set);
    set->open = NULL;
    const mset_status status = mset_run_reserved(plan);
    mset_unhold(new_backend(plan));
    free_plan(plan);
    return status;
}

void mset_plan_drop(struct mset_plan *plan) {
    if (plan == NULL) {
        return;
    }
    (void)mset_given(plan->set);
    plan->set->open = NULL;
    mset_unreserve(plan, 0);
    mset_unhold(new_backend(plan));
    mset_close(plan);
    free_plan(plan);
}
