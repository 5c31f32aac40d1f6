/*
 * move.c - carrying a range to another place (mremap): flags, backends, offsets and holes.
 *
 *       from   [  |-- A --|   |-- B --|  ]
 *       to                                      [  |-- A --|   |-- B --|  ]
 *
 * Order of the calls to backends: what lies at the destination is unmapped, then each piece is
 * moved, lowest first. A backend without `move` is asked to unmap and to map. Order of the
 * commit: the destination is emptied, the pieces are added there, the source is emptied.
 */
#include "set.h"

struct move {
    struct mset *set;
    struct range from;
    struct range to;
    void *page_table;
    uint64_t lost_first; /* a piece that could neither be moved nor put back; or first > last */
    uint64_t lost_last;
};

static struct mset_area moved(const struct move *move, const struct mset_area *run) {
    struct mset_area area = *run;
    area.start += move->to.first - move->from.first;
    return area;
}

/* ---- telling ------------------------------------------------------------------------------ */

/* Unmap here, map there; if that is refused, map here again. */
static int carry_by_mapping(struct move *move, const struct mset_area *run,
                            const struct mset_area *target) {
    const struct mset_backend_ops *ops = run->backend->ops;
    int code = ops->unmap == NULL ? 0 : ops->unmap(run->backend, run, move->page_table);
    if (code != 0) {
        return code;
    }
    code = ops->map == NULL ? 0 : ops->map(run->backend, target, move->page_table);
    if (code != 0 && ops->map(run->backend, run, move->page_table) != 0) {
        move->lost_first = run->start;
        move->lost_last = run->start + (run->size - 1);
    }
    return code;
}

static int carry(struct move *move, const struct mset_area *run, const struct mset_area *target) {
    if (run->backend == NULL) {
        return 0;
    }
    if (run->backend->ops->move == NULL) {
        return carry_by_mapping(move, run, target);
    }
    return run->backend->ops->move(run->backend, run, target->start, move->page_table);
}

/* Carries pieces back, from the one at the path down to the start of the source. */
static bool carry_back(struct move *move, struct at_path *path, struct range *done) {
    do {
        const struct at_run piece = mset_piece_at(path, &move->from);
        if (piece.last < move->from.first) {
            break;
        }
        const struct mset_area run = mset_area_of(&piece);
        const struct mset_area target = moved(move, &run);
        if (carry(move, &target, &run) != 0) {
            *done = (struct range){move->from.first, piece.last};
            return false;
        }
    } while (at_prev(&move->set->tree, path));
    return true;
}

/* Carries every piece; on refusal carries back. `done` is what could not be carried back. */
static mset_status tell_pieces(struct move *move, struct range *done) {
    struct mset *set = move->set;
    struct at_path path;
    bool more = set->told != 0 && mset_first_piece(set, &move->from, &path);
    *done = mset_no_range();
    for (; more; more = mset_next_piece(set, &move->from, &path)) {
        const struct at_run piece = mset_piece_at(&path, &move->from);
        const struct mset_area run = mset_area_of(&piece);
        const struct mset_area target = moved(move, &run);
        const int code = carry(move, &run, &target);
        if (code != 0) {
            mset_status status = mset_refused(set, code, run.start);
            if (at_prev(&set->tree, &path) && !carry_back(move, &path, done)) {
                status = MSET_BAD_STATE;
            }
            return move->lost_first <= move->lost_last ? MSET_BAD_STATE : status;
        }
    }
    return MSET_OK;
}

/* ---- committing --------------------------------------------------------------------------- */

/* Adds the pieces of `from` at the destination, then takes them out of the source. */
static void commit_pieces(struct move *move, const struct range *from) {
    struct mset *set = move->set;
    const uint64_t distance = move->to.first - move->from.first;
    struct range rest = *from;
    struct at_path path;
    while (!mset_range_empty(&rest) && mset_first_piece(set, &rest, &path)) {
        struct at_run run = mset_piece_at(&path, &rest);
        const uint64_t last = run.last;
        run.first += distance;
        run.last += distance;
        run.attributes.bias -= distance; /* offset(address) stays with what is behind it */
        const struct range range = {run.first, run.last};
        mset_commit(set, NULL, &range, &run);
        if (last == rest.last) {
            break;
        }
        rest.first = last + 1;
    }
    mset_commit(set, NULL, from, NULL);
}

static mset_status fail(struct move *move, mset_status status, const struct range *stuck) {
    struct mset *set = move->set;
    struct range done;
    if (!mset_range_empty(stuck)) {
        /* Some pieces stay at the destination, so what was there before cannot come back. */
        mset_commit(set, NULL, &move->to, NULL);
        commit_pieces(move, stuck);
        status = mset_undo_refused(set, stuck);
    } else if (!mset_untell_unmap(set, &move->to, move->page_table, &done)) {
        mset_commit(set, NULL, &done, NULL);
        status = mset_undo_refused(set, &done);
    }
    if (move->lost_first <= move->lost_last) {
        const struct range lost = {move->lost_first, move->lost_last};
        mset_commit(set, NULL, &lost, NULL);
        if (set->failure.done_size == 0) {
            status = mset_undo_refused(set, &lost);
        }
    }
    return status;
}

/* ---- planning ----------------------------------------------------------------------------- */

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
    /* One cut at the destination, one at the source, and the pieces in a row. */
    return at_prepare_many(&set->tree, 2, pieces);
}

static mset_status run(struct move *move) {
    struct range stuck;
    mset_status status = mset_tell_unmap(move->set, &move->to, move->page_table, &stuck);
    if (status != MSET_OK) {
        if (!mset_range_empty(&stuck)) {
            mset_commit(move->set, NULL, &stuck, NULL);
        }
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
    struct move move = {.set = set, .page_table = page_table, .lost_first = 1, .lost_last = 0};
    if (set == NULL || !mset_check_range(set, from, size, &move.from) ||
        !mset_check_range(set, to, size, &move.to) ||
        (move.from.first <= move.to.last && move.to.first <= move.from.last) ||
        (how != MSET_MAP_FAIL && how != MSET_MAP_REPLACE)) {
        return MSET_INVALID_PARAM;
    }
    set->failure = (struct mset_failure){0};
    mset_status status = plan(&move, how);
    if (status == MSET_OK) {
        status = run(&move);
        mset_merge_around(set, &move.to);
    }
    at_trim_spares(&set->tree);
    return status;
}
