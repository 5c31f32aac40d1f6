/*
 * twin.c - applying operations to both sides and comparing what can be seen of them while they
 * run. The calls themselves are in twin_apply.c, the comparison of states in twin_compare.c.
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
        .flags = twin->options.merge ? MSET_MERGE : 0,
        .guard = twin->options.guard,
        .max_areas = twin->options.max_areas,
        .max_bytes = twin->options.max_bytes};
    counting_allocator_open(&twin->memory);
    if (mset_create(&options, &twin->set) != MSET_OK) {
        (void)fprintf(stderr, "mset_create failed\n");
        abort();
    }
    twin->books = twin->memory.live_bytes;
    twin->splits = twin->merges = 0;
    twin->model.max_areas = options.max_areas;
    twin->model.max_bytes = options.max_bytes;
    if (!twin->options.unobserved &&
        (mset_attach(twin->set, &twin->mirror.observer) != MSET_OK ||
         mset_accounting_attach(&twin->accounting, twin->set, UINT64_MAX) != MSET_OK)) {
        (void)fprintf(stderr, "mset_attach failed\n");
        abort();
    }
}

void twin_open(struct twin *twin, const struct twin_options *options) {
    const struct seam_rules rules = {options->page_size, options->no_split, options->no_merge};
    *twin = (struct twin){.options = *options};
    stage_open(&twin->stage, &rules, options->base, options->pages, options->merge);
    model_open(&twin->model, &rules, options->base, options->pages, options->merge);
    mirror_open(&twin->mirror, options->base, options->page_size, options->pages);
    twin->model.guard = options->guard;
    twin->stage.look = look;
    twin->stage.look_arg = twin;
    create_set(twin);
}

static const char *destroy_set(struct twin *twin) {
    stage_begin(&twin->stage, &(struct refusal){0});
    mirror_begin(&twin->mirror);
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
    if (twin->mirror.complaint[0] != '\0' || twin->mirror.count != 0) {
        return twin_complain(twin, "mset_destroy left %" PRIu64 " areas in the mirror: %s",
                             twin->mirror.count, twin->mirror.complaint);
    }
    if (!twin->options.unobserved && twin->accounting.total.areas != 0) {
        return twin_complain(twin, "mset_destroy left areas in the accounting");
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
    mirror_reset(&twin->mirror);
    twin->steps = 0;
    twin->stuck = false;
    create_set(twin);
    return wrong;
}

const char *twin_close(struct twin *twin) {
    const char *wrong = destroy_set(twin);
    stage_close(&twin->stage);
    model_close(&twin->model);
    mirror_close(&twin->mirror);
    change_list_free(&twin->shown);
    area_list_free(&twin->asked);
    area_list_free(&twin->areas);
    return wrong;
}

/* ---- the same in a new set ----------------------------------------------------------------- */

static struct mset_area *all_areas(const struct twin *twin, size_t *count) {
    const size_t room = (size_t)mset_count(twin->set);
    struct mset_area *const areas = malloc((room + 1) * sizeof *areas);
    struct mset_cursor cursor;
    if (areas == NULL) {
        abort();
    }
    mset_cursor_all(&cursor, twin->set);
    *count = mset_cursor_next_many(&cursor, areas, room + 1);
    mset_cursor_close(&cursor);
    return areas;
}

/* The areas stay where they are all the time, so observers go from one set to the other as they
 * are. */
static const char *replace_set(struct twin *twin, const struct mset_area *areas, size_t count) {
    struct mset *const old = twin->set;
    const struct mset_options options = {.allocator = &twin->memory.base,
                                         .page_size = twin->options.page_size,
                                         .flags = twin->options.merge ? MSET_MERGE : 0,
                                         .guard = twin->options.guard};
    if (mset_create(&options, &twin->set) != MSET_OK) {
        return twin_complain(twin, "a second set cannot be created");
    }
    const mset_status status = mset_load_metadata(twin->set, areas, count);
    const mset_status again = mset_load_metadata(twin->set, areas, count);
    /* Afterwards, as they may be below what is there. */
    (void)mset_set_limits(twin->set, twin->model.max_areas, twin->model.max_bytes);
    if (!twin->options.unobserved &&
        (mset_detach(old, &twin->mirror.observer) != MSET_OK ||
         mset_detach(old, &twin->accounting.observer) != MSET_OK ||
         mset_attach(twin->set, &twin->mirror.observer) != MSET_OK ||
         mset_accounting_attach(&twin->accounting, twin->set, UINT64_MAX) != MSET_OK)) {
        return twin_complain(twin, "observers cannot go to a second set");
    }
    mset_destroy(old);
    twin->splits = twin->merges = twin->mirror.splits = twin->mirror.merges = 0;
    if (status != MSET_OK || again != (count == 0 ? MSET_OK : MSET_ALREADY_EXISTS)) {
        return twin_complain(twin, "mset_load_metadata: %s, again: %s", mset_status_text(status),
                             mset_status_text(again));
    }
    return NULL;
}

