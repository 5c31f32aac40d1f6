/*
 * carve.c - cutting areas without changing what any address holds.
 *
 *        leaf      ...|       A       |   B   |       C       |...
 *        range                [first              last]
 *        leaf      ...|   A   |   A   |   B   |   C   |   C   |...
 *
 * No gap and no sum of bytes changes, so in a leaf that has room only areas move.
 */
#include "balance.h"
#include "edit.h"

#include "../base/assert.h"

/* Moves areas [from, to) up by one place, into one that is free. */
static void move_up(struct at_leaf *leaf, unsigned from, unsigned to) {
    const size_t n = to - from;
    memmove(&leaf->start[from + 1], &leaf->start[from], n * sizeof leaf->start[0]);
    memmove(&leaf->entry[from + 1], &leaf->entry[from], n * sizeof leaf->entry[0]);
}

/* Area `i` becomes two, cut before `at`; the upper one goes to place `upper`, which is free. */
static void part(struct at_leaf *leaf, unsigned i, unsigned upper, uint64_t at) {
    leaf->entry[upper] = leaf->entry[i];
    leaf->start[upper] = at;
    leaf->entry[i].last = at - 1;
}

/*
 * What lies behind the range moves once, by as many places as there are cuts: a processor that
 * reads what it has written a moment ago, but not as it has written it, has to wait.
 */
static void carve_in_place(struct at_tree *tree, struct at_path *path, uint64_t first,
                           uint64_t last, bool front, bool back) {
    struct at_leaf *leaf = path->node[0];
    const unsigned cuts = (unsigned)front + back;
    at_leaf_open(leaf, path->to, cuts);
    if (back) {
        part(leaf, path->to - 1u, path->to + cuts - 1u, last + 1);
    }
    if (front) {
        move_up(leaf, path->from + 1u, path->to);
        part(leaf, path->from, path->from + 1u, first);
        path->from++;
        path->to++;
    }
    tree->areas += cuts;
}

static unsigned room_in(const struct at_path *path) {
    const struct at_leaf *leaf = path->node[0];
    return AT_LEAF_CAPACITY - leaf->count;
}

mset_status mset_at_prepare_carve(struct at_tree *tree, const struct at_path *begin,
                                  const struct at_path *end, bool front, bool back) {
    const unsigned cuts = (unsigned)front + back;
    if (begin->node[0] == end->node[0]) {
        /* After one split there is room for the other cut. */
        return room_in(begin) >= cuts || mset_at_can_share(tree, begin, cuts)
                   ? MSET_OK
                   : mset_at_prepare_split(tree, begin);
    }
    const bool room = room_in(begin) >= front && room_in(end) >= back;
    return room ? MSET_OK : mset_at_prepare_many(tree, cuts, 0);
}

/*
 * Cuts the area that holds `at`, before it; the path leads there. Says whether nodes have come or
 * gone, or areas gone from leaf to leaf.
 */
static bool carve_at(struct at_tree *tree, struct at_path *path, uint64_t at) {
    struct at_leaf *leaf = path->node[0];
    if (room_in(path) != 0) {
        at_leaf_open(leaf, path->from + 1u, 1);
        part(leaf, path->from, path->from + 1u, at);
        tree->areas++;
        return false;
    }
    struct at_edit edit = {.from = path->from,
                           .to = path->from + 1u,
                           .left = true,
                           .right = true,
                           .first = at,
                           .last = at - 1};
    mset_at_edit(tree, path, &edit);
    return true;
}

/* Cut by cut: the range goes on in other leaves, or a leaf has to split. */
static void carve_apart(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                        bool front, bool back) {
    bool fresh = true;
    if (back) {
        struct at_path there;
        at_seek(tree, last + 1, &there);
        const bool here = there.node[0] == path->node[0];
        fresh = !carve_at(tree, &there, last + 1) && !here;
    }
    if (front) {
        if (!fresh) {
            at_seek(tree, first, path);
        }
        fresh &= !carve_at(tree, path, first);
    }
    if (!fresh) {
        at_seek_range(tree, first, last, path);
    } else {
        path->from = (uint8_t)(path->from + front);
        path->to = (uint8_t)(path->to + front);
    }
}

void mset_at_carve(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                   bool front, bool back) {
    const unsigned cuts = (unsigned)front + back;
    tree->version++;
    if (!at_goes_on(path, last) && (room_in(path) >= cuts || mset_at_share(tree, path, cuts))) {
        carve_in_place(tree, path, first, last, front, back);
    } else {
        carve_apart(tree, path, first, last, front, back);
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
}
