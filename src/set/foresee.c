/*
 * foresee.c - the changes that committing a plan would make, told from the state before.
 *
 * Must say exactly what commit.c and merge.c will do, in the same order; the tests hold the two
 * against each other after every step. The one difference is where it looks: at a tree that does
 * not change meanwhile. So what an earlier part of the operation takes out of an area has to be
 * subtracted here:
 *
 *       area     |------------------------ A ------------------------|
 *       move            [ pieces ]           [ clear ]
 *       carving  |------|--------|-----------|           A is already trimmed when it is carved
 */
#include "set.h"

/* The part of `run` that holds `at`, without the range, which does not hold it. */
static void keep_apart(struct at_run *run, uint64_t at, const struct range *range) {
    if (mset_range_empty(range)) {
        return;
    }
    if (range->last < at && range->last >= run->first) {
        run->first = range->last + 1;
    }
    if (range->first > at && range->first <= run->last) {
        run->last = range->first - 1;
    }
}

static struct at_run piece_afterwards(const struct mset_plan *plan, const struct at_run *piece,
                                      uint64_t index) {
    if (plan->kind == PLAN_MOVE) {
        return mset_moved(plan, piece);
    }
    struct at_run after = *piece;
    after.attributes.flags = plan->answers.flags[index];
    return after;
}

/* ---- what goes, changes and comes ------------------------------------------------------------ */

static void foresee_clear(const struct mset_plan *plan, const struct sink *sink) {
    struct at_path path;
    /* unreachable: where something is to be cleared, something is */
    bool more = !mset_range_empty(&plan->clear) && mset_first_piece(plan->set, &plan->clear, &path);
    for (; more; more = mset_next_piece(plan->set, &plan->clear, &path)) {
        const struct at_run area = at_path_run(&path);
        mset_changes_of_removal(sink, &area, &plan->clear);
    }
}

static void foresee_pieces(const struct mset_plan *plan, const struct sink *sink) {
    const enum mset_change_kind kind = plan->kind == PLAN_PROTECT ? MSET_PROTECTED : MSET_MOVED;
    struct at_path path;
    bool more =
        /* unreachable: then there is a piece */
        !mset_range_empty(&plan->pieces) && mset_first_piece(plan->set, &plan->pieces, &path);
    for (uint64_t i = 0; more; more = mset_next_piece(plan->set, &plan->pieces, &path), i++) {
        const struct at_run piece = mset_piece_at(&path, &plan->pieces);
        const struct at_run after = piece_afterwards(plan, &piece, i);
        if (kind == MSET_PROTECTED && after.attributes.flags == piece.attributes.flags) {
            continue;
        }
        struct at_run area = at_path_run(&path);
        keep_apart(&area, piece.first, &plan->clear);
        mset_changes_of_carving(sink, &area, &piece);
        sink->take(sink->arg, kind, &piece, &after);
    }
}

static void foresee_added(const struct mset_plan *plan, const struct sink *sink) {
    if (plan->kind == PLAN_MAP) {
        sink->take(sink->arg, MSET_INSERTED, NULL, &plan->run);
    } else if (plan->kind == PLAN_GROW) {
        mset_changes_of_growing(sink, plan);
    }
}

/* ---- what merges --------------------------------------------------------------------------- */

/* Areas as they will be, in address order; neighbours are joined as they come by. */
struct joiner {
    const struct sink *sink;
    struct at_run run; /* so far */
    bool begun;
};

static void join(struct joiner *joiner, const struct at_run *next) {
    struct at_run *const run = &joiner->run;
    if (joiner->begun && mset_may_merge(run, next) && !mset_too_large_together(run, next)) {
        run->last = next->last;
        joiner->sink->take(joiner->sink->arg, MSET_MERGED, next, run);
        return;
    }
    *run = *next;
    joiner->begun = true;
}

/* The area beside the range at `at`, as it will be. */
static void join_neighbour(const struct mset_plan *plan, struct joiner *joiner, uint64_t at) {
    struct mset_area area;
    const bool leaves = plan->kind == PLAN_MOVE &&
                        at - plan->pieces.first <= plan->pieces.last - plan->pieces.first;
    if (leaves || !mset_find(plan->set, at, &area)) {
        return;
    }
    struct at_run run = mset_run_of(&area);
    keep_apart(&run, at, &plan->range);
    if (plan->kind == PLAN_MOVE) {
        keep_apart(&run, at, &plan->pieces);
    }
    join(joiner, &run);
}

static void join_moved(const struct mset_plan *plan, struct joiner *joiner) {
    struct at_path path;
    bool more = mset_first_piece(plan->set, &plan->pieces, &path);
    for (; more; more = mset_next_piece(plan->set, &plan->pieces, &path)) {
        const struct at_run piece = mset_piece_at(&path, &plan->pieces);
        const struct at_run after = mset_moved(plan, &piece);
        join(joiner, &after);
    }
}

static void join_around(const struct mset_plan *plan, struct joiner *joiner) {
    if (plan->range.first != 0) {
        join_neighbour(plan, joiner, plan->range.first - 1);
    }
    if (plan->kind == PLAN_MOVE) {
        join_moved(plan, joiner);
    } else {
        join(joiner, &plan->run);
    }
    if (plan->range.last != UINT64_MAX) {
        join_neighbour(plan, joiner, plan->range.last + 1);
    }
}

/*
 * What an area that touches the range of a protect brings: itself, or its piece with other flags.
 * What is left of it on either side then differs from the piece, and has its old neighbour.
 */
static void join_all_protected(const struct mset_plan *plan, struct joiner *joiner) {
    const struct range *const range = &plan->pieces;
    const struct range wide = {range->first - (range->first != 0),
                               range->last + (range->last != UINT64_MAX)};
    struct at_path path;
    uint64_t index = 0;
    /* unreachable: where flags change there is a piece */
    bool more = !mset_range_empty(range) && mset_first_piece(plan->set, &wide, &path);
    for (; more; more = mset_next_piece(plan->set, &wide, &path)) {
        struct at_run area = at_path_run(&path);
        if (area.last >= range->first && area.first <= range->last) {
            const struct at_run piece = mset_piece_at(&path, range);
            const struct at_run after = piece_afterwards(plan, &piece, index++);
            area = after.attributes.flags == area.attributes.flags ? area : after;
        }
        join(joiner, &area);
    }
}

void mset_foresee(const struct mset_plan *plan, const struct sink *sink) {
    foresee_clear(plan, sink);
    foresee_pieces(plan, sink);
    foresee_added(plan, sink);
    if (!plan->set->merge || plan->kind == PLAN_UNMAP) {
        return;
    }
    struct joiner joiner = {.sink = sink};
    if (plan->kind == PLAN_PROTECT) {
        join_all_protected(plan, &joiner);
    } else {
        join_around(plan, &joiner);
    }
}
