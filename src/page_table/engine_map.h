/* engine_map.h - mapping a run. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_MAP_H
#define MSET_SRC_PAGE_TABLE_ENGINE_MAP_H

struct map_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    uint64_t flags;
    unsigned levels;       /* that may have leaves */
    unsigned group_levels; /* bit n: level n may have groups */
    unsigned marks;        /* the leaves are born with */
    uint64_t payload;      /* of markers */
    enum mset_pt_overlap overlap;
    bool promote;
    struct pt_joiner *removed;
};

static inline uint64_t new_leaf(const struct map_job *job, unsigned level, uint64_t pa) {
    return make_leaf(job->flags == MSET_PT_MARKER ? job->payload : pa, job->flags, job->marks,
                     level);
}

/* A table for [va, last]: entries are empty where the caller will not write leaves. */
static struct pt_table *table_around(const struct map_job *job, unsigned level, uint64_t va,
                                     uint64_t last, uint64_t pa) {
    struct pt_table *const table = mset_pt_reserve_take(job->pt, job->reserve, level);
    if (leaf_allowed(job->levels, level, va, pa)) {
        const unsigned from = index_of(level, va), n = whole_slots(level, va, last);
        fill_empty(table->entries, from, level);
        fill_empty(table->entries + from + n, entry_count(level) - from - n, level);
    } else {
        engine_clear(table);
    }
    return table;
}

/* Takes out what n whole slots hold, so that leaves can take their place. */
static void make_room(const struct map_job *job, struct pt_table *table, unsigned level, unsigned i,
                      unsigned n, uint64_t va) {
    const struct unmap_job room = {job->pt, job->reserve, job->removed};
    for (unsigned k = 0; k < n;) {
        const uint64_t at = va + k * slot_size(level);
        const unsigned leaves = childless(table, i + k, n - k);
        if (leaves > 0) {
            remove_leaves(&room, table, level, i + k, leaves, at);
            k += leaves;
        } else {
            drop_table(&room, unlink_table(table, level, i + k), level - 1, at);
            gather_table(job->pt, at, level);
            k++;
        }
    }
}

/*
 * Leaves into n whole slots that may have them, or into as many of the first as can be done at
 * once. Returns how many slots are done; 0 if the first one points at a table that is to be kept.
 */
static unsigned map_slots(const struct map_job *job, struct pt_table *table, unsigned level,
                          unsigned n, uint64_t va, uint64_t pa) {
    const unsigned i = index_of(level, va);
    if (job->overlap == MSET_PT_REPLACE) {
        make_room(job, table, level, i, n, va);
    } else if (job->overlap == MSET_PT_KEEP) {
        if (child_at(table, i) != NULL) {
            return 0;
        }
        if (!is_empty(table, level, i)) {
            return 1;
        }
        n = alike(table, level, i, n, true);
    }
    write_leaves(job->pt, table, level, job->group_levels, i, n, va, new_leaf(job, level, pa));
    if (job->promote) {
        close_groups(job->pt, table, level, i, n, va);
    }
    return n;
}

static void map_in(const struct map_job *job, struct pt_table *table, unsigned level, uint64_t va,
                   uint64_t last, uint64_t pa);

/* What is mapped in the part [va, last] of slot i goes one level down. */
static void map_below(const struct map_job *job, struct pt_table *table, unsigned level,
                      uint64_t va, uint64_t last, uint64_t pa) {
    const unsigned i = index_of(level, va);
    struct pt_table *child = child_at(table, i);
    if (child == NULL && !is_empty(table, level, i)) {
        if (job->overlap == MSET_PT_KEEP) {
            return;
        }
        if (whole_slots(level, va, last) > 0) {
            make_room(job, table, level, i, 1, va);
        } else {
            child = split_leaf(job->pt, job->reserve, table, level, i, va);
        }
    }
    if (child != NULL) {
        map_in(job, child, level - 1, va, last, pa);
        if (job->promote && fold_table(job->pt, table, level, i, va)) {
            close_groups(job->pt, table, level, i, 1, va);
        }
        return;
    }
    struct map_job fresh = *job; /* there is nothing to replace or to keep */
    fresh.overlap = MSET_PT_REFUSE;
    child = table_around(job, level - 1, va, last, pa); /* filled first, linked last */
    map_in(&fresh, child, level - 1, va, last, pa);
    (void)link_table(job->pt, table, level, i, child, va, false);
}

