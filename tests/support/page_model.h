/*
 * page_model.h - the memory set said again, as simply as possible: an array with one record of
 * attributes per page. No trees, no runs, no cleverness; every operation of set.h is a loop over
 * pages. What the library does is right when it agrees with this.
 *
 * The model knows a universe of `pages` pages that begins at `base`; nothing is ever mapped
 * outside it. The last page may be the top page of 2^64. Areas of the set are the model's runs:
 * a page with `starts` begins an area, and the area goes on until a page that starts another or
 * is absent. So areas that could be one but are not (sets that do not merge) are judged as well.
 *
 * Besides the status, an operation of the model says what the backends get to hear
 * (model->expected), which changes observers are told (model->changes) and which cuts may_split
 * must allow (model->cuts). Told what will be refused, it foretells the undoing too, and what is
 * left done if the undoing is refused.
 *
 * An operation is a list of steps here as well: see page_model_steps.h.
 *
 * Where the headers leave room, this is the reading (what a demanding user would expect):
 *
 *   - Checks come in this order: bad arguments, MSET_NOT_FOUND, MSET_ALREADY_EXISTS (taken, then
 *     too close), MSET_UNSUPPORTED (a cut is not allowed), MSET_OVER_LIMIT, then memory, then the
 *     backends.
 *   - A cut is asked for wherever an end of the range falls inside an area that loses or changes
 *     something there, metadata calls and mset_shrink included; not when protect leaves the piece
 *     alone.
 *   - All questions of mset_protect come before its first call to a backend. An update to the
 *     flags that a piece has already leaves it alone: no call, no cut.
 *   - mset_map and mset_move with MSET_MAP_REPLACE first unmap everything in the destination,
 *     then do the rest; each half in the order of backend.h: others first, then those that prepare.
 *   - A piece whose backend cannot move is unmapped and mapped again before the next piece.
 *     Whichever of the two is refused, mset_last_failure() names the piece in the source.
 *   - Pieces without a backend are steps, though nobody is told: with one of them beside it, a step
 *     is not alone, and is prepared. But in a set that has no area with a backend at all only what
 *     is added counts.
 *   - When an undo is refused too, the steps up to that one are done, in the order of the calls.
 *     What mset_last_failure() calls done is the smallest range that holds the pieces of those
 *     steps: the pieces in the source once one of them is among them, before that the pieces in
 *     the way.
 *   - The undoing of protect presents the run with the new flags (what is there at that moment)
 *     and asks for the old ones.
 *   - mset_grow makes the area larger; may_merge is not asked about the new part itself, only
 *     about a neighbour it then touches. Zero bytes are MSET_INVALID_PARAM.
 *   - Areas without a backend merge like others: equal flags and consecutive offsets.
 *   - mset_fault hands the address to the backend as it is; `access` without any of its bits, or
 *     with others, is MSET_INVALID_PARAM.
 *   - mset_find_free: an alignment below the page size means the page size; lo, hi, hint and
 *     guard may be any number; the guard keeps away from areas, not from lo and hi. An empty
 *     [lo, hi) is an empty range: MSET_INVALID_PARAM.
 *   - mset_dump writes what fs/proc/task_mmu.c writes: names begin in column 74, lines without a
 *     name end in a space, newlines in names are \012, no name is cut; an area that ends at 2^64
 *     ends at 10000000000000000.
 */
#ifndef MSET_TEST_SUPPORT_PAGE_MODEL_H
#define MSET_TEST_SUPPORT_PAGE_MODEL_H

#include <mset/set.h>

#include "calls.h"

struct model_page {
    struct mset_backend *backend;
    uint64_t flags;
    uint64_t offset; /* of the first byte of the page */
    bool present;
    bool starts; /* begins an area */
};

struct model_steps;

struct page_model {
    uint64_t base;
    uint64_t page_size;
    size_t pages;
    bool merge;
    struct seam_rules rules;
    struct model_page *page;
    struct model_page *spare; /* as long as `page`; to look ahead */
    uint64_t guard;
    uint64_t max_areas; /* 0: no limit */
    uint64_t max_bytes;

    /* The last operation. */
    struct refusal refusal;      /* set before: what the backends will refuse */
    struct model_steps *steps;   /* what is to be done */
    struct call_list expected;   /* all that backends hear of it, with what is refused, aborts and
                                    the undoing */
    size_t told;                 /* calls among these */
    struct change_list changes;  /* what observers hear of it */
    struct area_list asked;      /* the pieces that protect asks about */
    struct area_list cuts;       /* seams that may_split must allow: area before, address */
    struct mset_failure failure; /* code 0: nobody refused */
    bool stuck;                  /* an undo was refused too: part of it is done */
};

void model_open(struct page_model *model, const struct seam_rules *rules, uint64_t base,
                size_t pages, bool merge);
void model_close(struct page_model *model);
void model_reset(struct page_model *model);

/* ---- the operations of set.h, without the set and the page table --------------------------- */

mset_status model_map(struct page_model *model, const struct mset_area *area, unsigned how);
mset_status model_unmap(struct page_model *model, uint64_t start, uint64_t size);
mset_status model_clear(struct page_model *model);
mset_status model_protect(struct page_model *model, uint64_t start, uint64_t size,
                          enum mset_holes holes, mset_update_flags update, void *arg);
mset_status model_move(struct page_model *model, uint64_t from, uint64_t size, uint64_t to,
                       unsigned how);
mset_status model_grow(struct page_model *model, uint64_t address, unsigned side, uint64_t bytes);
mset_status model_shrink(struct page_model *model, uint64_t address, unsigned side, uint64_t bytes);
mset_status model_unmap_metadata(struct page_model *model, uint64_t start, uint64_t size);
mset_status model_replace_metadata(struct page_model *model, const struct mset_area *area);
mset_status model_fault(struct page_model *model, uint64_t address, uint64_t access);
mset_status model_set_limits(struct page_model *model, uint64_t max_areas, uint64_t max_bytes);

bool model_find(const struct page_model *model, uint64_t address, struct mset_area *out);
bool model_overlaps(const struct page_model *model, uint64_t start, uint64_t size);
mset_status model_find_free(const struct page_model *model, const struct mset_gap_request *wish,
                            uint64_t *start);
uint64_t model_count(const struct page_model *model);
uint64_t model_mapped_bytes(const struct page_model *model);
void model_dump(const struct page_model *model, mset_write_text write, void *arg);

/* ---- places -------------------------------------------------------------------------------- */

/*
 * The area that begins at or after page `from`, or (`touching`) covers it. Returns false if there
 * is none; else *next is the page behind it. Starting with 0 it visits all.
 */
bool model_next_area(const struct page_model *model, size_t from, bool touching,
                     struct mset_area *area, size_t *next);

/* Is [start, start + size) made of whole pages, not empty and not wrapping? */
bool model_range_is_good(const struct page_model *model, uint64_t start, uint64_t size);
/* The pages [*lo, *hi) of the universe that the range touches. */
void model_pages(const struct page_model *model, uint64_t start, uint64_t size, size_t *lo,
                 size_t *hi);
uint64_t model_address(const struct page_model *model, size_t page);
/* The areas in references of `backend`. */
uint64_t model_areas_of(const struct page_model *model, const struct mset_backend *backend);

/*
 * The same question as model_find_free, answered in another way: by trying the few addresses at
 * which an answer can begin. Not limited to the universe.
 */
mset_status model_find_free_by_edges(const struct page_model *model,
                                     const struct mset_gap_request *wish, uint64_t *start);

#endif
