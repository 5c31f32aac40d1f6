/*
 * cursor.c - stepping over the areas that touch a range.
 *
 * A cursor keeps the path to the area it returned last, and the version of the tree that the
 * path belongs to. After a change it seeks again, from the addresses of that area.
 *
 * While it is inside it counts as live, in builds with asserts. Any number of readers may step at
 * the same time, so the count is atomic.
 */
#include "set.h"

#include "../base/memory.h"

_Static_assert(sizeof((struct mset_cursor *)0)->node == sizeof((struct at_path *)0)->node &&
                   sizeof((struct mset_cursor *)0)->slot == sizeof((struct at_path *)0)->slot,
               "a cursor has room for a path");

void mset_cursor_all(struct mset_cursor *cursor, const struct mset *set) {
    if (cursor == NULL) {
        return;
    }
    memset(cursor, 0, sizeof *cursor);
    cursor->set = set;
    cursor->last = UINT64_MAX;
}

mset_status mset_cursor_range(struct mset_cursor *cursor, const struct mset *set, uint64_t start,
                              uint64_t size) {
    struct range range;
    if (cursor == NULL || !mset_given(set) || !mset_check_range(set, start, size, &range)) {
        return MSET_INVALID_PARAM;
    }
    mset_cursor_all(cursor, set);
    cursor->lo = range.first;
    cursor->last = range.last;
    return MSET_OK;
}

static void load_path(const struct mset_cursor *cursor, struct at_path *path) {
    memcpy(path->node, cursor->node, cursor->set->tree.height * sizeof path->node[0]);
    memcpy(path->slot, cursor->slot, cursor->set->tree.height * sizeof path->slot[0]);
}

static void store_path(struct mset_cursor *cursor, const struct at_path *path) {
    memcpy(cursor->node, path->node, cursor->set->tree.height * sizeof path->node[0]);
    memcpy(cursor->slot, path->slot, cursor->set->tree.height * sizeof path->slot[0]);
    cursor->version = cursor->set->tree.version;
}

static void go(struct mset_cursor *cursor, bool inside) {
#if MSET_DEBUG_LEVEL > 0
    if (inside != cursor->inside) {
        struct mset *const set = (struct mset *)cursor->set;
        (void)__atomic_fetch_add(&set->live_cursors, inside ? 1 : -1, __ATOMIC_RELAXED);
    }
#endif
    cursor->inside = inside;
}

int64_t mset_live_cursors(const struct mset *set) {
    return __atomic_load_n(&set->live_cursors, __ATOMIC_RELAXED);
}

void mset_cursor_close(struct mset_cursor *cursor) {
    if (cursor != NULL) {
        go(cursor, false);
    }
}

/* The area the path has come to is the one returned, if it touches the range. */
static bool arrive(struct mset_cursor *cursor, bool found, const struct at_path *path,
                   struct mset_area *out) {
    if (!found) {
        go(cursor, false);
        return false;
    }
    const struct at_run run = at_path_run(path);
    const bool inside = run.first <= cursor->last && run.last >= cursor->lo;
    go(cursor, inside);
    if (!inside) {
        return false;
    }
    store_path(cursor, path);
    cursor->at_first = run.first;
    cursor->at_last = run.last;
    if (out != NULL) {
        *out = mset_area_of(&run);
    }
    return true;
}

/* Within a leaf a step needs no path: only the last line of it moves. */
static bool step_in_leaf(struct mset_cursor *cursor, unsigned slot, struct mset_area *out) {
    const struct at_run run = at_leaf_run(cursor->node[0], slot);
    if (run.first > cursor->last || run.last < cursor->lo) {
        go(cursor, false);
        return false;
    }
    cursor->slot[0] = (uint8_t)slot;
    cursor->at_first = run.first;
    cursor->at_last = run.last;
    if (out != NULL) {
        *out = mset_area_of(&run);
    }
    return true;
}

static bool fresh(const struct mset_cursor *cursor) {
    return cursor->version == cursor->set->tree.version;
}

bool mset_cursor_next(struct mset_cursor *cursor, struct mset_area *out) {
    if (cursor == NULL || !mset_given(cursor->set)) {
        return false;
    }
    const struct at_tree *const tree = &cursor->set->tree;
    struct at_path path;
    if (!cursor->inside) {
        return arrive(cursor, mset_at_first_from(tree, cursor->lo, &path), &path, out);
    }
    if (!fresh(cursor)) {
        const bool found =
            cursor->at_last != UINT64_MAX && mset_at_first_from(tree, cursor->at_last + 1, &path);
        return arrive(cursor, found, &path, out);
    }
    const struct at_leaf *leaf = cursor->node[0];
    if (cursor->slot[0] + 1u < leaf->count) {
        return step_in_leaf(cursor, cursor->slot[0] + 1u, out);
    }
    load_path(cursor, &path);
    return arrive(cursor, mset_at_next(tree, &path), &path, out);
}

bool mset_cursor_prev(struct mset_cursor *cursor, struct mset_area *out) {
    if (cursor == NULL || !mset_given(cursor->set)) {
        return false;
    }
    const struct at_tree *const tree = &cursor->set->tree;
    struct at_path path;
    if (!cursor->inside) {
        return arrive(cursor, mset_at_last_from(tree, cursor->last, &path), &path, out);
    }
    if (!fresh(cursor)) {
        const bool found =
            cursor->at_first != 0 && mset_at_last_from(tree, cursor->at_first - 1, &path);
        return arrive(cursor, found, &path, out);
    }
    if (cursor->slot[0] > 0) {
        return step_in_leaf(cursor, cursor->slot[0] - 1u, out);
    }
    load_path(cursor, &path);
    return arrive(cursor, mset_at_prev(tree, &path), &path, out);
}

/* Copies areas of the leaf from `slot` on, while there is room and they are in the range. */
static size_t copy_in_leaf(const struct mset_cursor *cursor, unsigned slot, struct mset_area *out,
                           size_t room) {
    const struct at_leaf *leaf = cursor->node[0];
    const unsigned end = cursor->set->tree.search->rank(leaf, cursor->last);
    const size_t left = end > slot ? end - slot : 0;
    const size_t n = left < room ? left : room;
    for (size_t i = 0; i < n; i++) {
        const struct at_run run = at_leaf_run(leaf, slot + (unsigned)i);
        out[i] = mset_area_of(&run);
    }
    return n;
}

size_t mset_cursor_next_many(struct mset_cursor *cursor, struct mset_area *out, size_t room) {
    size_t n = 0;
    if (cursor == NULL || out == NULL) {
        return 0;
    }
    /* The first of a leaf is a step like any other, those behind it are only copied. */
    while (n < room && mset_cursor_next(cursor, &out[n])) {
        n++;
        const size_t more = copy_in_leaf(cursor, cursor->slot[0] + 1u, &out[n], room - n);
        if (more != 0) {
            n += more;
            (void)step_in_leaf(cursor, cursor->slot[0] + (unsigned)more, NULL);
        }
    }
    if (n != 0 && n < room) {
        (void)mset_cursor_prev(cursor, NULL); /* back inside: going outside is a call of its own */
    }
    return n;
}
