/* engine_protect.h - other flags for the leaves of a range. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_PROTECT_H
#define MSET_SRC_PAGE_TABLE_ENGINE_PROTECT_H

struct protect_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    uint64_t flags;
    unsigned marks; /* that present leaves must have */
};

/* Is there an entry that may not be replaced while it is valid? */
static inline bool must_break_any(const uint64_t *entries, unsigned n, uint64_t attributes,
                                  unsigned level) {
    bool any = false;
    for (unsigned k = 0; FMT_BREAKS && k < n; k++) {
        const uint64_t entry = fmt_change(entries[k], attributes, level);
        any |= fmt_valid(entries[k]) && fmt_valid(entry) && fmt_must_break(entries[k], entry);
    }
    return any;
}

/* The slow way: each entry is broken that needs it. `stale`: so does each that becomes valid. */
static void change_and_break(struct mset_page_table *pt, struct pt_table *table, unsigned i,
                             unsigned n, uint64_t attributes, unsigned level, bool stale) {
    for (unsigned k = i; k < i + n; k++) {
        const uint64_t old = table->entries[k], entry = fmt_change(old, attributes, level);
        const bool breaks = fmt_valid(old) ? fmt_must_break(old, entry) : stale;
        if (fmt_valid(entry) && breaks) {
            table->entries[k] = fmt_break(entry);
            note_broken(pt, table, k, 1);
        } else {
            table->entries[k] = entry;
        }
    }
}

/* n whole slots that point at no table. Marks stay; so does what is empty, or a marker. */
static void change_leaves(const struct protect_job *job, struct pt_table *table, unsigned level,
                          unsigned i, unsigned n, uint64_t va) {
    struct mset_page_table *const pt = job->pt;
    open_groups(pt, table, level, i, n, va);
    uint64_t *const entries = table->entries + i;
    const uint64_t attributes = fmt_attributes(job->flags, job->marks, level);
    const bool stale = FMT_BREAKS && pt_gather_overlaps(pt, va, slots_last(level, va, n));
    const bool slow = stale || must_break_any(entries, n, attributes, level);
    uint64_t changed = 0, any = 0;
    for (unsigned k = 0; !slow && k < n; k++) { /* no calls, no exits: vector code */
        const uint64_t entry = fmt_change(entries[k], attributes, level);
        changed |= entries[k] ^ entry;
        any |= entries[k];
        entries[k] = entry;
    }
    if (slow) {
        gather_leaves(pt, va, n, level);
        change_and_break(pt, table, i, n, attributes, level, stale);
    } else if (changed != 0 && fmt_valid(any)) {
        gather_leaves(pt, va, n, level);
    }
    if (pt->promote && changed != 0) {
        close_groups(pt, table, level, i, n, va);
    }
}

static void protect_in(const struct protect_job *job, struct pt_table *table, unsigned level,
                       uint64_t va, uint64_t last) {
    struct mset_page_table *const pt = job->pt;
    const struct cut_choice choice = {.all = false, .flags = job->flags};
    pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        const unsigned n = childless(table, level, i, whole);
        uint64_t end = min_u64(last, slot_last(level, va));
        struct pt_table *child = child_at(table, level, i);
        if (child == NULL && whole > 0) {
            change_leaves(job, table, level, i, n, va);
            end = slots_last(level, va, n);
        } else if (child == NULL && cut_chosen(&choice, table->entries[i], i, level)) {
            child = split_leaf(pt, job->reserve, table, level, i, va);
        }
        if (child != NULL) {
            protect_in(job, child, level - 1, va, end);
            if (pt->promote && fold_table(pt, table, level, i, va)) {
                close_groups(pt, table, level, i, 1, va);
            }
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

static mset_status engine_protect(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                  uint64_t flags, struct mset_pt_need *need) {
    const struct cut_choice choice = {.all = false, .flags = flags};
    struct path path;
    descend(pt, va, last, &path);
    struct pt_reserve reserve = {.need = {{0}}};
    plan_cuts(path_end(&path), path.level, va, last, &choice, &reserve.need);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status != MSET_OK || need != NULL) {
        return status;
    }
    const struct protect_job job = {pt, &reserve, flags, born_marks(pt, flags)};
    protect_in(&job, path_end(&path), path.level, va, last);
    if (pt->promote) {
        fold_path(pt, &path, va);
    }
    MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    return MSET_OK;
}

#endif
