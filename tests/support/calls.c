/*
 * calls.c - see calls.h.
 */
#include "calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void *grown(void *memory, size_t count, size_t size) {
    void *more = realloc(memory, count * size);
    if (more == NULL) {
        abort();
    }
    return more;
}

void call_list_add(struct call_list *list, const struct call *call) {
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : 2 * list->room;
        list->calls = grown(list->calls, list->room, sizeof *list->calls);
    }
    list->calls[list->count++] = *call;
}

void call_list_free(struct call_list *list) {
    free(list->calls);
    *list = (struct call_list){0};
}

bool area_equal(const struct mset_area *a, const struct mset_area *b) {
    return a->start == b->start && a->size == b->size && a->flags == b->flags &&
           a->backend == b->backend && a->offset == b->offset;
}

bool call_equal(const struct call *a, const struct call *b) {
    return a->kind == b->kind && area_equal(&a->run, &b->run) && a->extra == b->extra &&
           a->access == b->access;
}

struct call call_inverse(const struct call *call) {
    struct call undo = *call;
    switch (call->kind) {
    case CALL_MAP:
        undo.kind = CALL_UNMAP;
        break;
    case CALL_UNMAP:
        undo.kind = CALL_MAP;
        break;
    case CALL_PROTECT: /* what is there now are the new flags */
        undo.run.flags = call->extra;
        undo.extra = call->run.flags;
        break;
    case CALL_MOVE: /* the offset belongs to the piece, wherever it is */
        undo.run.start = call->extra;
        undo.extra = call->run.start;
        break;
    case CALL_FAULT:
        break;
    }
    return undo;
}

void call_text(const struct call *call, char *text, size_t size) {
    static const char *const name[] = {"map", "unmap", "protect", "move", "fault"};
    const struct mset_area *run = &call->run;
    const char *backend = run->backend == NULL ? "none" : run->backend->ops->name;
    (void)snprintf(text, size,
                   "%s(%s, {%#" PRIx64 ", %#" PRIx64 ", flags %#" PRIx64 ", offset %#" PRIx64
                   "}, %#" PRIx64 ", %#" PRIx64 ")",
                   name[call->kind], backend == NULL ? "?" : backend, run->start, run->size,
                   run->flags, run->offset, call->extra, call->access);
}

void area_list_add(struct area_list *list, const struct mset_area *area, uint64_t at) {
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : 2 * list->room;
        list->areas = grown(list->areas, list->room, sizeof *list->areas);
        list->at = grown(list->at, list->room, sizeof *list->at);
    }
    list->areas[list->count] = *area;
    list->at[list->count++] = at;
}

void area_list_free(struct area_list *list) {
    free(list->areas);
    free(list->at);
    *list = (struct area_list){0};
}
