/* edit.h - the change of one leaf: for splice.c, which makes it, and whoever writes areas. */
#ifndef MSET_AREA_TREE_EDIT_H
#define MSET_AREA_TREE_EDIT_H

#include "area_tree.h"

#include "../base/memory.h"

/*
 * Areas [from, to) of a leaf become up to three pieces: what sticks out of [first, last] on the
 * left, the run, and what sticks out on the right.
 *
 *                first      last
 *        |--- from ---|   |----- to - 1 -----|
 *        |-left-||---- run ----||----right---|
 *
 * An empty range (last = first - 1) inside one area cuts that in two.
 */
struct at_edit {
    unsigned from;
    unsigned to;
    bool left;
    bool right;
    uint64_t first;
    uint64_t last;
    const struct at_run *run; /* NULL: none */
};

static inline unsigned at_edit_count(const struct at_edit *edit) {
    return (unsigned)edit->left + (edit->run != NULL) + edit->right;
}

/* How many areas the leaf will hold. */
static inline unsigned at_edit_total(const struct at_leaf *leaf, const struct at_edit *edit) {
    return leaf->count - (edit->to - edit->from) + at_edit_count(edit);
}

static inline void at_leaf_put(struct at_leaf *leaf, unsigned i, const struct at_run *run) {
    leaf->start[i] = run->first;
    leaf->entry[i].last = run->last;
    leaf->entry[i].attributes = run->attributes;
}

/* Makes room for `n` areas before area `at`; the leaf holds that many more. */
static inline void at_leaf_open(struct at_leaf *leaf, unsigned at, unsigned n) {
    const size_t tail = leaf->count - at;
    memmove(&leaf->start[at + n], &leaf->start[at], tail * sizeof leaf->start[0]);
    memmove(&leaf->entry[at + n], &leaf->entry[at], tail * sizeof leaf->entry[0]);
    leaf->count += n;
}

/* Takes out areas [from, to). */
static inline void at_leaf_close(struct at_leaf *leaf, unsigned from, unsigned to) {
    const size_t tail = leaf->count - to;
    memmove(&leaf->start[from], &leaf->start[to], tail * sizeof leaf->start[0]);
    memmove(&leaf->entry[from], &leaf->entry[to], tail * sizeof leaf->entry[0]);
    at_leaf_resize(leaf, leaf->count - (to - from));
}

/* Takes the nodes for splitting the leaf of the path once. MSET_NO_MEMORY. */
mset_status mset_at_prepare_split(struct at_tree *tree, const struct at_path *path);
/* Would a neighbour make the room for `more` areas that the leaf has not, without a node? */
bool mset_at_can_share(const struct at_tree *tree, const struct at_path *path, unsigned more);
/*
 * Has a neighbour take areas that do not touch the path's range, so that there is room for `more`;
 * the path follows. False: there is none that could.
 */
bool mset_at_share(struct at_tree *tree, struct at_path *path, unsigned more);
/* Makes the edit and two leaves of the one. Areas and bytes are counted already. */
void mset_at_split(struct at_tree *tree, const struct at_path *path, const struct at_edit *edit);
/* Splits the leaf where it has to; the nodes for that were reserved. */
void mset_at_edit(struct at_tree *tree, struct at_path *path, struct at_edit *edit);

#endif
