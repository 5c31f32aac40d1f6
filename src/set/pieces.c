/*
 * pieces.c - looking before leaping: which pieces of which areas a range touches.
 *
 *       area     |------ A ------|   |-- B --|     |------ C ------|
 *       range             [                             ]
 *       pieces            |- A --|   |-- B --|     |-C--|
 */
#include "set.h"

static bool begins_within(const struct at_path *path, const struct range *range) {
    const struct at_leaf *leaf = path->node[0];
    return leaf->start[path->slot[0]] <= range->last;
}

bool mset_first_piece(const struct mset *set, const struct range *range, struct at_path *path) {
    return mset_at_first_from(&set->tree, range->first, path) && begins_within(path, range);
}

bool mset_next_piece(const struct mset *set, const struct range *range, struct at_path *path) {
    return mset_at_next(&set->tree, path) && begins_within(path, range);
}

bool mset_last_piece(const struct mset *set, const struct range *range, struct at_path *path) {
    return mset_at_last_from(&set->tree, range->last, path) && /* unreachable: asked of passes... */
           at_path_run(path).last >= range->first; /* unreachable: ... that have a step there */
}

bool mset_prev_piece(const struct mset *set, const struct range *range, struct at_path *path) {
    return mset_at_prev(&set->tree, path) && at_path_run(path).last >= range->first;
}

struct at_run mset_moved(const struct mset_plan *plan, const struct at_run *piece) {
    const uint64_t distance = plan->range.first - plan->pieces.first;
    struct at_run target = *piece;
    target.first += distance;
    target.last += distance;
    target.attributes.bias -= distance; /* the offset stays with what is behind the address */
    return target;
}

uint64_t mset_count_pieces(const struct mset *set, const struct range *range) {
    struct at_path path;
    uint64_t count = 0;
    bool more = mset_first_piece(set, range, &path);
    while (more) {
        count++;
        more = mset_next_piece(set, range, &path);
    }
    return count;
}

bool mset_range_taken(const struct mset *set, const struct range *range) {
    struct at_path path;
    return mset_first_piece(set, range, &path);
}

bool mset_range_covered(const struct mset *set, const struct range *range) {
    struct at_path path;
    uint64_t next = range->first; /* not covered yet */
    bool more = mset_first_piece(set, range, &path);
    for (; more; more = mset_next_piece(set, range, &path)) {
        const struct at_run area = at_path_run(&path);
        if (area.first > next) {
            return false;
        }
        if (area.last >= range->last) {
            return true;
        }
        next = area.last + 1;
    }
    return false;
}

bool mset_may_cut_at(const struct mset *set, uint64_t at) {
    struct mset_area area;
    if (!mset_find(set, at, &area) || area.start == at || area.backend == NULL ||
        area.backend->ops->may_split == NULL) {
        return true;
    }
    return area.backend->ops->may_split(area.backend, &area, at);
}

bool mset_may_cut(const struct mset *set, const struct range *range) {
    if (set->told == 0) {
        return true;
    }
    return mset_may_cut_at(set, range->first) &&
           (range->last == UINT64_MAX || mset_may_cut_at(set, range->last + 1));
}
