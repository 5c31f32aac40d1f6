/*
 * set.h - the insides of the memory set, shared by the files of this room.
 *
 * An operation is a plan (struct mset_plan) that goes through the same stages, in this order:
 *
 *     check     the arguments by themselves                          here
 *     plan      what lies there; may it be cut; limits; nodes        map.c, unmap.c, protect.c, ...
 *     reserve   backends prepare their steps                         reserve.c
 *     tell      the backends, step by step; undo                     tell.c, steps.c
 *     commit    splice the tree, count references, merge, observe    commit.c, merge.c, changes.c
 *
 * The direct calls of set.h keep the plan on their stack and run it at once; plan.h keeps it in
 * between (plan.c). Only the last stage changes the set, and it cannot fail.
 *
 *       direct call --> check, plan --> [ reserve --> tell --> commit ]        run.c
 *       mset_plan_x --> check, plan --> reserve ... mset_plan_commit --> tell --> commit
 *
 * A direct call on a set that has nobody to tell keeps no plan: what is left of the stages is in
 * plain.c.
 *
 * Invariants (checked by mset_validate)
 *
 *  S1  Those of the tree (area_tree/node.h).
 *  S2  Every area starts and ends at a page boundary.
 *  S3  `told` is the number of areas with a backend; each of them holds one reference.
 *  S4  In a merging set no two neighbours touch, have equal attributes and may be merged; but
 *      at `seam` they may, where one area would have covered all of 2^64.
 */
#ifndef MSET_SRC_SET_H
#define MSET_SRC_SET_H

#include <mset/plan.h>
#include <mset/set.h>

#include "../area_tree/area_tree.h"
#include "../base/assert.h"

struct mset {
    struct at_tree tree;
    struct mset_slabs *slabs; /* its own, when it was made without an allocator */
    uint64_t page_size;
    bool merge;
    uint64_t told; /* areas with a backend: without any, ranges go without a visit */
    uint64_t seam; /* start of the area that was last kept from joining the one before it */
    uint64_t splits;
    uint64_t merges;
    uint64_t guard;
    uint64_t max_areas; /* 0: no limit */
    uint64_t max_bytes;
    struct mset_failure failure;
    struct mset_observer *observers;
    struct mset_plan *open; /* by plan.h */
    int64_t live_cursors;   /* counted in builds with asserts */
    uint64_t alive;         /* MSET_ALIVE until destroyed */
};

#define MSET_ALIVE UINT64_C(0x6d73657420697421)

/* A range by its first and last byte, as the tree wants it. */
struct range {
    uint64_t first;
    uint64_t last;
};

static inline bool mset_range_empty(const struct range *range) {
    return range->first > range->last;
}

/* first > last: nothing. */
static inline struct range mset_no_range(void) {
    return (struct range){1, 0};
}

/* ---- the plan ----------------------------------------------------------------------------- */

enum plan_kind { PLAN_MAP, PLAN_UNMAP, PLAN_PROTECT, PLAN_MOVE, PLAN_GROW };

/* What the caller of mset_protect answered, one entry for each piece. */
enum { FEW_ANSWERS = 32 };
struct answers {
    uint64_t few[FEW_ANSWERS]; /* most protects touch a handful of areas */
    uint64_t *flags;           /* `few`, or from the allocator */
    uint64_t count;
    uint64_t room;
    bool changes; /* some piece */
    bool front;   /* the first piece changes and is not the head of its area */
    bool back;    /* the last piece changes and is not the tail of its area */
};

/*
 * The steps of an operation come in passes: all of a pass, then all of the next. Backends that
 * have not prepared come first, because they may refuse. The last pass is one step.
 */
enum pass { CLEAR_OTHERS, CLEAR_PREPARED, PIECES_OTHERS, PIECES_PREPARED, ADD, PASSES };

struct mset_plan {
    struct mset *set;
    void *page_table;
    enum plan_kind kind;
    bool telling;        /* false: metadata only, backends do not hear of it */
    struct range range;  /* where the set will change; of a move, the destination */
    struct range clear;  /* what is unmapped there first; empty: nothing */
    struct range pieces; /* protected or moved, each by itself; empty: none */
    struct at_run added; /* MAP, GROW: what backends are asked to map */
    struct at_run run;   /* MAP, GROW: what the range holds then */
    struct at_path path; /* to the range; not in a MOVE */
    struct answers answers;

    unsigned passes;   /* bit n: pass n has steps */
    uint64_t steps;    /* of all passes */
    uint64_t prepared; /* number of the last step that was prepared, from 1 */
};

/* ---- arguments by themselves -------------------------------------------------------------- */

