/* engine_protect.h - other flags for the leaves of a range. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_PROTECT_H
#define MSET_SRC_PAGE_TABLE_ENGINE_PROTECT_H

/* Accessed and dirty marks stay; empty stays empty. One loop without calls or early exits. */
static inline void change_leaves(uint64_t *entries, unsigned n, uint64_t flags, unsigned level) {
    const uint64_t attributes = fmt_attributes(flags, 0, level);
    for (unsigned k = 0; k < n; k++) {
        entries[k] = fmt_change(entries[k], attributes, level);
    }
}

static void protect_in(struct mset_page_table *pt, struct pt_reserve *reserve,
                       struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                       uint64_t flags) {
    pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        const unsigned n = childless(table, level, i, whole);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (child_at(table, level, i) != NULL) {
            protect_in(pt, reserve, table->child[i], level - 1, va, end, flags);
        } else if (whole > 0) {
            change_leaves(table->entries + i, n, flags, level);
            pt_leaves_changed(pt, va, n, level);
            end = va + (n * slot_size(level) - 1);
        } else if (!is_empty(table, level, i) &&
                   fmt_leaf_flags(table->entries[i], level) != flags) {
            split_leaf(pt, reserve, table, level, i, va);
            protect_in(pt, reserve, table->child[i], level - 1, va, end, flags);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

static mset_status engine_protect(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                  uint64_t flags) {
    struct pt_reserve reserve = {{0}, {NULL}};
    plan_cuts(pt->root, FMT_LEVELS - 1, va, last, &flags, reserve.need);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve);
    if (status == MSET_OK) {
        protect_in(pt, &reserve, pt->root, FMT_LEVELS - 1, va, last, flags);
        MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    }
    return status;
}

#endif
