/*
 * move.c - carrying a range to another place (mremap): flags, backends, offsets and holes.
 *
 *       from   [  |-- A --|   |-- B --|  ]
 *       to                                      [  |-- A --|   |-- B --|  ]
 *
 * Order of the calls to backends: what lies at the destination is unmapped, then each piece is
 * moved, lowest first. A backend without `move` is asked to unmap and to map. Order of the
 * commit: the destination is emptied, the pieces are added there, the source is emptied.
 *
 * If a piece is refused, those before it are carried back, highest first, and the destination is
 * mapped again. Each of these walks stops at the first backend that refuses again. In the worst
 * case the pieces up to there stay at the destination, and one piece on the way out and one on
 * the way back, each unmapped here and refused there and here, are lost.
 */
#include "set.h"

struct move {
    struct mset *set;
    struct range from;
    struct range to;
    void *page_table;
    struct range lost[2]; /* at the source, on the way out; at the destination, on the way back */
};

enum { OUT, BACK };

/* The same place, relative to the destination. */
static struct range at_destination(const struct move *move, const struct range *range) {
    const uint64_t distance = move->to.first - move->from.first;
    return (struct range){range->first + distance, range->last + distance};
}

static struct mset_area moved(const struct move *move, const struct mset_area *run) {
    struct mset_area area = *run;
    area.start += move->to.first - move->from.first;
    return area;
}

/* ---- telling ------------------------------------------------------------------------------ */

/* Unmap here, map there; if that is refused, map here again; else the piece is lost. */
static int carry_by_mapping(struct move *move, const struct mset_area *here,
                            const struct mset_area *there, int way) {
    const struct mset_backend_ops *ops = here->backend->ops;
    int code = ops->unmap == NULL ? 0 : ops->unmap(here->backend, here, move->page_table);
    if (code != 0) {
        return code;
    }
    code = ops->map == NULL ? 0 : ops->map(here->backend, there, move->page_table);
    if (code != 0 && ops->map(here->backend, here, move->page_table) != 0) {
        move->lost[way] = (struct range){here->start, here->start + (here->size - 1)};
    }
    return code;
}

static int carry(struct move *move, const struct mset_area *here, const struct mset_area *there,
                 int way) {
    if (here->backend == NULL) {
        return 0;
    }
    if (here->backend->ops->move == NULL) {
        return carry_by_mapping(move, here, there, way);
    }
    return here->backend->ops->move(here->backend, here, there->start, move->page_table);
}

/* Carries pieces back, from the one at the path down; what stays at the destination. */
static struct range carry_back(struct move *move, struct at_path *path) {
    do {
        const struct at_run piece = mset_piece_at(path, &move->from);
        if (piece.last < move->from.first) {
            break;
        }
        const struct mset_area source = mset_area_of(&piece);
        const struct mset_area target = moved(move, &source);
        if (carry(move, &target, &source, BACK) != 0) {
            return (struct range){move->from.first, piece.last};
        }
    } while (mset_at_prev(&move->set->tree, path));
    return mset_no_range();
}

/* Carries every piece; on refusal carries back, and `stuck` is what could not be. */
static mset_status tell_pieces(struct move *move, struct range *stuck) {
    struct mset *set = move->set;
    struct at_path path;
    bool more = set->told != 0 && mset_first_piece(set, &move->from, &path);
    *stuck = mset_no_range();
    for (; more; more = mset_next_piece(set, &move->from, &path)) {
        const struct at_run piece = mset_piece_at(&path, &move->from);
        const struct mset_area source = mset_area_of(&piece);
        const struct mset_area target = moved(move, &source);
        const int code = carry(move, &source, &target, OUT);
        if (code != 0) {
            const mset_status status = mset_refused(set, code, source.start);
            if (mset_at_prev(&set->tree, &path)) {
                *stuck = carry_back(move, &path);
            }
            return status;
        }
    }
    return MSET_OK;
}

/* ---- committing --------------------------------------------------------------------------- */

/* Adds one piece of the source at the destination. */
static void commit_piece(struct move *move, const struct at_path *path, struct at_run piece) {
    const struct at_run area = at_path_run(path);
    const uint64_t distance = move->to.first - move->from.first;
    piece.first += distance;
    piece.last += distance;
    piece.attributes.bias -= distance; /* the offset stays with what is behind the address */
    /* A piece out of the middle is counted by the commit that takes it out, and here. */
    move->set->splits += area.last - area.first != piece.last - piece.first;
    const struct range range = {piece.first, piece.last};
    mset_commit(move->set, NULL, &range, &piece);
}

/* Adds the pieces of `from` at the destination, then takes them out of the source. */
static void commit_pieces(struct move *move, const struct range *from) {
    struct range rest = *from;
    struct at_path path;
    while (mset_first_piece(move->set, &rest, &path)) {
        const struct at_run piece = mset_piece_at(&path, &rest);
        commit_piece(move, &path, piece);
        if (piece.last == rest.last) {
            break;
        }
        rest.first = piece.last + 1;
    }
    mset_commit(move->set, NULL, from, NULL);
}