/* A page-aligned, non-empty range that does not wrap? */
static inline bool mset_check_range(const struct mset *set, uint64_t start, uint64_t size,
                                    struct range *out) {
    out->first = start;
    out->last = start + (size - 1); /* may end at 2^64, so no start + size here */
    return size != 0 && out->last >= start && ((start | size) & (set->page_size - 1)) == 0;
}

/* Who prepares must be able to abort. */
static inline bool mset_check_backend(const struct mset_backend *backend) {
    return backend == NULL || (backend->ops != NULL &&
                               (backend->ops->prepare == NULL) == (backend->ops->abort == NULL));
}

static inline bool mset_check_area(const struct mset *set, const struct mset_area *area,
                                   struct range *out) {
    return mset_check_backend(area->backend) && mset_check_range(set, area->start, area->size, out);
}

/* Nothing but an enum mset_map_how and MSET_GUARD? */
static inline bool mset_check_how(unsigned how) {
    return (how & ~(MSET_GUARD | MSET_MAP_REPLACE)) == 0;
}

/* Whoever asks: is there a set? Builds with asserts complain of the remains of one. */
static inline bool mset_given(const struct mset *set) {
    MSET_ASSERT(set == NULL || set->alive == MSET_ALIVE);
    return set != NULL;
}

/*
 * Every call that changes the set begins so: forgets the last failure. MSET_INVALID_PARAM without
 * a set, MSET_BAD_STATE while a plan is open.
 */
static inline mset_status mset_begin(struct mset *set) {
    if (!mset_given(set)) {
        return MSET_INVALID_PARAM;
    }
    if (set->open != NULL) {
        return MSET_BAD_STATE;
    }
    set->failure = (struct mset_failure){0};
    return MSET_OK;
}

/* ---- cursor.c ----------------------------------------------------------------------------- */

/* Cursors that are inside; 0 in builds without asserts. */
int64_t mset_live_cursors(const struct mset *set);

/* ---- pieces.c ----------------------------------------------------------------------------- */

/* Between the words of the tree and those of the user. */
static inline struct mset_area mset_area_of(const struct at_run *run) {
    const struct mset_area area = {
        .start = run->first,
        .size = run->last - run->first + 1,
        .flags = run->attributes.flags,
        .backend = run->attributes.backend,
        .offset = run->first + run->attributes.bias,
    };
    return area;
}

static inline struct at_run mset_run_of(const struct mset_area *area) {
    const struct at_run run = {
        .first = area->start,
        .last = area->start + (area->size - 1),
        .attributes = {area->flags, area->backend, area->offset - area->start},
    };
    return run;
}

/* The part of the area that lies in the range. */
static inline struct at_run mset_piece_of(const struct at_run *area, const struct range *range) {
    struct at_run piece = *area;
    piece.first = piece.first > range->first ? piece.first : range->first;
    piece.last = piece.last < range->last ? piece.last : range->last;
    return piece;
}

/* The same of the area at the path. */
static inline struct at_run mset_piece_at(const struct at_path *path, const struct range *range) {
    const struct at_run area = at_path_run(path);
    return mset_piece_of(&area, range);
}
/* To the first area that touches the range, and from one to the next, while they touch it. */
bool mset_first_piece(const struct mset *set, const struct range *range, struct at_path *path);
bool mset_next_piece(const struct mset *set, const struct range *range, struct at_path *path);
/* The same from the other end. */
bool mset_last_piece(const struct mset *set, const struct range *range, struct at_path *path);
bool mset_prev_piece(const struct mset *set, const struct range *range, struct at_path *path);

/* A piece that is moved, at its new place. */
struct at_run mset_moved(const struct mset_plan *plan, const struct at_run *piece);

/* How many areas touch the range. */
uint64_t mset_count_pieces(const struct mset *set, const struct range *range);

bool mset_range_taken(const struct mset *set, const struct range *range);
/* Do areas cover all of the range? */
bool mset_range_covered(const struct mset *set, const struct range *range);
/* Does the backend of the area that holds `at` allow a cut before it? */
bool mset_may_cut_at(const struct mset *set, uint64_t at);
/* Do the backends allow the cuts that taking the range out of its areas needs? */
bool mset_may_cut(const struct mset *set, const struct range *range);

/*
 * The path to the range, for mset_at_prepare and mset_commit (untouched in an empty set), and
 * whether any area touches the range.
 */
static inline bool mset_seek(const struct mset *set, const struct range *range,
                             struct at_path *path) {
    if (set->tree.height == 0) {
        return false;
    }
    at_seek_range(&set->tree, range->first, range->last, path);
    return path->from < path->to || at_goes_on(path, range->last);
}

/* ---- find.c ------------------------------------------------------------------------------- */