const char *twin_reload(struct twin *twin) {
    size_t count;
    struct mset_area *const areas = all_areas(twin, &count);
    stage_begin(&twin->stage, &(struct refusal){0});
    mirror_begin(&twin->mirror);
    counting_allocator_fail(&twin->memory, 0, false);
    const char *wrong = count != mset_count(twin->set)
                            ? twin_complain(twin, "mset_cursor_next_many gave %zu areas", count)
                            : replace_set(twin, areas, count);
    free(areas);
    return wrong != NULL ? wrong : twin_compare(twin, TWIN_QUICK);
}

/* ---- both sides of one operation ---------------------------------------------------------- */

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

/* Limits are no operation on areas: a failure outlives them. */
static const char *compare_failure(struct twin *twin, const struct operation *o) {
    const struct mset_failure *want = &twin->model.failure;
    const struct mset_failure got = mset_last_failure(twin->set);
    if (o->kind == OP_SET_LIMITS ||
        (got.code == want->code && got.address == want->address &&
         got.done_start == want->done_start && got.done_size == want->done_size)) {
        return NULL;
    }
    return twin_complain(twin,
                         "mset_last_failure: model code %d at %#" PRIx64 ", done {%#" PRIx64
                         ", %#" PRIx64 "}, library %d at %#" PRIx64 ", done {%#" PRIx64
                         ", %#" PRIx64 "}",
                         want->code, want->address, want->done_start, want->done_size, got.code,
                         got.address, got.done_start, got.done_size);
}

static const char *compare_changes(struct twin *twin, const char *who,
                                   const struct change_list *made) {
    const struct change_list *expected = &twin->model.changes;
    char want[400] = "none", got[400] = "none";
    for (size_t i = 0; i < made->count || i < expected->count; i++) {
        if (i < made->count && i < expected->count &&
            change_equal(&made->changes[i], &expected->changes[i])) {
            continue;
        }
        if (i < expected->count) {
            change_text(&expected->changes[i], want, sizeof want);
        }
        if (i < made->count) {
            change_text(&made->changes[i], got, sizeof got);
        }
        return twin_complain(twin, "change %zu %s: model %s, library %s", i, who, want, got);
    }
    return NULL;
}

/* What the observers know, as far as it costs nothing to compare. */
static const char *compare_observers(struct twin *twin) {
    const uint64_t areas = mset_count(twin->set), bytes = mset_mapped_bytes(twin->set);
    const struct mset_tally *total = &twin->accounting.total;
    if (twin->options.unobserved) {
        return NULL;
    }
    if (twin->mirror.complaint[0] != '\0') {
        return twin_complain(twin, "%s", twin->mirror.complaint);
    }
    if (twin->mirror.count != areas || twin->mirror.bytes != bytes) {
        return twin_complain(twin, "the mirror has %" PRIu64 " areas, the set %" PRIu64,
                             twin->mirror.count, areas);
    }
    if (total->areas != areas || total->bytes != bytes) {
        return twin_complain(twin, "the accounting has %" PRIu64 " areas, the set %" PRIu64,
                             total->areas, areas);
    }
    return compare_changes(twin, "told to observers", &twin->mirror.told);
}

/* What the plan said, if there was one. A refusal of a backend is not foreseen. */
static const char *compare_plan(struct twin *twin, enum operation_way way, mset_status expected) {
    const bool foreseen = twin->model.failure.code == 0;
    const mset_status promised = foreseen ? expected : MSET_OK;
    if (way == WAY_DROPPED && twin->rehearsed != promised) {
        return twin_complain(twin, "status of the plan: model %s, library %s",
                             mset_status_text(promised), mset_status_text(twin->rehearsed));
    }
    return foreseen && twin->was_shown ? compare_changes(twin, "shown by the plan", &twin->shown)
                                       : NULL;
}

