/*
 * ask.c - what the caller of mset_protect wants: its function is asked once for each piece, and the
 * answers are kept in a list, one entry per piece in address order, that every later stage walks
 * beside the pieces.
 *
 *       area      |------ A ------|--- B ---|------ C ------|
 *       range             [                         ]
 *       answers           |  f0   |   f1    |  f2   |
 *
 * The list has room for the pieces of one leaf, so most protects need no memory for it.
 */
#include "set.h"

#include "../base/memory.h"

_Static_assert((int)FEW_ANSWERS >= (int)AT_LEAF_CAPACITY,
               "the first leaf is asked about without a look");

void mset_ask_leaf(struct answers *answers, const struct at_path *path, const struct range *range,
                   mset_update_flags update, void *arg) {
    const struct at_leaf *const leaf = path->node[0];
    for (unsigned i = path->from; i < path->to; i++) {
        const struct at_run area = at_leaf_run(leaf, i);
        const struct at_run piece = mset_piece_of(&area, range);
        const struct mset_area told = mset_area_of(&piece);
        uint64_t flags = area.attributes.flags;
        if (!update(arg, &told, &flags)) {
            flags = area.attributes.flags;
        }
        const bool changes = flags != area.attributes.flags;
        answers->flags[answers->count++] = flags;
        answers->changes |= changes;
        answers->front |= changes & (area.first != piece.first);
        answers->back |= changes & (area.last != piece.last);
    }
}

/* From the list in the structure to one that holds an answer for every piece. */
static mset_status make_room(struct mset_plan *plan) {
    struct answers *answers = &plan->answers;
    const struct mset_allocator *allocator = &plan->set->tree.allocator;
    const uint64_t count = mset_count_pieces(plan->set, &plan->range);
    if (count > SIZE_MAX / sizeof(uint64_t)) { /* unreachable: with 64 bits of size_t */
        return MSET_NO_MEMORY;
    }
    uint64_t *flags =
        allocator->alloc(allocator->context, (size_t)count * sizeof(uint64_t), _Alignof(uint64_t));
    if (flags == NULL) {
        return MSET_NO_MEMORY;
    }
    memcpy(flags, answers->few, sizeof answers->few);
    answers->flags = flags;
    answers->room = count;
    return MSET_OK;
}

mset_status mset_ask_on(struct mset_plan *plan, struct at_path *end, mset_update_flags update,
                        void *arg) {
    struct answers *const answers = &plan->answers;
    while (at_next_window(&plan->set->tree, end, plan->range.last)) {
        const unsigned pieces = (unsigned)end->to - end->from;
        if (answers->count + pieces > answers->room && make_room(plan) != MSET_OK) {
            return MSET_NO_MEMORY;
        }
        mset_ask_leaf(answers, end, &plan->range, update, arg);
    }
    return MSET_OK;
}