/* The reserve holds every table that it takes. */
static void map_in(const struct map_job *job, struct pt_table *table, unsigned level, uint64_t va,
                   uint64_t last, uint64_t pa) {
    job->pt->statistics.visits++;
    for (;;) {
        const unsigned whole =
            leaf_allowed(job->levels, level, va, pa) ? whole_slots(level, va, last) : 0;
        const unsigned n = whole > 0 ? map_slots(job, table, level, whole, va, pa) : 0;
        uint64_t end;
        if (n > 0) {
            end = slots_last(level, va, n);
        } else {
            end = min_u64(last, slot_last(level, va));
            map_below(job, table, level, va, end, pa);
        }
        if (end == last) {
            return;
        }
        pa += end - va + 1;
        va = end + 1;
    }
}

/* As map_in, from the root. */
static void map_run(const struct map_job *job, uint64_t va, uint64_t last, uint64_t pa) {
    struct path path;
    descend_to_map(job->pt, va, last, pa, job->levels, job->overlap, &path);
    map_in(job, path_end(&path), path.level, va, last, pa);
    if (job->promote) {
        (void)fold_path(job->pt, &path, va);
    }
    descend(job->pt, last, last, &path); /* where it may go on */
    if (path.level == 0) {
        note_recent(job->pt, path.table[0], last);
    }
}

/* A range that is not just empty slots of one table. A marker's pa is given as its va. */
static mset_status map_any(struct mset_page_table *pt, uint64_t va, uint64_t last, uint64_t pa,
                           uint64_t payload, uint64_t flags, const struct pt_map_how *how) {
    struct pt_reserve reserve = {.need = {{0}}};
    struct map_plan plan;
    map_plan_open_for(&plan, pt, how->overlap, &reserve.need, how->need != NULL);
    if (!plan_run(&plan, va, last, pa)) {
        return MSET_ALREADY_EXISTS;
    }
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, how->need);
    if (status != MSET_OK || how->need != NULL) {
        return map_plan_close(&plan, status);
    }
    struct told told = {how->removed, how->arg};
    struct pt_joiner joiner = {.visit = tell_removed, .arg = &told};
    const struct map_job job = {.pt = pt,
                                .reserve = &reserve,
                                .flags = flags,
                                .levels = pt->leaf_levels,
                                .group_levels = pt->group_levels,
                                .marks = born_marks(pt, flags),
                                .payload = payload,
                                .overlap = how->overlap,
                                .promote = pt->promote,
                                .removed = how->removed == NULL ? NULL : &joiner};
    map_run(&job, va, last, pa);
    pt_join_flush(&joiner);
    MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    return MSET_OK;
}

/* A range that is n empty slots of the table at the end of the path. */
static inline void map_here(struct mset_page_table *pt, const struct path *path, unsigned level,
                            unsigned n, uint64_t va, uint64_t leaf) {
    struct pt_table *const table = path->table[level];
    const unsigned i = index_of(level, va);
    pt->statistics.visits++;
    write_leaves(pt, table, level, pt->group_levels, i, n, va, leaf);
    if (pt->promote && !fold_path(pt, path, va)) { /* a table that became a leaf has no groups */
        close_groups(pt, table, level, i, n, va);
    }
}

static mset_status engine_map(struct mset_page_table *pt, uint64_t va, uint64_t last, uint64_t pa,
                              uint64_t flags, const struct pt_map_how *how) {
    const uint64_t payload = pa, at = flags == MSET_PT_MARKER ? va : pa; /* any alignment will do */
    const unsigned marks = born_marks(pt, flags);
    struct path path;
    descend(pt, va, last, &path);
    note_kind(pt, flags, marks);
    const unsigned level = path.level;
    const unsigned n =
        leaf_allowed(pt->leaf_levels, level, va, at) ? path_slots(&path, va, last) : 0;
    if (how->need != NULL || n == 0 ||
        any_entry(pt, path_end(&path)->entries + index_of(level, va), n, level)) {
        return map_any(pt, va, last, at, payload, flags, how);
    }
    if (level == 0) { /* the same, with a constant level */
        note_recent(pt, path.table[0], va);
        map_here(pt, &path, 0, n, va, make_leaf(payload, flags, marks, 0));
    } else {
        map_here(pt, &path, level, n, va, make_leaf(payload, flags, marks, level));
    }
    return MSET_OK;
}

#endif
