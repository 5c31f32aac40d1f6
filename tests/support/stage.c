/*
 * stage.c - see stage.h. First the pretended hardware, then the operations of the backends, then
 * the stage itself.
 */
#include "stage.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERMITTED 0 /* the answer of a backend that does not refuse */

void stage_complain(struct stage *stage, const char *format, ...) {
    if (stage->complaint[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is started above */
    (void)vsnprintf(stage->complaint, sizeof stage->complaint, format, arguments);
    va_end(arguments);
}

/* ---- hardware ----------------------------------------------------------------------------- */

static size_t page_number(const struct stage *stage, uint64_t address) {
    return (size_t)((address - stage->base) / stage->rules.page_size);
}

/* Is the run a non-empty sequence of whole pages of the universe? */
static bool run_fits(const struct stage *stage, const struct mset_area *run) {
    const uint64_t page = stage->rules.page_size;
    if (run->size == 0 || run->size % page != 0 || run->start % page != 0 ||
        run->start < stage->base) {
        return false;
    }
    return (run->start - stage->base) / page + run->size / page <= stage->pages;
}

static void hardware_set(struct stage *stage, const struct mset_area *run, uint64_t start) {
    const size_t first = page_number(stage, start);
    for (uint64_t done = 0; done < run->size; done += stage->rules.page_size) {
        stage->hardware[first + done / stage->rules.page_size] =
            (struct hardware_page){run->backend, run->flags, run->offset + done};
    }
}

static void hardware_drop(struct stage *stage, const struct mset_area *run) {
    const size_t first = page_number(stage, run->start);
    memset(&stage->hardware[first], 0,
           (size_t)(run->size / stage->rules.page_size) * sizeof *stage->hardware);
}

static bool hardware_is_free(const struct stage *stage, uint64_t start, uint64_t size) {
    const size_t first = page_number(stage, start);
    for (size_t i = 0; i < size / stage->rules.page_size; i++) {
        if (stage->hardware[first + i].backend != NULL) {
            return false;
        }
    }
    return true;
}

static bool hardware_holds(const struct stage *stage, const struct mset_area *run) {
    const size_t first = page_number(stage, run->start);
    for (uint64_t done = 0; done < run->size; done += stage->rules.page_size) {
        const struct hardware_page *page = &stage->hardware[first + done / stage->rules.page_size];
        if (page->backend != run->backend || page->flags != run->flags ||
            page->offset != run->offset + done) {
            return false;
        }
    }
    return true;
}

/* ---- what every call goes through --------------------------------------------------------- */

static void check_call(struct stage *stage, const struct call *call, const void *page_table) {
    char text[256];
    call_text(call, text, sizeof text);
    if (page_table != stage) {
        stage_complain(stage, "%s: got another page table", text);
    }
    if (!run_fits(stage, &call->run)) {
        stage_complain(stage, "%s: not whole pages of the universe", text);
        return;
    }
    const bool present = hardware_holds(stage, &call->run);
    if (call->kind == CALL_MAP ? !hardware_is_free(stage, call->run.start, call->run.size)
                               : !present) {
        stage_complain(stage, "%s: the page table holds something else there", text);
    }
    if (call->kind == CALL_MOVE && !hardware_is_free(stage, call->extra, call->run.size)) {
        stage_complain(stage, "%s: moved over something", text);
    }
}

/* Logs the call, decides whether it is refused, and says so with the code. */
static int record(struct mset_backend *backend, const struct call *call, const void *page_table) {
    struct recorder *recorder = (struct recorder *)backend;
    struct stage *stage = recorder->stage;
    const size_t number = stage->calls.count;
    call_list_add(&stage->calls, call);
    check_call(stage, call, page_table);
    if (call->run.backend != backend) {
        stage_complain(stage, "the run of call %zu names another backend", number);
    }
    if (recorder->dropped) {
        stage_complain(stage, "call %zu came after the last reference was dropped", number);
    }
    if (stage->look != NULL) {
        stage->look(stage->look_arg, stage, &call->run);
    }
    if (stage->complaint[0] != '\0') {
        return PERMITTED; /* the hardware is left alone: it may not fit the run */
    }
    return refusal_hits(&stage->refusal, number) ? stage->refusal.code : PERMITTED;
}

static bool goes_on(const struct mset_backend *backend, int answer) {
    return answer == 0 && ((const struct recorder *)backend)->stage->complaint[0] == '\0';
}

/* ---- operations of the backends ----------------------------------------------------------- */

static int record_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    const struct call call = {CALL_MAP, *run, 0, 0, 0};
    const int answer = record(backend, &call, page_table);
    if (goes_on(backend, answer)) {
        hardware_set(((struct recorder *)backend)->stage, run, run->start);
    }
    return answer;
}

static int record_unmap(struct mset_backend *backend, const struct mset_area *run,
                        void *page_table) {
    const struct call call = {CALL_UNMAP, *run, 0, 0, 0};
    const int answer = record(backend, &call, page_table);
    if (goes_on(backend, answer)) {
        hardware_drop(((struct recorder *)backend)->stage, run);
    }
    return answer;
}

static int record_protect(struct mset_backend *backend, const struct mset_area *run,
                          uint64_t new_flags, void *page_table) {
    const struct call call = {CALL_PROTECT, *run, new_flags, 0, 0};
    const int answer = record(backend, &call, page_table);
    if (goes_on(backend, answer)) {
        struct mset_area changed = *run;
        changed.flags = new_flags;
        hardware_set(((struct recorder *)backend)->stage, &changed, run->start);
    }
    return answer;
}

static int record_move(struct mset_backend *backend, const struct mset_area *run,
                       uint64_t new_start, void *page_table) {
    const struct call call = {CALL_MOVE, *run, new_start, 0, 0};
    const int answer = record(backend, &call, page_table);
    if (goes_on(backend, answer)) {
        hardware_drop(((struct recorder *)backend)->stage, run);
        hardware_set(((struct recorder *)backend)->stage, run, new_start);
    }
    return answer;
}

static int record_fault(struct mset_backend *backend, const struct mset_area *area,
                        uint64_t address, uint64_t access, void *page_table) {
    const struct call call = {CALL_FAULT, *area, address, access, 0};
    return record(backend, &call, page_table);
}

static bool record_may_split(struct mset_backend *backend, const struct mset_area *area,
                             uint64_t at) {
    struct stage *stage = ((struct recorder *)backend)->stage;
    if (area->backend != backend) {
        stage_complain(stage, "may_split: area of another backend");
    }
    if (at - area->start == 0 || at - area->start >= area->size) {
        stage_complain(stage, "may_split: %#" PRIx64 " is not inside {%#" PRIx64 ", %#" PRIx64 "}",
                       at, area->start, area->size);
    }
    area_list_add(&stage->splits, area, at);
    return seam_may_split(&stage->rules, at);
}

static bool record_may_merge(struct mset_backend *backend, const struct mset_area *left,
                             const struct mset_area *right) {
    struct stage *stage = ((struct recorder *)backend)->stage;
    if (!stage->merge) {
        stage_complain(stage, "may_merge: asked in a set that does not merge");
    }
    if (left->backend != backend || right->backend != backend || left->flags != right->flags ||
        left->size == 0 || right->size == 0 || left->start + left->size != right->start ||
        left->offset + left->size != right->offset) {
        stage_complain(stage, "may_merge: asked about areas that are no equal neighbours");
    }
    return seam_may_merge(&stage->rules, right->start);
}

static const char *name_of(const struct mset_backend *backend) {
    return backend->ops->name == NULL ? "the silent backend" : backend->ops->name;
}

static void record_retain(struct mset_backend *backend) {
    struct recorder *recorder = (struct recorder *)backend;
    if (recorder->dropped) {
        stage_complain(recorder->stage, "the references of %s went through zero", name_of(backend));
    }
    recorder->references++;
}

static void record_release(struct mset_backend *backend) {
    struct recorder *recorder = (struct recorder *)backend;
    recorder->references--;
    recorder->dropped = recorder->references == 0;
    if (recorder->references < 0) {
        stage_complain(recorder->stage, "%s was released once too often", name_of(backend));
    }
}

static const struct mset_backend_ops tables[RECORDER_KINDS] = {
    [RECORDER_FULL] = {.name = "full",
                       .map = record_map,
                       .unmap = record_unmap,
                       .protect = record_protect,
                       .move = record_move,
                       .fault = record_fault,
                       .may_split = record_may_split,
                       .may_merge = record_may_merge,
                       .retain = record_retain,
                       .release = record_release},
    [RECORDER_NO_MOVE] = {.name = "no_move",
                          .map = record_map,
                          .unmap = record_unmap,
                          .protect = record_protect,
                          .fault = record_fault,
                          .may_split = record_may_split,
                          .may_merge = record_may_merge,
                          .retain = record_retain,
                          .release = record_release},
    [RECORDER_SILENT] = {.name = NULL, .retain = record_retain, .release = record_release},
};

/* ---- the stage ---------------------------------------------------------------------------- */

void stage_open(struct stage *stage, const struct seam_rules *rules, uint64_t base, size_t pages,
                bool merge) {
    *stage = (struct stage){.rules = *rules, .base = base, .pages = pages, .merge = merge};
    for (size_t i = 0; i < RECORDER_KINDS; i++) {
        stage->recorders[i] = (struct recorder){.base = {&tables[i]}, .stage = stage};
    }
    stage->hardware = calloc(pages, sizeof *stage->hardware);
    if (stage->hardware == NULL) {
        abort();
    }
}

void stage_close(struct stage *stage) {
    free(stage->hardware);
    call_list_free(&stage->calls);
    area_list_free(&stage->splits);
    stage->hardware = NULL;
}

void stage_reset(struct stage *stage) {
    memset(stage->hardware, 0, stage->pages * sizeof *stage->hardware);
    for (size_t i = 0; i < RECORDER_KINDS; i++) {
        stage->recorders[i].references = 0;
    }
    stage_begin(stage, &(struct refusal){0, 0});
}

void stage_begin(struct stage *stage, const struct refusal *refusal) {
    stage->refusal = *refusal;
    stage->calls.count = 0;
    stage->splits.count = 0;
    stage->complaint[0] = '\0';
    for (size_t i = 0; i < RECORDER_KINDS; i++) {
        stage->recorders[i].dropped = false;
    }
}

struct mset_backend *stage_backend(struct stage *stage, enum recorder_kind kind) {
    return kind == RECORDER_NONE ? NULL : &stage->recorders[kind].base;
}

bool stage_maps(const struct mset_backend *backend) {
    return backend != NULL && backend->ops->map != NULL;
}

void stage_forget(struct stage *stage, uint64_t start, uint64_t size) {
    const struct mset_area run = {start, size, 0, NULL, 0};
    if (run_fits(stage, &run)) {
        hardware_drop(stage, &run);
    }
}

void stage_install(struct stage *stage, const struct mset_area *area) {
    if (stage_maps(area->backend)) {
        hardware_set(stage, area, area->start);
    }
}
