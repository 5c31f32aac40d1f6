/* model.c - see model.h. */
#include "model.h"

#include <string.h>

const struct mset_conformance_backend *model_traits(const struct model *model,
                                                    const struct model_page *page) {
    return page->backend == NOBODY || page->backend == PARTNER
               ? NULL
               : &model->subject->backends[page->backend];
}

static struct span span_at(const struct model *model, uint64_t start, uint64_t size) {
    return (struct span){(size_t)((start - model->base) / model->page_size),
                         (size_t)(size / model->page_size)};
}

/* For a place in the window or beside it. */
static bool inside(const struct model *model, uint64_t start, uint64_t size) {
    const uint64_t room = model->pages * model->page_size;
    return start >= model->base && size <= room - (start - model->base);
}

static bool is_empty(const struct model *model, const struct span *span) {
    for (size_t i = span->first; i < span->first + span->count; i++) {
        if (model->now[i].backend != NOBODY) {
            return false;
        }
    }
    return true;
}

static void clear(struct model *model, const struct span *span) {
    for (size_t i = span->first; i < span->first + span->count; i++) {
        model->next[i] = (struct model_page){.backend = NOBODY};
    }
}

static void fill(struct model *model, const struct span *span, const struct model_page *first) {
    for (size_t i = 0; i < span->count; i++) {
        struct model_page *const page = &model->next[span->first + i];
        *page = *first;
        page->offset += i * model->page_size;
    }
}

/* ---- the calls ------------------------------------------------------------------------------ */

static mset_status foretell_map(struct model *model, const struct call *call,
                                struct effect *effect) {
    const struct model_page first = {
        .backend = call->backend, .flags = call->flags, .offset = call->offset};
    effect->range = span_at(model, call->start, call->size);
    if (!call->replace && !is_empty(model, &effect->range)) {
        return MSET_ALREADY_EXISTS;
    }
    fill(model, &effect->range, &first);
    return MSET_OK;
}

static mset_status foretell_protect(struct model *model, const struct call *call,
                                    struct effect *effect) {
    effect->range = span_at(model, call->start, call->size);
    for (size_t i = 0; i < effect->range.count; i++) {
        struct model_page *const page = &model->next[effect->range.first + i];
        page->flags = page->backend == NOBODY ? 0 : call->flags;
    }
    return MSET_OK;
}

/* A backend that cannot move unmaps here and maps there: what was in the page is gone. */
static bool carries(const struct model_page *page, const struct mset_conformance_world *world) {
    return page->backend == PARTNER || world->backend[page->backend]->ops->move != NULL;
}

static mset_status foretell_move(struct model *model, const struct call *call,
                                 const struct mset_conformance_world *world,
                                 struct effect *effect) {
    effect->range = span_at(model, call->start, call->size);
    effect->target = span_at(model, call->to, call->size);
    if (is_empty(model, &effect->range)) {
        return MSET_NOT_FOUND;
    }
    if (!call->replace && !is_empty(model, &effect->target)) {
        return MSET_ALREADY_EXISTS;
    }
    clear(model, &effect->range);
    for (size_t i = 0; i < effect->range.count; i++) {
        struct model_page page = model->now[effect->range.first + i];
        if (page.backend != NOBODY && !carries(&page, world)) {
            page.filled = false;
            page.state = TAG_NEW;
        }
        model->next[effect->target.first + i] = page;
    }
    return MSET_OK;
}

/* The kit keeps to the offsets that the subject allows. */
static bool offset_fits(const struct mset_conformance_subject *subject,
                        const struct mset_conformance_backend *traits, uint64_t page_size,
                        uint64_t offset, uint64_t size) {
    const uint64_t room =
        traits->offset_room == 0 ? 4 * subject->pages * page_size : traits->offset_room;
    return offset >= traits->offset && offset - traits->offset <= room &&
           size <= room - (offset - traits->offset);
}

static mset_status foretell_grow(struct model *model, const struct call *call,
                                 const struct mset_area *area, struct effect *effect) {
    if (area == NULL) {
        return MSET_NOT_FOUND;
    }
    const uint64_t start = call->high ? area->start + area->size : area->start - call->size;
    const struct model_page *const page = &model->now[span_at(model, area->start, 0).first];
    const struct mset_conformance_backend *const traits = model_traits(model, page);
    const struct model_page first = {
        .backend = page->backend, .flags = area->flags, .offset = mset_area_offset(area, start)};
    if (!inside(model, start, call->size) ||
        (traits != NULL && traits->offset_matters &&
         !offset_fits(model->subject, traits, model->page_size, first.offset, call->size))) {
        effect->skip = true;
        return MSET_OK;
    }
    effect->range = span_at(model, start, call->size);
    if (!is_empty(model, &effect->range)) {
        return MSET_ALREADY_EXISTS;
    }
    fill(model, &effect->range, &first);
    return MSET_OK;
}

static mset_status foretell_shrink(struct model *model, const struct call *call,
                                   const struct mset_area *area, struct effect *effect) {
    if (area == NULL) {
        return MSET_NOT_FOUND;
    }
    if (call->size >= area->size) {
        return MSET_INVALID_PARAM;
    }
    effect->range = span_at(
        model, call->high ? area->start + (area->size - call->size) : area->start, call->size);
    clear(model, &effect->range);
    return MSET_OK;
}

static mset_status foretell_fault(struct model *model, const struct call *call,
                                  struct effect *effect) {
    effect->range = span_at(model, call->start, model->page_size);
    const struct model_page *const page = &model->now[effect->range.first];
    if (page->backend == NOBODY) {
        return MSET_NOT_FOUND;
    }
    return (page->flags & call->flags) == call->flags ? MSET_OK : MSET_ACCESS_DENIED;
}

struct effect model_foretell(struct model *model, const struct call *call,
                             const struct mset_area *area,
                             const struct mset_conformance_world *world) {
    struct effect effect = {.status = MSET_OK};
    memcpy(model->next, model->now, model->pages * sizeof *model->now);
    switch (call->kind) {
    case CALL_MAP:
        effect.status = foretell_map(model, call, &effect);
        break;
    case CALL_UNMAP:
        effect.range = span_at(model, call->start, call->size);
        clear(model, &effect.range);
        break;
    case CALL_PROTECT:
        effect.status = foretell_protect(model, call, &effect);
        break;
    case CALL_MOVE:
        effect.status = foretell_move(model, call, world, &effect);
        break;
    case CALL_GROW:
        effect.status = foretell_grow(model, call, area, &effect);
        break;
    case CALL_SHRINK:
        effect.status = foretell_shrink(model, call, area, &effect);
        break;
    case CALL_FAULT:
        effect.status = foretell_fault(model, call, &effect);
        break;
    default:
        effect.range = (struct span){0, model->pages};
        clear(model, &effect.range);
        break;
    }
    return effect;
}

bool model_changes(const struct model *model) {
    for (size_t i = 0; i < model->pages; i++) {
        if (!model_same_area(&model->now[i], &model->next[i])) {
            return true;
        }
    }
    return false;
}

void model_advance(struct model *model) {
    struct model_page *const old = model->now;
    model->now = model->next;
    model->next = old;
}
