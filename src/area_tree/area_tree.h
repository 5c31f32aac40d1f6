/*
 * area_tree.h - the B+ tree of areas: what the set may ask of it.
 *
 * The tree knows addresses and attributes. It calls nobody: no backend, no page table. What an
 * address holds changes by the splice alone: replace what lies in [first, last] by one run or by
 * nothing. The quick edits are splices that need no node. Carving only cuts areas in two, so that
 * flags can be set in place; loading fills an empty tree.
 *
 *     at_seek           where an address is, as a path from the root
 *     mset_at_prepare   takes the nodes the splice will need; may fail, changes nothing
 *     mset_at_splice    cannot fail
 *
 * What is here begins with at_; what the linker sees, with mset_at_, as in every room.
 *
 * Files: node.h (layout), search*, gap.h and lanes_*.h (search), path.c (stepping), pool.c (nodes),
 * quick.c, splice.c, carve.c, cut.c, overflow.c and balance.c (change), load.c, validate.c.
 */
#ifndef MSET_AREA_TREE_H
#define MSET_AREA_TREE_H

#include "node.h"

/* More than 3^20 areas need (N6), and what struct mset_cursor has room for. */
enum { AT_MAX_HEIGHT = 24 };

/* Trees of this height are in the caches near the processor: nothing is fetched ahead. */
enum { AT_NEAR_HEIGHT = 3 };

/*
 * The way from the root to a place in a leaf. node[0] is the leaf, node[height - 1] the root.
 * slot[level] is the child taken at a branch; slot[0] is the number of areas of the leaf that
 * start at or before the address sought, so the area that could hold it is slot[0] - 1.
 * Areas [from, to) of the leaf are those that touch the range sought.
 * A path is good until the tree changes.
 */
struct at_path {
    void *node[AT_MAX_HEIGHT];
    uint8_t slot[AT_MAX_HEIGHT];
    uint8_t from;
    uint8_t to;
    uint64_t fence; /* last address before the next leaf's first area; 2^64 - 1 without one */
    bool last_leaf; /* no leaf follows */
};

struct at_tree;

struct at_wish;

/* Where an area is. No leaf: nowhere. */
struct at_place {
    const struct at_leaf *leaf;
    uint64_t index;
};

/* What looks at whole nodes, in the variant that suits the processor (search.h). */
struct at_search {
    const char *name;
    /* The area that holds the address. */
    struct at_place (*find)(const struct at_tree *tree, uint64_t address);
    /* To `first`, for a range [first, last]. The tree may not be empty. */
    void (*seek)(const struct at_tree *tree, uint64_t first, uint64_t last, struct at_path *path);
    /* Areas of the leaf that begin at or before the address. */
    unsigned (*rank)(const struct at_leaf *leaf, uint64_t address);
    /* The largest distance from an area to the next, within the leaf. */
    uint64_t (*widest_within)(const struct at_leaf *leaf);
    /* The largest gap below the branch. */
    uint64_t (*widest_below)(const struct at_branch *branch);
    /* The lowest, the highest start of a gap that holds what is wished for; unless the tree is
       empty the path is one for the range found, as of seek. */
    bool (*lowest_gap)(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start,
                       struct at_path *path);
    bool (*highest_gap)(const struct at_tree *tree, const struct at_wish *wish, uint64_t *start,
                        struct at_path *path);
};

