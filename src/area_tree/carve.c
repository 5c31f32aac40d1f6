/*
 * carve.c - cutting areas without changing what any address holds.
 *
 *        leaf      ...|       A       |   B   |       C       |...
 *        range                [first              last]
 *        leaf      ...|   A   |   A   |   B   |   C   |   C   |...
 *
 * Both cuts are one step where the leaf holds the whole range and has room: the areas between
 * the cuts move up by one place, those behind by two. No gap and no sum of bytes changes.
 */
#include "balance.h"
#include "edit.h"

#include "../base/assert.h"
#include "../base/memory.h"

/* Moves areas [from, to) up by `places`. */
static void move_up(struct at_leaf *leaf, unsigned from, unsigned to, unsigned places) {
    const size_t n = to - from;
    memmove(&leaf->start[from + places], &leaf->start[from], n * sizeof leaf->start[0]);
    memmove(&leaf->entry[from + places], &leaf->entry[from], n * sizeof leaf->entry[0]);
}

/* Makes area `i` end before `at`, and the one behind it, a copy, begin there. */
static void part(struct at_leaf *leaf, unsigned i, uint64_t at) {
    leaf->entry[i + 1] = leaf->entry[i];
    leaf->entry[i].last = at - 1;
    leaf->start[i + 1] = at;
}

static void carve_in_place(struct at_tree *tree, struct at_path *path, uint64_t first,
                           uint64_t last, bool front, bool back) {
    struct at_leaf *leaf = path->node[0];
    const unsigned cuts = (unsigned)front + back;
    move_up(leaf, path->to, leaf->count, cuts);
    if (back) {
        const struct at_entry whole = leaf->entry[path->to - 1];
        leaf->entry[path->to - 1 + cuts] = whole;
        leaf->start[path->to - 1 + cuts] = last + 1;
        leaf->entry[path->to - 1].last = last;
    }
    if (front) {
        move_up(leaf, path->from + 1u, path->to, 1);
        part(leaf, path->from, first);
    }
    leaf->count += cuts;
    tree->areas += cuts;
    path->from = (uint8_t)(path->from + front);
    path->to = (uint8_t)(path->to + front);
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
