/*
 * cut.c - removing what lies in a range that spans leaves.
 *
 *                 root   [ . | a | = | = | b | . ]
 *                            /             \
 *                    [ . | a'| = | = ]   [ = | b'| . ]        =  dropped whole
 *                         /                   \               .  untouched
 *                 leaf  [ ..==== ]          [ ==|.. ]         |  trimmed
 *
 * Only the two seams, down the left and the right end of the range, are visited; everything
 * between them is dropped as whole subtrees. On the way back each level closes its ranks and
 * joins what has become low (N6); at the end the gaps along the seams are recomputed.
 */
#include "cut.h"

#include "balance.h"
#include "edit.h"
#include "lanes_portable.h"

#include "../base/assert.h"
#include "../base/memory.h"

static unsigned child_at(const struct at_branch *branch, uint64_t address) {
    const unsigned n = rank(branch->sep, AT_BRANCH_WIDTH, branch->count, address, true);
    return n - (n != 0);
}

/* Areas that begin up to `last` go; one that ends behind it keeps its tail. No area of the leaf
   begins before the range, which begins with a leaf. */
static void cut_leaf(struct at_tree *tree, struct at_leaf *leaf, uint64_t last) {
    unsigned to = 0;
    while (to < leaf->count && leaf->start[to] <= last) {
        if (leaf->entry[to].last > last) {
            tree->bytes -= last + 1 - leaf->start[to];
            leaf->start[to] = last + 1;
            break;
        }
        tree->bytes -= leaf->entry[to].last - leaf->start[to] + 1;
        tree->areas--;
        to++;
    }
    at_leaf_close(leaf, 0, to);
}

static void cut_branch(struct at_tree *tree, struct at_branch *branch, unsigned level,
                       uint64_t first, uint64_t last);

static void cut_child(struct at_tree *tree, struct at_branch *branch, unsigned level, unsigned i,
                      uint64_t first, uint64_t last) {
    if (level == 1) {
        MSET_ASSERT_INTERNAL(((const struct at_leaf *)branch->child[i])->start[0] >= first);
        cut_leaf(tree, branch->child[i], last);
    } else {
        cut_branch(tree, branch->child[i], level - 1, first, last);
    }
}

static void cut_branch(struct at_tree *tree, struct at_branch *branch, unsigned level,
                       uint64_t first, uint64_t last) {
    const unsigned a = child_at(branch, first);
    const unsigned b = child_at(branch, last);
    unsigned to = a; /* where the ranks close */
    if (a != b) {
        if (branch->sep[a] < first) {
            cut_child(tree, branch, level, a, first, last); /* keeps what begins before `first` */
            to++;
        }
        for (unsigned i = to; i < b; i++) {
            mset_at_drop_subtree(tree, branch->child[i], level - 1);
        }
    }
    cut_child(tree, branch, level, b, first, last);
    void *child = branch->child[b];
    if (at_count(child, level - 1) == 0) {
        mset_at_drop_node(tree, child, level - 1);
    } else {
        branch->sep[to] = at_first_key(child, level - 1);
        branch->child[to] = child;
        branch->gap[to] = branch->gap[b];
        to++;
    }
    mset_at_branch_close(branch, to, b + 1);
    const unsigned low = a > 0 ? a - 1 : 0;
    for (unsigned i = to; i-- > low;) {
        (void)mset_at_join(tree, branch, level, i);
    }
}

void mset_at_cut(struct at_tree *tree, uint64_t first, uint64_t last) {
    MSET_ASSERT_INTERNAL(tree->height > 1 && first > 0);
    cut_branch(tree, tree->root, tree->height - 1, first, last);
    mset_at_lower_root(tree);
    /* The gap that the cut has opened follows the last area before it ... */
    struct at_path path;
    mset_at_refresh_gaps(tree, first - 1, &path);
    if (!path.last_leaf) {
        /* ... and the next leaf may have lost areas. */
        mset_at_refresh_gaps(tree, path.fence + 1, &path);
    }
}
