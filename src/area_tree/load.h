/* load.h - filling an empty tree with areas in ascending order (load.c). */
#ifndef MSET_AREA_TREE_LOAD_H
#define MSET_AREA_TREE_LOAD_H

#include "edit.h"

struct at_loader {
    struct at_tree *tree;
    struct at_leaf *leaf;                  /* being filled; NULL: none yet */
    struct at_branch *open[AT_MAX_HEIGHT]; /* by level, those above it */
};

/* Takes the nodes for exactly so many areas. MSET_NO_MEMORY: the tree is still empty and usable. */
mset_status mset_at_load_begin(struct at_loader *loader, struct at_tree *tree, uint64_t areas);
/*
 * The leaf for the next areas, the first of which begins at `first`. The caller fills it, to the
 * last place unless no more come, and sets its count.
 */
struct at_leaf *mset_at_load_leaf(struct at_loader *loader, uint64_t first);
/* All have come (at least one): so many, of so many bytes. */
void mset_at_load_end(struct at_loader *loader, uint64_t areas, uint64_t bytes);

#endif
