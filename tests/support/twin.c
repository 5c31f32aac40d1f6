/*
 * twin.c - applying operations to both sides and comparing what can be seen of them while they
 * run. The comparison of states is in twin_compare.c.
 */
#include "twin.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *twin_complain(struct twin *twin, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is started above */
    (void)vsnprintf(twin->complaint, sizeof twin->complaint, format, arguments);
    va_end(arguments);
    return twin->complaint;
}

/* ---- opening and closing ------------------------------------------------------------------ */

/*
 * Called from inside an operation: the set must still be what it was, and once a backend was
 * called memory is over. (The questions of protect come before that.)
 */
static void look(void *arg, struct stage *stage, const struct mset_area *run) {
    struct twin *twin = arg;
    struct mset_area shown = {0}, known = {0};
    const bool is_shown = mset_find(twin->set, run->start, &shown);
    const bool is_known = model_find(&twin->model, run->start, &known);
    if (is_shown != is_known || (is_known && !area_equal(&shown, &known))) {
        stage_complain(stage, "during the operation the set shows another state at %#" PRIx64,
                       run->start);
    }
    if (twin->starve_at == 0 && stage->calls.count != 0) {
        counting_allocator_fail(&twin->memory, 1, true);
    }
}

static void create_set(struct twin *twin) {
    const struct mset_options options = {
        .allocator = &twin->memory.base,
        .page_size = twin->options.page_size == MSET_PAGE_SIZE ? 0 : twin->options.page_size,
        .flags = twin->options.merge ? MSET_MERGE : 0};
    counting_allocator_open(&twin->memory);
    if (mset_create(&options, &twin->set) != MSET_OK) {
        (void)fprintf(stderr, "mset_create failed\n");
        abort();
    }
}

void twin_open(struct twin *twin, const struct twin_options *options) {
    const struct seam_rules rules = {options->page_size, options->no_split, options->no_merge};
    *twin = (struct twin){.options = *options};
    stage_open(&twin->stage, &rules, options->base, options->pages, options->merge);
    model_open(&twin->model, &rules, options->base, options->pages, options->merge);
    twin->stage.look = look;
    twin->stage.look_arg = twin;
    create_set(twin);
}

static const char *destroy_set(struct twin *twin) {
    stage_begin(&twin->stage, &(struct refusal){0, 0});
    counting_allocator_fail(&twin->memory, 0, false);
    mset_destroy(twin->set);
    twin->set = NULL;
    const char *wrong = counting_allocator_complaint(&twin->memory, true);
    if (wrong != NULL) {
        return twin_complain(twin, "after mset_destroy: %s", wrong);
    }
    if (twin->stage.calls.count != 0) {
        return twin_complain(twin, "mset_destroy called a backend");
    }
    for (int kind = 0; kind < RECORDER_KINDS; kind++) {
        if (twin->stage.recorders[kind].references != 0) {
            return twin_complain(twin, "after mset_destroy backend %d has %" PRId64 " references",
                                 kind, twin->stage.recorders[kind].references);
        }
    }
    return NULL;
}

const char *twin_reset(struct twin *twin) {
    const char *wrong = destroy_set(twin);
    stage_reset(&twin->stage);
    model_reset(&twin->model);
    twin->steps = 0;
    twin->stuck = false;
    create_set(twin);
    return wrong;
}

const char *twin_close(struct twin *twin) {
    const char *wrong = destroy_set(twin);
    stage_close(&twin->stage);
    model_close(&twin->model);
    area_list_free(&twin->asked);
    area_list_free(&twin->areas);
    return wrong;
}

/* ---- both sides of one operation ---------------------------------------------------------- */

static mset_status apply_to_set(struct twin *twin, const struct operation *o) {
    struct update update = {o, twin->options.page_size, &twin->asked, &twin->stage};
    const struct mset_area area = operation_area(o, &twin->stage);
    struct mset *set = twin->set;
    void *page_table = &twin->stage;
    switch (o->kind) {
    case OP_MAP:
        return mset_map(set, &area, o->how, page_table);
    case OP_UNMAP:
        return mset_unmap(set, o->start, o->size, page_table);
    case OP_CLEAR:
        return mset_clear(set, page_table);
    case OP_PROTECT:
        return mset_protect(set, o->start, o->size, MSET_HOLES_SKIP, operation_update, &update,
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
    default:
        return mset_fault(set, o->start, o->flags, page_table);
    }
}

static mset_status apply_to_model(struct twin *twin, const struct operation *o) {
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
        return model_protect(model, o->start, o->size, operation_update, &update);
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
    default:
        return model_fault(model, o->start, o->flags);
    }
}