/* What mset_find_free finds, and the path for it unless the set is empty. */
mset_status mset_seek_free(const struct mset *set, const struct mset_gap_request *request,
                           uint64_t *start, struct at_path *path);

/* ---- limits.c ----------------------------------------------------------------------------- */

/* Is the set's guard distance kept around the range, `own` aside (an area that may come near)? */
bool mset_guarded(const struct mset *set, const struct range *range, const struct range *own);
/* Would the set be within its limits after this, or no worse than now? */
bool mset_foresee_limits(const struct mset_plan *plan);

static inline bool mset_within_limits(const struct mset_plan *plan) {
    const struct mset *const set = plan->set;
    return (set->max_areas == 0 && set->max_bytes == 0) || mset_foresee_limits(plan);
}

/* ---- steps.c ------------------------------------------------------------------------------ */

/*
 * A step of a plan, and the way to the next and to the one before. The tree may be changed between
 * two steps forwards by carrying out the step (commit.c), not otherwise.
 */
struct step {
    const struct mset_plan *plan;
    enum pass pass;
    struct at_path path;
    uint64_t version; /* of the tree when the path was made */
    uint64_t index;   /* of the piece in its range */
    bool second;      /* the second of two steps: the backend cannot move */
    struct at_run piece;
    struct mset_step told; /* what the backend is told */
};

/* Which passes have steps, and how many there are. */
void mset_count_steps(struct mset_plan *plan);
bool mset_first_step(struct step *step, const struct mset_plan *plan);
bool mset_next_step(struct step *step);
bool mset_prev_step(struct step *step);

static inline bool mset_prepares(const struct mset_backend *backend) {
    return backend != NULL && backend->ops->prepare != NULL;
}

/* ---- reserve.c ---------------------------------------------------------------------------- */

/* Has the backends prepare. The set's failure is filled in. */
mset_status mset_reserve(struct mset_plan *plan);
/* Aborts what was prepared for steps behind the first `done` ones, last first. */
void mset_unreserve(struct mset_plan *plan, uint64_t done);

/* ---- tell.c ------------------------------------------------------------------------------- */

/* Notes a refusal; the status to return. */
mset_status mset_refused(struct mset *set, int code, uint64_t address);

/*
 * Tells the backends all steps. On refusal undoes them; `done` is how many of them could not be,
 * for the caller to commit. The set's failure is filled in, but for its `done`.
 */
mset_status mset_tell(struct mset_plan *plan, uint64_t *done);

/* ---- changes.c ---------------------------------------------------------------------------- */

/* Elementary changes on their way to somebody: observe.h says in which order and form. */
struct sink {
    void (*take)(void *arg, enum mset_change_kind kind, const struct at_run *old_run,
                 const struct at_run *new_run);
    void *arg;
};

/* Of taking the range out of an area that touches it. */
void mset_changes_of_removal(const struct sink *sink, const struct at_run *area,
                             const struct range *range);
/* Of making the piece an area of its own. */
void mset_changes_of_carving(const struct sink *sink, const struct at_run *area,
                             const struct at_run *piece);

/* Of making the area what plan->run says. */
void mset_changes_of_growing(const struct sink *sink, const struct mset_plan *plan);

/* In the words of the user; NULL for what is not there. */
struct mset_change mset_change_of(enum mset_change_kind kind, const struct at_run *old_run,
                                  const struct at_run *new_run);

/* Counts, references, observers: what follows from a change that happens. `arg` is the set. */
void mset_note(void *arg, enum mset_change_kind kind, const struct at_run *old_run,
               const struct at_run *new_run);

/* A reference for a moment; NULL is fine. */
void mset_hold(struct mset_backend *backend);
void mset_unhold(struct mset_backend *backend);

/* ---- foresee.c ---------------------------------------------------------------------------- */

/* The changes that committing the plan would make. */
void mset_foresee(const struct mset_plan *plan, const struct sink *sink);

/* ---- observe.c ---------------------------------------------------------------------------- */

bool mset_attached(const struct mset *set, const struct mset_observer *observer);

/* ---- commit.c, merge.c -------------------------------------------------------------------- */

/* All of the plan. */
void mset_commit(struct mset_plan *plan);
/* The first `count` steps of it; says in the set's failure which part that is. */
void mset_commit_steps(struct mset_plan *plan, uint64_t count);
/*
 * Gives the areas in the range, which lie wholly in it or keep their flags, the flags of the list.
 * The path was made for the range.
 */
void mset_set_flags(struct at_tree *tree, struct at_path *path, const struct range *range,
                    const uint64_t *flags);
