/*
 * tell.c - calls to backends, and taking them back.
 *
 * The tree still shows the old state while backends are told, so the pieces of a range can be
 * walked twice: forwards to tell, backwards to undo. If a backend refuses the undoing as well,
 * the walk stops: the pieces from the start of the range up to that one are what the backends
 * have confirmed, and what the operation then commits.
 */
#include "set.h"

mset_status mset_status_of_code(int code) {
    return code >= 0 && code <= MSET_UNSUPPORTED ? (mset_status)code : MSET_BAD_STATE;
}

mset_status mset_refused(struct mset *set, int code, uint64_t address) {
    set->failure = (struct mset_failure){.code = code, .address = address};
    return mset_status_of_code(code);
}

mset_status mset_undo_refused(struct mset *set, const struct range *done) {
    set->failure.done_start = done->first;
    set->failure.done_size = done->last - done->first + 1;
    return MSET_BAD_STATE;
}

static int call_map(const struct mset_area *run, void *page_table) {
    struct mset_backend *backend = run->backend;
    if (backend == NULL || backend->ops->map == NULL) {
        return 0;
    }
    return backend->ops->map(backend, run, page_table);
}

static int call_unmap(const struct mset_area *run, void *page_table) {
    struct mset_backend *backend = run->backend;
    if (backend == NULL || backend->ops->unmap == NULL) {
        return 0;
    }
    return backend->ops->unmap(backend, run, page_table);
}

static mset_status cut_at(struct mset *set, uint64_t at, void *page_table) {
    struct mset_area area;
    if (!mset_area_across(set, at, &area) || area.backend == NULL ||
        area.backend->ops->cut == NULL) {
        return MSET_OK;
    }
    const int code = area.backend->ops->cut(area.backend, &area, at, page_table);
    return code == 0 ? MSET_OK : mset_refused(set, code, area.start);
}

mset_status mset_cut(struct mset *set, const struct range *range, void *page_table) {
    if (set->told == 0) {
        return MSET_OK;
    }
    const mset_status status = cut_at(set, range->first, page_table);
    return status != MSET_OK || range->last == UINT64_MAX
               ? status
               : cut_at(set, range->last + 1, page_table);
}

mset_status mset_ask_map(struct mset *set, const struct mset_area *area, void *page_table) {
    if (area->backend == NULL || area->backend->ops->may_map == NULL) {
        return MSET_OK;
    }
    const int code = area->backend->ops->may_map(area->backend, area, page_table);
    return code == 0 ? MSET_OK : mset_refused(set, code, area->start);
}

mset_status mset_tell_map(struct mset *set, const struct mset_area *area, void *page_table) {
    const int code = call_map(area, page_table);
    return code == 0 ? MSET_OK : mset_refused(set, code, area->start);
}

/* Maps the pieces again from the one at the path back to the start of the range. */
static bool undo_unmap(const struct mset *set, const struct range *range, struct at_path *path,
                       void *page_table, struct range *done) {
    do {
        const struct at_run piece = mset_piece_at(path, range);
        if (piece.last < range->first) {
            break;
        }
        const struct mset_area run = mset_area_of(&piece);
        if (call_map(&run, page_table) != 0) {
            *done = (struct range){range->first, piece.last};
            return false;
        }
    } while (mset_at_prev(&set->tree, path));
    return true;
}

mset_status mset_tell_unmap(struct mset *set, const struct range *range, void *page_table,
                            struct range *done) {
    struct at_path path;
    *done = mset_no_range();
    if (set->told == 0) {
        return MSET_OK;
    }
    const mset_status cut = mset_cut(set, range, page_table);
    if (cut != MSET_OK || !mset_first_piece(set, range, &path)) {
        return cut;
    }
    do {
        const struct at_run piece = mset_piece_at(&path, range);
        const struct mset_area run = mset_area_of(&piece);
        const int code = call_unmap(&run, page_table);
        if (code != 0) {
            const mset_status status = mset_refused(set, code, run.start);
            if (mset_at_prev(&set->tree, &path) &&
                !undo_unmap(set, range, &path, page_table, done)) {
                return mset_undo_refused(set, done);
            }
            return status;
        }
    } while (mset_next_piece(set, range, &path));
    return MSET_OK;
}

bool mset_untell_unmap(struct mset *set, const struct range *range, void *page_table,
                       struct range *done) {
    struct at_path path;
    *done = mset_no_range();
    return set->told == 0 || !mset_at_last_from(&set->tree, range->last, &path) ||
           undo_unmap(set, range, &path, page_table, done);
}
