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
           a->access == b->access && a->step == b->step && a->room_start == b->room_start &&
           a->room_size == b->room_size;
}

struct call call_about(enum call_kind kind, const struct call *call, uint64_t room_start,
                       uint64_t room_size) {
    struct call about = *call;
    about.step = call->kind;
    about.kind = kind;
    about.room_start = room_start;
    about.room_size = room_size;
    return about;
}

struct call call_to_come(const struct call *about) {
    return (struct call){.kind = about->step, .run = about->run, .extra = about->extra};
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
    default:
        break;
    }
    return undo;
}

static const char *backend_name(const struct mset_area *run) {
    if (run->backend == NULL) {
        return "none";
    }
    return run->backend->ops->name == NULL ? "silent" : run->backend->ops->name;
}

static int run_text(const struct mset_area *run, char *text, size_t size) {
    return snprintf(text, size,
                    "%s, {%#" PRIx64 ", %#" PRIx64 ", flags %#" PRIx64 ", offset %#" PRIx64 "}",
                    backend_name(run), run->start, run->size, run->flags, run->offset);
}

void call_text(const struct call *call, char *text, size_t size) {
    static const char *const name[] = {"map",   "unmap",        "protect",  "move",
                                       "fault", "prepare for ", "abort of "};
    char run[160];
    const bool about = call->kind == CALL_PREPARE || call->kind == CALL_ABORT;
    (void)run_text(&call->run, run, sizeof run);
    (void)snprintf(text, size,
                   "%s%s(%s, %#" PRIx64 ", %#" PRIx64 "), room {%#" PRIx64 ", %#" PRIx64 "}",
                   name[call->kind], about ? name[call->step] : "", run, call->extra, call->access,
                   call->room_start, call->room_size);
}

void change_text(const struct mset_change *change, char *text, size_t size) {
    char old_run[160], new_run[160];
    (void)run_text(&change->old_run, old_run, sizeof old_run);
    (void)run_text(&change->new_run, new_run, sizeof new_run);
    (void)snprintf(text, size, "%s (%s) to (%s)", mset_change_text(change->kind), old_run, new_run);
}

void change_list_add(struct change_list *list, const struct mset_change *change) {
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : 2 * list->room;
        list->changes = grown(list->changes, list->room, sizeof *list->changes);
    }
    list->changes[list->count++] = *change;
}

void change_list_free(struct change_list *list) {
    free(list->changes);
    *list = (struct change_list){0};
}

bool change_equal(const struct mset_change *a, const struct mset_change *b) {
    return a->kind == b->kind && area_equal(&a->old_run, &b->old_run) &&
           area_equal(&a->new_run, &b->new_run);
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
