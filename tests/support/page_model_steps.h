/*
 * page_model_steps.h - an operation of the page model as a list of steps (backend.h), shared by
 * page_model_change.c, which makes the list, and page_model_steps.c, which carries it out.
 */
#ifndef MSET_TEST_SUPPORT_PAGE_MODEL_STEPS_H
#define MSET_TEST_SUPPORT_PAGE_MODEL_STEPS_H

#include "page_model.h"

/* All steps of a phase come before those of the next. */
enum model_phase { PHASE_CLEAR, PHASE_PIECES, PHASE_ADD };

struct model_step {
    enum model_phase phase;
    struct mset_area piece; /* of the set, or what is added */
    struct call call;       /* with what the backend is told, if it listens */
    bool listens;
    bool prepares;
};

/* What becomes of PHASE_ADD. */
enum model_adds { ADDS_AREA, GROWS_LOW, GROWS_HIGH };

/* In the order in which backends are told. */
struct model_steps {
    struct model_step *steps;
    size_t count, room;
    bool told; /* false: bookkeeping only */
    enum model_adds adds;
    uint64_t room_start, room_size; /* of what is mapped and moved (struct mset_step) */
    size_t joins_first, joins_last; /* seams at which areas may merge; none: first > last */
};

/* Forgets the last operation. */
void model_begin(struct page_model *model);

/* Notes that the operation cuts areas at both ends of pages [lo, hi); false if it may not. */
bool model_cut_ends(struct page_model *model, size_t lo, size_t hi);

/* The part of an area that lies in pages [*page, hi), which are advanced behind it. */
bool model_next_piece(const struct page_model *model, size_t *page, size_t hi,
                      struct mset_area *piece);

/* Steps for all pieces in pages [lo, hi): those in the way, and those that move by `distance`. */
void model_clear_pages(struct page_model *model, size_t lo, size_t hi);
void model_move_pages(struct page_model *model, size_t lo, size_t hi, uint64_t distance);
/* For one piece; others first, so call it for all pieces without prepare before those with. */
void model_protect_piece(struct page_model *model, const struct mset_area *piece, uint64_t flags);
bool model_prepares(const struct mset_area *piece);
void model_add(struct page_model *model, const struct mset_area *area);

/* After it, equal neighbours become one at the seams from the one before page lo to that before hi.
 */
void model_join_later(struct page_model *model, size_t lo, size_t hi);

/* Judges the limits, tells the backends, and changes the pages. */
mset_status model_run(struct page_model *model);
/* One call that is no step: a fault. */
mset_status model_call(struct page_model *model, const struct call *call);

#endif