static void forget(struct mset *set, const struct range *range) {
    if (!mset_range_empty(range)) {
        mset_commit(set, NULL, range, NULL);
    }
}

/*
 * Some piece was refused and `stuck` stays at the destination: brings the rest of what was there
 * back, commits what the backends have confirmed, and reports the first that is not as before.
 */
static mset_status fail(struct move *move, mset_status status, const struct range *stuck) {
    struct mset *set = move->set;
    struct range rest = move->to;
    struct range gone = mset_no_range();
    if (!mset_range_empty(stuck)) {
        const struct range taken = at_destination(move, stuck);
        rest.first = taken.last + 1; /* a later piece was refused, so there is more */
        (void)mset_untell_unmap(set, &rest, move->page_table, &gone);
        mset_commit(set, NULL, &taken, NULL);
        commit_pieces(move, stuck);
    } else {
        (void)mset_untell_unmap(set, &rest, move->page_table, &gone);
    }
    forget(set, &gone);
    forget(set, &move->lost[OUT]);
    forget(set, &move->lost[BACK]);
    const struct range *changes[] = {stuck, &gone, &move->lost[OUT]};
    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (!mset_range_empty(changes[i])) {
            return mset_undo_refused(set, changes[i]);
        }
    }
    return status;
}

/* ---- planning ----------------------------------------------------------------------------- */

/* Is the range a part of one area, with some of it left on either side? */
static bool splits_area(const struct mset *set, const struct range *range) {
    struct at_path path;
    if (!mset_first_piece(set, range, &path)) {
        return false;
    }
    const struct at_run area = at_path_run(&path);
    return area.first < range->first && area.last > range->last;
}

/*
 * Few pieces between leaves that have room need no nodes. They go into the leaf of the area before
 * the destination, so that area must be in the leaf looked at. And there must be room for one
 * leaf that takes them all: emptying the destination may join the leaves of both places.
 */
static bool fits_as_it_is(const struct move *move, uint64_t pieces) {
    struct at_path from;
    struct at_path to;
    (void)mset_seek(move->set, &move->from, &from);
    (void)mset_seek(move->set, &move->to, &to);
    const struct at_leaf *leaf = to.node[0];
    return pieces + 2 <= AT_LEAF_CAPACITY - AT_LEAF_JOINED && at_has_room(&from) &&
           leaf->count + pieces + 2 <= AT_LEAF_CAPACITY && leaf->start[0] < move->to.first;
}

static mset_status plan(const struct move *move, enum mset_map_how how) {
    struct mset *set = move->set;
    const uint64_t pieces = mset_count_pieces(set, &move->from);
    if (pieces == 0) {
        return MSET_NOT_FOUND;
    }
    if (how == MSET_MAP_FAIL && mset_range_taken(set, &move->to)) {
        return MSET_ALREADY_EXISTS;
    }
    if (!mset_may_cut(set, &move->from) || !mset_may_cut(set, &move->to)) {
        return MSET_UNSUPPORTED;
    }
    if (fits_as_it_is(move, pieces)) {
        return MSET_OK;
    }
    const unsigned cuts = splits_area(set, &move->from) + (unsigned)splits_area(set, &move->to);
    return mset_at_prepare_many(&set->tree, cuts, pieces);
}

static mset_status run(struct move *move) {
    struct range stuck;
    mset_status status = mset_cut(move->set, &move->from, move->page_table);
    if (status != MSET_OK) {
        return status;
    }
    status = mset_tell_unmap(move->set, &move->to, move->page_table, &stuck);
    if (status != MSET_OK) {
        forget(move->set, &stuck);
        return status;
    }
    status = tell_pieces(move, &stuck);
    if (status != MSET_OK) {
        return fail(move, status, &stuck);
    }
    mset_commit(move->set, NULL, &move->to, NULL);
    commit_pieces(move, &move->from);
    return MSET_OK;
}

mset_status mset_move(struct mset *set, uint64_t from, uint64_t size, uint64_t to,
                      enum mset_map_how how, void *page_table) {
    struct move move = {
        .set = set, .page_table = page_table, .lost = {mset_no_range(), mset_no_range()}};
    if (!mset_begin(set) || !mset_check_range(set, from, size, &move.from) ||
        !mset_check_range(set, to, size, &move.to) ||
        (move.from.first <= move.to.last && move.to.first <= move.from.last) ||
        (how != MSET_MAP_FAIL && how != MSET_MAP_REPLACE)) {
        return MSET_INVALID_PARAM;
    }
    mset_status status = plan(&move, how);
    if (status == MSET_OK) {
        status = run(&move);
        mset_merge_around(set, &move.to);
    }
    mset_at_trim_spares(&set->tree);
    return status;
}
