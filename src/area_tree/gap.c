/*
 * gap.c - free room: the lowest or highest place for a run of bytes, exactly.
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

static bool head_room(const struct at_tree *tree, const struct at_wish *wish, struct room *room) {
    room->first = 0;
    return room_before(wish, at_first_key(tree->root, tree->height - 1), room);
}

static uint64_t last_address(const struct at_tree *tree) {
    const void *node = tree->root;
    for (unsigned level = tree->height - 1; level != 0; level--) {
        const struct at_branch *branch = node;
        node = branch->child[branch->count - 1];
    }
    const struct at_leaf *leaf = node;
    return leaf->last[leaf->count - 1];
}

static bool tail_room(const struct at_tree *tree, const struct at_wish *wish, struct room *room) {
    room->last = UINT64_MAX;
    return room_behind(wish, last_address(tree), room);
}

/* ---- walking over gaps -------------------------------------------------------------------- */

/* Where the leaf's territory ends, for a path that has been stepped. */
static void find_fence(const struct at_tree *tree, struct at_path *path) {
    path->fence = UINT64_MAX;
    path->last_leaf = true;
    for (unsigned level = 1; level < tree->height; level++) {
        const struct at_branch *branch = path->node[level];
        const unsigned next = path->slot[level] + 1u;
        if (next < branch->count) {
            path->fence = branch->sep[next] - 1;
            path->last_leaf = false;
            return;
        }
    }
}

/* Down to the leaf with the first or last gap of `need` bytes below node[level]. */
static void descend_to_gap(struct at_path *path, unsigned level, uint64_t need, bool up) {
    while (level != 0) {
        const struct at_branch *branch = path->node[level];
        unsigned slot = up ? 0 : branch->count - 1;
        while (branch->gap[slot] < need) {
            slot = up ? slot + 1 : slot - 1;
        }
        path->slot[level] = (uint8_t)slot;
        path->node[--level] = branch->child[slot];
    }
}

/* To the next leaf, upwards or downwards, that has a gap of `need` bytes. */
static bool step_to_gap(const struct at_tree *tree, struct at_path *path, uint64_t need, bool up) {
    for (unsigned level = 1; level < tree->height; level++) {
        const struct at_branch *branch = path->node[level];
        unsigned slot = path->slot[level];
        while (up ? ++slot < branch->count : slot-- > 0) {
            if (branch->gap[slot] >= need) {
                path->slot[level] = (uint8_t)slot;
                path->node[level - 1] = branch->child[slot];
                descend_to_gap(path, level - 1, need, up);
                find_fence(tree, path);
                return true;
            }
        }
    }
    return false;
}

/* The room behind area `i` of the leaf, if the gap there is of any use. */
static bool gap_room(const struct at_wish *wish, const struct at_path *path, unsigned i,
                     uint64_t need, struct room *room) {
    const struct at_leaf *leaf = path->node[0];
    const uint64_t gap = at_gap_after(path, i);
    room->first = leaf->last[i] + wish->guard + 1;
    room->last = leaf->last[i] + gap - wish->guard;
    return gap >= need; /* else the room is void */
}

/* A gap between two areas is of use if it holds the run and a guard on either side. */
static uint64_t needed(const struct at_wish *wish) {
    return add_saturating(wish->size, add_saturating(wish->guard, wish->guard));
}

static bool lowest_between(const struct at_tree *tree, const struct at_wish *wish,
                           uint64_t *start) {
    const uint64_t need = needed(wish);
    struct at_path path;
    at_seek(tree, wish->lo, &path);
    unsigned i = path.slot[0] == 0 ? 0 : path.slot[0] - 1u;
    do {
        const struct at_leaf *leaf = path.node[0];
        for (; i < leaf->count; i++) {
            struct room room;
            if (leaf->last[i] >= wish->last) {
                return false;
            }
            if (gap_room(wish, &path, i, need, &room) && lowest_in(wish, room, start)) {
                return true;
            }
        }
        i = 0;
    } while (step_to_gap(tree, &path, need, true));
    return false;
}

static bool highest_between(const struct at_tree *tree, const struct at_wish *wish,
                            uint64_t *start) {
    const uint64_t need = needed(wish);
    struct at_path path;
    at_seek(tree, wish->last, &path);
    unsigned i = path.slot[0];
    for (;;) {
        while (i-- > 0) {
            struct room room;
            if (gap_room(wish, &path, i, need, &room)) {
                if (highest_in(wish, room, start)) {
                    return true;
                }
                if (room.first <= wish->lo) {
                    return false;
                }
            }
        }
        if (!step_to_gap(tree, &path, need, false)) {
            return false;
        }
        i = ((const struct at_leaf *)path.node[0])->count;
    }
}

/* ---- the two searches --------------------------------------------------------------------- */

static const struct room everywhere = {0, UINT64_MAX};

bool mset_at_lowest_gap(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start) {
    if (tree->height == 0) {
        return lowest_in(wish, everywhere, start);
    }
    struct room room;
    return (head_room(tree, wish, &room) && lowest_in(wish, room, start)) ||
           (tree->gap >= needed(wish) && lowest_between(tree, wish, start)) ||
           (tail_room(tree, wish, &room) && lowest_in(wish, room, start));
}

bool mset_at_highest_gap(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start) {
    if (tree->height == 0) {
        return highest_in(wish, everywhere, start);
    }
    struct room room;
    return (tail_room(tree, wish, &room) && highest_in(wish, room, start)) ||
           (tree->gap >= needed(wish) && highest_between(tree, wish, start)) ||
           (head_room(tree, wish, &room) && highest_in(wish, room, start));
}
