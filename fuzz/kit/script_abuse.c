/*
 * script_abuse.c - calls that are wrong by themselves, on a set in any state. Each has one answer
 * that set.h, plan.h and observe.h allow, and changes nothing.
 */
#include "script.h"

static bool leave_alone(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    (void)piece;
    (void)flags;
    return false;
}

static bool show_all(void *arg, const struct mset_change *change) {
    (void)arg;
    (void)change;
    return true;
}

/* What a call said beside a status. */
static mset_status yes(bool answer) {
    return answer ? MSET_OK : MSET_INVALID_PARAM;
}

/* ---- changing ------------------------------------------------------------------------------- */

static mset_status abuse_set(struct mset *set, unsigned n, uint64_t at, uint64_t page) {
    static struct mset_backend no_ops = {NULL};
    const struct mset_area area = {at, page, 0, NULL, 0}, bad = {at, page, 0, &no_ops, 0};
    const struct mset_gap_request room = {.size = page};
    struct mset_area placed = area;
    switch (n) {
    case 0:
        return mset_map(NULL, &area, MSET_MAP_FAIL, NULL);
    case 1:
        return mset_map(set, NULL, MSET_MAP_FAIL, NULL);
    case 2:
        return mset_map(set, &area, 2, NULL);
    case 3:
        return mset_map(set, &bad, MSET_MAP_REPLACE, NULL);
    case 4:
        return mset_unmap(NULL, at, page, NULL);
    case 5:
        return mset_clear(NULL, NULL);
    case 6:
        return mset_protect(set, at, page, MSET_HOLES_SKIP, NULL, NULL, NULL);
    case 7:
        return mset_protect(set, at, page, (enum mset_holes)2, leave_alone, NULL, NULL);
    case 8:
        return mset_protect(NULL, at, page, MSET_HOLES_SKIP, leave_alone, NULL, NULL);
    case 9:
        return mset_move(set, at, 2 * page, at + page, MSET_MAP_REPLACE, NULL);
    case 10:
        return mset_move(set, at, page, at + 4 * page, 7, NULL);
    case 11:
        return mset_move(NULL, at, page, at + 4 * page, MSET_MAP_FAIL, NULL);
    case 12:
        return mset_grow(NULL, at, MSET_HIGH, page, NULL);
    case 13:
        return mset_grow(set, at, 2, page, NULL);
    case 14:
        return mset_shrink(set, at, MSET_GUARD, page, NULL);
    case 15:
        return mset_unmap_metadata(set, at, 0);
    case 16:
        return mset_replace_metadata(set, NULL);
    case 17:
        return mset_load_metadata(set, NULL, 1);
    case 18:
        return mset_fault(set, at, 0, NULL);
    case 19:
        return mset_fault(NULL, at, MSET_READ, NULL);
    case 20:
        return mset_map_free(set, NULL, &placed, NULL);
    case 21:
        return mset_map_free(NULL, &room, &placed, NULL);
    case 22:
        return mset_map_free(set, &room, NULL, NULL);
    default:
        return mset_set_limits(NULL, 1, 1);
    }
}

/* ---- plans and observers -------------------------------------------------------------------- */

static mset_status abuse_plan(struct mset *set, unsigned n, uint64_t at, uint64_t page) {
    struct mset_observer silent = {NULL, NULL};
    struct mset_accounting accounting;
    const struct mset_area area = {at, page, 0, NULL, 0};
    switch (n) {
    case 0:
        return mset_plan_map(set, &area, MSET_MAP_REPLACE, NULL, NULL);
    case 1:
        return mset_plan_unmap(set, at, page, NULL, NULL);
    case 2:
        return mset_plan_clear(set, NULL, NULL);
    case 3:
        return mset_plan_protect(set, at, page, MSET_HOLES_SKIP, leave_alone, NULL, NULL, NULL);
    case 4:
        return mset_plan_move(set, at, page, at + page, MSET_MAP_REPLACE, NULL, NULL);
    case 5:
        return mset_plan_grow(set, at, MSET_HIGH, page, NULL, NULL);
    case 6:
        return mset_plan_shrink(set, at, MSET_HIGH, page, NULL, NULL);
    case 7:
        mset_plan_show(NULL, show_all, NULL);
        mset_plan_drop(NULL);
        return mset_plan_commit(NULL);
    case 8:
        return mset_attach(set, NULL);
    case 9:
        return mset_attach(set, &silent);
    case 10:
        return mset_detach(set, &silent);
    case 11:
        return mset_detach(NULL, &silent);
    case 12:
        return mset_accounting_attach(NULL, set, 0);
    case 13:
        return mset_accounting_attach(&accounting, NULL, 0);
    default:
        return yes(mset_accounting_find(NULL, 0, NULL));
    }
}

/* ---- asking --------------------------------------------------------------------------------- */

