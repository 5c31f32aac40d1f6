/*
 * append.c - a run behind all others: how an address space is built from a list in order.
 *
 *        root   [ . | . | * ]        the tail: the way to the last leaf, kept in the tree
 *                         |
 *        leaf   [ A | B | C |-> run
 *
 * Whoever has come to the end of the tree once leaves the way there; as long as no node comes or
 * goes (pool.c) it stays right, and the next run needs no search, no edit and no node.
 */
#include "balance.h"
#include "edit.h"

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
    tree->version++;
    tree->areas++;
    tree->bytes += run->last - run->first + 1;
    const uint64_t gap = run->first - before - 1;
    if (gap > *at_gap_place(tree, tail, 0)) {
        mset_at_publish_gap(tree, tail, 0, gap);
    }
    return true;
}
