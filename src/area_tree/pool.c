/*
 * pool.c - where nodes come from and go to: the only file that calls the allocator.
 *
 * Reserving fills two chains of spare nodes, splices take from them and give back to them. What
 * one step of an operation gives back, a later step may take: a cut that lowers the root leaves
 * the branch that a split below may need to raise it again. When the operation is over a few
 * spares stay for the next one, the rest goes back to the allocator.
 */
#include "area_tree.h"

#include "../base/assert.h"
#include "../base/memory.h"

void mset_at_init(struct at_tree *tree, const struct mset_allocator *allocator) {
    memset(tree, 0, sizeof *tree);
    tree->allocator = *allocator;
    tree->search = mset_at_choose_search();
}

static void free_node(struct at_tree *tree, void *node, size_t size) {
    tree->node_bytes -= size;
    tree->allocator.free(tree->allocator.context, node, size, AT_NODE_ALIGN);
}

static void *alloc_node(struct at_tree *tree, size_t size) {
    void *node = tree->allocator.alloc(tree->allocator.context, size, AT_NODE_ALIGN);
    if (node != NULL) {
        MSET_ASSERT((uintptr_t)node % AT_NODE_ALIGN == 0);
        tree->node_bytes += size;
    }
    return node;
}

/* The chain link lies in the node's first word. */
static void push(void **chain, unsigned *count, void *node) {
    memcpy(node, chain, sizeof *chain);
    *chain = node;
    ++*count;
}

static void *pop(void **chain, unsigned *count) {
    void *node = *chain;
    MSET_ASSERT(node != NULL); /* every splice is reserved before it starts */
    memcpy(chain, node, sizeof *chain);
    --*count;
    return node;
}

static bool fill(struct at_tree *tree, uint64_t leaves, uint64_t branches) {
    while (tree->spare_leaf_count < leaves) {
        void *leaf = alloc_node(tree, sizeof(struct at_leaf));
        if (leaf == NULL) {
            return false;
        }
        push(&tree->spare_leaves, &tree->spare_leaf_count, leaf);
    }
    while (tree->spare_branch_count < branches) {
        void *branch = alloc_node(tree, sizeof(struct at_branch));
        if (branch == NULL) {
            return false;
        }
        push(&tree->spare_branches, &tree->spare_branch_count, branch);
    }
    return true;
}

static void empty_to(struct at_tree *tree, unsigned leaves, unsigned branches) {
    while (tree->spare_leaf_count > leaves) {
        free_node(tree, pop(&tree->spare_leaves, &tree->spare_leaf_count), sizeof(struct at_leaf));
    }
    while (tree->spare_branch_count > branches) {
        free_node(tree, pop(&tree->spare_branches, &tree->spare_branch_count),
                  sizeof(struct at_branch));
    }
}

void mset_at_trim_spares(struct at_tree *tree) {
    /* A small set keeps none: its spares would weigh more than its areas. */
    const bool small = tree->height <= 1;
    empty_to(tree, small ? 0 : AT_KEEP_LEAVES, small ? 0 : AT_KEEP_BRANCHES);
}

mset_status mset_at_reserve(struct at_tree *tree, uint64_t leaves, uint64_t branches) {
    if (fill(tree, leaves, branches)) {
        return MSET_OK;
    }
    mset_at_trim_spares(tree);
    return MSET_NO_MEMORY;
}

struct at_leaf *mset_at_take_leaf(struct at_tree *tree) {
    tree->tail_known = false;
    struct at_leaf *leaf = pop(&tree->spare_leaves, &tree->spare_leaf_count);
    memset(leaf->start, 0xff, sizeof leaf->start);
    leaf->ones = UINT32_MAX;
    leaf->count = 0;
    return leaf;
}

struct at_branch *mset_at_take_branch(struct at_tree *tree) {
    tree->tail_known = false;
    struct at_branch *branch = pop(&tree->spare_branches, &tree->spare_branch_count);
    memset(branch->sep, 0xff, sizeof branch->sep);
    memset(branch->gap, 0, sizeof branch->gap); /* who looks for room looks at all of them */
    branch->ones = UINT32_MAX;
    branch->count = 0;
    return branch;
}

void mset_at_drop_node(struct at_tree *tree, void *node, unsigned level) {
    tree->tail_known = false;
    if (level == 0) {
        push(&tree->spare_leaves, &tree->spare_leaf_count, node);
    } else {
        push(&tree->spare_branches, &tree->spare_branch_count, node);
    }
}

static void forget_areas(struct at_tree *tree, const struct at_leaf *leaf) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < leaf->count; i++) {
        bytes += leaf->entry[i].last - leaf->start[i] + 1;
    }
    tree->bytes -= bytes;
    tree->areas -= leaf->count;
}

void mset_at_drop_subtree(struct at_tree *tree, void *node, unsigned level) {
    if (level == 0) {
        forget_areas(tree, node);
    } else {
        const struct at_branch *branch = node;
        for (unsigned i = 0; i < branch->count; i++) {
            mset_at_drop_subtree(tree, branch->child[i], level - 1);
        }
    }
    mset_at_drop_node(tree, node, level);
}

void mset_at_destroy(struct at_tree *tree) {
    if (tree->height != 0) {
        mset_at_drop_subtree(tree, tree->root, tree->height - 1);
    }
    empty_to(tree, 0, 0);
    MSET_ASSERT(tree->node_bytes == 0);
    tree->root = NULL;
    tree->height = 0;
}
