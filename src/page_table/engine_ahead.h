/*
 * engine_ahead.h - the plan of a call that is prepared: what it will need after the calls that were
 * announced before it. Part of engine.h.
 *
 * What is there now is seen as it will be then. A table stays if it keeps an entry; a leaf that the
 * end of the room cuts will be a table, in which the same is true of each slot:
 *
 *     slots now             |  leaf  |  leaf  |  leaf  | table  | table  |
 *     the room                   [============================]
 *     entries that stay     |####    |        |        |    ####|########|
 *     seen as               | table  | empty  | empty  | table  | table  |
 *                                                        or empty, if nothing stays in it
 *
 * Moves that were announced take entries away in the same manner, and so do unmaps outside of the
 * room. Where they were many, they are taken to be one range from the lowest to the highest: if
 * something in between stays, tables are counted that will not have gone, never fewer.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_AHEAD_H
#define MSET_SRC_PAGE_TABLE_ENGINE_AHEAD_H

/* `ahead`: the call is only prepared. */
static void map_plan_open_for(struct map_plan *plan, struct mset_page_table *pt,
                              enum mset_pt_overlap overlap, struct mset_pt_need *need, bool ahead) {
    map_plan_open(plan, pt, overlap, need);
    if (ahead) {
        plan->ahead = true;
        plan->session = pt_session_now(pt);
    }
}

/* What the call would say: it has been prepared, or not, and is announced herewith. */
static mset_status map_plan_close(const struct map_plan *plan, mset_status status) {
    if (status == MSET_OK) {
        plan->pt->session = plan->session;
        plan->pt->session.arrivals = true;
    }
    return status;
}

/* Will the table, whose first slot is at `base`, have an entry? */
static bool table_stays(const struct pt_session *session, const struct pt_table *table,
                        unsigned level, uint64_t base) {
    for (unsigned i = 0; i < entry_count(level); i++) {
        const uint64_t first = base + i * slot_size(level), last = slot_last(level, first);
        if (is_empty(table, level, i) || pt_session_empties(session, first, last)) {
            continue;
        }
        const struct pt_table *const child = child_at(table, i);
        if (child == NULL || !pt_session_touches(session, first, last) ||
            table_stays(session, child, level - 1, first)) {
            return true; /* of a leaf a part stays at least */
        }
    }
    return false;
}

enum slot_ahead { SLOT_EMPTY, SLOT_LEAF, SLOT_TABLE };

/* What the slot of va will be. `table` is NULL inside a leaf that will have been cut. */
static enum slot_ahead slot_ahead(const struct pt_session *session, const struct pt_table *table,
                                  unsigned level, uint64_t va) {
    const uint64_t first = slot_first(level, va), last = slot_last(level, va);
    const unsigned i = index_of(level, va);
    const struct pt_table *const child = child_or_null(table, i);
    if ((table != NULL && is_empty(table, level, i)) || pt_session_empties(session, first, last)) {
        return SLOT_EMPTY;
    }
    if (!pt_session_touches(session, first, last)) {
        return child != NULL ? SLOT_TABLE : SLOT_LEAF;
    }
    return child == NULL || table_stays(session, child, level - 1, first) ? SLOT_TABLE : SLOT_EMPTY;
}

/* The run goes into a table below the slot, which will stay for that. */
static void map_plan_pass(struct map_plan *plan, unsigned level, uint64_t va) {
    plan->session.counted[level] = va >> fmt_shift(level);
}

/* As map_plan_in, but slot by slot. That nothing is in the way is known. */
static void map_plan_ahead_in(struct map_plan *plan, const struct pt_table *table, unsigned level,
                              uint64_t va, uint64_t last, uint64_t pa) {
    plan->pt->statistics.visits += table != NULL;
    for (;;) {
        const uint64_t end = min_u64(last, slot_last(level, va));
        const enum slot_ahead slot = slot_ahead(&plan->session, table, level, va);
        const bool instead = plan->overlap == MSET_PT_REPLACE && whole_slots(level, va, end) > 0 &&
                             leaf_allowed(plan->levels, level, va, pa);
        if (level > 0 && slot == SLOT_TABLE && !instead) { /* no page is cut */
            map_plan_pass(plan, level, va);
            map_plan_ahead_in(plan, child_or_null(table, index_of(level, va)), level - 1, va, end,
                              pa);
        } else if (slot == SLOT_EMPTY || plan->overlap == MSET_PT_REPLACE) {
            map_plan_fresh(plan, level, va, end, pa);
        }
        if (end == last) {
            return;
        }
        pa += end - va + 1;
        va = end + 1;
    }
}

/* Is there no leaf in the range but for those in the room? */
static bool range_empty_ahead(struct mset_page_table *pt, const struct pt_session *session,
                              uint64_t va, uint64_t last) {
    const struct pt_range *const room = &session->room;
    if (!pt_range_touches(room, va, last)) {
        return range_empty(pt, va, last);
    }
    return (va >= room->first || range_empty(pt, va, room->first - 1)) &&
           (last <= room->last || range_empty(pt, room->last + 1, last));
}

/* One more run of a call, made now or announced. False: something is in the way. */
static bool plan_run(struct map_plan *plan, uint64_t va, uint64_t last, uint64_t pa) {
    if (!plan->ahead) {
        return map_plan_add(plan, va, last, pa);
    }
    if (plan->overlap == MSET_PT_REFUSE && !range_empty_ahead(plan->pt, &plan->session, va, last)) {
        return false;
    }
    map_plan_ahead_in(plan, plan->pt->root, FMT_LEVELS - 1, va, last, pa);
    return true;
}

/* ---- runs of a source ------------------------------------------------------------------------
 *
 * Leaves arrive no larger than they were. Those with an address stay as large as they can be at the
 * new place when they are cut outside of the source; but markers go to any alignment, and what is
 * joined to one run makes larger leaves than its parts.
 */

struct ahead_joiner {
    const struct pt_session *session;
    struct pt_joiner joiner;
};

/* Markers of this level, some of which will have been cut. No arrival stops the walk. */
static void join_cut(struct ahead_joiner *ahead, const struct mset_pt_run *run, unsigned level) {
    const uint64_t last = run->va + (run->size - 1);
    for (uint64_t va = run->va;;) {
        const uint64_t end = min_u64(last, slot_last(level, va));
        struct mset_pt_run part = *run;
        part.va = va;
        part.size = end - va + 1;
        part.leaf_size = slot_size(level);
        const bool cut =
            pt_session_cuts(ahead->session, slot_first(level, va), slot_last(level, va));
        if (cut) {
            join_cut(ahead, &part, level - 1);
        } else {
            (void)pt_join_marked(&ahead->joiner, &part);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

/* A pt_visit: as pt_join_marked, of the leaves that will be there. */
static bool join_ahead(void *arg, const struct mset_pt_run *run) {
    struct ahead_joiner *const ahead = arg;
    unsigned level = 0;
    while (level + 1 < FMT_LEAF_LEVELS && slot_size(level + 1) <= run->leaf_size) {
        level++;
    }
    if (run->flags != MSET_PT_MARKER) {
        return pt_join_marked(&ahead->joiner, run);
    }
    join_cut(ahead, run, level);
    return true;
}

#endif
