/*
 * model.h - the areas said again, as simply as possible: one record for every page.
 *
 *     page     0   1   2   3   4   5
 *            |   | A | A |   | P |   |      A: a backend of the subject, P: the partner
 *
 * A model knows a window of the universe; all calls stay inside. Foretelling a call leaves `now`
 * and writes what would be into `next`; what the call then really did decides whether that becomes
 * true.
 */
#ifndef MSET_SRC_CONFORMANCE_MODEL_H
#define MSET_SRC_CONFORMANCE_MODEL_H

#include "call.h"

/* What is known about the number kept in a page. */
enum tag_state {
    TAG_NEW, /* nothing was ever there: zero, where new pages are */
    TAG_ANY, /* unknown */
    TAG_KNOWN
};

struct model_page {
    int backend; /* NOBODY: no area */
    uint64_t flags;
    uint64_t offset;
    bool filled; /* was seen mapped since the area is there */
    enum tag_state state;
    uint64_t tag;
};

struct model {
    const struct mset_conformance_subject *subject;
    uint64_t page_size;
    uint64_t base; /* of the window */
    size_t pages;
    struct model_page *now;
    struct model_page *next;
};

struct span {
    size_t first, count;
};

/* What a call is to do. */
struct effect {
    bool skip;          /* the model cannot tell: it would leave the window */
    mset_status status; /* if nobody refuses */
    struct span range;  /* map, unmap, ...: the pages that are changed; move: the source */
    struct span target; /* move: the destination; else empty */
};

static inline bool span_has(const struct span *span, size_t page) {
    return page - span->first < span->count;
}

static inline uint64_t model_address(const struct model *model, size_t page) {
    return model->base + page * model->page_size;
}

static inline bool model_same_area(const struct model_page *a, const struct model_page *b) {
    return a->backend == b->backend &&
           (a->backend == NOBODY || (a->flags == b->flags && a->offset == b->offset));
}

/* How the backend of a page differs from the plain one; NULL for the partner and for nobody. */
const struct mset_conformance_backend *model_traits(const struct model *model,
                                                    const struct model_page *page);

/* `area`: what mset_find() says of call->start; NULL: nothing there. */
struct effect model_foretell(struct model *model, const struct call *call,
                             const struct mset_area *area, const struct mset_conformance_world *w);
/* Would what was foretold make any area different? */
bool model_changes(const struct model *model);
/* What was foretold is true. */
void model_advance(struct model *model);

#endif
