/*
 * trial.c - see trial.h. The life of a call:
 *
 *     foretell -> make it (with its fault) -> did it end as it may? -> settle -> judge the pages
 */
#include "trial.h"

#include "perform.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What opening and closing a world, and making a call, cost beside looking: in pages. */
enum { WORK_OF_WORLD = 60, WORK_OF_CALL = 15 };

bool trial_find(struct trial *trial, enum mset_conformance_rule rule, uint64_t address,
                const char *format, ...) {
    struct finding *const finding = &trial->finding;
    va_list arguments;
    finding->rule = rule;
    finding->address = address;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is started above */
    (void)vsnprintf(finding->detail, sizeof finding->detail, format, arguments);
    va_end(arguments);
    return false;
}

static bool holds(const struct trial *trial) {
    return trial->finding.rule == MSET_RULE_HOLDS && !trial->finding.unusable;
}

/* ---- resources ------------------------------------------------------------------------------- */

static uint64_t in_use(const struct trial *trial) {
    const struct mset_conformance_subject *const subject = trial->subject;
    return subject->in_use == NULL || subject->keeps_spare ? 0 : subject->in_use(subject->context);
}

static bool same_use(struct trial *trial, uint64_t before, enum mset_conformance_rule rule) {
    const uint64_t now = in_use(trial);
    if (now == before) {
        return true;
    }
    return trial_find(trial, rule, 0, "%" PRIu64 " resources are in use, before it were %" PRIu64,
                      now, before);
}

static void starve(const struct trial *trial, uint64_t nth, bool on) {
    const struct mset_conformance_subject *const subject = trial->subject;
    if (subject->fail != NULL) {
        subject->fail(subject->context, nth, on);
    }
}

static bool was_starved(const struct trial *trial, const struct call *call) {
    const struct mset_conformance_subject *const subject = trial->subject;
    return subject->fail != NULL && call->fail != 0 &&
           subject->requests(subject->context) >= call->fail;
}

/* ---- opening and closing ------------------------------------------------------------------- */

bool trial_init(struct trial *trial, const struct mset_conformance_subject *subject) {
    const size_t pages = (size_t)subject->pages;
    *trial = (struct trial){.subject = subject};
    trial->model.subject = subject;
    trial->model.page_size = subject->page_size == 0 ? MSET_PAGE_SIZE : subject->page_size;
    trial->model.now = calloc(pages, sizeof *trial->model.now);
    trial->model.next = calloc(pages, sizeof *trial->model.next);
    trial->seen = calloc(pages, sizeof *trial->seen);
    /* unreachable: malloc has always some memory */
    return trial->model.now != NULL && trial->model.next != NULL && trial->seen != NULL;
}

void trial_free(struct trial *trial) {
    free(trial->model.now);
    free(trial->model.next);
    free(trial->seen);
}

static void forget_pages(struct trial *trial, const struct shape *shape) {
    struct model *const model = &trial->model;
    model->base = trial->subject->base + shape->first_page * model->page_size;
    model->pages = shape->pages;
    for (size_t i = 0; i < model->pages; i++) {
        model->now[i] = (struct model_page){.backend = NOBODY};
    }
    memset(trial->seen, 0, model->pages * sizeof *trial->seen);
}

static bool open_world(struct trial *trial, const struct shape *shape) {
    const struct mset_conformance_subject *const subject = trial->subject;
    const struct mset_options options = {.page_size = trial->model.page_size,
                                         .flags = shape->merge ? MSET_MERGE : 0};
    memset(&trial->world, 0, sizeof trial->world);
    if (!subject->open(subject->context, &trial->world)) {
        return false;
    }
    trial->is_open = true;
    for (size_t i = 0; i < subject->backend_count; i++) {
        if (trial->world.backend[i] == NULL) {
            return false;
        }
    }
    return mset_create(&options, &trial->set) == MSET_OK;
}

bool trial_open(struct trial *trial, const struct shape *shape,
                struct mset_conformance_result *counts) {
    trial->shape = *shape;
    trial->counts = counts;
    trial->counts->sequences++;
    trial->work += WORK_OF_WORLD;
    trial->finding = (struct finding){.rule = MSET_RULE_HOLDS};
    trial->effect = (struct effect){.status = MSET_OK};
    trial->tags = 0;
    trial->set = NULL;
    mset_conformance_partner_init(&trial->partner);
    forget_pages(trial, shape);
    if (!open_world(trial, shape)) {
        trial->finding.unusable = true;
        (void)snprintf(trial->finding.detail, sizeof trial->finding.detail,
                       "open() has not made a world with all backends");
        return false;
    }
    trial->in_use_before = in_use(trial);
    return true;
}

static const struct call clear = {.kind = CALL_CLEAR};

static bool all_came_back(struct trial *trial) {
    return trial_call(trial, &clear) && same_use(trial, trial->in_use_before, MSET_RULE_LEAK);
}

