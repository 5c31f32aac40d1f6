/*
 * node.h - how the area tree lies in memory.
 *
 * A B+ tree keyed by start address. Leaves hold areas, branches hold, for each child, the
 * separator, the pointer and the largest gap below.
 *
 *   leaf, 1280 bytes                            branch, 768 bytes
 *   +--------------------------------+------+   +--------------------------------+------+
 *   | start[0] start[1] ... start[30]| meta |   | sep[0] sep[1] ...       sep[30]| meta |
 *   +--------------------------------+------+   +--------------------------------+------+
 *   | {last, flags, backend, bias}   |          | child[0] child[1] ... child[30]|
 *   |           [0..30]              |          +--------------------------------+
 *   |                                |          | gap[0]   gap[1]   ...   gap[30]|
 *   +--------------------------------+          +--------------------------------+
 *
 * A node has one key less than a power of two and keeps its entry count where the last key
 * would be: a search reads whole cache lines of keys and finds the count in the last of them.
 * All else about an area is read once, at the end, from half a cache line.
 *
 * Addresses are inclusive (`last`, not end), so that the top byte of 2^64 is an address like any
 * other. The backend's offset is kept as a bias, offset(address) = address + bias: it is the same
 * in every piece of a cut area, so cutting copies and never computes.
 *
 * Invariants (checked by mset_at_validate; `count` is the entry count of a node)
 *
 *  N1  All leaves are at level 0; a branch at level L has children at level L - 1.
 *  N2  1 <= count <= capacity; a root that is a branch has at least two children.
 *  N3  start[i] <= last[i] < start[i + 1]: areas are ordered and do not overlap.
 *  N4  sep[i] is exactly the start of the first area below child i.
 *  N5  gap[i] is exactly the largest gap that follows an area below child i: up to the next
 *      area, wherever that one lies. What follows the last area of the tree is not a gap.
 *  N6  Of two neighbouring children of a branch at least one has more than LOW entries. With
 *      branches of 16 or wider LOW is at least 5, so a branch with more than LOW children has
 *      three children of that kind: n areas make at most log3(n) + 3 levels. (Narrower branches
 *      are for tests: correct, but a hostile order of operations can make them tall.)
 *  N7  The tree's area count and byte sum are those of its leaves.
 *  N8  Keys that are not in use are 2^64 - 1, and so is the upper half of the word behind the last
 *      key. Whoever counts the keys <= an address so needs no look at the count, unless the address
 *      is high, in the last 4 GiB of all: then only the first `count` words are keys.
 *  N9  The tree's tail, if it is known, leads to the last leaf.
 */
#ifndef MSET_AREA_TREE_NODE_H
#define MSET_AREA_TREE_NODE_H

#include <mset/base.h>

/* Powers of two, at least 4. Tests build with 4 to get tall trees from few areas: see N6. */
#ifndef MSET_LEAF_WIDTH
#define MSET_LEAF_WIDTH 32
#endif
#ifndef MSET_BRANCH_WIDTH
#define MSET_BRANCH_WIDTH 32
#endif

enum {
    AT_LEAF_WIDTH = MSET_LEAF_WIDTH,
    AT_BRANCH_WIDTH = MSET_BRANCH_WIDTH,
    AT_LEAF_CAPACITY = AT_LEAF_WIDTH - 1,
    AT_BRANCH_CAPACITY = AT_BRANCH_WIDTH - 1,

    /* A node with this few entries looks for a neighbour to join (N6), a leaf rather early: memory
       is in the leaves ... */
    AT_LEAF_LOW = AT_LEAF_CAPACITY * 6 / 13,
    AT_BRANCH_LOW = AT_BRANCH_CAPACITY * 3 / 8,
    /* ... and joins it if the result has room left, so that the next insert does not split. */
    AT_LEAF_JOINED = AT_LEAF_CAPACITY * 10 / 11,
    AT_BRANCH_JOINED = AT_BRANCH_CAPACITY * 3 / 4,

    AT_NODE_ALIGN = 64,
};

_Static_assert(AT_LEAF_WIDTH >= 4 && (AT_LEAF_WIDTH & (AT_LEAF_WIDTH - 1)) == 0, "leaf width");
_Static_assert(AT_BRANCH_WIDTH >= 4 && (AT_BRANCH_WIDTH & (AT_BRANCH_WIDTH - 1)) == 0,
               "branch width");
_Static_assert(2 * AT_LEAF_LOW <= AT_LEAF_JOINED && 2 * AT_BRANCH_LOW <= AT_BRANCH_JOINED,
               "two nodes that are low must fit into one (N6)");
_Static_assert(AT_LEAF_JOINED < AT_LEAF_CAPACITY && AT_BRANCH_JOINED < AT_BRANCH_CAPACITY,
               "a joined node must have room for one more");

struct mset_backend;

/* What holds for every address of an area. The tree compares backends, it never looks inside. */
struct at_attributes {
    uint64_t flags;
    struct mset_backend *backend;
    uint64_t bias;
};

/* An area but for its start: 32 bytes, and never across two cache lines. */
struct at_entry {
    uint64_t last;
    struct at_attributes attributes;
};

struct at_leaf {
    _Alignas(AT_NODE_ALIGN) uint64_t start[AT_LEAF_CAPACITY];
    uint32_t count;
    uint32_t ones; /* N8 */
    struct at_entry entry[AT_LEAF_CAPACITY];
};

struct at_branch {
    _Alignas(AT_NODE_ALIGN) uint64_t sep[AT_BRANCH_CAPACITY];
    uint32_t count;
    uint32_t ones; /* N8 */
    void *child[AT_BRANCH_CAPACITY];
    uint64_t gap[AT_BRANCH_CAPACITY];
};

_Static_assert(offsetof(struct at_leaf, count) == sizeof(uint64_t) * AT_LEAF_CAPACITY,
               "the count sits in the last key's place");
_Static_assert(offsetof(struct at_branch, count) == sizeof(uint64_t) * AT_BRANCH_CAPACITY,
               "the count sits in the last key's place");

/* An area as the tree sees it: [first, last] and what holds there. */
struct at_run {
    uint64_t first;
    uint64_t last;
    struct at_attributes attributes;
};

static inline bool at_is_high(uint64_t address) {
    return address >> 32 == UINT32_MAX;
}

/* Sets the number of entries. Keys beyond it become 2^64 - 1 (N8), those before are written. */
static inline void at_leaf_resize(struct at_leaf *leaf, unsigned count) {
    for (unsigned i = count; i < leaf->count; i++) {
        leaf->start[i] = UINT64_MAX;
    }
    leaf->count = count;
}

static inline void at_branch_resize(struct at_branch *branch, unsigned count) {
    for (unsigned i = count; i < branch->count; i++) {
        branch->sep[i] = UINT64_MAX;
    }
    branch->count = count;
}

static inline bool at_same_attributes(const struct at_attributes *a,
                                      const struct at_attributes *b) {
    return a->flags == b->flags && a->backend == b->backend && a->bias == b->bias;
}

static inline struct at_run at_leaf_run(const struct at_leaf *leaf, unsigned i) {
    const struct at_run run = {leaf->start[i], leaf->entry[i].last, leaf->entry[i].attributes};
    return run;
}

#endif
