/*
 * gap.h - free room: the lowest or highest place for a run of bytes, exactly. For search.h.
 *
 * There are three kinds of free room: what lies before the first area, the gaps that follow an
 * area, and what lies behind the last area. Only the gaps are many, and only they are known to
 * the branches (N5), so a search
 *
 *        |----|  A  |---|  B  |-------|  C  |--------------|
 *         head       gap        gap              tail
 *
 * walks over the gaps that are long enough, in order, skipping every subtree whose largest gap
 * is too short, and treats head and tail by themselves. The first that holds an aligned start
 * within the bounds is the answer.
 */
#ifndef MSET_AREA_TREE_GAP_H
#define MSET_AREA_TREE_GAP_H

#include "balance.h"

/* Room between two neighbours, inclusive; `first` > `last` if the guard eats it up. */
struct room {
    uint64_t first;
    uint64_t last;
};

/* ---- does it fit -------------------------------------------------------------------------- */

static uint64_t add_saturating(uint64_t a, uint64_t b) {
    return a + b < a ? UINT64_MAX : a + b;
}

/* Cuts the room down to what the wish allows; false if too little remains. */
static bool narrow(const struct at_wish *wish, struct room *room) {
    room->first = room->first > wish->lo ? room->first : wish->lo;
    room->last = room->last < wish->last ? room->last : wish->last;
    return room->first <= room->last && room->last - room->first >= wish->size - 1;
}

static bool lowest_in(const struct at_wish *wish, struct room room, uint64_t *start) {
    if (!narrow(wish, &room)) {
        return false;
    }
    const uint64_t past = (room.first - 1) & (wish->align - 1); /* 0 wraps to all ones, rightly */
    const uint64_t aligned = room.first + (wish->align - 1 - past);
    if (aligned < room.first || aligned > room.last || room.last - aligned < wish->size - 1) {
        return false;
    }
    *start = aligned;
    return true;
}

static bool highest_in(const struct at_wish *wish, struct room room, uint64_t *start) {
    if (!narrow(wish, &room)) {
        return false;
    }
    const uint64_t aligned = (room.last - (wish->size - 1)) & ~(wish->align - 1);
    if (aligned < room.first) {
        return false;
    }
    *start = aligned;
    return true;
}

/* Before an area that begins at `next`. */
static bool room_before(const struct at_wish *wish, uint64_t next, struct room *room) {
    if (next <= wish->guard) {
        return false;
    }
    room->last = next - wish->guard - 1;
    return true;
}

/* Behind an area that ends at `last`. */
static bool room_behind(const struct at_wish *wish, uint64_t last, struct room *room) {
    room->first = add_saturating(last, wish->guard);
    if (room->first == UINT64_MAX) {
        return false;
    }
    room->first++;
    return true;
}

/* ---- head and tail ------------------------------------------------------------------------ */

/* The path leads to the place before area `i` of its leaf, where no area is. */
static void point_before(struct at_path *path, unsigned i) {
    path->slot[0] = path->from = path->to = (uint8_t)i;
}

/* To the first leaf of the tree or to its last. */
static const struct at_leaf *go_to_edge(const struct at_tree *tree, struct at_path *path,
                                        bool last) {
    void *node = tree->root;
    for (unsigned level = tree->height - 1; level != 0; level--) {
        const struct at_branch *branch = node;
        const unsigned slot = last ? branch->count - 1 : 0;
        path->node[level] = node;
        path->slot[level] = (uint8_t)slot;
        node = branch->child[slot];
    }
    path->node[0] = node;
    return node;
}

/* To the room before all areas. */
static bool head_room(const struct at_tree *tree, const struct at_wish *wish, struct room *room,
                      struct at_path *path) {
    const struct at_leaf *leaf = go_to_edge(tree, path, false);
    mset_at_find_fence(tree, path);
    point_before(path, 0);
    room->first = 0;
    return room_before(wish, leaf->start[0], room);
}

/* To the room behind all areas. */
static bool tail_room(const struct at_tree *tree, const struct at_wish *wish, struct room *room,
                      struct at_path *path) {
    const struct at_leaf *leaf = go_to_edge(tree, path, true);
    path->fence = UINT64_MAX;
    path->last_leaf = true;
    point_before(path, leaf->count);
    room->last = UINT64_MAX;
    return room_behind(wish, leaf->entry[leaf->count - 1].last, room);
}

/* ---- walking over gaps -------------------------------------------------------------------- */

/* Of a mask that is not 0. */
static unsigned lowest_bit(uint64_t mask) {
    return (unsigned)__builtin_ctzll(mask);
}

static unsigned highest_bit(uint64_t mask) {
    return 63 - (unsigned)__builtin_clzll(mask);
}

/* The bits below `i`, which is at most 63; those above. */
static uint64_t bits_below(unsigned i) {
    return (UINT64_C(1) << i) - 1;
}

static uint64_t bits_above(unsigned i) {
    return ~bits_below(i) & ~(UINT64_C(1) << i);
}

/* Behind which areas of the leaf is a gap of `need` bytes? */
static uint64_t gaps_of(const struct at_path *path, uint64_t need) {
    const struct at_leaf *leaf = path->node[0];
    const unsigned end = leaf->count - 1;
    return areas_with_gap(leaf, need) | (uint64_t)(at_gap_after(path, end) >= need) << end;
}

/* Down along the gaps of `need` bytes below node[level]: the first or the last leaf of them. */
static void descend_to_gap(struct at_path *path, unsigned level, uint64_t need, bool up) {
    while (level != 0) {
        const struct at_branch *branch = path->node[level];
        const uint64_t wide = children_with_gap(branch, need);
        const unsigned slot = up ? lowest_bit(wide) : highest_bit(wide);
        path->slot[level] = (uint8_t)slot;
        path->node[--level] = branch->child[slot];
    }
}

