/*
 * change.c - the public calls that change a table, and their prepare: check the arguments, pass on
 * to the engine of the format. Each pair is one function here, which prepares if it has a `need`.
 */
#include "page_table/check.h"
#include "page_table/shortcut.h"

static inline mset_status checked(struct mset_page_table *pt, mset_status status) {
    MSET_ASSERT_EXPENSIVE(mset_pt_validate(pt) == NULL);
    (void)pt;
    return status;
}

/* After every call that changes leaves unless it fails, or only prepares that: it has a `need`. */
static mset_status changed(struct mset_page_table *pt, mset_status status,
                           const struct mset_pt_need *need) {
    pt->version += status == MSET_OK && need == NULL;
    return checked(pt, status);
}

/* Where a prepare counts if its caller does not want to know. */
static struct mset_pt_need *need_or(struct mset_pt_need *need, struct mset_pt_need *own) {
    return need != NULL ? need : own;
}

/* ---- map ---------------------------------------------------------------------------------- */

mset_status mset_pt_may_map(const struct mset_page_table *table, uint64_t va, uint64_t pa,
                            uint64_t size, uint64_t flags) {
    if (table == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    if (pt_own_flags(flags) == MSET_PT_MARKER) {
        return pa >> MSET_PT_MARKER_BITS == 0 ? MSET_OK : MSET_INVALID_PARAM;
    }
    if ((pa & pt_page_mask(table)) != 0 || pa > table->pa_last || size - 1 > table->pa_last - pa) {
        return MSET_INVALID_PARAM;
    }
    return pt_flags_ok(table, pt_own_flags(flags)) ? MSET_OK : MSET_UNSUPPORTED;
}

static mset_status map(struct mset_page_table *table, uint64_t va, uint64_t pa, uint64_t size,
                       uint64_t flags, const struct pt_map_how *how) {
    const mset_status status = mset_pt_may_map(table, va, pa, size, flags);
    if (status != MSET_OK) {
        return status;
    }
    const uint64_t last = va + (size - 1);
    return changed(table, table->engine->map(table, va, last, pa, pt_own_flags(flags), how),
                   how->need);
}

mset_status mset_pt_map(struct mset_page_table *table, uint64_t va, uint64_t pa, uint64_t size,
                        uint64_t flags) {
    static const struct pt_map_how refuse = {.overlap = MSET_PT_REFUSE};
    if (table != NULL && pt_short_map(table, va, pa, size, flags)) {
        return checked(table, MSET_OK);
    }
    return map(table, va, pa, size, flags, &refuse);
}

mset_status mset_pt_map_over(struct mset_page_table *table, uint64_t va, uint64_t pa, uint64_t size,
                             uint64_t flags, enum mset_pt_overlap overlap, mset_pt_removed removed,
                             void *arg) {
    const struct pt_map_how how = {.overlap = overlap, .removed = removed, .arg = arg};
    return overlap > MSET_PT_KEEP ? MSET_INVALID_PARAM : map(table, va, pa, size, flags, &how);
}

mset_status mset_pt_map_prepare(struct mset_page_table *table, uint64_t va, uint64_t pa,
                                uint64_t size, uint64_t flags, enum mset_pt_overlap overlap,
                                struct mset_pt_need *need) {
    struct mset_pt_need own;
    const struct pt_map_how how = {.overlap = overlap, .need = need_or(need, &own)};
    return overlap > MSET_PT_KEEP ? MSET_INVALID_PARAM : map(table, va, pa, size, flags, &how);
}

/* ---- unmap, protect, move, copy ------------------------------------------------------------- */

static mset_status unmap(struct mset_page_table *table, uint64_t va, uint64_t size,
                         mset_pt_removed removed, void *arg, struct mset_pt_need *need) {
    if (table == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    return changed(table, table->engine->unmap(table, va, va + (size - 1), removed, arg, need),
                   need);
}

mset_status mset_pt_unmap(struct mset_page_table *table, uint64_t va, uint64_t size,
                          mset_pt_removed removed, void *arg) {
    if (table != NULL && removed == NULL && pt_short_unmap(table, va, size)) {
        return checked(table, MSET_OK);
    }
    return unmap(table, va, size, removed, arg, NULL);
}

mset_status mset_pt_unmap_prepare(struct mset_page_table *table, uint64_t va, uint64_t size,
                                  struct mset_pt_need *need) {
    struct mset_pt_need own;
    return unmap(table, va, size, NULL, NULL, need_or(need, &own));
}

static mset_status protect(struct mset_page_table *table, uint64_t va, uint64_t size,
                           uint64_t flags, struct mset_pt_need *need) {
    if (table == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    const uint64_t own = pt_own_flags(flags);
    if (!pt_flags_ok(table, own)) {
        return MSET_UNSUPPORTED;
    }
    return changed(table, table->engine->protect(table, va, va + (size - 1), own, need), need);
}

mset_status mset_pt_protect(struct mset_page_table *table, uint64_t va, uint64_t size,
                            uint64_t flags) {
    return protect(table, va, size, flags, NULL);
}

mset_status mset_pt_protect_prepare(struct mset_page_table *table, uint64_t va, uint64_t size,
                                    uint64_t flags, struct mset_pt_need *need) {
    struct mset_pt_need own;
    return protect(table, va, size, flags, need_or(need, &own));
}

static mset_status move(struct mset_page_table *table, uint64_t from, uint64_t to, uint64_t size,
                        struct mset_pt_need *need) {
    if (table == NULL || !pt_range_ok(table, from, size) || !pt_range_ok(table, to, size) ||
        (from < to ? to - from : from - to) < size) {
        return MSET_INVALID_PARAM;
    }
    return changed(table, table->engine->move(table, from, from + (size - 1), to, need), need);
}

mset_status mset_pt_move(struct mset_page_table *table, uint64_t from, uint64_t to, uint64_t size) {
    return move(table, from, to, size, NULL);
}

mset_status mset_pt_move_prepare(struct mset_page_table *table, uint64_t from, uint64_t to,
                                 uint64_t size, struct mset_pt_need *need) {
    struct mset_pt_need own;
    return move(table, from, to, size, need_or(need, &own));
}

/* Would each other's entries be right in the other table? The bases tell halves apart. */
static bool alike(const struct mset_page_table *a, const struct mset_page_table *b) {
    return a->format == b->format && a->leaf_levels == b->leaf_levels &&
           a->group_levels == b->group_levels && a->pa_last == b->pa_last && a->base == b->base;
}

static mset_status copy(struct mset_page_table *from, struct mset_page_table *to, uint64_t va,
                        uint64_t size, bool write_protect, struct mset_pt_need *need) {
    if (from == NULL || to == NULL || from == to || !alike(from, to) ||
        !pt_range_ok(from, va, size)) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status =
        from->engine->copy(from, to, va, va + (size - 1), write_protect, need);
    return changed(to, changed(from, status, need), need);
}

mset_status mset_pt_copy(struct mset_page_table *from, struct mset_page_table *to, uint64_t va,
                         uint64_t size, bool write_protect) {
    return copy(from, to, va, size, write_protect, NULL);
}

mset_status mset_pt_copy_prepare(struct mset_page_table *from, struct mset_page_table *to,
                                 uint64_t va, uint64_t size, struct mset_pt_need *need) {
    struct mset_pt_need own;
    return copy(from, to, va, size, false, need_or(need, &own));
}

/* ---- sizes of leaves ---------------------------------------------------------------------- */

static mset_status cut(struct mset_page_table *table, uint64_t va, struct mset_pt_need *need) {
    if (table == NULL || !pt_range_ok(table, va, pt_page_mask(table) + 1)) {
        return MSET_INVALID_PARAM;
    }
    return changed(table, table->engine->cut(table, va, need), need);
}

mset_status mset_pt_cut(struct mset_page_table *table, uint64_t va) {
    return cut(table, va, NULL);
}

mset_status mset_pt_cut_prepare(struct mset_page_table *table, uint64_t va,
                                struct mset_pt_need *need) {
    struct mset_pt_need own;
    return cut(table, va, need_or(need, &own));
}

static mset_status split(struct mset_page_table *table, uint64_t va, uint64_t size,
                         uint64_t leaf_size, struct mset_pt_need *need) {
    if (table == NULL || !pt_range_ok(table, va, size) || (leaf_size & (leaf_size - 1)) != 0 ||
        (leaf_size & mset_pt_leaf_sizes(table)) == 0) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_pt_engine *const engine = table->engine;
    unsigned level = 0;
    while (level + 1 < table->leaf_levels && leaf_size >> engine->shift[level + 1] != 0) {
        level++;
    }
    const bool grouped = leaf_size >> engine->shift[level] > 1;
    return changed(table, engine->split(table, va, va + (size - 1), level, grouped, need), need);
}

mset_status mset_pt_split(struct mset_page_table *table, uint64_t va, uint64_t size,
                          uint64_t leaf_size) {
    return split(table, va, size, leaf_size, NULL);
}

mset_status mset_pt_split_prepare(struct mset_page_table *table, uint64_t va, uint64_t size,
                                  uint64_t leaf_size, struct mset_pt_need *need) {
    struct mset_pt_need own;
    return split(table, va, size, leaf_size, need_or(need, &own));
}

mset_status mset_pt_promote(struct mset_page_table *table, uint64_t va, uint64_t size) {
    if (table == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    table->engine->promote(table, va, va + (size - 1));
    return changed(table, MSET_OK, NULL);
}

/* ---- marks -------------------------------------------------------------------------------- */

static bool marks_ok(unsigned marks) {
    return marks != 0 && (marks & ~(MSET_PT_ACCESSED | MSET_PT_DIRTY)) == 0;
}

static mset_status harvest(struct mset_page_table *table, uint64_t va, uint64_t size,
                           unsigned marks, mset_pt_visit visit, void *arg,
                           struct mset_pt_need *need) {
    if (table == NULL || !pt_range_ok(table, va, size) || !marks_ok(marks)) {
        return MSET_INVALID_PARAM;
    }
    const uint64_t last = va + (size - 1);
    return changed(table, table->engine->harvest(table, va, last, marks, visit, arg, need), need);
}

mset_status mset_pt_harvest(struct mset_page_table *table, uint64_t va, uint64_t size,
                            unsigned marks, mset_pt_visit visit, void *arg) {
    return harvest(table, va, size, marks, visit, arg, NULL);
}

mset_status mset_pt_harvest_prepare(struct mset_page_table *table, uint64_t va, uint64_t size,
                                    struct mset_pt_need *need) {
    struct mset_pt_need own;
    return harvest(table, va, size, MSET_PT_ACCESSED, NULL, NULL, need_or(need, &own));
}

mset_status mset_pt_mark(struct mset_page_table *table, uint64_t va, unsigned marks) {
    uint64_t last;
    if (table == NULL || !marks_ok(marks) || !pt_space_last(table, va, &last)) {
        return MSET_INVALID_PARAM;
    }
    return checked(table, table->engine->mark(table, va, marks)); /* no leaf is another one */
}

/* ---- reserve, flush ------------------------------------------------------------------------- */

/* What lies between the room and [va, last]; nothing where they touch, or there is no room. */
static struct pt_range gap(const struct pt_range *room, uint64_t va, uint64_t last) {
    if (pt_range_is_empty(room)) {
        return PT_NOTHING;
    }
    return va > room->last ? (struct pt_range){room->last + 1, va - 1}
                           : (struct pt_range){last + 1, room->first - 1};
}

static bool stop(void *arg, const struct mset_pt_run *run) {
    (void)arg, (void)run;
    return false;
}

/* Can the range become one with the room? Between the halves of the addresses nothing is asked. */
static bool may_widen(const struct mset_page_table *table, const struct pt_range *room, uint64_t va,
                      uint64_t last) {
    const struct pt_range between = gap(room, va, last);
    if (pt_range_touches(room, va, last) || pt_range_is_empty(&between)) {
        return true;
    }
    return pt_range_ok(table, between.first, between.last - between.first + 1) &&
           table->engine->walk(table, between.first, between.last, stop, NULL);
}

mset_status mset_pt_prepare_room(struct mset_page_table *table, uint64_t va, uint64_t size) {
    if (table == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    const uint64_t last = va + (size - 1);
    struct pt_session session = pt_session_now(table);
    if (session.room.first <= va && session.room.last >= last) {
        return MSET_OK; /* it has been said */
    }
    if (!may_widen(table, &session.room, va, last)) {
        return MSET_ALREADY_EXISTS;
    }
    pt_range_widen(&session.room, va, last);
    if (pt_session_has_room_for(&session, &session.unmapped)) {
        session.unmapped = PT_NOTHING;
    }
    pt_session_forget_counted(&session); /* it may have been unmapped with the room */
    table->session = session;
    return MSET_OK;
}

void mset_pt_prepare_drop(struct mset_page_table *table) {
    if (table != NULL) {
        mset_pt_tables_free_stock(table);
        pt_session_begin(&table->session, table->version);
    }
}

void mset_pt_get_gather(const struct mset_page_table *table, struct mset_pt_gather *gather) {
    if (gather == NULL) {
        return;
    }
    *gather = (struct mset_pt_gather){.leaf_size = 0};
    if (table != NULL && !pt_gather_empty(table)) {
        *gather = table->gather;
        gather->tables = table->retired_tables;
        gather->breaks = table->engine->broken((struct mset_page_table *)table, false);
    }
}

void mset_pt_flushed(struct mset_page_table *table) {
    if (table != NULL && !pt_gather_empty(table)) {
        (void)table->engine->broken(table, true);
        mset_pt_tables_free_retired(table);
        pt_gather_reset(table);
        (void)checked(table, MSET_OK);
    }
}
