/*
 * engine_plan.h - dry walks: is there room, and how many tables will it take? Part of engine.h.
 *
 * Mapping where nothing is. Let S be the size of a slot of level n. A run needs a table below
 * every slot of level n that it touches, except slots it covers whole where a leaf of that size is
 * allowed (pa and va agree below S, and the machine has such leaves):
 *
 *     slots of level n   |    |    |    |    |    |
 *     the run               [==================]
 *     leaf allowed          ^T  leaf leaf leaf ^T          tables: 2, at the edges
 *     not allowed           ^T   T    T    T   ^T          tables: 5
 *
 * Leaf sizes have no gaps and alignment at one level implies it at all below, so what is covered
 * at a higher level is covered at this one: each level is counted by itself, in constant time.
 * Runs come in ascending order, so a table can have been counted only for the run just before: of
 * this call, or of one that was announced before (session.h).
 *
 * Mapping where something may be: down the tables that are there, and where they end as above.
 * For a call that is only prepared see engine_ahead.h.
 *
 * Cutting. At most the first and the last slot of each table on the way are touched in part.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_PLAN_H
#define MSET_SRC_PAGE_TABLE_ENGINE_PLAN_H

struct map_plan {
    struct mset_page_table *pt;
    struct mset_pt_need *need;
    unsigned levels; /* that may have leaves */
    enum mset_pt_overlap overlap;
    bool ahead;                /* only prepare: */
    struct pt_session session; /*   after what it says; else only what this call has counted */
};

static void map_plan_open(struct map_plan *plan, struct mset_page_table *pt,
                          enum mset_pt_overlap overlap, struct mset_pt_need *need) {
    plan->pt = pt;
    plan->need = need;
    plan->levels = pt->leaf_levels;
    plan->overlap = overlap;
    plan->ahead = false;
    pt_session_begin(&plan->session, pt->version);
}

static void map_plan_level(struct map_plan *plan, unsigned level, uint64_t va, uint64_t last,
                           uint64_t pa) {
    const unsigned shift = fmt_shift(level);
    const uint64_t below = slot_size(level) - 1;
    const uint64_t a = va >> shift, b = last >> shift;
    /* Slots [from, to) are covered whole. */
    const uint64_t from = a + ((va & below) != 0), to = b + ((last & below) == below);
    const bool leaves = from < to && leaf_allowed(plan->levels, level, va, pa);
    const bool first = !leaves || a < from, final = !leaves || to <= b;
    uint64_t *const counted = &plan->session.counted[level];

    uint64_t tables = leaves ? (from - a) + (b + 1 - to) : b - a + 1;
    tables -= first && a == *counted;
    tables -= final && b != a && b == *counted;
    plan->need->tables[level - 1] += tables;
    if (first || final) {
        *counted = final ? b : a;
    }
}

/* Adds the tables below slots of `level` that have none. */
static void map_plan_fresh(struct map_plan *plan, unsigned level, uint64_t va, uint64_t last,
                           uint64_t pa) {
    for (; level > 0; level--) {
        map_plan_level(plan, level, va, last, pa);
    }
}

/*
 * n slots from va's on that point at no table, the last one perhaps in part. False if something
 * is there and may not be.
 */
static bool map_plan_slots(struct map_plan *plan, const struct pt_table *table, unsigned level,
                           unsigned n, uint64_t va, uint64_t last, uint64_t pa) {
    const unsigned i = index_of(level, va);
    if (plan->overlap == MSET_PT_REPLACE || !any_entry(plan->pt, table->entries + i, n, level)) {
        map_plan_fresh(plan, level, va, last, pa);
        return true;
    }
    if (plan->overlap == MSET_PT_REFUSE) {
        return false;
    }
    for (unsigned k = 0; k < n;) { /* between the leaves that stay */
        const unsigned holes = alike(table, level, i + k, n - k, true);
        if (holes > 0) {
            const uint64_t at = k == 0 ? va : slot_first(level, va) + k * slot_size(level);
            map_plan_fresh(plan, level, at, min_u64(last, slots_last(level, at, holes)),
                           pa + (at - va));
        }
        k += holes;
        k += alike(table, level, i + k, n - k, false);
    }
    return true;
}