/* The metadata calls promise that the caller changes the page table: here it does. */
static void keep_promise(struct twin *twin, const struct operation *o) {
    const struct mset_area area = operation_area(o, &twin->stage);
    if (o->kind == OP_UNMAP_METADATA || o->kind == OP_REPLACE_METADATA) {
        stage_forget(&twin->stage, o->start, o->size);
    }
    if (o->kind == OP_REPLACE_METADATA) {
        stage_install(&twin->stage, &area);
    }
}

/* ---- what is compared --------------------------------------------------------------------- */

static const char *compare_calls(struct twin *twin) {
    const struct call_list *made = &twin->stage.calls, *expected = &twin->model.expected;
    char want[256] = "none", got[256] = "none";
    for (size_t i = 0; i < made->count || i < expected->count; i++) {
        if (i == expected->count && twin->model.stuck) {
            return NULL; /* whether it goes on undoing is its own affair */
        }
        if (i < made->count && i < expected->count &&
            call_equal(&made->calls[i], &expected->calls[i])) {
            continue;
        }
        if (i < expected->count) {
            call_text(&expected->calls[i], want, sizeof want);
        }
        if (i < made->count) {
            call_text(&made->calls[i], got, sizeof got);
        }
        return twin_complain(twin, "call %zu to a backend: model %s, library %s", i, want, got);
    }
    return NULL;
}

static bool list_holds(const struct area_list *list, const struct mset_area *area, uint64_t at) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->at[i] == at && area_equal(&list->areas[i], area)) {
            return true;
        }
    }
    return false;
}

/* Only cuts that are wanted are asked about, and a cut that was made was asked about. */
static const char *compare_splits(struct twin *twin) {
    const struct area_list *asked = &twin->stage.splits, *cuts = &twin->model.cuts;
    for (size_t i = 0; i < asked->count; i++) {
        if (!list_holds(cuts, &asked->areas[i], asked->at[i])) {
            return twin_complain(twin,
                                 "may_split asked about {%#" PRIx64 ", %#" PRIx64 "} at %#" PRIx64
                                 ", which nobody wants to cut",
                                 asked->areas[i].start, asked->areas[i].size, asked->at[i]);
        }
    }
    for (size_t i = 0; i < cuts->count && twin->status == MSET_OK; i++) {
        if (!list_holds(asked, &cuts->areas[i], cuts->at[i])) {
            return twin_complain(twin, "may_split was not asked at %#" PRIx64, cuts->at[i]);
        }
    }
    return NULL;
}

/* Each piece once and in order; all of them if it came to calling backends. */
static const char *compare_asked(struct twin *twin) {
    const struct area_list *made = &twin->asked, *expected = &twin->model.asked;
    const bool all = twin->status == MSET_OK || twin->model.failure.code != 0;
    if (made->count > expected->count || (all && made->count != expected->count)) {
        return twin_complain(twin, "protect asked %zu times, model %zu", made->count,
                             expected->count);
    }
    for (size_t i = 0; i < made->count; i++) {
        if (!area_equal(&made->areas[i], &expected->areas[i])) {
            return twin_complain(twin,
                                 "protect asked about {%#" PRIx64 ", %#" PRIx64
                                 "}, model about {%#" PRIx64 ", %#" PRIx64 "}",
                                 made->areas[i].start, made->areas[i].size,
                                 expected->areas[i].start, expected->areas[i].size);
        }
    }
    return NULL;
}

