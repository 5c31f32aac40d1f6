/*
 * engine_plan.h - dry walks: is there room, and how many tables will it take? Part of engine.h.
 *
 * Mapping. Let S be the size of a slot of level n. A run needs a table below every slot of level
 * n that it touches, except slots it covers whole where a leaf of that size is allowed (pa and va
 * agree below S, and the machine has such leaves):
 *
 *     slots of level n   |    |    |    |    |    |
 *     the run               [==================]
 *     leaf allowed          ^T  leaf leaf leaf ^T          tables: 2, at the edges
 *     not allowed           ^T   T    T    T   ^T          tables: 5
 *
 * Leaf sizes have no gaps and alignment at one level implies it at all below, so what is covered
 * at a higher level is covered at this one: each level is counted by itself, in constant time.
 * A table may be there already, or be counted for the run before; both can be so for the edges
 * only, because the range was found to be empty and runs come in ascending order.
 *
 * Cutting. At most the first and the last slot of each table on the way are touched in part.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_PLAN_H
#define MSET_SRC_PAGE_TABLE_ENGINE_PLAN_H

/* Is there no leaf in the range? */
static bool range_empty(struct mset_page_table *pt, const struct pt_table *table, unsigned level,
                        uint64_t va, uint64_t last) {
    pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned n = whole_slots(level, va, last);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (n > 0) { /* tables below are never empty, so their entries say enough */
            if (any_entry(table->entries + i, n, level)) {
                return false;
            }
            end = va + (n * slot_size(level) - 1);
        } else if (child_at(table, level, i) != NULL) {
            if (!range_empty(pt, table->child[i], level - 1, va, end)) {
                return false;
            }
        } else if (!is_empty(table, level, i)) {
            return false;
        }
        if (end == last) {
            return true;
        }
        va = end + 1;
    }
}

/* The level of the lowest table on the way to va. */
static unsigned lowest_table(const struct mset_page_table *pt, uint64_t va) {
    const struct pt_table *table = pt->root;
    unsigned level = FMT_LEVELS - 1;
    while (child_at(table, level, index_of(level, va)) != NULL) {
        table = table->child[index_of(level, va)];
        level--;
    }
    return level;
}

struct map_plan {
    const struct mset_page_table *pt;
    uint64_t *need;
    uint64_t va, last;                     /* the empty range all runs lie in */
    unsigned lowest_at_va, lowest_at_last; /* tables that are there */
    uint64_t counted[FMT_LEVELS];          /* last slot of each level with a counted table */
};

static void map_plan_open(struct map_plan *plan, const struct mset_page_table *pt, uint64_t va,
                          uint64_t last, uint64_t *need) {
    plan->pt = pt;
    plan->need = need;
    plan->va = va;
    plan->last = last;
    plan->lowest_at_va = lowest_table(pt, va);
    plan->lowest_at_last = lowest_table(pt, last);
    for (unsigned level = 0; level < FMT_LEVELS; level++) {
        plan->counted[level] = UINT64_MAX; /* more than any slot number */
    }
}

/* Is the table below this slot there already, or counted? */
static bool map_plan_has(const struct map_plan *plan, unsigned level, uint64_t slot) {
    const unsigned shift = fmt_shift(level);
    return slot == plan->counted[level] ||
           (slot == plan->va >> shift && plan->lowest_at_va < level) ||
           (slot == plan->last >> shift && plan->lowest_at_last < level);
}

static inline bool leaf_allowed(const struct mset_page_table *pt, unsigned level, uint64_t va,
                                uint64_t pa) {
    return level < pt->leaf_levels && ((va ^ pa) & (slot_size(level) - 1)) == 0;
}

static void map_plan_level(struct map_plan *plan, unsigned level, uint64_t va, uint64_t last,
                           uint64_t pa) {
    const unsigned shift = fmt_shift(level);
    const uint64_t below = slot_size(level) - 1;
    const uint64_t a = va >> shift, b = last >> shift;
    /* Slots [from, to) are covered whole. */
    const uint64_t from = a + ((va & below) != 0), to = b + ((last & below) == below);
    const bool leaves = from < to && leaf_allowed(plan->pt, level, va, pa);
    const bool first = !leaves || a < from, final = !leaves || to <= b;

    uint64_t tables = leaves ? (from - a) + (b + 1 - to) : b - a + 1;
    tables -= first && map_plan_has(plan, level, a);
    tables -= final && b != a && map_plan_has(plan, level, b);
    plan->need[level - 1] += tables;
    if (first || final) {
        plan->counted[level] = final ? b : a;
    }
}

/* Adds the tables for one more run. */
static void map_plan_add(struct map_plan *plan, uint64_t va, uint64_t last, uint64_t pa) {
    for (unsigned level = FMT_LEVELS - 1; level > 0; level--) {
        map_plan_level(plan, level, va, last, pa);
    }
}

static void plan_cuts(const struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                      const uint64_t *flags, uint64_t *need);

/* The part [va, last] of one slot. `table` is NULL inside a leaf that will be cut. */
static void plan_cut(const struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                     const uint64_t *flags, uint64_t *need) {
    if (whole_slots(level, va, last) != 0) {
        return;
    }
    const unsigned i = index_of(level, va);
    const struct pt_table *const child = table == NULL ? NULL : table->child[i];
    if (child == NULL && table != NULL) {
        const uint64_t leaf = table->entries[i];
        if (leaf == fmt_empty(level) || (flags != NULL && fmt_leaf_flags(leaf, level) == *flags)) {
            return;
        }
    }
    need[level - 1] += child == NULL;
    plan_cuts(child, level - 1, va, last, flags, need);
}

/* Counts the tables that make both ends of the range boundaries of leaves, where there is a leaf
   and, if flags are given, it has others. */
static void plan_cuts(const struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                      const uint64_t *flags, uint64_t *need) {
    const uint64_t end = slot_last(level, va);
    plan_cut(table, level, va, min_u64(end, last), flags, need);
    if (end < last) {
        plan_cut(table, level, last & ~(slot_size(level) - 1), last, flags, need);
    }
}

#endif
