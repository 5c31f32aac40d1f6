/*
 * area_tree.h - the B+ tree of areas: what the set may ask of it.
 *
 * The tree knows addresses and attributes. It calls nobody: no backend, no page table. Its one
 * mutation is the splice: replace what lies in [first, last] by one run or by nothing.
 *
 *     at_seek           where an address is, as a path from the root
 *     mset_at_prepare   takes the nodes the splice will need; may fail, changes nothing
 *     mset_at_splice    cannot fail
 *
 * What is here begins with at_; what the linker sees, with mset_at_, as in every room.
 *
 * Files: node.h (layout), rank_*.h and descend*.c (search), path.c (stepping), pool.c (nodes),
 * splice.c, cut.c and balance.c (change), gap.c (free room), validate.c.
 */
#ifndef MSET_AREA_TREE_H
#define MSET_AREA_TREE_H

#include "node.h"

/* More than 3^20 areas need (N6), and what struct mset_cursor has room for. */
enum { AT_MAX_HEIGHT = 24 };

/*
 * The way from the root to a place in a leaf. node[0] is the leaf, node[height - 1] the root.
 * slot[level] is the child taken at a branch; slot[0] is the number of areas of the leaf that
 * start at or before the address sought, so the area that could hold it is slot[0] - 1.
 * A path is good until the tree changes.
 */
struct at_path {
    void *node[AT_MAX_HEIGHT];
    uint8_t slot[AT_MAX_HEIGHT];
    uint64_t fence; /* last address before the next leaf's first area; 2^64 - 1 without one */
    bool last_leaf; /* no leaf follows */
};

struct at_tree;

/* Search, in the variant that suits the processor (descend.h). */
struct at_descent {
    const char *name;
    /* The leaf and index of the area that holds the address; NULL if none does. */
    const struct at_leaf *(*find)(const struct at_tree *tree, uint64_t address, unsigned *index);
    /* The tree may not be empty. */
    void (*seek)(const struct at_tree *tree, uint64_t address, struct at_path *path);
    /* The largest distance from an area to the next, within the leaf. */
    uint64_t (*widest)(const struct at_leaf *leaf);
};

struct at_tree {
    void *root;      /* NULL when empty */
    unsigned height; /* levels; 0: empty, 1: the root is a leaf */
    uint64_t gap;    /* as a branch above the root would hold it (N5) */
    uint64_t areas;
    uint64_t bytes;   /* modulo 2^64 */
    uint64_t version; /* changes with every splice: paths of another version are stale */
    const struct at_descent *descent;

    struct mset_allocator allocator;
    void *spare_leaves; /* chained through their first word */
    void *spare_branches;
    unsigned spare_leaf_count;
    unsigned spare_branch_count;
    uint64_t node_bytes; /* taken from the allocator */
};

void mset_at_init(struct at_tree *tree, const struct mset_allocator *allocator);
/* Returns every node. */
void mset_at_destroy(struct at_tree *tree);

/* ---- search (descend.c) ------------------------------------------------------------------- */

/* The best variant for this build and, in a hosted build, this processor. */
const struct at_descent *mset_at_choose_descent(void);

extern const struct at_descent mset_at_descent_portable;
extern const struct at_descent mset_at_descent_avx2;
extern const struct at_descent mset_at_descent_avx512;

static inline void at_seek(const struct at_tree *tree, uint64_t address, struct at_path *path) {
    tree->descent->seek(tree, address, path);
}

/* ---- nodes (pool.c) ----------------------------------------------------------------------- */

/* Fills the chains of spare nodes to at least these numbers. */
mset_status mset_at_reserve(struct at_tree *tree, uint64_t leaves, uint64_t branches);
/* At the end of an operation: gives spare nodes back, but for a few for the next one. */
void mset_at_trim_spares(struct at_tree *tree);

struct at_leaf *mset_at_take_leaf(struct at_tree *tree);
struct at_branch *mset_at_take_branch(struct at_tree *tree);
void mset_at_drop_node(struct at_tree *tree, void *node, unsigned level);
/* Drops a whole subtree and takes its areas out of the tree's sums: O(its nodes). */
void mset_at_drop_subtree(struct at_tree *tree, void *node, unsigned level);

/* ---- change (splice.c) -------------------------------------------------------------------- */

/*
 * Takes the nodes for a splice of [first, last] that puts in one run (`with_run`) or nothing;
 * `path` leads to `first`. Exact for a splice inside one leaf. MSET_NO_MEMORY.
 */
mset_status mset_at_prepare(struct at_tree *tree, const struct at_path *path, uint64_t first,
                            uint64_t last, bool with_run);
/*
 * The same for several splices: `scattered` ones anywhere in the tree, and `row` runs that go
 * one after the other into a hole. A bound, not exact.
 */
mset_status mset_at_prepare_many(struct at_tree *tree, uint64_t scattered, uint64_t row);

/* A splice adds at most two areas to a leaf. Is there room, so that it needs no node? */
static inline bool at_has_room(const struct at_path *path) {
    const struct at_leaf *leaf = path->node[0];
    return leaf->count + 2 <= AT_LEAF_CAPACITY;
}

/*
 * Replaces what lies in [first, last] by `run`, or by nothing if that is NULL. Areas that stick
 * out are trimmed, or split. `run` is exactly [first, last]. The nodes were reserved.
 * mset_at_splice_at starts from a fresh path to `first`; mset_at_splice seeks by itself.
 */
void mset_at_splice_at(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                       const struct at_run *run);
void mset_at_splice(struct at_tree *tree, uint64_t first, uint64_t last, const struct at_run *run);

/* Other flags for the area at path->slot[0], in place. */
static inline void at_set_flags(const struct at_path *path, uint64_t flags) {
    struct at_leaf *leaf = path->node[0];
    leaf->attributes[path->slot[0]].flags = flags;
}

/* ---- stepping (path.c) -------------------------------------------------------------------- */

/* To the area that holds `address`, or else to the first one behind it. False: there is none. */
bool mset_at_first_from(const struct at_tree *tree, uint64_t address, struct at_path *path);
/* To the area that holds `address`, or else to the last one before it. */
bool mset_at_last_from(const struct at_tree *tree, uint64_t address, struct at_path *path);
/* From area to area; path->slot[0] is its index. False: there is none, the path is void. */
bool mset_at_next(const struct at_tree *tree, struct at_path *path);
bool mset_at_prev(const struct at_tree *tree, struct at_path *path);
/* The same, from leaf to leaf: to the first area of the next, the last of the one before. */
bool mset_at_next_leaf(const struct at_tree *tree, struct at_path *path);
bool mset_at_prev_leaf(const struct at_tree *tree, struct at_path *path);

static inline struct at_run at_path_run(const struct at_path *path) {
    return at_leaf_run(path->node[0], path->slot[0]);
}

/* ---- free room (gap.c) -------------------------------------------------------------------- */

/* Where a run of `size` bytes may lie: within [lo, last], `guard` away from every area. */
struct at_wish {
    uint64_t size;  /* > 0 */
    uint64_t align; /* power of two */
    uint64_t lo;
    uint64_t last;
    uint64_t guard;
};

/* The lowest, the highest such start. */
bool mset_at_lowest_gap(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start);
bool mset_at_highest_gap(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start);

/* ---- judge (validate.c) ------------------------------------------------------------------- */

/* NULL, or which invariant is broken. */
const char *mset_at_validate(const struct at_tree *tree);

#endif
