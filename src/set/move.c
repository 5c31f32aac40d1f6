/*
 * move.c - carrying a range to another place (mremap): flags, backends, offsets and holes.
 *
 *       pieces  [  |-- A --|   |-- B --|  ]
 *       range                                   [  |-- A --|   |-- B --|  ]
 *
 * What lies at the destination is cleared first. A backend without `move` is asked to unmap and to
 * map: two steps (steps.c).
 */
#include "set.h"

/* Is the range a part of one area, with some of it left on either side? */
static bool splits_area(const struct mset *set, const struct range *range) {
    struct at_path path;
    if (!mset_first_piece(set, range, &path)) {
        return false;
    }
    const struct at_run area = at_path_run(&path);
    return area.first < range->first && area.last > range->last;
}

/*
 * Few pieces between leaves that have room need no nodes. They go into the leaf of the area before
 * the destination, so that area must be in the leaf looked at. And there must be room for one
 * leaf that takes them all: emptying the destination may join the leaves of both places.
 */
static bool fits_as_it_is(const struct mset_plan *plan, uint64_t pieces) {
    const struct at_tree *const tree = &plan->set->tree;
    struct at_path from;
    struct at_path to;
    /* There are pieces, so the tree is not empty. */
    at_seek_range(tree, plan->pieces.first, plan->pieces.last, &from);
    at_seek_range(tree, plan->range.first, plan->range.last, &to);
    const struct at_leaf *leaf = to.node[0];
    return pieces + 2 <= AT_LEAF_CAPACITY - AT_LEAF_JOINED && at_has_room(&from) &&
           leaf->count + pieces + 2 <= AT_LEAF_CAPACITY && leaf->start[0] < plan->range.first;
}

static mset_status plan_move(struct mset_plan *plan, unsigned how) {
    struct mset *const set = plan->set;
    const uint64_t pieces = mset_count_pieces(set, &plan->pieces);
    if (pieces == 0) {
        return MSET_NOT_FOUND;
    }
    const bool taken = mset_range_taken(set, &plan->range);
    if (taken && (how & MSET_MAP_REPLACE) == 0) {
        return MSET_ALREADY_EXISTS;
    }
    if ((how & MSET_GUARD) != 0 && !mset_guarded(set, &plan->range, &plan->pieces)) {
        return MSET_ALREADY_EXISTS;
    }
    if (!mset_may_cut(set, &plan->pieces) || !mset_may_cut(set, &plan->range)) {
        return MSET_UNSUPPORTED;
    }
    if (taken) {
        plan->clear = plan->range;
    }
    if (!mset_within_limits(plan)) {
        return MSET_OVER_LIMIT;
    }
    if (fits_as_it_is(plan, pieces)) {
        return MSET_OK;
    }
    const unsigned cuts =
        splits_area(set, &plan->pieces) + (unsigned)splits_area(set, &plan->range);
    return mset_at_prepare_many(&set->tree, cuts, pieces);
}

mset_status mset_open_move(struct mset_plan *plan, struct mset *set, uint64_t from, uint64_t size,
                           uint64_t to, unsigned how) {
    const mset_status status = mset_begin(set);
    struct range source;
    struct range target;
    if (status != MSET_OK) {
        return status;
    }
    if (!mset_check_range(set, from, size, &source) || !mset_check_range(set, to, size, &target) ||
        (source.first <= target.last && target.first <= source.last) || !mset_check_how(how)) {
        return MSET_INVALID_PARAM;
    }
    mset_plan_init(plan, set, PLAN_MOVE, &target);
    plan->pieces = source;
    return plan_move(plan, how);
}

mset_status mset_move(struct mset *set, uint64_t from, uint64_t size, uint64_t to, unsigned how,
                      void *page_table) {
    struct mset_plan plan;
    const mset_status status = mset_open_move(&plan, set, from, size, to, how);
    return status == MSET_OK ? mset_run(&plan, page_table) : status;
}