bool trial_close(struct trial *trial) {
    const struct mset_conformance_subject *const subject = trial->subject;
    const bool well = holds(trial) && all_came_back(trial);
    mset_destroy(trial->set);
    trial->set = NULL;
    if (!trial->is_open) {
        return false;
    }
    trial->is_open = false;
    const uint64_t left = subject->close(subject->context);
    if (!well || left == 0) {
        return well;
    }
    return trial_find(trial, MSET_RULE_LEAK, 0, "%" PRIu64 " resources were not given back", left);
}

/* ---- how a call may end -------------------------------------------------------------------- */

/* Did the subject have a reason to refuse? */
static bool may_refuse(const struct trial *trial, mset_status status) {
    if (trial->hit) {
        return true;
    }
    for (size_t i = 0; i < trial->subject->backend_count; i++) {
        const bool judges_cuts = trial->world.backend[i]->ops->may_split != NULL;
        if (trial->subject->backends[i].may_refuse || (judges_cuts && status == MSET_UNSUPPORTED)) {
            return true;
        }
    }
    return false;
}

static bool judge_status(struct trial *trial) {
    const mset_status expected = trial->effect.status;
    if (expected != MSET_OK) {
        if (trial->status != MSET_OK) { /* unreachable: the set is right */
            return true;
        }
        return trial_find(trial, MSET_RULE_SET, 0, "it should have said: %s",
                          mset_status_text(expected));
    }
    if (trial->status == MSET_OK || may_refuse(trial, trial->status)) {
        return true;
    }
    return trial_find(trial, MSET_RULE_REFUSED, mset_last_failure(trial->set).address,
                      "%s, the backend's answer is %d", mset_status_text(trial->status),
                      mset_last_failure(trial->set).code);
}

/* ---- failures that had to be undone -------------------------------------------------------- */

static bool lacks_prepare(const struct trial *trial, const struct model_page *pages,
                          const struct span *span) {
    for (size_t i = span->first; i < span->first + span->count; i++) {
        if (pages[i].backend != NOBODY && !trial_can_prepare(trial, pages[i].backend)) {
            return true;
        }
    }
    return false;
}

/* All that were there, and all that will be. */
static bool all_prepare(const struct trial *trial) {
    const struct model *const model = &trial->model;
    const struct effect *const effect = &trial->effect;
    return !lacks_prepare(trial, model->now, &effect->range) &&
           !lacks_prepare(trial, model->next, &effect->range) &&
           !lacks_prepare(trial, model->now, &effect->target);
}

/* The page was unmapped and then mapped again, so nothing is known of what was in it. */
static void forget(struct trial *trial, const struct span *span, bool prepared_too) {
    for (size_t i = span->first; i < span->first + span->count; i++) {
        struct model_page *const page = &trial->model.now[i];
        if (prepared_too || !trial_can_prepare(trial, page->backend)) {
            page->state = TAG_ANY;
            page->filled = false;
        }
    }
}

static bool cannot_move(const struct trial *trial, const struct span *span) {
    for (size_t i = span->first; i < span->first + span->count; i++) {
        const int backend = trial->model.now[i].backend;
        if (backend != NOBODY && backend != PARTNER &&
            trial->world.backend[backend]->ops->move == NULL) {
            return true;
        }
    }
    return false;
}

/* Can all backends of the subject prepare? */
static bool subjects_prepare(const struct trial *trial) {
    for (size_t i = 0; i < trial->subject->backend_count; i++) {
        if (!trial_can_prepare(trial, (int)i)) {
            return false;
        }
    }
    return true;
}

/* Only operations of several steps are ever undone, and only if somebody refused who cannot
 * prepare.
 */
static bool was_undone(const struct trial *trial, const struct call *call) {
    const struct effect *const effect = &trial->effect;
    const unsigned areas =
        trial_areas_in(trial, &effect->range) + trial_areas_in(trial, &effect->target);
    const unsigned more =
        call->kind == CALL_MAP || (call->kind == CALL_MOVE && cannot_move(trial, &effect->range));
    return !trial->prepared && areas + more > 1 && (trial->refused || !subjects_prepare(trial));
}

static void forget_undone(struct trial *trial, const struct call *call) {
    const struct span *const range = &trial->effect.range;
    switch (call->kind) {
    case CALL_MAP:
        forget(trial, range, !trial_can_prepare(trial, call->backend));
        break;
    case CALL_MOVE:
        forget(trial, &trial->effect.target, lacks_prepare(trial, trial->model.now, range));
        if (cannot_move(trial, range)) {
            forget(trial, range, false);
        }
        break;
    case CALL_UNMAP:
    case CALL_CLEAR:
        forget(trial, range, false);
        break;
    default:
        break;
    }
}

