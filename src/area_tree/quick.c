/*
 * quick.c - the edits that most are, without what the general one (splice.c) has to look at: each
 * says whether it was possible, and changes nothing where it was not.
 *
 *        append      ...| A | B |  ->  ...| A | B | run |      behind all others
 *        insert      | A |       | B |  ->  | A | run | B |    between two areas of a leaf
 *        take out    | A | B | C |  ->  | A |     | C |        an area as a whole, from between two
 *
 * No separator changes, no node comes or goes, and of gaps only the one that is filled or opened.
 *
 * For appending the tree remembers the way to its last leaf, the tail: whoever has come to the end
 * once leaves it there, and as long as no node comes or goes (pool.c) it stays right. So an address
 * space that is built in order is built without a search.
 */
#include "balance.h"
#include "edit.h"

#include "../base/assert.h"

static void count_one(struct at_tree *tree, uint64_t areas, uint64_t bytes) {
    tree->version++;
    tree->areas += areas;
    tree->bytes += bytes;
}

void mset_at_learn_tail(struct at_tree *tree, const struct at_path *path) {
    for (unsigned level = 0; level < tree->height; level++) {
        tree->tail.node[level] = path->node[level];
        tree->tail.slot[level] = path->slot[level];
    }
    tree->tail.last_leaf = true;
    tree->tail_known = true;
}

bool mset_at_append(struct at_tree *tree, const struct at_run *run) {
    const struct at_path *const tail = &tree->tail;
    if (!tree->tail_known) {
        return false;
    }
    struct at_leaf *const leaf = tail->node[0];
    const unsigned count = leaf->count;
    const uint64_t before = leaf->entry[count - 1].last;
    if (count == AT_LEAF_CAPACITY || run->first <= before) {
        return false;
    }
    at_leaf_put(leaf, count, run);
    leaf->count = count + 1;
    count_one(tree, 1, run->last - run->first + 1);
    const uint64_t gap = run->first - before - 1;
    if (gap > *at_gap_place(tree, tail, 0)) {
        mset_at_publish_gap(tree, tail, 0, gap);
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
    return true;
}

bool mset_at_insert(struct at_tree *tree, const struct at_path *path, const struct at_run *run) {
    struct at_leaf *const leaf = path->node[0];
    const unsigned at = path->from;
    if (at != path->to || at == 0 || at == leaf->count || leaf->count == AT_LEAF_CAPACITY) {
        return false;
    }
    const uint64_t filled = leaf->start[at] - leaf->entry[at - 1].last - 1;
    const bool shrinks = filled == *at_gap_place(tree, path, 0);
    at_leaf_open(leaf, at, 1);
    at_leaf_put(leaf, at, run);
    count_one(tree, 1, run->last - run->first + 1);
    if (shrinks) {
        mset_at_publish_gap(tree, path, 0, at_leaf_widest(tree, path));
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
    return true;
}

bool mset_at_take_out(struct at_tree *tree, const struct at_path *path, uint64_t first,
                      uint64_t last) {
    struct at_leaf *const leaf = path->node[0];
    const unsigned at = path->from;
    if (at == 0 || at + 1 != path->to || at + 1 >= leaf->count || leaf->count - 1 <= AT_LEAF_LOW ||
        leaf->start[at] < first || leaf->entry[at].last > last) {
        return false;
    }
    const uint64_t opened = leaf->start[at + 1] - leaf->entry[at - 1].last - 1;
    count_one(tree, UINT64_C(0) - 1, leaf->start[at] - leaf->entry[at].last - 1);
    at_leaf_close(leaf, at, at + 1);
    if (opened > *at_gap_place(tree, path, 0)) {
        mset_at_publish_gap(tree, path, 0, opened);
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
    return true;
}
