/* load.h - filling an empty tree with areas in ascending order (load.c). */
#ifndef MSET_AREA_TREE_LOAD_H
#define MSET_AREA_TREE_LOAD_H

#include "edit.h"

struct at_loader {
    struct at_tree *tree;
    struct at_leaf *leaf;                  /* being filled */
    struct at_branch *open[AT_MAX_HEIGHT]; /* by level, those above it */
};

/* Takes the nodes for exactly so many areas. MSET_NO_MEMORY: the tree is still empty and usable. */
mset_status mset_at_load_begin(struct at_loader *loader, struct at_tree *tree, uint64_t areas);
/* The leaf is full, and the next area begins at `next`. */
void mset_at_load_leaf(struct at_loader *loader, uint64_t next);
/* All have come (at least one). */
void mset_at_load_end(struct at_loader *loader);

/* The next area: it lies behind all that have come. */
static inline void at_load(struct at_loader *loader, const struct at_run *run) {
    if (loader->leaf->count == AT_LEAF_CAPACITY) {
        mset_at_load_leaf(loader, run->first);
    }
    struct at_leaf *leaf = loader->leaf;
    at_leaf_put(leaf, leaf->count++, run);
    loader->tree->areas++;
    loader->tree->bytes += run->last - run->first + 1;
}

#endif
