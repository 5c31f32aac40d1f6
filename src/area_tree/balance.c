/*
 * balance.c - separators, gaps and fill: what must follow when a leaf has changed.
 *
 * Three things travel upwards from a leaf. A new first address becomes the separator in every
 * branch whose leftmost descendant the leaf is. A new largest gap travels until some branch has
 * another child with a gap as large. A node that has become low (N6) joins a neighbour:
 *
 *        branch   ... | a | b | ...                ... |  a  | ...
 *                      /     \            ->            / | \
 *                  x  y       z  w                  x  y   z  w
 *                                                     ^^^^^ the seam
 *
 * After a join y and z are neighbours for the first time; if both are low they join too, and so
 * on down to the leaves. A joined node is never smaller than the larger of its halves, so no
 * join makes another necessary at its own level.
 */
#include "balance.h"

#include "../base/assert.h"
#include "../base/memory.h"

/* ---- travelling upwards ------------------------------------------------------------------- */

void mset_at_publish_start(const struct at_tree *tree, const struct at_path *path, unsigned level,
                           uint64_t start) {
    while (++level < tree->height) {
        struct at_branch *branch = path->node[level];
        branch->sep[path->slot[level]] = start;
        if (path->slot[level] != 0) {
            return;
        }
    }
}

void mset_at_publish_gap(struct at_tree *tree, const struct at_path *path, unsigned level,
                         uint64_t gap) {
    for (;;) {
        uint64_t *place = at_gap_place(tree, path, level);
        const uint64_t old = *place;
        if (old == gap) {
            return;
        }
        *place = gap;
        if (++level == tree->height) {
            return;
        }
        const uint64_t most = *at_gap_place(tree, path, level);
        if (gap < most) {
            if (old < most) {
                return; /* some other child has the largest gap, then as now */
            }
            gap = tree->search->widest_below(path->node[level]);
        }
    }
}

void mset_at_refresh_gaps(struct at_tree *tree, uint64_t address, struct at_path *path) {
    at_seek(tree, address, path);
    *at_gap_place(tree, path, 0) = at_leaf_widest(tree, path);
    for (unsigned level = 1; level < tree->height; level++) {
        *at_gap_place(tree, path, level) = tree->search->widest_below(path->node[level]);
    }
}

/* ---- entries of a branch ------------------------------------------------------------------ */

/* Moves entries [from, count) of `branch` so that they begin at `to`. */
static void branch_shift(struct at_branch *branch, unsigned from, unsigned to) {
    const size_t tail = branch->count - from;
    memmove(&branch->sep[to], &branch->sep[from], tail * sizeof branch->sep[0]);
    memmove(&branch->child[to], &branch->child[from], tail * sizeof branch->child[0]);
    memmove(&branch->gap[to], &branch->gap[from], tail * sizeof branch->gap[0]);
    at_branch_resize(branch, to + (unsigned)tail);
}

void mset_at_branch_close(struct at_branch *branch, unsigned from, unsigned to) {
    branch_shift(branch, to, from);
}

static void branch_insert(struct at_branch *branch, unsigned i, void *child, unsigned child_level,
                          uint64_t gap) {
    branch_shift(branch, i, i + 1);
    branch->sep[i] = at_first_key(child, child_level);
    branch->child[i] = child;
    branch->gap[i] = gap;
}

/* Appends entries [from, count) of `source` to `branch`. */
static void branch_append(struct at_branch *branch, const struct at_branch *source, unsigned from) {
    const size_t n = source->count - from;
    memcpy(&branch->sep[branch->count], &source->sep[from], n * sizeof branch->sep[0]);
    memcpy(&branch->child[branch->count], &source->child[from], n * sizeof branch->child[0]);
    memcpy(&branch->gap[branch->count], &source->gap[from], n * sizeof branch->gap[0]);
    branch->count += (unsigned)n;
}

static void leaf_append(struct at_leaf *leaf, const struct at_leaf *source) {
    const size_t n = source->count;
    memcpy(&leaf->start[leaf->count], source->start, n * sizeof leaf->start[0]);
    memcpy(&leaf->entry[leaf->count], source->entry, n * sizeof leaf->entry[0]);
    leaf->count += (unsigned)n;
}

/* ---- growing ------------------------------------------------------------------------------ */

static void raise_root(struct at_tree *tree, uint64_t gap, void *right, uint64_t right_gap) {
    const unsigned level = tree->height;
    struct at_branch *root = mset_at_take_branch(tree);
    branch_insert(root, 0, tree->root, level - 1, gap);
    branch_insert(root, 1, right, level - 1, right_gap);
    tree->root = root;
    tree->height = level + 1;
    tree->gap = tree->search->widest_below(root);
}

/*
 * Splits a full branch in which a child is to be inserted at place `i`, inserts it, and returns
 * the new right half. The halves are even, but for the right edge of the tree: there everything
 * stays behind that can, so that ascending builds leave full branches.
 */
