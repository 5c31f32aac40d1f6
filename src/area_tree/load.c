/*
 * load.c - an empty tree from areas in ascending order: from the bottom up, every node written
 * once.
 *
 *                      open[2]  [ . .                    the root, known from the start
 *                                 \
 *             [ = = = = ]    open[1]  [ . .
 *                                          \
 *        [ = = = = ]  [ = = = = ]        leaf  [ = =     areas come in here
 *
 * Nodes are filled to the last place, but for the last one of each level. A node goes into the one
 * above it when it is full and the next area is known, because the gap behind it ends there.
 */
#include "load.h"
#include "balance.h"

#include "../base/assert.h"

static uint64_t divide_up(uint64_t n, uint64_t by) {
    return n / by + (n % by != 0);
}

mset_status mset_at_load_begin(struct at_loader *loader, struct at_tree *tree, uint64_t areas) {
    MSET_ASSERT(tree->height == 0);
    const uint64_t leaves = divide_up(areas, AT_LEAF_CAPACITY);
    uint64_t branches = 0;
    unsigned height = 1;
    for (uint64_t nodes = leaves; nodes > 1; height++) {
        nodes = divide_up(nodes, AT_BRANCH_CAPACITY);
        branches += nodes;
    }
    const mset_status status = mset_at_reserve(tree, leaves, branches);
    if (status != MSET_OK || areas == 0) {
        return status;
    }
    tree->version++;
    tree->height = height; /* at most log15(2^64 / 3): far from AT_MAX_HEIGHT */
    loader->tree = tree;
    loader->leaf = NULL;
    for (unsigned level = 1; level < height; level++) {
        loader->open[level] = mset_at_take_branch(tree);
    }
    return MSET_OK;
}

/* The node is complete: into the branch above it, or it is the root. */
static void put_up(struct at_loader *loader, unsigned level, void *node, uint64_t gap) {
    struct at_tree *tree = loader->tree;
    if (level + 1 == tree->height) {
        tree->root = node;
        tree->gap = gap;
        return;
    }
    struct at_branch *parent = loader->open[level + 1];
    if (parent->count == AT_BRANCH_CAPACITY) {
        put_up(loader, level + 1, parent, tree->search->widest_below(parent));
        parent = mset_at_take_branch(tree);
        loader->open[level + 1] = parent;
    }
    parent->sep[parent->count] = at_first_key(node, level);
    parent->child[parent->count] = node;
    parent->gap[parent->count++] = gap;
}

struct at_leaf *mset_at_load_leaf(struct at_loader *loader, uint64_t first) {
    struct at_tree *tree = loader->tree;
    const struct at_leaf *before = loader->leaf;
    if (before != NULL) {
        const uint64_t within = tree->search->widest_within(before);
        const uint64_t behind = first - before->entry[before->count - 1].last - 1;
        put_up(loader, 0, loader->leaf, within > behind ? within : behind);
    }
    loader->leaf = mset_at_take_leaf(tree);
    return loader->leaf;
}

void mset_at_load_end(struct at_loader *loader, uint64_t areas, uint64_t bytes) {
    struct at_tree *tree = loader->tree;
    tree->areas = areas;
    tree->bytes = bytes;
    put_up(loader, 0, loader->leaf, tree->search->widest_within(loader->leaf));
    for (unsigned level = 1; level < tree->height; level++) {
        struct at_branch *branch = loader->open[level];
        put_up(loader, level, branch, tree->search->widest_below(branch));
    }
    MSET_ASSERT_EXPENSIVE(mset_at_validate(tree) == NULL);
}