/* All that lives is the set and its tree. */
static const char *compare_memory(struct twin *twin) {
    struct mset_statistics statistics;
    const char *wrong = counting_allocator_complaint(&twin->memory, false);
    if (wrong != NULL) {
        return twin_complain(twin, "memory: %s", wrong);
    }
    mset_get_statistics(twin->set, &statistics);
    if (twin->memory.live_bytes != twin->books + statistics.node_bytes) {
        return twin_complain(twin, "memory: %" PRIu64 " bytes live, %" PRIu64 " of them nodes",
                             twin->memory.live_bytes, statistics.node_bytes);
    }
    return NULL;
}

static const char *compare_operation(struct twin *twin, const struct operation *o,
                                     enum operation_way way, mset_status expected) {
    const char *wrong;
    if (twin->stage.complaint[0] != '\0') {
        return twin_complain(twin, "%s", twin->stage.complaint);
    }
    if (twin->status != expected) {
        return twin_complain(twin, "status: model %s, library %s", mset_status_text(expected),
                             mset_status_text(twin->status));
    }
    if ((wrong = compare_calls(twin)) != NULL || (wrong = compare_splits(twin)) != NULL ||
        (wrong = compare_asked(twin)) != NULL || (wrong = compare_failure(twin, o)) != NULL ||
        (wrong = compare_plan(twin, way, expected)) != NULL ||
        (wrong = compare_memory(twin)) != NULL) {
        return wrong;
    }
    return compare_observers(twin);
}

/* ---- plans --------------------------------------------------------------------------------- */

static bool add_shown(void *list, const struct mset_change *change) {
    change_list_add(list, change);
    return true;
}

/* The plan is open: it shows what it will do, and everybody else has to wait. */
static void look_at_plan(struct twin *twin, const struct mset_plan *plan) {
    const size_t calls = twin->stage.calls.count;
    mset_plan_show(plan, add_shown, &twin->shown);
    twin->was_shown = true;
    const char *name = twin_try_all_calls(twin);
    if (name != NULL) {
        stage_complain(&twin->stage, "%s is not turned away while a plan is open", name);
    }
    if (twin->stage.calls.count != calls || twin->stage.told != 0) {
        stage_complain(&twin->stage, "backends were called while a plan was open");
    }
    if (twin->mirror.told.count != 0) {
        stage_complain(&twin->stage, "observers were told while a plan was open");
    }
}

static mset_status make_plan(struct twin *twin, const struct operation *o,
                             struct mset_plan **plan) {
    struct mset_plan *const untouched = (struct mset_plan *)(void *)twin;
    *plan = untouched;
    const mset_status status = twin_plan(twin, o, plan);
    if ((status == MSET_OK) == (*plan == untouched)) {
        stage_complain(&twin->stage, "%s, but the plan is %sset", mset_status_text(status),
                       *plan == untouched ? "not " : "");
    }
    return status;
}

static mset_status plan_and_commit(struct twin *twin, const struct operation *o) {
    struct mset_plan *plan;
    const mset_status status = make_plan(twin, o, &plan);
    if (status != MSET_OK) {
        return status;
    }
    look_at_plan(twin, plan);
    counting_allocator_fail(&twin->memory, 1, true); /* it has all it needs */
    return mset_plan_commit(plan);
}

static void begin_call(struct twin *twin, const struct refusal *refusal) {
    twin->asked.count = 0;
    stage_begin(&twin->stage, refusal);
    mirror_begin(&twin->mirror);
}

/* A plan that is made, shown and dropped. Nothing has happened then. */
static const char *rehearse(struct twin *twin, const struct operation *o) {
    struct mset_plan *plan;
    int64_t references[RECORDER_KINDS];
    for (int kind = 0; kind < RECORDER_KINDS; kind++) {
        references[kind] = stage_references(&twin->stage, (enum recorder_kind)kind);
    }
    begin_call(twin, &(struct refusal){0});
    twin->rehearsed = make_plan(twin, o, &plan);
    if (twin->rehearsed == MSET_OK) {
        look_at_plan(twin, plan);
        mset_plan_drop(plan);
    }
    counting_allocator_fail(&twin->memory, 0, false);
    stage_end(&twin->stage);
    for (int kind = 0; kind < RECORDER_KINDS; kind++) {
        if (references[kind] != stage_references(&twin->stage, (enum recorder_kind)kind)) {
            return twin_complain(twin, "a dropped plan changed the references of backend %d", kind);
        }
    }
    if (twin->stage.complaint[0] != '\0') {
        return twin_complain(twin, "%s", twin->stage.complaint);
    }
    if (twin->stage.told != 0 || twin->mirror.told.count != 0) {
        return twin_complain(twin, "a dropped plan did something");
    }
    return compare_memory(twin);
}