/* The undoing was refused as well; only for want of resources may it be. */
static bool judge_stuck(struct trial *trial, const struct call *call) {
    if (!call->fail_on && !may_refuse(trial, MSET_BAD_STATE)) {
        return trial_find(trial, MSET_RULE_REFUSED, mset_last_failure(trial->set).address,
                          "undoing was refused though nothing was missing");
    }
    trial->changed = true;
    trial->counts->stuck++;
    /* unreachable: the set is right */
    return trial_follow_set(trial) && trial_judge(trial, call, AFTER_STUCK);
}

static bool judge_failure(struct trial *trial, const struct call *call, uint64_t use) {
    if (mset_last_failure(trial->set).done_size != 0) {
        return judge_stuck(trial, call);
    }
    if (trial->effect.status == MSET_OK && was_undone(trial, call)) {
        forget_undone(trial, call);
        return trial_judge(trial, call, AFTER_UNDOING);
    }
    return trial_judge(trial, call, AFTER_FAILURE) && same_use(trial, use, MSET_RULE_FAILED_KEPT);
}

/* ---- making a call ------------------------------------------------------------------------- */

static void settle(const struct trial *trial) {
    const struct mset_conformance_subject *const subject = trial->subject;
    starve(trial, 0, false);
    if (subject->settle != NULL) {
        subject->settle(subject->context);
    }
}

/* Plan, look, and commit or drop. */
static bool make_plan(struct trial *trial, const struct call *call, uint64_t use) {
    struct mset_plan *plan = NULL;
    trial->counts->plans++;
    trial->status = perform_plan(trial, call, &plan);
    trial->hit = was_starved(trial, call);
    if (trial->status != MSET_OK) {
        return true;
    }
    if (!trial_judge(trial, call, WHILE_PLANNED)) {
        mset_plan_drop(plan);
        return false;
    }
    if (call->mode == CALL_DROP) {
        mset_plan_drop(plan);
        settle(trial);
        return trial_judge(trial, call, AFTER_DROP) && same_use(trial, use, MSET_RULE_ABORT_KEPT);
    }
    if (trial->prepared) {
        starve(trial, 1, true);
    }
    trial->status = mset_plan_commit(plan);
    if (trial->prepared && trial->status != MSET_OK) {
        return trial_find(trial, MSET_RULE_PREPARED_REFUSED, mset_last_failure(trial->set).address,
                          "%s", mset_status_text(trial->status));
    }
    trial->hit = trial->hit || (!trial->prepared && was_starved(trial, call));
    return true;
}

/* Makes the call while what is to fail fails. */
static bool make(struct trial *trial, const struct call *call, uint64_t use) {
    bool well = true;
    const uint64_t refusals = trial->partner.refusals;
    trial->partner.refuse = call->refuse;
    starve(trial, call->fail, call->fail_on);
    if (call->mode == CALL_DIRECT) {
        trial->status = perform_direct(trial, call);
        trial->hit = was_starved(trial, call);
    } else {
        well = make_plan(trial, call, use);
    }
    trial->counts->faults += trial->hit;
    trial->counts->refusals += trial->partner.refusals - refusals;
    trial->refused = trial->partner.refusals != refusals;
    trial->hit = trial->hit || trial->refused;
    trial->partner.refuse = 0;
    settle(trial);
    return well;
}

static bool judge_end(struct trial *trial, const struct call *call, uint64_t use) {
    if (!judge_status(trial)) {
        return false;
    }
    if (trial->status != MSET_OK) {
        return judge_failure(trial, call, use);
    }
    if (call->mode == CALL_DROP) {
        return true;
    }
    trial->changed = call->kind == CALL_FAULT || model_changes(&trial->model);
    model_advance(&trial->model);
    return trial_judge(trial, call, AFTER_SUCCESS);
}

static bool judge_rest(struct trial *trial) {
    const struct mset_conformance_subject *const subject = trial->subject;
    const char *const complaint =
        subject->validate == NULL ? NULL : subject->validate(subject->context);
    if (complaint != NULL) {
        return trial_find(trial, MSET_RULE_INVALID, 0, "%s", complaint);
    }
    return trial_judge_set(trial);
}

bool trial_call(struct trial *trial, const struct call *call) {
    struct mset_area area;
    const bool found = mset_find(trial->set, call->start, &area);
    trial->changed = false;
    trial->hit = false;
    trial->refused = false;
    trial->status = MSET_OK;
    trial->effect = model_foretell(&trial->model, call, found ? &area : NULL, &trial->world);
    if (trial->effect.skip) {
        return true;
    }
    const uint64_t use = in_use(trial);
    trial->prepared = all_prepare(trial);
    trial->counts->calls++;
    trial->work += WORK_OF_CALL;
    return make(trial, call, use) && judge_end(trial, call, use) && judge_rest(trial);
}