static mset_status abuse_question(struct mset *set, unsigned n, uint64_t at, uint64_t page) {
    const struct mset_gap_request wish = {.size = page};
    const struct mset_area area = {at, page, 0, NULL, 0}, twice[] = {area, area};
    struct mset_cursor cursor;
    struct mset_statistics statistics;
    uint64_t start = at;
    switch (n) {
    case 0:
        return yes(mset_find(NULL, at, NULL));
    case 1:
        return yes(mset_overlaps(set, at, 0) || mset_overlaps(NULL, at, page));
    case 2:
        return yes(mset_overlaps(set, UINT64_MAX, 2));
    case 3:
        return mset_find_free(NULL, &wish, &start);
    case 4:
        return mset_find_free(set, NULL, &start);
    case 5:
        return mset_find_free(set, &wish, NULL);
    case 6:
        return mset_cursor_range(NULL, set, at, page);
    case 7:
        return mset_cursor_range(&cursor, NULL, at, page);
    case 8:
        return mset_cursor_range(&cursor, set, at, 0);
    case 9:
        mset_cursor_all(&cursor, NULL);
        mset_cursor_all(NULL, set);
        mset_cursor_close(NULL);
        return yes(mset_cursor_next(&cursor, NULL) || mset_cursor_prev(&cursor, NULL));
    case 10:
        return yes(mset_cursor_next(NULL, NULL) || mset_cursor_prev(NULL, NULL) ||
                   mset_cursor_next_many(NULL, NULL, 1) != 0);
    case 11:
        mset_get_statistics(set, NULL);
        mset_get_statistics(NULL, &statistics);
        return yes(statistics.areas != 0 || mset_count(NULL) != 0 || mset_page_size(NULL) != 0);
    case 12:
        return yes(mset_mapped_bytes(NULL) != 0 || mset_last_failure(NULL).code != 0);
    case 13:
        return yes(mset_validate(NULL) == NULL || mset_page_size(set) != page);
    case 14:
        return mset_load_metadata(set, twice, 2);
    case 15:
        return yes(mset_change_text((enum mset_change_kind)99) == mset_change_text(MSET_MERGED));
    default:
        return yes(mset_dump(NULL, NULL, NULL));
    }
}

static mset_status abuse_create(unsigned n, const struct mset_options *usual) {
    struct mset *set = NULL;
    struct mset_allocator broken = *usual->allocator;
    struct mset_options options = *usual;
    switch (n) {
    case 0:
        return mset_create(&options, NULL);
    case 1:
        options.page_size = 3;
        break;
    case 2:
        options.flags = 0x80;
        break;
    case 3:
        options.guard = 1;
        options.page_size = 2;
        break;
    default:
        broken.alloc = n % 2 == 0 ? NULL : broken.alloc;
        broken.free = n % 2 == 1 ? NULL : broken.free;
        options.allocator = &broken;
        break;
    }
    return mset_create(&options, &set);
}

const char *script_abuse(struct twin *twin, unsigned n) {
    const uint64_t at = twin->options.base, page = twin->options.page_size;
    const struct mset_options usual = {.allocator = &twin->memory.base};
    const mset_status status = n < 24   ? abuse_set(twin->set, n, at, page)
                               : n < 39 ? abuse_plan(twin->set, n - 24, at, page)
                               : n < 56 ? abuse_question(twin->set, n - 39, at, page)
                                        : abuse_create(n - 56, &usual);
    return status == MSET_INVALID_PARAM
               ? NULL
               : twin_complain(twin, "misuse %u: \"%s\"", n, mset_status_text(status));
}

/* ---- other ways to ask ---------------------------------------------------------------------- */

/* Some areas at a time, out of a part. */
const char *script_many(struct twin *twin, size_t lo, size_t hi, size_t room) {
    enum { MOST = 16 };
    const uint64_t page = twin->options.page_size, start = model_address(&twin->model, lo);
    struct mset_cursor cursor;
    struct mset_area got[MOST], want = {0};
    size_t count, at = lo;
    bool touching = true;
    room = room < MOST ? room : MOST;
    if (mset_cursor_range(&cursor, twin->set, start, (hi - lo) * page) != MSET_OK) {
        return twin_complain(twin, "mset_cursor_range");
    }
    do {
        count = mset_cursor_next_many(&cursor, got, room);
        for (size_t i = 0; i < count; i++, touching = false) {
            if (!model_next_area(&twin->model, at, touching, &want, &at) ||
                !area_equal(&want, &got[i])) {
                return twin_complain(twin, "mset_cursor_next_many gives another area");
            }
        }
    } while (count == room);
    mset_cursor_close(&cursor);
    const bool more = model_next_area(&twin->model, at, touching, &want, &at) &&
                      want.start <= model_address(&twin->model, hi - 1);
    return more ? twin_complain(twin, "mset_cursor_next_many leaves areas out") : NULL;
}