/* ---- one operation ------------------------------------------------------------------------ */

static void remember(struct twin *twin, const struct operation *operation) {
    twin->history[twin->steps++ % TWIN_HISTORY] =
        (struct past){*operation, twin->refusal, twin->way};
}

static void run_on_set(struct twin *twin, const struct operation *operation) {
    begin_call(twin, &twin->refusal);
    counting_allocator_fail(&twin->memory, twin->starve_at, twin->starve_on);
    twin->status =
        twin->way == WAY_PLANNED ? plan_and_commit(twin, operation) : twin_call(twin, operation);
    twin->starved =
        twin->starve_at != 0 && twin->status == MSET_NO_MEMORY && twin->memory.refused != 0;
    counting_allocator_fail(&twin->memory, 0, false);
    twin->starve_at = 0;
    stage_end(&twin->stage);
}

/* The model has memory without end: it stays as it is. */
static const char *compare_starved(struct twin *twin) {
    if (twin->stage.calls.count != 0) {
        return twin_complain(twin, "no memory, but backends were called");
    }
    if (twin->mirror.told.count != 0) {
        return twin_complain(twin, "no memory, but observers were told");
    }
    return compare_memory(twin);
}

static void count_changes(struct twin *twin) {
    for (size_t i = 0; i < twin->model.changes.count; i++) {
        const enum mset_change_kind kind = twin->model.changes.changes[i].kind;
        twin->splits += kind == MSET_SPLIT;
        twin->merges += kind == MSET_MERGED;
    }
}

const char *twin_apply(struct twin *twin, const struct operation *operation) {
    if (!operation_has_plan(operation)) {
        twin->way = WAY_DIRECT;
    }
    if (twin->way == WAY_IN_ROOM && !operation_finds_room(operation, twin->options.page_size)) {
        twin->way = WAY_DIRECT;
    }
    const enum operation_way way = twin->way;
    remember(twin, operation);
    twin->shown.count = 0;
    twin->was_shown = false;
    const char *wrong = way == WAY_DROPPED ? rehearse(twin, operation) : NULL;
    if (wrong != NULL) {
        return wrong;
    }
    run_on_set(twin, operation);
    twin->model.refusal = twin->refusal;
    twin->refusal = (struct refusal){0};
    twin->way = WAY_DIRECT;
    if (twin->starved) {
        return compare_starved(twin);
    }
    const mset_status expected = twin_foretell(twin, operation);
    if (expected == MSET_OK) {
        keep_promise(twin, operation);
    }
    count_changes(twin);
    wrong = compare_operation(twin, operation, way, expected);
    twin->stuck = twin->model.stuck;
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
    if ((o->side & MSET_HIGH) == 0) {
        return twin->options.base == 0 || o->size <= below;
    }
    return end == 0 || o->size <= above;
}

void twin_print_history(const struct twin *twin) {
    char text[640];
    const uint64_t first = twin->steps < TWIN_HISTORY ? 0 : twin->steps - TWIN_HISTORY;
    for (uint64_t i = first; i < twin->steps; i++) {
        const struct past *past = &twin->history[i % TWIN_HISTORY];
        (void)fprintf(stderr, "    /* %" PRIu64 " */ %s", i,
                      operation_text(&past->operation, past->way, text, sizeof text));
        if (past->refusal.calls != 0 || past->refusal.prepares != 0) {
            (void)fprintf(stderr,
                          " /* refused: calls %#" PRIx64 ", prepares %#" PRIx64 ", code %d%s */",
                          past->refusal.calls, past->refusal.prepares, past->refusal.code,
                          past->refusal.breaks_promises ? ", what was prepared too" : "");
        }
        (void)fprintf(stderr, "\n");
    }
}
