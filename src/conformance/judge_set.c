/*
 * judge_set.c - the areas of the set beside the pages of the model. The set is not what is on trial
 * here; but where both differ there is no telling what a backend should have done.
 */
#include "trial.h"

#include <inttypes.h>

int trial_backend_index(const struct trial *trial, const struct mset_backend *backend) {
    if (backend == &trial->partner.backend) {
        return PARTNER;
    }
    /* unreachable: nobody else's areas are in the set */
    for (size_t i = 0; i < trial->subject->backend_count; i++) {
        if (backend == trial->world.backend[i]) {
            return (int)i;
        }
    }
    return NOBODY;
}

bool trial_can_prepare(const struct trial *trial, int backend) {
    return backend != NOBODY && backend != PARTNER &&
           trial->world.backend[backend]->ops->prepare != NULL;
}

unsigned trial_areas_in(const struct trial *trial, const struct span *span) {
    struct mset_cursor cursor;
    struct mset_area area;
    unsigned count = 0;
    if (span->count == 0 ||
        mset_cursor_range(&cursor, trial->set, model_address(&trial->model, span->first),
                          span->count * trial->model.page_size) != MSET_OK) {
        return 0;
    }
    while (mset_cursor_next(&cursor, &area)) {
        count++;
    }
    return count;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static struct model_page page_of(const struct trial *trial, const struct mset_area *area,
                                 uint64_t address) {
    return (struct model_page){.backend = trial_backend_index(trial, area->backend),
                               .flags = area->flags,
                               .offset = mset_area_offset(area, address),
                               .state = TAG_ANY};
}

/* Calls `visit` for each page with what the set says about it. */
static bool each_page(struct trial *trial, bool (*visit)(struct trial *trial, size_t page,
                                                         const struct model_page *in_set)) {
    struct mset_cursor cursor;
    struct mset_area area;
    mset_cursor_all(&cursor, trial->set);
    bool more = mset_cursor_next(&cursor, &area);
    for (size_t i = 0; i < trial->model.pages; i++) {
        const uint64_t address = model_address(&trial->model, i);
        struct model_page in_set = {.backend = NOBODY};
        while (more && area.start + area.size <= address) {
            more = mset_cursor_next(&cursor, &area);
        }
        if (more && mset_area_contains(&area, address)) {
            in_set = page_of(trial, &area, address);
        }
        if (!visit(trial, i, &in_set)) { /* unreachable: see compare_page() */
            mset_cursor_close(&cursor);
            return false;
        }
    }
    mset_cursor_close(&cursor);
    return true;
}

static bool compare_page(struct trial *trial, size_t page, const struct model_page *in_set) {
    const struct model_page *const expected = &trial->model.now[page];
    if (model_same_area(expected, in_set)) { /* unreachable: only if mset is wrong it is not so */
        return true;
    }
    return trial_find(trial, MSET_RULE_SET, model_address(&trial->model, page),
                      "the set has backend %d, flags %#" PRIx64 ", offset %#" PRIx64
                      " there, expected %d, %#" PRIx64 ", %#" PRIx64,
                      in_set->backend, in_set->flags, in_set->offset, expected->backend,
                      expected->flags, expected->offset);
}

static bool follow_page(struct trial *trial, size_t page, const struct model_page *in_set) {
    struct model_page *const known = &trial->model.now[page];
    if (!span_has(&trial->effect.range, page) && !span_has(&trial->effect.target, page)) {
        return compare_page(trial, page, in_set);
    }
    *known = *in_set;
    return true;
}

bool trial_follow_set(struct trial *trial) {
    return each_page(trial, follow_page);
}

/* ---- references ------------------------------------------------------------------------------ */

static bool judge_references(struct trial *trial) {
    const struct mset_conformance_subject *const subject = trial->subject;
    uint64_t areas[PARTNER + 1] = {0};
    struct mset_cursor cursor;
    struct mset_area area;
    mset_cursor_all(&cursor, trial->set);
    while (mset_cursor_next(&cursor, &area)) {
        areas[trial_backend_index(trial, area.backend)]++;
    }
    for (size_t i = 0; i < subject->backend_count; i++) {
        const uint64_t held = subject->references(subject->context, i);
        if (held != areas[i]) {
            return trial_find(trial, MSET_RULE_REFERENCES, 0,
                              "backend %zu holds %" PRIu64 " references for %" PRIu64 " areas", i,
                              held, areas[i]);
        }
    }
    return true;
}

bool trial_judge_set(struct trial *trial) {
    /* unreachable: see compare_page() */
    return each_page(trial, compare_page) &&
           (trial->subject->references == NULL || judge_references(trial));
}
