/*
 * twin_apply.c - an operation as calls: of the library, of plan.h, of the model. See twin.h.
 */
#include "twin.h"

static bool leave_alone(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    (void)piece;
    (void)flags;
    return false;
}

/* The range is free if there is room for it in the range. */
static mset_status map_in_room(struct twin *twin, const struct operation *o) {
    const struct mset_gap_request room = operation_room(o);
    struct mset_area area = operation_area(o, &twin->stage);
    const struct mset_area unplaced = {1, 1, area.flags, area.backend, area.offset};
    area = unplaced;
    const mset_status status = mset_map_free(twin->set, &room, &area, &twin->stage);
    if (status == MSET_OK ? area.start != o->start || area.size != o->size
                          : !area_equal(&area, &unplaced)) {
        (void)twin_complain(twin, "mset_map_free: it says the area is at %#llx",
                            (unsigned long long)area.start);
        return MSET_BAD_STATE;
    }
    return status == MSET_NOT_FOUND ? MSET_ALREADY_EXISTS : status;
}

mset_status twin_call(struct twin *twin, const struct operation *o) {
    struct update update = {o, twin->options.page_size, &twin->asked, &twin->stage};
    const struct mset_area area = operation_area(o, &twin->stage);
    struct mset *set = twin->set;
    void *page_table = &twin->stage;
    switch (o->kind) {
    case OP_MAP:
        if (twin->way == WAY_IN_ROOM) {
            return map_in_room(twin, o);
        }
        return mset_map(set, &area, o->how, page_table);
    case OP_UNMAP:
        return mset_unmap(set, o->start, o->size, page_table);
    case OP_CLEAR:
        return mset_clear(set, page_table);
    case OP_PROTECT:
        return mset_protect(set, o->start, o->size, o->holes, operation_update, &update,
                            page_table);
    case OP_MOVE:
        return mset_move(set, o->start, o->size, o->to, o->how, page_table);
    case OP_GROW:
        return mset_grow(set, o->start, o->side, o->size, page_table);
    case OP_SHRINK:
        return mset_shrink(set, o->start, o->side, o->size, page_table);
    case OP_UNMAP_METADATA:
        return mset_unmap_metadata(set, o->start, o->size);
    case OP_REPLACE_METADATA:
        return mset_replace_metadata(set, &area);
    case OP_SET_LIMITS:
        return mset_set_limits(set, o->start, o->size);
    default:
        return mset_fault(set, o->start, o->flags, page_table);
    }
}

mset_status twin_plan(struct twin *twin, const struct operation *o, struct mset_plan **plan) {
    struct update update = {o, twin->options.page_size, &twin->asked, &twin->stage};
    const struct mset_area area = operation_area(o, &twin->stage);
    struct mset *set = twin->set;
    void *page_table = &twin->stage;
    switch (o->kind) {
    case OP_MAP:
        return mset_plan_map(set, &area, o->how, page_table, plan);
    case OP_UNMAP:
        return mset_plan_unmap(set, o->start, o->size, page_table, plan);
    case OP_CLEAR:
        return mset_plan_clear(set, page_table, plan);
    case OP_PROTECT:
        return mset_plan_protect(set, o->start, o->size, o->holes, operation_update, &update,
                                 page_table, plan);
    case OP_MOVE:
        return mset_plan_move(set, o->start, o->size, o->to, o->how, page_table, plan);
    case OP_GROW:
        return mset_plan_grow(set, o->start, o->side, o->size, page_table, plan);
    default:
        return mset_plan_shrink(set, o->start, o->side, o->size, page_table, plan);
    }
}

mset_status twin_foretell(struct twin *twin, const struct operation *o) {
    struct update update = {o, twin->options.page_size, NULL, NULL};
    const struct mset_area area = operation_area(o, &twin->stage);
    struct page_model *model = &twin->model;
    switch (o->kind) {
    case OP_MAP:
        return model_map(model, &area, o->how);
    case OP_UNMAP:
        return model_unmap(model, o->start, o->size);
    case OP_CLEAR:
        return model_clear(model);
    case OP_PROTECT:
        return model_protect(model, o->start, o->size, o->holes, operation_update, &update);
    case OP_MOVE:
        return model_move(model, o->start, o->size, o->to, o->how);
    case OP_GROW:
        return model_grow(model, o->start, o->side, o->size);
    case OP_SHRINK:
        return model_shrink(model, o->start, o->side, o->size);
    case OP_UNMAP_METADATA:
        return model_unmap_metadata(model, o->start, o->size);
    case OP_REPLACE_METADATA:
        return model_replace_metadata(model, &area);
    case OP_SET_LIMITS:
        return model_set_limits(model, o->start, o->size);
    default:
        return model_fault(model, o->start, o->flags);
    }
}

/* ---- while a plan is open ------------------------------------------------------------------- */

const char *twin_try_all_calls(struct twin *twin) {
    struct mset *set = twin->set;
    void *pt = &twin->stage;
    const uint64_t page = twin->options.page_size, at = twin->options.base;
    const struct mset_area area = {at, page, 0, NULL, 0};
    const struct mset_gap_request room = {.size = page};
    struct mset_area found = area;
    struct mset_plan *plan = NULL;
    const struct {
        const char *name;
        mset_status status;
    } calls[] = {
        {"mset_map", mset_map(set, &area, MSET_MAP_REPLACE, pt)},
        {"mset_map_free", mset_map_free(set, &room, &found, pt)},
        {"mset_unmap", mset_unmap(set, at, page, pt)},
        {"mset_clear", mset_clear(set, pt)},
        {"mset_protect", mset_protect(set, at, page, MSET_HOLES_SKIP, leave_alone, NULL, pt)},
        {"mset_move", mset_move(set, at, page, at + page, MSET_MAP_REPLACE, pt)},
        {"mset_grow", mset_grow(set, at, MSET_HIGH, page, pt)},
        {"mset_shrink", mset_shrink(set, at, MSET_HIGH, page, pt)},
        {"mset_unmap_metadata", mset_unmap_metadata(set, at, page)},
        {"mset_replace_metadata", mset_replace_metadata(set, &area)},
        {"mset_load_metadata", mset_load_metadata(set, &area, 1)},
        {"mset_fault", mset_fault(set, at, MSET_READ, pt)},
        {"mset_plan_map", mset_plan_map(set, &area, MSET_MAP_REPLACE, pt, &plan)},
        {"mset_plan_unmap", mset_plan_unmap(set, at, page, pt, &plan)},
        {"mset_plan_clear", mset_plan_clear(set, pt, &plan)},
        {"mset_plan_protect",
         mset_plan_protect(set, at, page, MSET_HOLES_SKIP, leave_alone, NULL, pt, &plan)},
        {"mset_plan_move", mset_plan_move(set, at, page, at + page, MSET_MAP_REPLACE, pt, &plan)},
        {"mset_plan_grow", mset_plan_grow(set, at, MSET_HIGH, page, pt, &plan)},
        {"mset_plan_shrink", mset_plan_shrink(set, at, MSET_HIGH, page, pt, &plan)},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].status != MSET_BAD_STATE || plan != NULL) {
            return calls[i].name;
        }
    }
    return NULL;
}