static const char *compare_failure(struct twin *twin, const struct operation *o) {
    const struct mset_failure *want = &twin->model.failure;
    const struct mset_failure got = mset_last_failure(twin->set);
    if (want->code == 0) {
        return NULL;
    }
    if (got.code != want->code || (o->kind != OP_FAULT && got.address != want->address)) {
        return twin_complain(
            twin, "mset_last_failure: model code %d at %#" PRIx64 ", library %d at %#" PRIx64,
            want->code, want->address, got.code, got.address);
    }
    if (twin->model.stuck ? got.done_size == 0 : got.done_size != 0) {
        return twin_complain(twin, "mset_last_failure: done_size is %#" PRIx64, got.done_size);
    }
    return NULL;
}

static const char *compare_operation(struct twin *twin, const struct operation *o,
                                     mset_status expected) {
    if (twin->stage.complaint[0] != '\0') {
        return twin_complain(twin, "%s", twin->stage.complaint);
    }
    const char *wrong = counting_allocator_complaint(&twin->memory, false);
    if (wrong != NULL) {
        return twin_complain(twin, "memory: %s", wrong);
    }
    if (twin->status != expected) {
        return twin_complain(twin, "status: model %s, library %s", mset_status_text(expected),
                             mset_status_text(twin->status));
    }
    if ((wrong = compare_calls(twin)) != NULL || (wrong = compare_splits(twin)) != NULL ||
        (wrong = compare_asked(twin)) != NULL) {
        return wrong;
    }
    return compare_failure(twin, o);
}

/* ---- one operation ------------------------------------------------------------------------ */

static void remember(struct twin *twin, const struct operation *operation) {
    twin->history[twin->steps++ % TWIN_HISTORY] = (struct past){*operation, twin->refusal};
}

static void run_on_set(struct twin *twin, const struct operation *operation) {
    twin->asked.count = 0;
    stage_begin(&twin->stage, &twin->refusal);
    counting_allocator_fail(&twin->memory, twin->starve_at, twin->starve_on);
    twin->status = apply_to_set(twin, operation);
    twin->starved =
        twin->starve_at != 0 && twin->status == MSET_NO_MEMORY && twin->memory.refused != 0;
    counting_allocator_fail(&twin->memory, 0, false);
    twin->starve_at = 0;
}

const char *twin_apply(struct twin *twin, const struct operation *operation) {
    remember(twin, operation);
    run_on_set(twin, operation);
    twin->model.refusal = twin->refusal;
    twin->refusal = (struct refusal){0, 0};
    if (twin->starved) { /* the model has memory without end: it stays as it is */
        return twin->stage.calls.count == 0
                   ? NULL
                   : twin_complain(twin, "no memory, but backends were called");
    }
    const mset_status expected = apply_to_model(twin, operation);
    if (expected == MSET_OK) {
        keep_promise(twin, operation);
    }
    const char *wrong = compare_operation(twin, operation, expected);
    twin->stuck = twin->model.stuck;
    if (wrong == NULL && twin->stuck) {
        wrong = twin_compare_stuck(twin);
    }
    return wrong;
}

bool twin_can_judge(const struct twin *twin, const struct operation *o) {
    struct mset_area area;
    if (o->kind != OP_GROW || !model_find(&twin->model, o->start, &area)) {
        return true;
    }
    const uint64_t end = model_address(&twin->model, twin->options.pages);
    const uint64_t below = area.start - twin->options.base;
    const uint64_t above = end - mset_area_end(&area);
    if (o->side == MSET_LOW) {
        return twin->options.base == 0 || o->size <= below;
    }
    return end == 0 || o->size <= above;
}

void twin_print_history(const struct twin *twin) {
    char text[256];
    const uint64_t first = twin->steps < TWIN_HISTORY ? 0 : twin->steps - TWIN_HISTORY;
    for (uint64_t i = first; i < twin->steps; i++) {
        const struct past *past = &twin->history[i % TWIN_HISTORY];
        (void)fprintf(stderr, "    /* %" PRIu64 " */ %s", i,
                      operation_text(&past->operation, text, sizeof text));
        if (past->refusal.mask != 0) {
            (void)fprintf(stderr, " /* calls refused: mask %#" PRIx64 ", code %d */",
                          past->refusal.mask, past->refusal.code);
        }
        (void)fprintf(stderr, "\n");
    }
}