/*
 * To the next leaf, upwards or downwards, that has gaps of `need` bytes, beside the child taken at
 * `level` or above.
 */
static bool step_to_gaps(const struct at_tree *tree, struct at_path *path, unsigned level,
                         uint64_t need, bool up) {
    for (; level < tree->height; level++) {
        const struct at_branch *branch = path->node[level];
        const unsigned slot = path->slot[level];
        const uint64_t wide =
            children_with_gap(branch, need) & (up ? bits_above(slot) : bits_below(slot));
        if (wide != 0) {
            const unsigned next = up ? lowest_bit(wide) : highest_bit(wide);
            path->slot[level] = (uint8_t)next;
            path->node[level - 1] = branch->child[next];
            descend_to_gap(path, level - 1, need, up);
            return true;
        }
    }
    return false;
}

/*
 * To the leaf of the first gap of `need` bytes behind an area that begins at or after the one that
 * holds `edge`, or of the last one behind an area that begins at or before it. Subtrees without
 * such a gap are not entered. `at_edge`: it is the leaf whose territory holds the edge.
 */
static bool seek_gaps(const struct at_tree *tree, struct at_path *path, uint64_t edge,
                      uint64_t need, bool up, bool *at_edge) {
    void *node = tree->root;
    *at_edge = true;
    for (unsigned level = tree->height - 1; level != 0; level--) {
        const struct at_branch *branch = node;
        const unsigned limit = child_of(branch, edge, true);
        const uint64_t wide =
            children_with_gap(branch, need) & ~(up ? bits_below(limit) : bits_above(limit));
        path->node[level] = node;
        path->slot[level] = (uint8_t)limit;
        if (wide == 0) {
            *at_edge = false;
            return step_to_gaps(tree, path, level + 1, need, up);
        }
        const unsigned slot = up ? lowest_bit(wide) : highest_bit(wide);
        path->slot[level] = (uint8_t)slot;
        node = branch->child[slot];
        path->node[level - 1] = node;
        if (slot != limit) {
            *at_edge = false;
            descend_to_gap(path, level - 1, need, up);
            return true;
        }
    }
    path->node[0] = node;
    return true;
}

/* The room behind area `i` of the leaf, where there is a gap that is long enough. */
static struct room gap_room(const struct at_wish *wish, const struct at_path *path, unsigned i) {
    const uint64_t last = ((const struct at_leaf *)path->node[0])->entry[i].last;
    const struct room room = {last + wish->guard + 1, last + at_gap_after(path, i) - wish->guard};
    return room;
}

/* A gap between two areas is of use if it holds the run and a guard on either side. */
static uint64_t needed(const struct at_wish *wish) {
    return add_saturating(wish->size, add_saturating(wish->guard, wish->guard));
}

static bool lowest_between(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start,
                           struct at_path *path) {
    const uint64_t need = needed(wish);
    bool at_edge;
    bool more = seek_gaps(tree, path, wish->lo, need, true, &at_edge);
    for (; more; more = step_to_gaps(tree, path, 1, need, true), at_edge = false) {
        mset_at_find_fence(tree, path);
        uint64_t gaps = gaps_of(path, need);
        if (at_edge) {
            const unsigned n = leaf_rank(path->node[0], wish->lo);
            gaps &= ~bits_below(n - (n != 0));
        }
        for (; gaps != 0; gaps &= gaps - 1) {
            const unsigned i = lowest_bit(gaps);
            const struct room room = gap_room(wish, path, i);
            if (room.first > wish->last) {
                return false;
            }
            if (lowest_in(wish, room, start)) {
                point_before(path, i + 1);
                return true;
            }
        }
    }
    return false;
}

static bool highest_between(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start,
                            struct at_path *path) {
    const uint64_t need = needed(wish);
    bool at_edge;
    bool more = seek_gaps(tree, path, wish->last, need, false, &at_edge);
    for (; more; more = step_to_gaps(tree, path, 1, need, false), at_edge = false) {
        mset_at_find_fence(tree, path);
        uint64_t gaps = gaps_of(path, need);
        if (at_edge) {
            gaps &= bits_below(leaf_rank(path->node[0], wish->last));
        }
        while (gaps != 0) {
            const unsigned i = highest_bit(gaps);
            const struct room room = gap_room(wish, path, i);
            if (highest_in(wish, room, start)) {
                point_before(path, i + 1);
                return true;
            }
            if (room.first <= wish->lo) {
                return false;
            }
            gaps &= bits_below(i);
        }
    }
    return false;
}

/* ---- the two searches --------------------------------------------------------------------- */

static const struct room everywhere = {0, UINT64_MAX};

static bool lowest_gap(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start,
                       struct at_path *path) {
    if (tree->height == 0) {
        return lowest_in(wish, everywhere, start);
    }
    struct room room;
    return (head_room(tree, wish, &room, path) && lowest_in(wish, room, start)) ||
           (tree->gap >= needed(wish) && lowest_between(tree, wish, start, path)) ||
           (tail_room(tree, wish, &room, path) && lowest_in(wish, room, start));
}

static bool highest_gap(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start,
                        struct at_path *path) {
    if (tree->height == 0) {
        return highest_in(wish, everywhere, start);
    }
    struct room room;
    return (tail_room(tree, wish, &room, path) && highest_in(wish, room, start)) ||
           (tree->gap >= needed(wish) && highest_between(tree, wish, start, path)) ||
           (head_room(tree, wish, &room, path) && highest_in(wish, room, start));
}

#endif
