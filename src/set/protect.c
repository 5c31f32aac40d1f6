/*
 * protect.c - other flags for what lies in a range.
 *
 * The caller's function is asked once per piece; its answers are kept in a list, one entry per
 * piece in address order, that every later step walks beside the pieces. A piece whose answer
 * is its old flags is left alone: it is not cut and its backend is not told.
 *
 *       area      |------ A ------|--- B ---|------ C ------|
 *       range             [                         ]
 *       answers           |  f0   |   f1    |  f2   |
 *
 * Whole areas change in place; only the first and the last piece can need a splice.
 */
#include "set.h"

#include "../base/memory.h"

enum { FEW = 32 };

struct answers {
    uint64_t few[FEW]; /* most protects touch a handful of areas */
    uint64_t *flags;   /* `few`, or from the allocator */
    uint64_t count;
    uint64_t room;
    uint64_t changes; /* how many differ from the old flags */
    unsigned cuts;    /* how many of those are parts of areas */
};

struct protect {
    struct mset *set;
    struct range range;
    struct answers answers;
    void *page_table;
};

/* ---- asking ------------------------------------------------------------------------------- */

/* From the list in the structure to one that holds an answer for every piece. */
static mset_status make_room(struct protect *protect) {
    struct answers *answers = &protect->answers;
    const struct mset_allocator *allocator = &protect->set->tree.allocator;
    const uint64_t count = mset_count_pieces(protect->set, &protect->range);
    if (count > SIZE_MAX / sizeof(uint64_t)) {
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

static void free_answers(struct protect *protect) {
    const struct mset_allocator *allocator = &protect->set->tree.allocator;
    if (protect->answers.flags != protect->answers.few) {
        allocator->free(allocator->context, protect->answers.flags,
                        (size_t)protect->answers.room * sizeof(uint64_t), _Alignof(uint64_t));
    }
}

static bool is_whole(const struct at_path *path, const struct at_run *piece) {
    const struct at_run area = at_path_run(path);
    return area.first == piece->first && area.last == piece->last;
}

static mset_status ask(struct protect *protect, mset_update_flags update, void *arg) {
    struct answers *answers = &protect->answers;
    answers->flags = answers->few;
    answers->room = FEW;
    struct at_path path;
    bool more = mset_first_piece(protect->set, &protect->range, &path);
    while (more) {
        if (answers->count == answers->room && make_room(protect) != MSET_OK) {
            return MSET_NO_MEMORY;
        }
        const struct at_run piece = mset_piece_at(&path, &protect->range);
        const struct mset_area area = mset_area_of(&piece);
        uint64_t flags = area.flags;
        if (!update(arg, &area, &flags)) {
            flags = area.flags;
        }
        answers->flags[answers->count++] = flags;
        if (flags != area.flags) {
            answers->changes++;
            answers->cuts += !is_whole(&path, &piece);
        }
        more = mset_next_piece(protect->set, &protect->range, &path);
    }
    return MSET_OK;
}

/* ---- planning ----------------------------------------------------------------------------- */

/* The pieces that will be cut out of their areas: are they allowed to be, are there nodes? */
static mset_status plan_cuts(const struct protect *protect) {
    struct at_path path;
    bool roomy = true;
    uint64_t i = 0;
    bool more = mset_first_piece(protect->set, &protect->range, &path);
    while (more) {
        const struct at_run piece = mset_piece_at(&path, &protect->range);
        if (protect->answers.flags[i++] != piece.attributes.flags && !is_whole(&path, &piece)) {
            const struct range range = {piece.first, piece.last};
            if (!mset_may_cut(protect->set, &range)) {
                return MSET_UNSUPPORTED;
            }
            roomy = roomy && at_has_room(&path);
        }
        more = mset_next_piece(protect->set, &protect->range, &path);
    }
    return roomy ? MSET_OK : mset_at_prepare_many(&protect->set->tree, protect->answers.cuts, 0);
}

/* The backends make those cuts. */
static mset_status cut_pieces(const struct protect *protect) {
    struct at_path path;
    uint64_t i = 0;
    bool more = mset_first_piece(protect->set, &protect->range, &path);
    for (; more; more = mset_next_piece(protect->set, &protect->range, &path)) {
        const struct at_run piece = mset_piece_at(&path, &protect->range);
        if (protect->answers.flags[i++] != piece.attributes.flags && !is_whole(&path, &piece)) {
            const struct range range = {piece.first, piece.last};
            const mset_status status = mset_cut(protect->set, &range, protect->page_table);
            if (status != MSET_OK) {
                return status;
            }
        }
    }
    return MSET_OK;
}

/* ---- telling ------------------------------------------------------------------------------ */

static int call(const struct at_run *piece, uint64_t from, uint64_t to, void *page_table) {
    struct mset_backend *backend = piece->attributes.backend;
    if (from == to || backend == NULL || backend->ops->protect == NULL) {
        return 0;
    }
    struct mset_area run = mset_area_of(piece);
    run.flags = from;
    return backend->ops->protect(backend, &run, to, page_table);
}

/* Gives pieces [0, i] their old flags back, from the one at the path down. */
static bool undo(const struct protect *protect, struct at_path *path, uint64_t i,
                 uint64_t *still_changed) {
    do {
        const struct at_run piece = mset_piece_at(path, &protect->range);
        if (call(&piece, protect->answers.flags[i], piece.attributes.flags, protect->page_table) !=
            0) {
            *still_changed = i + 1;
            return false;
        }
    } while (i-- > 0 && mset_at_prev(&protect->set->tree, path));
    return true;
}

/* Tells the backends; `changed` is the number of pieces to commit, all but in failure. */
static mset_status tell(const struct protect *protect, uint64_t *changed) {
    struct mset *set = protect->set;
    struct at_path path;
    *changed = protect->answers.count;
    if (set->told == 0) {
        return MSET_OK;
    }
    uint64_t i = 0;
    bool more = mset_first_piece(set, &protect->range, &path);
    for (; more; more = mset_next_piece(set, &protect->range, &path), i++) {
        const struct at_run piece = mset_piece_at(&path, &protect->range);
        const int code =
            call(&piece, piece.attributes.flags, protect->answers.flags[i], protect->page_table);
        if (code == 0) {
            continue;
        }
        const mset_status status = mset_refused(set, code, piece.first);
        *changed = 0;
        if (i == 0 || !mset_at_prev(&set->tree, &path) || undo(protect, &path, i - 1, changed)) {
            return status;
        }
        return MSET_BAD_STATE;
    }
    return MSET_OK;
}

/* ---- committing --------------------------------------------------------------------------- */

/* Changes the piece at the path; false if the path is void afterwards. */
static bool commit_piece(struct mset *set, struct at_path *path, const struct at_run *piece,
                         uint64_t flags) {
    if (flags == piece->attributes.flags) {
        return true;
    }
    if (is_whole(path, piece)) {
        at_set_flags(path, flags);
        return true;
    }
    struct at_run changed = *piece;
    changed.attributes.flags = flags;
    const struct range range = {piece->first, piece->last};
    set->splits++; /* the piece itself; a right part left behind is counted by the commit */
    mset_commit(set, NULL, &range, &changed);
    return false;
}

/* The first `count` pieces take their new flags; says where the last of them ends. */
static uint64_t commit(struct protect *protect, uint64_t count) {
    struct mset *set = protect->set;
    struct at_path path;
    uint64_t end = protect->range.first;
    bool more = mset_first_piece(set, &protect->range, &path);
    for (uint64_t i = 0; more && i < count; i++) {
        const struct at_run piece = mset_piece_at(&path, &protect->range);
        const bool stays = commit_piece(set, &path, &piece, protect->answers.flags[i]);
        end = piece.last;
        if (end == protect->range.last) {
            break;
        }
        const struct range rest = {end + 1, protect->range.last};
        more = stays ? mset_next_piece(set, &protect->range, &path)
                     : mset_first_piece(set, &rest, &path);
    }
    return end;
}

static mset_status run(struct protect *protect, mset_update_flags update, void *arg) {
    mset_status status = ask(protect, update, arg);
    if (status != MSET_OK || protect->answers.changes == 0) {
        return status;
    }
    if (protect->answers.cuts != 0) {
        status = plan_cuts(protect);
        if (status == MSET_OK) {
            status = cut_pieces(protect);
        }
        if (status != MSET_OK) {
            mset_at_trim_spares(&protect->set->tree);
            return status;
        }
    }
    uint64_t changed;
    status = tell(protect, &changed);
    if (changed != 0) {
        struct range done = protect->range;
        done.last = commit(protect, changed);
        if (status != MSET_OK) {
            (void)mset_undo_refused(protect->set, &done);
        }
        mset_merge_around(protect->set, &protect->range);
    }
    mset_at_trim_spares(&protect->set->tree);
    return status;
}

mset_status mset_protect(struct mset *set, uint64_t start, uint64_t size, mset_update_flags update,
                         void *arg, void *page_table) {
    struct protect protect;
    if (!mset_begin(set) || update == NULL || !mset_check_range(set, start, size, &protect.range)) {
        return MSET_INVALID_PARAM;
    }
    protect.set = set;
    protect.page_table = page_table;
    protect.answers.count = 0;
    protect.answers.changes = 0;
    protect.answers.cuts = 0;
    const mset_status status = run(&protect, update, arg);
    free_answers(&protect);
    return status;
}
