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

/* Makes area `i` end before `at`, and a new one behind it, otherwise the same, begin there. */
static void part(struct at_tree *tree, struct at_leaf *leaf, unsigned i, uint64_t at) {
    at_leaf_open(leaf, i + 1, 1);
    leaf->entry[i + 1] = leaf->entry[i];
    leaf->entry[i].last = at - 1;
    leaf->start[i + 1] = at;
    tree->areas++;
}

static void carve_in_place(struct at_tree *tree, struct at_path *path, uint64_t first,
                           uint64_t last, bool front, bool back) {
    struct at_leaf *leaf = path->node[0];
    if (back) {
        part(tree, leaf, path->to - 1u, last + 1);
    }
    if (front) {
        part(tree, leaf, path->from, first);
        path->from++;
        path->to++;
    }
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
        return room_in(begin) >= cuts ? MSET_OK : mset_at_prepare_split(tree, begin);
    }
    const bool room = room_in(begin) >= front && room_in(end) >= back;
    return room ? MSET_OK : mset_at_prepare_many(tree, cuts, 0);
}

/* Cuts the area that holds `at`, before it. */
static void carve_at(struct at_tree *tree, uint64_t at) {
    struct at_path path;
    at_seek(tree, at, &path);
    const struct at_edit edit = {
        .from = path.from, .to = path.to, .left = true, .right = true, .first = at, .last = at - 1};
    mset_at_edit(tree, &path, &edit);
}

void mset_at_carve(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                   bool front, bool back) {
    const struct at_leaf *leaf = path->node[0];
    tree->version++;
    if (!at_goes_on(path, last) && leaf->count + front + back <= AT_LEAF_CAPACITY) {
        carve_in_place(tree, path, first, last, front, back);
    } else {
        if (back) {
            carve_at(tree, last + 1);
        }
        if (front) {
            carve_at(tree, first);
        }
        at_seek_range(tree, first, last, path);
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
}
