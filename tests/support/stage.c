/*
 * stage.c - see stage.h. First the pretended hardware, then the operations of the backends, then
 * the stage itself.
 */
#include "stage.h"

#include "complaint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERMITTED 0 /* the answer of a backend that does not refuse */

void stage_complain(struct stage *stage, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complaint_keep(stage->complaint, sizeof stage->complaint, format, arguments);
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

/* The text is made only when it is wanted: calls are many. */
static void complain_about(struct stage *stage, const struct call *call, const char *what) {
    char text[256];
    call_text(call, text, sizeof text);
    stage_complain(stage, "%s: %s", text, what);
}

static void check_call(struct stage *stage, const struct call *call, const void *page_table) {
    if (page_table != stage) {
        complain_about(stage, call, "got another page table");
    }
    if (!run_fits(stage, &call->run)) {
        complain_about(stage, call, "not whole pages of the universe");
        return;
    }
    const bool present = hardware_holds(stage, &call->run);
    if (call->kind == CALL_MAP ? !hardware_is_free(stage, call->run.start, call->run.size)
                               : !present) {
        complain_about(stage, call, "the page table holds something else there");
    }
    if (call->kind == CALL_MOVE && !hardware_is_free(stage, call->extra, call->run.size)) {
        complain_about(stage, call, "moved over something");
    }
}

/* Goes for prepares and aborts, too. */
static void check_caller(struct mset_backend *backend, const struct call *call) {
    struct recorder *recorder = (struct recorder *)backend;
    struct stage *stage = recorder->stage;
    if (call->run.backend != backend) {
        stage_complain(stage, "the run of call %zu names another backend", stage->calls.count);
    }
    if (recorder->dropped) {
        stage_complain(stage, "call %zu came after the last reference was dropped",
                       stage->calls.count);
    }
    call_list_add(&stage->calls, call);
    if (stage->look != NULL) {
        stage->look(stage->look_arg, stage, &call->run);
    }
}

/* ---- what is prepared --------------------------------------------------------------------- */

static void expect_prepared(struct stage *stage, const struct call *call, size_t number) {
    char want[256], got[256];
    const struct call to_come = call_to_come(&stage->prepared.calls[number]);
    if (!call_equal(&to_come, call)) {
        call_text(&to_come, want, sizeof want);
        call_text(call, got, sizeof got);
        stage_complain(stage, "prepared is %s, called or aborted %s", want, got);
    }
}

/* Was the call prepared? Ends that. */
static bool end_prepared(struct stage *stage, const struct mset_backend *backend,
                         const struct call *call) {
    const size_t left = stage->prepared.count - stage->ended;
    if (stage->undoing && left != 0) {
        stage_complain(stage, "undoing began while %zu steps were prepared", left);
    }
    if (backend->ops->prepare == NULL || stage->undoing || call->kind == CALL_FAULT) {
        return false;
    }
    if (left != 0) {
        expect_prepared(stage, call, stage->ended++);
        return true;
    }
    if (stage->asked != 0) {
        stage_complain(stage, "others were prepared, call %zu was not", stage->told);
    }
    return false;
}

static const char *wrong_room(const struct stage *stage, const struct call *about) {
    const bool moves = about->step == CALL_MOVE;
    const uint64_t start = moves ? about->extra : about->run.start;
    if (!moves && about->step != CALL_MAP) {
        return about->room_start == 0 && about->room_size == 0 ? NULL : "a room for nothing";
    }
    const struct mset_area room = {.start = about->room_start, .size = about->room_size};
    if (room.size == 0) {
        return hardware_is_free(stage, start, about->run.size) ? NULL : "no room, but it is taken";
    }
    if (!run_fits(stage, &room) || start < room.start || about->run.size > room.size ||
        start - room.start > room.size - about->run.size) {
        return "the room does not hold the new place";
    }
    return NULL;
}

static void check_prepare(struct stage *stage, const struct call *about, const void *page_table) {
    if (page_table != stage) {
        complain_about(stage, about, "got another page table");
    }
    if (stage->told != 0) {
        complain_about(stage, about, "calls have come before");
    }
    if (!run_fits(stage, &about->run)) {
        complain_about(stage, about, "not whole pages of the universe");
        return;
    }
    if (about->step != CALL_MAP && !hardware_holds(stage, &about->run)) {
        complain_about(stage, about, "the page table holds something else there");
    }
    const char *wrong = wrong_room(stage, about);
    if (wrong != NULL) {
        complain_about(stage, about, wrong);
    }
}

/* Logs the call, decides whether it is refused, and says so with the code. */
static int record(struct mset_backend *backend, const struct call *call, const void *page_table) {
    struct stage *stage = ((struct recorder *)backend)->stage;
    const size_t number = stage->told;
    const bool prepared = end_prepared(stage, backend, call);
    check_caller(backend, call);
    check_call(stage, call, page_table);
    stage->told++;
    if (stage->complaint[0] != '\0') {
        return PERMITTED; /* the hardware is left alone: it may not fit the run */
    }
    if (!mask_hits(stage->refusal.calls, number) || (prepared && !stage->refusal.breaks_promises)) {
        return PERMITTED;
    }
    stage->undoing = true;
    return stage->refusal.code;
}

static bool goes_on(const struct mset_backend *backend, int answer) {
    return answer == 0 && ((const struct recorder *)backend)->stage->complaint[0] == '\0';
}

/* ---- operations of the backends ----------------------------------------------------------- */

static struct call call_of_step(enum call_kind kind, const struct mset_step *step) {
    static const enum call_kind kinds[] = {[MSET_STEP_MAP] = CALL_MAP,
                                           [MSET_STEP_UNMAP] = CALL_UNMAP,
                                           [MSET_STEP_PROTECT] = CALL_PROTECT,
                                           [MSET_STEP_MOVE] = CALL_MOVE};
    struct call call = {.kind = kinds[step->kind], .run = step->run};
    if (step->kind == MSET_STEP_PROTECT) {
        call.extra = step->new_flags;
    } else if (step->kind == MSET_STEP_MOVE) {
        call.extra = step->new_start;
    }
    return call_about(kind, &call, step->room_start, step->room_size);
}

static int record_prepare(struct mset_backend *backend, const struct mset_step *step,
                          void *page_table) {
    struct stage *stage = ((struct recorder *)backend)->stage;
    const struct call about = call_of_step(CALL_PREPARE, step);
    const size_t number = stage->asked++;
    check_caller(backend, &about);
    check_prepare(stage, &about, page_table);
    if (mask_hits(stage->refusal.prepares, number)) {
        return stage->refusal.code;
    }
    call_list_add(&stage->prepared, &about);
    return PERMITTED;
}

static void record_abort(struct mset_backend *backend, const struct mset_step *step,
                         void *page_table) {
    struct stage *stage = ((struct recorder *)backend)->stage;
    const struct call about = call_of_step(CALL_ABORT, step);
    check_caller(backend, &about);
    if (page_table != stage) {
        complain_about(stage, &about, "got another page table");
    }
    if (stage->prepared.count == stage->ended) {
        complain_about(stage, &about, "nothing is prepared");
        return;
    }
    const struct call to_come = call_to_come(&about);
    expect_prepared(stage, &to_come, stage->prepared.count - 1);
    stage->prepared.count--;
}

static int record_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    const struct call call = {.kind = CALL_MAP, .run = *run};
    const int answer = record(backend, &call, page_table);
    if (goes_on(backend, answer)) {
        hardware_set(((struct recorder *)backend)->stage, run, run->start);
    }
    return answer;
}