static struct at_branch *split_branch(struct at_tree *tree, struct at_branch *branch, unsigned i,
                                      void *child, unsigned child_level, uint64_t gap,
                                      bool at_right_edge) {
    struct at_branch *right = mset_at_take_branch(tree);
    const unsigned even = AT_BRANCH_WIDTH / 2;
    const bool goes_left = i < even;
    const unsigned stays = at_right_edge ? branch->count - 1 : even - goes_left;
    branch_append(right, branch, stays);
    at_branch_resize(branch, stays);
    branch_insert(goes_left ? branch : right, goes_left ? i : i - stays, child, child_level, gap);
    return right;
}

void mset_at_insert_child(struct at_tree *tree, const struct at_path *path, unsigned level,
                          uint64_t gap, void *right, uint64_t right_gap) {
    for (; level < tree->height; level++) {
        struct at_branch *branch = path->node[level];
        const unsigned place = path->slot[level] + 1u;
        branch->gap[place - 1] = gap;
        if (branch->count < AT_BRANCH_CAPACITY) {
            branch_insert(branch, place, right, level - 1, right_gap);
            mset_at_publish_gap(tree, path, level, tree->search->widest_below(branch));
            return;
        }
        /* The way to the last leaf takes the last child everywhere. */
        right = split_branch(tree, branch, place, right, level - 1, right_gap, path->last_leaf);
        gap = tree->search->widest_below(branch);
        right_gap = tree->search->widest_below(right);
    }
    raise_root(tree, gap, right, right_gap);
}

/* ---- shrinking ---------------------------------------------------------------------------- */

static bool wants_join(unsigned left, unsigned right, unsigned low, unsigned joined) {
    return (left <= low || right <= low) && left + right <= joined;
}

bool mset_at_join(struct at_tree *tree, struct at_branch *branch, unsigned level, unsigned i) {
    if (i + 1 >= branch->count) {
        return false;
    }
    void *left = branch->child[i];
    void *right = branch->child[i + 1];
    const unsigned seam = at_count(left, level - 1);
    const unsigned more = at_count(right, level - 1);
    if (level == 1 ? !wants_join(seam, more, AT_LEAF_LOW, AT_LEAF_JOINED)
                   : !wants_join(seam, more, AT_BRANCH_LOW, AT_BRANCH_JOINED)) {
        return false;
    }
    if (level == 1) {
        leaf_append(left, right);
    } else {
        branch_append(left, right, 0);
    }
    if (branch->gap[i] < branch->gap[i + 1]) {
        branch->gap[i] = branch->gap[i + 1];
    }
    mset_at_branch_close(branch, i + 1, i + 2);
    mset_at_drop_node(tree, right, level - 1);
    if (level > 1) {
        (void)mset_at_join(tree, left, level - 1, seam - 1);
    }
    return true;
}

void mset_at_lower_root(struct at_tree *tree) {
    while (tree->height > 1 && at_count(tree->root, tree->height - 1) == 1) {
        struct at_branch *root = tree->root;
        tree->root = root->child[0];
        tree->height--;
        mset_at_drop_node(tree, root, tree->height);
    }
    if (at_count(tree->root, tree->height - 1) == 0) {
        mset_at_drop_node(tree, tree->root, tree->height - 1);
        tree->root = NULL;
        tree->height = 0;
        tree->gap = 0;
    }
}

/* Takes the empty node out of its parent, which may become empty in turn. */
static void remove_child(struct at_tree *tree, const struct at_path *path, unsigned level) {
    struct at_branch *parent = path->node[level];
    const unsigned slot = path->slot[level];
    mset_at_drop_node(tree, parent->child[slot], level - 1);
    mset_at_branch_close(parent, slot, slot + 1);
    if (parent->count == 0) {
        return;
    }
    if (slot == 0) {
        mset_at_publish_start(tree, path, level, parent->sep[0]);
    } else {
        (void)mset_at_join(tree, parent, level, slot - 1);
    }
    mset_at_publish_gap(tree, path, level, tree->search->widest_below(parent));
}

void mset_at_mend(struct at_tree *tree, const struct at_path *path) {
    for (unsigned level = 1; level < tree->height; level++) {
        struct at_branch *parent = path->node[level];
        const unsigned before = parent->count;
        unsigned slot = path->slot[level];
        const unsigned count = at_count(parent->child[slot], level - 1);
        if (count == 0) {
            remove_child(tree, path, level);
        } else if (count <= (level == 1 ? AT_LEAF_LOW : AT_BRANCH_LOW)) {
            if (slot > 0 && mset_at_join(tree, parent, level, slot - 1)) {
                slot--;
            }
            (void)mset_at_join(tree, parent, level, slot);
        }
        if (parent->count == before) {
            return;
        }
    }
    mset_at_lower_root(tree);
}
