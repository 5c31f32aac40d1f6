/*
 * validate.c - checks invariants N1 to N9 of node.h by walking the whole tree.
 *
 * Gaps are checked against the addresses themselves: the walk goes from right to left, so the
 * start of the area behind the one at hand is always known, wherever that one lies.
 */
#include "balance.h"

struct walk {
    const struct at_tree *tree;
    const char *wrong;
    uint64_t areas;
    uint64_t bytes;
    uint64_t next; /* start of the area seen before, the one to the right */
    bool has_next;
};

static bool fail(struct walk *walk, const char *what) {
    walk->wrong = what;
    return false;
}

/* Keys behind the last one in use, and the word behind all of them. */
static bool unused(const uint64_t *key, unsigned count, unsigned capacity, uint32_t ones) {
    for (unsigned i = count; i < capacity; i++) {
        if (key[i] != UINT64_MAX) {
            return false;
        }
    }
    return ones == UINT32_MAX;
}

static bool check_leaf(struct walk *walk, const struct at_leaf *leaf, uint64_t *gap) {
    if (leaf->count == 0 || leaf->count > AT_LEAF_CAPACITY) {
        return fail(walk, "N2: leaf with a bad number of areas");
    }
    if (!unused(leaf->start, leaf->count, AT_LEAF_CAPACITY, leaf->ones)) {
        return fail(walk, "N8: key of a leaf that is not in use");
    }
    *gap = 0;
    for (unsigned i = leaf->count; i-- > 0;) {
        if (leaf->entry[i].last < leaf->start[i]) {
            return fail(walk, "N3: area ends before it starts");
        }
        if (walk->has_next) {
            if (leaf->entry[i].last >= walk->next) {
                return fail(walk, "N3: areas overlap or are out of order");
            }
            const uint64_t behind = walk->next - leaf->entry[i].last - 1;
            *gap = behind > *gap ? behind : *gap;
        }
        walk->next = leaf->start[i];
        walk->has_next = true;
        walk->bytes += leaf->entry[i].last - leaf->start[i] + 1;
    }
    walk->areas += leaf->count;
    return true;
}

static bool low(const struct at_branch *branch, unsigned i, unsigned child_level) {
    return at_count(branch->child[i], child_level) <=
           (child_level == 0 ? (unsigned)AT_LEAF_LOW : (unsigned)AT_BRANCH_LOW);
}

static bool check_node(struct walk *walk, const void *node, unsigned level, uint64_t *gap);

static bool check_branch(struct walk *walk, const struct at_branch *branch, unsigned level,
                         uint64_t *gap) {
    const bool is_root = level + 1 == walk->tree->height;
    if (branch->count < (is_root ? 2u : 1u) || branch->count > AT_BRANCH_CAPACITY) {
        return fail(walk, "N2: branch with a bad number of children");
    }
    if (!unused(branch->sep, branch->count, AT_BRANCH_CAPACITY, branch->ones)) {
        return fail(walk, "N8: key of a branch that is not in use");
    }
    *gap = 0;
    for (unsigned i = branch->count; i-- > 0;) {
        uint64_t below = 0;
        if (!check_node(walk, branch->child[i], level - 1, &below)) {
            return false;
        }
        if (branch->sep[i] != walk->next) {
            return fail(walk, "N4: separator is not the first start below");
        }
        if (branch->gap[i] != below) {
            return fail(walk, "N5: gap is not the largest one below");
        }
        if (i + 1 < branch->count && low(branch, i, level - 1) && low(branch, i + 1, level - 1)) {
            return fail(walk, "N6: two neighbouring nodes are low");
        }
        *gap = below > *gap ? below : *gap;
    }
    return true;
}

static bool check_node(struct walk *walk, const void *node, unsigned level, uint64_t *gap) {
    if (node == NULL || (uintptr_t)node % AT_NODE_ALIGN != 0) {
        return fail(walk, "N1: node missing or not aligned");
    }
    return level == 0 ? check_leaf(walk, node, gap) : check_branch(walk, node, level, gap);
}

/* N9 */
static bool check_tail(const struct at_tree *tree) {
    const void *node = tree->root;
    for (unsigned level = tree->height; level-- > 0;) {
        if (tree->tail.node[level] != node) {
            return false;
        }
        if (level != 0) {
            const struct at_branch *branch = node;
            if (tree->tail.slot[level] != branch->count - 1) {
                return false;
            }
            node = branch->child[branch->count - 1];
        }
    }
    return tree->height != 0 && tree->tail.last_leaf;
}

const char *mset_at_validate(const struct at_tree *tree) {
    struct walk walk = {.tree = tree};
    uint64_t gap = 0;
    if ((tree->height == 0) != (tree->root == NULL)) {
        return "N1: height and root disagree";
    }
    if (tree->height != 0 && !check_node(&walk, tree->root, tree->height - 1, &gap)) {
        return walk.wrong;
    }
    if (tree->gap != gap) {
        return "N5: the tree's largest gap is wrong";
    }
    if (tree->areas != walk.areas || tree->bytes != walk.bytes) {
        return "N7: area count or byte sum is wrong";
    }
    if (tree->tail_known && !check_tail(tree)) {
        return "N9: the tail does not lead to the last leaf";
    }
    return NULL;
}
