/* perform.c - see perform.h. */
#include "perform.h"

static struct mset_area area_of(struct trial *trial, const struct call *call) {
    struct mset_backend *const backend =
        call->backend == PARTNER ? &trial->partner.backend : trial->world.backend[call->backend];
    return (struct mset_area){call->start, call->size, call->flags, backend, call->offset};
}

static unsigned how_of(const struct call *call) {
    return call->replace ? MSET_MAP_REPLACE : MSET_MAP_FAIL;
}

static unsigned side_of(const struct call *call) {
    return call->high ? MSET_HIGH : MSET_LOW;
}

mset_status perform_direct(struct trial *trial, const struct call *call) {
    struct mset *const set = trial->set;
    void *const table = trial->world.page_table;
    uint64_t flags = call->flags;
    struct mset_area area;
    switch (call->kind) {
    case CALL_MAP:
        area = area_of(trial, call);
        return mset_map(set, &area, how_of(call), table);
    case CALL_UNMAP:
        return mset_unmap(set, call->start, call->size, table);
    case CALL_PROTECT:
        return mset_protect(set, call->start, call->size, MSET_HOLES_SKIP,
                            mset_conformance_set_flags, &flags, table);
    case CALL_MOVE:
        return mset_move(set, call->start, call->size, call->to, how_of(call), table);
    case CALL_GROW:
        return mset_grow(set, call->start, side_of(call), call->size, table);
    case CALL_SHRINK:
        return mset_shrink(set, call->start, side_of(call), call->size, table);
    case CALL_FAULT:
        return mset_fault(set, call->start, call->flags, table);
    default:
        return mset_clear(set, table);
    }
}

mset_status perform_plan(struct trial *trial, const struct call *call, struct mset_plan **plan) {
    struct mset *const set = trial->set;
    void *const table = trial->world.page_table;
    uint64_t flags = call->flags;
    struct mset_area area;
    switch (call->kind) {
    case CALL_MAP:
        area = area_of(trial, call);
        return mset_plan_map(set, &area, how_of(call), table, plan);
    case CALL_UNMAP:
        return mset_plan_unmap(set, call->start, call->size, table, plan);
    case CALL_PROTECT:
        return mset_plan_protect(set, call->start, call->size, MSET_HOLES_SKIP,
                                 mset_conformance_set_flags, &flags, table, plan);
    case CALL_MOVE:
        return mset_plan_move(set, call->start, call->size, call->to, how_of(call), table, plan);
    case CALL_GROW:
        return mset_plan_grow(set, call->start, side_of(call), call->size, table, plan);
    case CALL_SHRINK:
        return mset_plan_shrink(set, call->start, side_of(call), call->size, table, plan);
    default:
        return mset_plan_clear(set, table, plan);
    }
}