static bool map_plan_in(struct map_plan *plan, const struct pt_table *table, unsigned level,
                        uint64_t va, uint64_t last, uint64_t pa) {
    plan->pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        const struct pt_table *const child = child_at(table, i);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (child == NULL) {
            const unsigned n = whole == 0 ? 1 : childless(table, i, whole);
            end = min_u64(last, slots_last(level, va, n));
            if (!map_plan_slots(plan, table, level, n, va, end, pa)) {
                return false;
            }
        } else if (whole > 0 && plan->overlap == MSET_PT_REFUSE) {
            return false; /* no table is empty */
        } else if (!(whole > 0 && plan->overlap == MSET_PT_REPLACE &&
                     leaf_allowed(plan->levels, level, va, pa))) {
            if (!map_plan_in(plan, child, level - 1, va, end, pa)) {
                return false;
            }
        }
        if (end == last) {
            return true;
        }
        pa += end - va + 1;
        va = end + 1;
    }
}

/* Down to the table to map a range in: where one slot is replaced, not below that. */
static inline void descend_to_map(const struct mset_page_table *pt, uint64_t va, uint64_t last,
                                  uint64_t pa, unsigned levels, enum mset_pt_overlap overlap,
                                  struct path *path) {
    descend(pt, va, last, path);
    while (overlap == MSET_PT_REPLACE && path->level + 1 < FMT_LEVELS &&
           leaf_allowed(levels, path->level + 1, va, pa) && slot_first(path->level + 1, va) == va &&
           slot_last(path->level + 1, va) == last) {
        path->level++;
    }
}

/* One more run. A marker's pa is given as its va. False: something is there. */
static bool map_plan_add(struct map_plan *plan, uint64_t va, uint64_t last, uint64_t pa) {
    struct path path;
    descend_to_map(plan->pt, va, last, pa, plan->levels, plan->overlap, &path);
    return map_plan_in(plan, path_end(&path), path.level, va, last, pa);
}

/* Is there no leaf in the range? */
static bool range_empty(struct mset_page_table *pt, uint64_t va, uint64_t last) {
    struct mset_pt_need nothing = {{0}};
    struct map_plan plan;
    map_plan_open(&plan, pt, MSET_PT_REFUSE, &nothing);
    return map_plan_add(&plan, va, last, va);
}

/* ---- cutting ------------------------------------------------------------------------------ */

/* Which leaves that stick out are to be cut: all, or those that a protect would change. */
struct cut_choice {
    bool all;
    uint64_t flags;
    const struct pt_session *session; /* what this has cut counts no more; NULL: nothing */
};

static inline bool cut_chosen(const struct cut_choice *choice, uint64_t entry, unsigned i,
                              unsigned level) {
    const uint64_t leaf = fmt_ungroup(entry, i, level);
    return entry != fmt_empty(level) &&
           (choice->all || (!fmt_is_marker(leaf) && fmt_leaf_flags(leaf, level) != choice->flags));
}

/* Will the slot of va, if it is a leaf or a part of one, have been cut? */
static inline bool cut_before(const struct cut_choice *choice, unsigned level, uint64_t va) {
    return choice->session != NULL &&
           pt_session_cuts(choice->session, slot_first(level, va), slot_last(level, va));
}

static void plan_cuts(const struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                      const struct cut_choice *choice, struct mset_pt_need *need);

/* The part [va, last] of one slot. `table` is NULL inside a leaf that will be cut. */
static void plan_cut(const struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                     const struct cut_choice *choice, struct mset_pt_need *need) {
    if (whole_slots(level, va, last) != 0) {
        return;
    }
    const unsigned i = index_of(level, va);
    const struct pt_table *const child = child_or_null(table, i);
    if (child == NULL) {
        if (table != NULL && !cut_chosen(choice, table->entries[i], i, level)) {
            return;
        }
        need->tables[level - 1] += !cut_before(choice, level, va);
    }
    plan_cuts(child, level - 1, va, last, choice, need);
}

/* Counts the tables that make both ends of the range boundaries of leaves. */
static void plan_cuts(const struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                      const struct cut_choice *choice, struct mset_pt_need *need) {
    const uint64_t end = slot_last(level, va);
    plan_cut(table, level, va, min_u64(end, last), choice, need);
    if (end < last) {
        plan_cut(table, level, slot_first(level, last), last, choice, need);
    }
}

static const struct cut_choice CUT_ALL = {.all = true, .flags = 0};

#endif
