/*
 * judge.c - every page of the window is looked at, and compared either with its area or, where
 * nothing was to happen, with what was seen there before.
 *
 *                    in the range of the call          elsewhere
 *     success        as its area says                  as before: NEIGHBOUR
 *     failure        as before                         as before
 *     undone         mapped again: as its area says    as before
 *     stuck          as the set says: STUCK            as before
 *     planned        as before: PREPARE_VISIBLE        as before
 *     dropped        as before: ABORT_CHANGED          as before
 *
 * Pages of a lazy backend may come in at any time, if they come in as their area says. Contents are
 * compared whenever they are known.
 */
#include "trial.h"

#include <inttypes.h>
#include <stdio.h>

enum { SHORT = 72 };

struct looking {
    struct trial *trial;
    const struct call *call;
    enum occasion occasion;
    size_t page;
    struct model_page *model;
    const struct mset_conformance_backend *traits; /* NULL: nothing may be there */
    const struct mset_conformance_page *before;
    struct mset_conformance_page now;
};

static bool accessible(uint64_t flags) {
    return (flags & MSET_ACCESS) != 0;
}

static uint64_t shown_bits(const struct mset_conformance_subject *subject) {
    return subject->flags_shown == 0 ? MSET_ACCESS : subject->flags_shown;
}