struct at_tree {
    void *root;      /* NULL when empty */
    unsigned height; /* levels; 0: empty, 1: the root is a leaf */
    uint64_t gap;    /* as a branch above the root would hold it (N5) */
    uint64_t areas;
    uint64_t bytes;   /* modulo 2^64 */
    uint64_t version; /* changes with every edit: paths of another version are stale */
    const struct at_search *search;
    struct at_path tail; /* N9: to the last leaf, if `tail_known`; its fence and places are not */
    bool tail_known;

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

/* ---- search (search.c) ------------------------------------------------------------------- */

/* The best variant for this build and, in a hosted build, this processor. */
const struct at_search *mset_at_choose_search(void);

extern const struct at_search mset_at_search_portable;
extern const struct at_search mset_at_search_avx2;
extern const struct at_search mset_at_search_avx512;

static inline void at_seek_range(const struct at_tree *tree, uint64_t first, uint64_t last,
                                 struct at_path *path) {
    tree->search->seek(tree, first, last, path);
}

static inline void at_seek(const struct at_tree *tree, uint64_t address, struct at_path *path) {
    at_seek_range(tree, address, address, path);
}

/* Does the range that the path was made for go on behind its leaf? */
static inline bool at_goes_on(const struct at_path *path, uint64_t last) {
    return !path->last_leaf && last > path->fence;
}

/* ---- nodes (pool.c) ----------------------------------------------------------------------- */

/* Fills the chains of spare nodes to at least these numbers. */
mset_status mset_at_reserve(struct at_tree *tree, uint64_t leaves, uint64_t branches);
/* At the end of an operation: gives spare nodes back, but for a few for the next one. */
void mset_at_trim_spares(struct at_tree *tree);

/* Spares worth keeping: a split takes one leaf and rarely more than one branch. */
enum { AT_KEEP_LEAVES = 2, AT_KEEP_BRANCHES = 2 };

/* The same, where there is mostly nothing to do. */
static inline void at_trim_spares(struct at_tree *tree) {
    const bool small = tree->height <= 1;
    if (tree->spare_leaf_count > (small ? 0 : AT_KEEP_LEAVES) ||
        tree->spare_branch_count > (small ? 0 : AT_KEEP_BRANCHES)) {
        mset_at_trim_spares(tree);
    }
}

struct at_leaf *mset_at_take_leaf(struct at_tree *tree);
struct at_branch *mset_at_take_branch(struct at_tree *tree);
void mset_at_drop_node(struct at_tree *tree, void *node, unsigned level);
/* Drops a whole subtree and takes its areas out of the tree's sums: O(its nodes). */
void mset_at_drop_subtree(struct at_tree *tree, void *node, unsigned level);

/* ---- change (splice.c, quick.c) ----------------------------------------------------------- */

/*
 * Takes the nodes for a splice of [first, last] that puts in one run (`with_run`) or nothing;
 * the path was made for that range. Exact for a splice inside one leaf. MSET_NO_MEMORY.
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
 * mset_at_splice_at starts from a fresh path for the range; mset_at_splice seeks by itself.
 */
void mset_at_splice_at(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                       const struct at_run *run);
void mset_at_splice(struct at_tree *tree, uint64_t first, uint64_t last, const struct at_run *run);

/*
 * What most splices are, as far as it needs no node and no other node's help (quick.c): false if
 * not. The run goes behind all others (no path is needed), or where the path's range is free and in
 * one leaf; the one area that the path's range holds is taken out if it lies wholly in it.
 */
bool mset_at_append(struct at_tree *tree, const struct at_run *run);
bool mset_at_insert(struct at_tree *tree, const struct at_path *path, const struct at_run *run);
bool mset_at_take_out(struct at_tree *tree, const struct at_path *path, uint64_t first,
                      uint64_t last);
/* The path leads to the last leaf. */
void mset_at_learn_tail(struct at_tree *tree, const struct at_path *path);

/*
 * Takes the nodes for a carving of the range that `begin` was made for and that ends in the leaf
 * of `end`, which was stepped there. MSET_NO_MEMORY.
 */
mset_status mset_at_prepare_carve(struct at_tree *tree, const struct at_path *begin,
                                  const struct at_path *end, bool front, bool back);
/*
 * Makes `first` the start of an area (`front`) and `last` the end of one (`back`) by cutting the
 * areas that hold them (carve.c). The path was made for [first, last], and is again afterwards.
 */
void mset_at_carve(struct at_tree *tree, struct at_path *path, uint64_t first, uint64_t last,
                   bool front, bool back);

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
/* Recomputes what the path says of the room behind its leaf. */
void mset_at_find_fence(const struct at_tree *tree, struct at_path *path);
/* To the next leaf, of which the range that ends with `last` has areas. */
void mset_at_enter_next_leaf(const struct at_tree *tree, struct at_path *path, uint64_t last);

/*
 * From leaf to leaf of a range that ends with `last`: [from, to) are the areas there that touch it.
 * False: the range has no more of them, and the path stays.
 */
static inline bool at_next_window(const struct at_tree *tree, struct at_path *path, uint64_t last) {
    if (!at_goes_on(path, last)) {
        return false;
    }
    mset_at_enter_next_leaf(tree, path, last);
    return true;
}

static inline struct at_run at_path_run(const struct at_path *path) {
    return at_leaf_run(path->node[0], path->slot[0]);
}

/* ---- free room (gap.h) -------------------------------------------------------------------- */

/* Where a run of `size` bytes may lie: within [lo, last], `guard` away from every area. */
struct at_wish {
    uint64_t size;  /* > 0 */
    uint64_t align; /* power of two */
    uint64_t lo;
    uint64_t last;
    uint64_t guard;
};

/* ---- judge (validate.c) ------------------------------------------------------------------- */

/* NULL, or which invariant is broken. */
const char *mset_at_validate(const struct at_tree *tree);

#endif
