/* cut.h - removing what lies in a range that spans leaves. Used by splice.c only. */
#ifndef MSET_AREA_TREE_CUT_H
#define MSET_AREA_TREE_CUT_H

#include "area_tree.h"

/*
 * Removes every area that begins in [first, last], but for the tail of one that ends behind it.
 * `first` is the start of an area, the first of its leaf and not of the tree.
 */
void mset_at_cut(struct at_tree *tree, uint64_t first, uint64_t last);

#endif