/* What a page shows whose area has these flags. */
static uint64_t shown_flags(const struct mset_conformance_subject *subject, uint64_t flags) {
    const bool implied = (flags & subject->implies_read) != 0;
    return (flags | (implied ? MSET_READ : 0)) & shown_bits(subject);
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *page_text(const struct looking *l, const struct mset_conformance_page *page,
                             char *text) {
    if (!page->mapped) {
        (void)snprintf(text, SHORT, "nothing");
    } else if (l->traits != NULL && l->traits->offset_matters) {
        (void)snprintf(text, SHORT, "flags %#" PRIx64 ", place %#" PRIx64, page->flags,
                       page->place);
    } else {
        (void)snprintf(text, SHORT, "a page with flags %#" PRIx64, page->flags);
    }
    return text;
}

static const char *area_text(const struct looking *l, char *text) {
    if (l->traits == NULL) {
        (void)snprintf(text, SHORT, "nothing");
    } else if (l->traits->offset_matters) {
        (void)snprintf(text, SHORT, "flags %#" PRIx64 ", offset %#" PRIx64, l->model->flags,
                       l->model->offset);
    } else {
        (void)snprintf(text, SHORT, "flags %#" PRIx64, l->model->flags);
    }
    return text;
}

static uint64_t address_of(const struct looking *l) {
    return model_address(&l->trial->model, l->page);
}

static bool differs_from_area(const struct looking *l, enum mset_conformance_rule rule) {
    char seen[SHORT];
    char area[SHORT];
    return trial_find(l->trial, rule, address_of(l), "there is %s, the area says %s",
                      page_text(l, &l->now, seen), area_text(l, area));
}

static bool differs_from_before(const struct looking *l, enum mset_conformance_rule rule) {
    char seen[SHORT];
    char before[SHORT];
    return trial_find(l->trial, rule, address_of(l), "there is %s, before there was %s",
                      page_text(l, &l->now, seen), page_text(l, l->before, before));
}

/* ---- as its area says ------------------------------------------------------------------------ */

static bool may_be_missing(const struct looking *l) {
    return l->traits->drops || (l->traits->lazy && !l->model->filled);
}

static bool flags_fit(const struct looking *l) {
    const uint64_t expected = shown_flags(l->trial->subject, l->model->flags);
    const uint64_t shown = l->now.flags & shown_bits(l->trial->subject);
    return l->traits->late_flags ? (shown & ~expected) == 0 : shown == expected;
}

static enum mset_conformance_rule judge_mapped(const struct looking *l) {
    if (!accessible(l->model->flags)) {
        if (accessible(l->now.flags)) {
            return MSET_RULE_FLAGS;
        }
    } else if (!flags_fit(l)) {
        return MSET_RULE_FLAGS;
    }
    return l->traits->offset_matters && l->now.place != l->model->offset ? MSET_RULE_OFFSET
                                                                         : MSET_RULE_HOLDS;
}

static enum mset_conformance_rule judge_area(const struct looking *l) {
    if (l->traits == NULL) {
        return l->now.mapped ? MSET_RULE_STILL_MAPPED : MSET_RULE_HOLDS;
    }
    if (l->now.mapped) {
        return judge_mapped(l);
    }
    if (!accessible(l->model->flags) || may_be_missing(l)) {
        return MSET_RULE_HOLDS;
    }
    return l->call->kind == CALL_MOVE && l->model->filled ? MSET_RULE_MOVE : MSET_RULE_NOT_MAPPED;
}

/* fault answered 0: the access must pass now. */
static bool was_helped(const struct looking *l) {
    const struct call *const call = l->call;
    const uint64_t wanted = call->flags & shown_bits(l->trial->subject);
    return call->kind != CALL_FAULT || l->traits == NULL || l->occasion != AFTER_SUCCESS ||
           !span_has(&l->trial->effect.range, l->page) ||
           (l->now.mapped && (l->now.flags & wanted) == wanted);
}

/* ---- as before ------------------------------------------------------------------------------- */

static bool same_page(const struct looking *l) {
    const struct mset_conformance_page *const a = l->before;
    const struct mset_conformance_page *const b = &l->now;
    const uint64_t bits = shown_bits(l->trial->subject);
    const bool placed = l->traits != NULL && l->traits->offset_matters;
    return a->mapped == b->mapped && (a->flags & bits) == (b->flags & bits) &&
           (!placed || a->place == b->place);
}

/* What may change at any time, whatever is called. */
static bool may_change(const struct looking *l) {
    if (l->traits == NULL) {
        return false;
    }
    return (l->traits->lazy && l->occasion == AFTER_SUCCESS && !l->before->mapped) ||
           (l->traits->drops && l->now.mapped != l->before->mapped) || l->traits->late_flags;
}

static enum mset_conformance_rule rule_of(enum occasion occasion) {
    switch (occasion) {
    case AFTER_SUCCESS:
        return MSET_RULE_NEIGHBOUR;
    case AFTER_STUCK:
        return MSET_RULE_STUCK;
    case WHILE_PLANNED:
        return MSET_RULE_PREPARE_VISIBLE;
    case AFTER_DROP:
        return MSET_RULE_ABORT_CHANGED;
    default:
        return MSET_RULE_FAILED_CHANGED;
    }
}

/* ---- contents -------------------------------------------------------------------------------- */

static bool judge_tag(const struct looking *l, uint64_t tag) {
    const struct model_page *const m = l->model;
    if (m->state == TAG_KNOWN && tag != m->tag) {
        return trial_find(l->trial, MSET_RULE_CONTENTS, address_of(l),
                          "%" PRIu64 " was written there, now it is %" PRIu64, m->tag, tag);
    }
    if (m->state == TAG_NEW && l->traits->zeroed && tag != 0) {
        return trial_find(l->trial, MSET_RULE_OLD_CONTENTS, address_of(l),
                          "the page is new and reads as %" PRIu64, tag);
    }
    return true;
}

static bool write_tag(const struct looking *l) {
    const struct mset_conformance_subject *const subject = l->trial->subject;
    if (!subject->write(subject->context, address_of(l), ++l->trial->tags)) {
        return trial_find(l->trial, MSET_RULE_CONTENTS, address_of(l),
                          "a mapped page cannot be written");
    }
    l->model->state = TAG_KNOWN;
    l->model->tag = l->trial->tags;
    return true;
}

static bool judge_contents(const struct looking *l) {
    const struct mset_conformance_subject *const subject = l->trial->subject;
    uint64_t tag = 0;
    if (!l->now.mapped || !l->traits->contents) {
        return true;
    }
    if (!subject->read(subject->context, address_of(l), &tag)) {
        return trial_find(l->trial, MSET_RULE_CONTENTS, address_of(l),
                          "a mapped page cannot be read");
    }
    return judge_tag(l, tag) && (l->model->state == TAG_KNOWN || write_tag(l));
}

/* ---- a page ---------------------------------------------------------------------------------- */

static void look_again(struct looking *l) {
    const struct mset_conformance_subject *const subject = l->trial->subject;
    l->now = (struct mset_conformance_page){.mapped = false};
    subject->look(subject->context, address_of(l), &l->now);
    if (!l->now.mapped) {
        l->now =
            (struct mset_conformance_page){.mapped = false}; /* what else was said is nothing */
    }
}

/* A page that is known and was dropped is asked for, to see its contents. */
static bool ask_back(struct looking *l) {
    const struct trial *const trial = l->trial;
    const uint64_t access = l->model->flags & MSET_ACCESS;
    if (l->occasion != AFTER_SUCCESS || l->now.mapped || l->traits == NULL || !l->traits->drops ||
        !l->model->filled || access == 0) {
        return true;
    }
    const mset_status status =
        mset_fault(trial->set, address_of(l), access & (~access + 1), trial->world.page_table);
    look_again(l);
    if (status == MSET_OK && l->now.mapped) {
        return true;
    }
    return trial_find(l->trial, MSET_RULE_FAULT, address_of(l),
                      "a page that was there does not come back: %s", mset_status_text(status));
}

/* Is the page judged by its area, not by what was there before? */
static bool was_meant(const struct looking *l) {
    const struct effect *const effect = &l->trial->effect;
    const bool inside = span_has(&effect->range, l->page) || span_has(&effect->target, l->page);
    switch (l->occasion) {
    case AFTER_SUCCESS:
    case AFTER_STUCK:
    case AFTER_UNDOING:
        return inside;
    default:
        return false;
    }
}

static bool judge_page(struct looking *l) {
    const bool meant = was_meant(l);
    look_again(l);
    if (!was_helped(l)) {
        return differs_from_area(l, MSET_RULE_FAULT);
    }
    if (!meant && !same_page(l) && !may_change(l)) {
        return differs_from_before(l, rule_of(l->occasion));
    }
    if (!ask_back(l)) {
        return false;
    }
    const enum mset_conformance_rule rule = judge_area(l);
    if (rule != MSET_RULE_HOLDS) {
        const bool own = meant && l->occasion == AFTER_SUCCESS;
        return differs_from_area(l, own ? rule : rule_of(l->occasion));
    }
    return judge_contents(l);
}

/* Pages that are never looked at are as if they were not there. */
static bool is_looked_at(const struct trial *trial, size_t page) {
    const uint64_t large = trial->subject->large / trial->model.page_size;
    const uint64_t behind = large == 0 ? 0 : (trial->shape.first_page + page) % large;
    return !trial->shape.sparse || behind < 3 || behind + 2 >= large || page % 16 == 8;
}

bool trial_judge(struct trial *trial, const struct call *call, enum occasion occasion) {
    struct model *const model = &trial->model;
    trial->counts->comparisons++;
    trial->work += model->pages / 16;
    for (size_t i = 0; i < model->pages; i++) {
        if (!is_looked_at(trial, i)) {
            continue;
        }
        trial->work++;
        struct looking l = {.trial = trial,
                            .call = call,
                            .occasion = occasion,
                            .page = i,
                            .model = &model->now[i],
                            .traits = model_traits(model, &model->now[i]),
                            .before = &trial->seen[i]};
        if (!judge_page(&l)) {
            return false;
        }
        trial->seen[i] = l.now;
        l.model->filled = l.traits != NULL && (l.model->filled || l.now.mapped);
    }
    return true;
}