static int record_unmap(struct mset_backend *backend, const struct mset_area *run,
                        void *page_table) {
    const struct call call = {.kind = CALL_UNMAP, .run = *run};
    const int answer = record(backend, &call, page_table);
    if (goes_on(backend, answer)) {
        hardware_drop(((struct recorder *)backend)->stage, run);
    }
    return answer;
}

static int record_protect(struct mset_backend *backend, const struct mset_area *run,
                          uint64_t new_flags, void *page_table) {
    const struct call call = {.kind = CALL_PROTECT, .run = *run, .extra = new_flags};
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
    const struct call call = {.kind = CALL_MOVE, .run = *run, .extra = new_start};
    const int answer = record(backend, &call, page_table);
    if (goes_on(backend, answer)) {
        hardware_drop(((struct recorder *)backend)->stage, run);
        hardware_set(((struct recorder *)backend)->stage, run, new_start);
    }
    return answer;
}

static int record_fault(struct mset_backend *backend, const struct mset_area *area,
                        uint64_t address, uint64_t access, void *page_table) {
    const struct call call = {.kind = CALL_FAULT, .run = *area, .extra = address, .access = access};
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

#define RECORD_ALL_BUT_MOVE(backend_name)                                                        \
    .name = (backend_name), .map = record_map, .unmap = record_unmap, .protect = record_protect, \
    .fault = record_fault, .may_split = record_may_split, .may_merge = record_may_merge,         \
    .retain = record_retain, .release = record_release

static const struct mset_backend_ops tables[RECORDER_KINDS] = {
    [RECORDER_FULL] = {RECORD_ALL_BUT_MOVE("full"), .move = record_move},
    [RECORDER_NO_MOVE] = {RECORD_ALL_BUT_MOVE("no_move")},
    [RECORDER_PREPARED] = {RECORD_ALL_BUT_MOVE("prepared"), .move = record_move,
                           .prepare = record_prepare, .abort = record_abort},
    [RECORDER_SILENT] = {.name = NULL, .retain = record_retain, .release = record_release},
    [RECORDER_PREPARED_NO_MOVE] = {RECORD_ALL_BUT_MOVE("prepared_no_move"),
                                   .prepare = record_prepare, .abort = record_abort},
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
    call_list_free(&stage->prepared);
    area_list_free(&stage->splits);
    stage->hardware = NULL;
}

void stage_reset(struct stage *stage) {
    memset(stage->hardware, 0, stage->pages * sizeof *stage->hardware);
    for (size_t i = 0; i < RECORDER_KINDS; i++) {
        stage->recorders[i].references = 0;
    }
    stage_begin(stage, &(struct refusal){0});
}

void stage_begin(struct stage *stage, const struct refusal *refusal) {
    stage->refusal = *refusal;
    stage->calls.count = 0;
    stage->told = 0;
    stage->asked = 0;
    stage->prepared.count = 0;
    stage->ended = 0;
    stage->undoing = false;
    stage->splits.count = 0;
    stage->complaint[0] = '\0';
    for (size_t i = 0; i < RECORDER_KINDS; i++) {
        stage->recorders[i].dropped = false;
    }
}

void stage_end(struct stage *stage) {
    if (stage->prepared.count != stage->ended) {
        stage_complain(stage, "%zu steps are still prepared", stage->prepared.count - stage->ended);
    }
}

struct mset_backend *stage_backend(struct stage *stage, enum recorder_kind kind) {
    return kind == RECORDER_NONE ? NULL : &stage->recorders[kind].base;
}

bool stage_maps(const struct mset_backend *backend) {
    return backend != NULL && backend->ops->map != NULL;
}

int64_t stage_references(const struct stage *stage, enum recorder_kind kind) {
    return kind == RECORDER_NONE ? 0 : stage->recorders[kind].references;
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
