/* run.c - a plan from beginning to end. */
#include "set.h"

void mset_close(struct mset_plan *plan) {
    const struct mset_allocator *const allocator = &plan->set->tree.allocator;
    struct answers *const answers = &plan->answers;
    if (answers->flags != answers->few) {
        allocator->free(allocator->context, answers->flags,
                        (size_t)answers->room * sizeof(uint64_t), _Alignof(uint64_t));
    }
    at_trim_spares(&plan->set->tree);
}

mset_status mset_run_reserved(struct mset_plan *plan) {
    uint64_t done;
    const mset_status status = mset_tell(plan, &done);
    if (status == MSET_OK) {
        mset_commit(plan);
    } else if (done != 0) {
        mset_commit_steps(plan, done);
    }
    mset_close(plan);
    return status;
}

mset_status mset_run(struct mset_plan *plan, void *page_table) {
    plan->page_table = page_table;
    mset_count_steps(plan);
    if (plan->steps == 0) { /* nobody to ask: most sets of a monitor or a test */
        mset_commit(plan);
        mset_close(plan);
        return MSET_OK;
    }
    const mset_status status = mset_reserve(plan);
    if (status != MSET_OK) {
        mset_close(plan);
        return status;
    }
    return mset_run_reserved(plan);
}
