/*
 * search.h - from the root to an address, written once and compiled once per kind of processor.
 *
 * A search_*.c file brings its own rank() (how many keys of a node are <= address), includes
 * this file and names the result. Everything is inlined around that rank, so a lookup is one
 * call whatever the height.
 */
#ifndef AT_SEARCH
#error "define AT_SEARCH as the name of the table and include a lanes_*.h first"
#endif

#include "area_tree.h"

/* The child whose territory holds the address; the first also takes what lies before it. */
static inline unsigned child_of(const struct at_branch *branch, uint64_t address, bool high) {
    const unsigned n = rank(branch->sep, AT_BRANCH_WIDTH, branch->count, address, high);
    return n - (n != 0);
}

/*
 * The same for a root, which may have few children, and the same number of them every time: a guess
 * that is right, and then fewer keys to look at. (Not for as many as rank() is told to look at: it
 * may take the last word for the count.)
 */
static inline unsigned child_of_root(const struct at_branch *root, uint64_t address, bool high) {
    enum { FEW = AT_BRANCH_WIDTH < 8 ? AT_BRANCH_WIDTH : 8 };
    const uint64_t *const sep = root->sep;
    if (root->count <= 4 && AT_BRANCH_CAPACITY >= 4 && !high) {
        return (unsigned)(sep[1] <= address) + (unsigned)(sep[2] <= address) +
               (unsigned)(sep[AT_BRANCH_CAPACITY >= 4 ? 3 : 0] <= address);
    }
    const unsigned n = root->count < FEW ? rank(sep, FEW, root->count, address, high)
                                         : rank(sep, AT_BRANCH_WIDTH, root->count, address, high);
    return n - (n != 0);
}

static inline struct at_place find_in(const struct at_tree *tree, uint64_t address, bool high) {
    const struct at_place nowhere = {NULL, 0};
    const void *node = tree->root;
    if (tree->height == 0) {
        return nowhere;
    }
    unsigned level = tree->height - 1;
    if (level != 0) {
        const struct at_branch *const root = node;
        node = root->child[child_of_root(root, address, high)];
        while (--level != 0) {
            const struct at_branch *const branch = node;
            node = branch->child[child_of(branch, address, high)];
        }
    }
    const struct at_leaf *leaf = node;
    const unsigned n = rank(leaf->start, AT_LEAF_WIDTH, leaf->count, address, high);
    if (n == 0 || leaf->entry[n - 1].last < address) {
        return nowhere;
    }
    return (struct at_place){leaf, n - 1};
}

static struct at_place find(const struct at_tree *tree, uint64_t address) {
    return at_is_high(address) ? find_in(tree, address, true) : find_in(tree, address, false);
}

/* Writes down that the path goes to this child, and goes there. */
static inline void *seek_child(const struct at_branch *branch, unsigned level, unsigned slot,
                               struct at_path *path) {
    path->node[level] = (void *)branch;
    path->slot[level] = (uint8_t)slot;
    /* Without a branch: in a root of two children it would be a toss. */
    const bool inner = slot + 1 < branch->count;
    const uint64_t take = UINT64_C(0) - inner;
    path->fence = (path->fence & ~take) | ((branch->sep[slot + inner] - 1) & take);
    path->last_leaf &= !inner;
    return branch->child[slot];
}

static inline void seek_in(const struct at_tree *tree, uint64_t first, uint64_t last,
                           struct at_path *path, bool high) {
    void *node = tree->root;
    unsigned level = tree->height - 1;
    path->fence = UINT64_MAX;
    path->last_leaf = true;
    if (level != 0) {
        node = seek_child(node, level, child_of_root(node, first, high), path);
        while (--level != 0) {
            node = seek_child(node, level, child_of(node, first, high), path);
        }
    }
    const struct at_leaf *leaf = node;
    if (tree->height > AT_NEAR_HEIGHT) {
        for (unsigned i = 0; i < AT_LEAF_CAPACITY; i += 2) {
            __builtin_prefetch(&leaf->entry[i], 1);
        }
    }
    const unsigned n = rank(leaf->start, AT_LEAF_WIDTH, leaf->count, first, high);
    path->node[0] = node;
    path->slot[0] = (uint8_t)n;
    path->from = (uint8_t)(n - (n != 0 && leaf->entry[n - (n != 0)].last >= first));
    path->to = (uint8_t)rank(leaf->start, AT_LEAF_WIDTH, leaf->count, last, high);
}

static void seek(const struct at_tree *tree, uint64_t first, uint64_t last, struct at_path *path) {
    if (at_is_high(last)) {
        seek_in(tree, first, last, path, true);
    } else {
        seek_in(tree, first, last, path, false);
    }
}

/* Areas of the leaf that begin at or before the address. */
static unsigned leaf_rank(const struct at_leaf *leaf, uint64_t address) {
    return rank(leaf->start, AT_LEAF_WIDTH, leaf->count, address, true);
}

#include "gap.h" /* is about seek, too */

const struct at_search AT_SEARCH = {.name = AT_SEARCH_NAME,
                                    .find = find,
                                    .seek = seek,
                                    .rank = leaf_rank,
                                    .widest_within = widest_within,
                                    .widest_below = widest_below,
                                    .lowest_gap = lowest_gap,
                                    .highest_gap = highest_gap};