/* Is the range within one area, with some of it left on either side? */
static inline bool mset_splits_one(const struct at_path *path, const struct range *range) {
    const struct at_leaf *leaf = path->node[0];
    return path->from + 1 == path->to && leaf->start[path->from] < range->first &&
           leaf->entry[path->from].last > range->last;
}
/* The range holds nothing afterwards. `path` leads to range->first. */
void mset_commit_removal(struct mset *set, struct at_path *path, const struct range *range);

/* Do two areas touch, have equal attributes, and does their backend agree to make them one? */
bool mset_may_merge(const struct at_run *left, const struct at_run *right);
/* Would the two together cover 2^64 bytes, a size that cannot be told? */
bool mset_too_large_together(const struct at_run *left, const struct at_run *right);
/* Makes equal neighbours one, from just before the range to just behind it. */
void mset_merge_around(struct mset *set, const struct range *range);

/* ---- map.c, unmap.c, protect.c, move.c, resize.c ------------------------------------------ */

/*
 * Check and plan: the arguments of the calls of set.h. After MSET_OK the plan is to be run, or
 * closed; after anything else there is nothing to give back.
 */
mset_status mset_open_map(struct mset_plan *plan, struct mset *set, const struct mset_area *area,
                          unsigned how);
mset_status mset_open_unmap(struct mset_plan *plan, struct mset *set, uint64_t start,
                            uint64_t size);
mset_status mset_open_clear(struct mset_plan *plan, struct mset *set);
mset_status mset_open_protect(struct mset_plan *plan, struct mset *set, uint64_t start,
                              uint64_t size, enum mset_holes holes, mset_update_flags update,
                              void *arg);
mset_status mset_open_move(struct mset_plan *plan, struct mset *set, uint64_t from, uint64_t size,
                           uint64_t to, unsigned how);
mset_status mset_open_grow(struct mset_plan *plan, struct mset *set, uint64_t address,
                           unsigned side, uint64_t bytes);
mset_status mset_open_shrink(struct mset_plan *plan, struct mset *set, uint64_t address,
                             unsigned side, uint64_t bytes);

/* ---- ask.c --------------------------------------------------------------------------------- */

static inline void mset_answers_init(struct answers *answers) {
    answers->flags = answers->few;
    answers->count = 0;
    answers->room = FEW_ANSWERS;
    answers->changes = answers->front = answers->back = false;
}
/* Asks for the pieces in one leaf of the range; there is room for the answers. */
void mset_ask_leaf(struct answers *answers, const struct at_path *path, const struct range *range,
                   mset_update_flags update, void *arg);
/*
 * Asks for the pieces of the plan's range in the leaves behind that of `end`, which is moved to the
 * last one of them. MSET_NO_MEMORY.
 */
mset_status mset_ask_on(struct mset_plan *plan, struct at_path *end, mset_update_flags update,
                        void *arg);

/* ---- plain.c -------------------------------------------------------------------------------- */

/* Nobody to tell, nothing to merge, no limit? */
static inline bool mset_plain(const struct mset *set) {
    return (set->told | (uintptr_t)set->observers | set->max_areas | set->max_bytes | set->merge) ==
           0;
}

/* The calls of set.h on a plain set, their arguments checked. The area has no backend. */
mset_status mset_map_plain(struct mset *set, const struct range *range,
                           const struct mset_area *area, unsigned how);
/* The run goes where nothing is; the path was made for it. */
mset_status mset_insert_plain(struct mset *set, struct at_path *path, const struct at_run *run);
mset_status mset_unmap_plain(struct mset *set, const struct range *range);
/* False: it takes a plan. Holes are skipped. */
bool mset_protect_plain(struct mset *set, const struct range *range, mset_update_flags update,
                        void *arg, mset_status *status);

/* ---- run.c -------------------------------------------------------------------------------- */

/* Sets the fields that all kinds have. (Inline: the range stays in registers, for the search.) */
static inline void mset_plan_init(struct mset_plan *plan, struct mset *set, enum plan_kind kind,
                                  const struct range *range) {
    plan->set = set;
    plan->kind = kind;
    plan->telling = true;
    plan->range.first = range->first;
    plan->range.last = range->last;
    plan->clear = mset_no_range();
    plan->pieces = mset_no_range();
    plan->added.attributes.backend = NULL;
    plan->answers.flags = plan->answers.few; /* nothing to give back */
    plan->answers.count = 0;
    plan->passes = 0;
    plan->steps = 0;
    plan->prepared = 0;
}
/* Tells and commits, then closes. */
mset_status mset_run_reserved(struct mset_plan *plan);
/* Reserves first. */
mset_status mset_run(struct mset_plan *plan, void *page_table);
/* Gives back what the plan holds. */
void mset_close(struct mset_plan *plan);

#endif
