/*
 * plan.h - an operation in two steps: decide and reserve, then commit or drop.
 *
 *     struct mset_plan *plan;
 *     if (mset_plan_unmap(set, start, size, page_table, &plan) == MSET_OK) {
 *         mset_plan_show(plan, visit, arg);
 *         status = agreed ? mset_plan_commit(plan) : (mset_plan_drop(plan), MSET_OK);
 *     }
 *
 * Planning takes the same arguments as the call of the same name in set.h and says everything that
 * call could say before anybody is told. It changes nothing that could be seen, but takes what the
 * commit will need: nodes of the tree, and from backends with `prepare` (backend.h), all the
 * ready ones among them, page tables and frames. With those the commit cannot fail. Other backends
 * may still refuse in it; then all is undone as in the direct call.
 *
 * A set has at most one open plan. Until it is committed or dropped every other call that changes
 * the set, mset_fault() included, is MSET_BAD_STATE and changes nothing; all that ask are fine.
 * Meanwhile the page table lives on and is left alone: nobody changes it, and no other set plans
 * over it or drops a plan (one open plan per page table). What the plan will map holds a reference
 * to its backend.
 */
#ifndef MSET_PLAN_H
#define MSET_PLAN_H

#include "observe.h"
#include "set.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_plan;

/* *plan is set for MSET_OK only. Also MSET_NO_MEMORY for the plan itself. */
MSET_API mset_status mset_plan_map(struct mset *set, const struct mset_area *area, unsigned how,
                                   void *page_table, struct mset_plan **plan);
MSET_API mset_status mset_plan_unmap(struct mset *set, uint64_t start, uint64_t size,
                                     void *page_table, struct mset_plan **plan);
MSET_API mset_status mset_plan_clear(struct mset *set, void *page_table, struct mset_plan **plan);
MSET_API mset_status mset_plan_protect(struct mset *set, uint64_t start, uint64_t size,
                                       enum mset_holes holes, mset_update_flags update, void *arg,
                                       void *page_table, struct mset_plan **plan);
MSET_API mset_status mset_plan_move(struct mset *set, uint64_t from, uint64_t size, uint64_t to,
                                    unsigned how, void *page_table, struct mset_plan **plan);
MSET_API mset_status mset_plan_grow(struct mset *set, uint64_t address, unsigned side,
                                    uint64_t bytes, void *page_table, struct mset_plan **plan);
MSET_API mset_status mset_plan_shrink(struct mset *set, uint64_t address, unsigned side,
                                      uint64_t bytes, void *page_table, struct mset_plan **plan);

/* Return false to stop. May not commit or drop the plan. */
typedef bool (*mset_visit_change)(void *arg, const struct mset_change *change);

/*
 * Shows the changes that the commit will make, exactly as observers will be told them. In sets
 * that merge, backends are asked may_merge here and again at commit. O(areas touched).
 */
MSET_API void mset_plan_show(const struct mset_plan *plan, mset_visit_change visit, void *arg);

/* Does it, frees the plan whatever comes of it, and returns what the direct call would. */
MSET_API mset_status mset_plan_commit(struct mset_plan *plan);

/* Gives everything back and frees the plan; nothing has happened. NULL is fine. */
MSET_API void mset_plan_drop(struct mset_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
