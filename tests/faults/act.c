/* act.c - see act.h. */
#include "faults/act.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t at(const struct house *house, uint64_t page) {
    return house->base + page * house->page;
}

uint64_t act_offset(const struct house *house, uint64_t page) {
    return (UINT64_C(1) << 35) + page * house->page;
}

static bool set_flags(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)piece;
    *flags = *(const uint64_t *)arg;
    return true;
}

static struct mset_area area_of(struct house *house, const struct act *act) {
    return (struct mset_area){at(house, act->page), act->pages * house->page, act->flags,
                              house_backend(house, act->tenant), act_offset(house, act->page)};
}

static mset_status apply_directly(struct house *house, const struct act *act) {
    const uint64_t start = at(house, act->page), size = act->pages * house->page;
    const struct mset_area area = area_of(house, act);
    uint64_t flags = act->flags;
    switch (act->kind) {
    case ACT_MAP:
        return mset_map(house->set, &area, act->how, house->pt);
    case ACT_UNMAP:
        return mset_unmap(house->set, start, size, house->pt);
    case ACT_CLEAR:
        return mset_clear(house->set, house->pt);
    case ACT_PROTECT:
        return mset_protect(house->set, start, size, (enum mset_holes)act->how, set_flags, &flags,
                            house->pt);
    case ACT_MOVE:
        return mset_move(house->set, start, size, at(house, act->to), act->how, house->pt);
    case ACT_GROW:
        return mset_grow(house->set, start, act->how, size, house->pt);
    case ACT_SHRINK:
        return mset_shrink(house->set, start, act->how, size, house->pt);
    default:
        return mset_fault(house->set, start, act->flags, house->pt);
    }
}

static mset_status plan_it(struct house *house, const struct act *act, struct mset_plan **plan) {
    const uint64_t start = at(house, act->page), size = act->pages * house->page;
    const struct mset_area area = area_of(house, act);
    uint64_t flags = act->flags;
    switch (act->kind) {
    case ACT_MAP:
        return mset_plan_map(house->set, &area, act->how, house->pt, plan);
    case ACT_UNMAP:
        return mset_plan_unmap(house->set, start, size, house->pt, plan);
    case ACT_CLEAR:
        return mset_plan_clear(house->set, house->pt, plan);
    case ACT_PROTECT:
        return mset_plan_protect(house->set, start, size, (enum mset_holes)act->how, set_flags,
                                 &flags, house->pt, plan);
    case ACT_MOVE:
        return mset_plan_move(house->set, start, size, at(house, act->to), act->how, house->pt,
                              plan);
    case ACT_GROW:
        return mset_plan_grow(house->set, start, act->how, size, house->pt, plan);
    default:
        return mset_plan_shrink(house->set, start, act->how, size, house->pt, plan);
    }
}

mset_status act_apply(struct house *house, const struct act *act, enum way way,
                      const char **wrong) {
    const bool foreign = house->mover.references + house->mapper.references != 0 ||
                         act->tenant == MOVER || act->tenant == MAPPER;
    *wrong = NULL;
    if (way == DIRECT || act->kind == ACT_FAULT) {
        return apply_directly(house, act);
    }
    struct mset_plan *plan;
    mset_status status = plan_it(house, act, &plan);
    if (status != MSET_OK || foreign) {
        return status == MSET_OK ? mset_plan_commit(plan) : status;
    }
    const struct fault_point before = house->faults;
    fault_point_set(&house->faults, 1, true);
    status = mset_plan_commit(plan);
    if (status != MSET_OK) {
        *wrong = "a commit failed although all backends had prepared";
    } else if (house->faults.requests != 0) {
        *wrong = "a commit asked for memory although all backends had prepared";
    }
    house->faults = before;
    return status;
}

mset_status act_plan_only(struct house *house, const struct act *act) {
    struct mset_plan *plan;
    if (act->kind == ACT_FAULT) {
        return MSET_OK;
    }
    const mset_status status = plan_it(house, act, &plan);
    if (status == MSET_OK) {
        mset_plan_drop(plan);
    }
    return status;
}

const char *act_text(const struct act *act, char *text, size_t size) {
    static const char *const kinds[] = {"map",  "unmap", "clear",  "protect",
                                        "move", "grow",  "shrink", "fault"};
    static const char *const tenants[] = {"linear", "eager", "lazy", "mover", "mapper", "nobody"};
    (void)snprintf(text, size,
                   "%s pages %" PRIu64 "+%" PRIu64 " to %" PRIu64 " flags %#" PRIx64
                   " tenant %s how %#x",
                   kinds[act->kind], act->page, act->pages, act->to, act->flags,
                   tenants[act->tenant], act->how);
    return text;
}
