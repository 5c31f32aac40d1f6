/*
 * set.h - the insides of the memory set, shared by the files of this room.
 *
 * Every operation goes through the same four steps, in this order:
 *
 *     check    the arguments by themselves                        check.c
 *     plan     what lies there; may it be cut; reserve nodes       plan.c, the operation's file
 *     tell     the backends: cut, then piece by piece; undo        tell.c
 *     commit   splice the tree, count references, merge            commit.c
 *
 * Only the last changes the set, and it cannot fail.
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

#include <mset/set.h>

#include "../area_tree/area_tree.h"

struct mset {
    struct at_tree tree;
    uint64_t page_size;
    bool merge;
    uint64_t told; /* areas with a backend: without any, ranges go without a visit */
    uint64_t seam; /* start of the area that was last kept from joining the one before it */
    uint64_t splits;
    uint64_t merges;
    struct mset_failure failure;
};

/* A range by its first and last byte, as the tree wants it. */
struct range {
    uint64_t first;
    uint64_t last;
};

/* ---- check.c ------------------------------------------------------------------------------ */

/* Every call that changes the set begins so: forgets the last failure. False without a set. */
static inline bool mset_begin(struct mset *set) {
    if (set != NULL) {
        set->failure = (struct mset_failure){0};
    }
    return set != NULL;
}

/* A page-aligned, non-empty range that does not wrap? */
bool mset_check_range(const struct mset *set, uint64_t start, uint64_t size, struct range *out);
bool mset_check_area(const struct mset *set, const struct mset_area *area, struct range *out);

/* ---- plan.c ------------------------------------------------------------------------------- */

/* Between the words of the tree and those of the user. */
struct mset_area mset_area_of(const struct at_run *run);
struct at_run mset_run_of(const struct mset_area *area);

/* The part of the area at the path that lies in the range. */
struct at_run mset_piece_at(const struct at_path *path, const struct range *range);
/* To the first area that touches the range, and from one to the next, while they touch it. */
bool mset_first_piece(const struct mset *set, const struct range *range, struct at_path *path);
bool mset_next_piece(const struct mset *set, const struct range *range, struct at_path *path);

/* How many areas touch the range. */
uint64_t mset_count_pieces(const struct mset *set, const struct range *range);

/* The area that has `at` inside, not as its start; false if `at` is an edge already. */
bool mset_area_across(const struct mset *set, uint64_t at, struct mset_area *area);

bool mset_range_taken(const struct mset *set, const struct range *range);
/* Do the backends allow the cuts that taking the range out of its areas needs? */
bool mset_may_cut(const struct mset *set, const struct range *range);

/*
 * The path to range->first, for mset_at_prepare and mset_commit (untouched in an empty set), and
 * whether any area touches the range.
 */
bool mset_seek(const struct mset *set, const struct range *range, struct at_path *path);

/* ---- tell.c ------------------------------------------------------------------------------- */

/* The status of a backend's answer. */
mset_status mset_status_of_code(int code);

/* Has the backends cut their areas at the ends of the range; fills in the set's failure. */
mset_status mset_cut(struct mset *set, const struct range *range, void *page_table);
/* Would the backend ever map this? There is nothing to undo. */
mset_status mset_ask_map(struct mset *set, const struct mset_area *area, void *page_table);
/* Asks one backend to map; there is nothing to undo. The set's failure is filled in. */
mset_status mset_tell_map(struct mset *set, const struct mset_area *area, void *page_table);
/*
 * Has the backends cut, then tells them in address order, and undoes on refusal. On failure `done`
 * is what could not be undone; the caller commits that much. The set's failure is filled in.
 */
mset_status mset_tell_unmap(struct mset *set, const struct range *range, void *page_table,
                            struct range *done);
/* Takes back a mset_tell_unmap that went well; false and `done` if a backend refuses. */
bool mset_untell_unmap(struct mset *set, const struct range *range, void *page_table,
                       struct range *done);

static inline bool mset_range_empty(const struct range *range) {
    return range->first > range->last;
}

/* first > last: nothing. */
static inline struct range mset_no_range(void) {
    const struct range none = {1, 0};
    return none;
}

/* Notes a refusal; the status to return. */
mset_status mset_refused(struct mset *set, int code, uint64_t address);
/* Notes that `done` stays; the status to return. */
mset_status mset_undo_refused(struct mset *set, const struct range *done);

/* ---- commit.c ----------------------------------------------------------------------------- */

/*
 * The range now holds `run` (exactly), or nothing. The nodes are prepared. `path` leads to
 * range->first, and is void afterwards; NULL: look for it.
 */
void mset_commit(struct mset *set, struct at_path *path, const struct range *range,
                 const struct at_run *run);
/* Do two areas touch, have equal attributes, and does their backend agree to make them one? */
bool mset_may_merge(const struct at_run *left, const struct at_run *right);
/* In a merging set: makes equal neighbours one, from just before the range to just behind it. */
void mset_merge_around(struct mset *set, const struct range *range);

/* ---- unmap.c -------------------------------------------------------------------------------- */

/* Unmaps, or with tell == false only forgets, what lies in the range. */
mset_status mset_remove(struct mset *set, const struct range *range, bool tell, void *page_table);

#endif
