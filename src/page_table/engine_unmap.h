/*
 * engine_unmap.h - removing a range, and cutting the leaves that stick out. Part of engine.h.
 *
 * An entry is emptied before what it stood for is reported; tables are retired, not freed.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_UNMAP_H
#define MSET_SRC_PAGE_TABLE_ENGINE_UNMAP_H

/* Marks that were set in a leaf after its successors were made. */
static void add_marks(uint64_t *entries, unsigned n, unsigned marks) {
    /* unreachable: marks at will; a processor has to set them in between (test_live_marks) */
    for (unsigned k = 0; k < n && marks != 0; k++) {
        (void)change_entry(&entries[k], fmt_set_marks, marks);
    }
}

/* Replaces leaf i by a table of leaves that mean the same. */
static struct pt_table *split_leaf(struct mset_page_table *pt, struct pt_reserve *reserve,
                                   struct pt_table *table, unsigned level, unsigned i,
                                   uint64_t va) {
    open_groups(pt, table, level, i, 1, va);
    const unsigned below = level - 1, n = entry_count(below);
    const uint64_t entry = table->entries[i], leaf = fmt_make(entry);
    const bool marker = fmt_is_marker(leaf);
    const unsigned marks = marker ? 0 : fmt_marks(leaf);
    const uint64_t first =
        make_leaf(fmt_leaf_address(leaf, level), fmt_leaf_flags(leaf, level), marks, below);
    struct pt_table *const fresh = mset_pt_reserve_take(pt, reserve, below);
    place_leaves(pt, fresh, below, pt->group_levels, 0, n, first);
    const bool breaks = resize_breaks(pt, entry);
    const uint64_t was = link_table(pt, table, level, i, fresh, va, breaks);
    add_marks(fresh->entries, n, marker ? 0 : fmt_marks(was) & ~marks);
    if (breaks) {
        gather_leaves(pt, va, 1, level);
    }
    pt->statistics.leaves[level]--;
    pt->statistics.splits++;
    return fresh;
}

struct unmap_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    struct pt_joiner *removed; /* NULL: nobody wants to know */
};

enum { TAKEN = 128 }; /* no group is larger */

/* Empties n entries, which are as they were last in `taken`. */
static void take_entries(const struct mset_page_table *pt, uint64_t *entries, unsigned n,
                         unsigned level, uint64_t *taken) {
    if (pt->keep_marks) {
        for (unsigned k = 0; k < n; k++) {
            taken[k] = __atomic_exchange_n(&entries[k], fmt_empty(level), __ATOMIC_RELAXED);
        }
    } else {
        memcpy(taken, entries, n * sizeof *entries);
        fill_empty(entries, n, level);
    }
}

/* Tells the runs among n entries that are gone, the first of which was at va. Returns how many of
   them were leaves. */
static unsigned tell_taken(const struct unmap_job *job, const uint64_t *taken, unsigned i,
                           unsigned n, unsigned level, uint64_t va) {
    unsigned count = 0;
    for (unsigned k = 0; k < n;) {
        if (taken[i + k] == fmt_empty(level)) {
            k++;
            continue;
        }
        struct mset_pt_run run;
        const uint64_t at = va + k * slot_size(level);
        const unsigned length = leaf_run(job->pt, taken, i + k, n - k, level, at, &run);
        if (run.present) {
            gather_leaves(job->pt, at, length, level);
        }
        (void)pt_join_add(job->removed, &run);
        k += length;
        count += length;
    }
    return count;
}

/* Empties n entries and tells each run after it is gone. Returns the number of leaves. */
static unsigned remove_and_tell(const struct unmap_job *job, struct pt_table *table, unsigned i,
                                unsigned n, unsigned level, uint64_t va) {
    uint64_t
        taken[TAKEN]; /* at the same places as in the table, modulo its size: groups stay whole */
    unsigned count = 0;
    for (unsigned k = 0; k < n;) {
        const unsigned at = (i + k) % TAKEN, left = TAKEN - at, m = left < n - k ? left : n - k;
        take_entries(job->pt, table->entries + i + k, m, level, taken + at);
        count += tell_taken(job, taken, at, m, level, va + k * slot_size(level));
        k += m;
    }
    return count;
}

/* The same without a word. */
static inline unsigned remove_silently(struct mset_page_table *pt, struct pt_table *table,
                                       unsigned i, unsigned n, unsigned level, uint64_t va) {
    uint64_t *const entries = table->entries + i;
    uint64_t any = *entries;
    unsigned count = any != fmt_empty(level);
    if (n == 1) {
        *entries = fmt_empty(level);
    } else {
        count = (unsigned)pt->loops->wipe(entries, n, fmt_empty(level), &any);
    }
    if (fmt_valid(any)) {
        gather_leaves(pt, va, n, level);
    }
    return count;
}

/* How many of n entries are in groups; the ends cut none. */
static inline unsigned count_grouped(const struct pt_table *table, unsigned i, unsigned n,
                                     unsigned level) {
    unsigned count = 0;
    for (unsigned k = 0; FMT_GROUPS && table->grouped != 0 && k < n; k++) {
        count += fmt_grouped(table->entries[i + k], level);
    }
    return count;
}

/* Empties n whole slots that point at no table. */
static inline void remove_leaves(const struct unmap_job *job, struct pt_table *table,
                                 unsigned level, unsigned i, unsigned n, uint64_t va) {
    struct mset_page_table *const pt = job->pt;
    open_groups(pt, table, level, i, n, va);
    const unsigned grouped = count_grouped(table, i, n, level);
    const unsigned count = job->removed != NULL ? remove_and_tell(job, table, i, n, level, va)
                                                : remove_silently(pt, table, i, n, level, va);
    table->used -= count;
    table->grouped -= grouped;
    pt->statistics.leaves[level] -= count;
    pt->statistics.groups[level] -= grouped >> fmt_group_bits(level);
}

/* Retires a table that is no longer linked, with all below it. */
static void drop_table(const struct unmap_job *job, struct pt_table *table, unsigned level,
                       uint64_t va) {
    struct mset_page_table *const pt = job->pt;
    pt->statistics.visits++;
    if (level == 0 && job->removed == NULL) { /* nobody needs to look at the entries */
        pt->statistics.leaves[0] -= table->used;
        pt->statistics.groups[0] -= table->grouped >> fmt_group_bits(0);
        gather_leaves(pt, va, entry_count(0), 0);
        mset_pt_table_retire(pt, table);
        return;
    }
    for (unsigned i = 0; i < entry_count(level);) {
        const uint64_t at = va + i * slot_size(level);
        const unsigned n = childless(table, i, entry_count(level) - i);
        if (n > 0) {
            remove_leaves(job, table, level, i, n, at);
            i += n;
        } else {
            drop_table(job, table->child[i], level - 1, at);
            gather_table(pt, at, level);
            i++;
        }
    }
    mset_pt_table_retire(pt, table);
}

static void unmap_in(const struct unmap_job *job, struct pt_table *table, unsigned level,
                     uint64_t va, uint64_t last);

/* The table below slot i is retired if it is empty. */
static inline bool drop_empty(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                              unsigned i, uint64_t va) {
    if (table->child[i]->used != 0) {
        return false;
    }
    mset_pt_table_retire(pt, unlink_table(table, level, i));
    gather_table(pt, va, level);
    return true;
}

/* The part [va, last] of slot i, which points at a table. */
static void unmap_below(const struct unmap_job *job, struct pt_table *table, unsigned level,
                        unsigned i, uint64_t va, uint64_t last) {
    if (whole_slots(level, va, last) != 0) {
        drop_table(job, unlink_table(table, level, i), level - 1, va);
        gather_table(job->pt, va, level);
        return;
    }
    unmap_in(job, table->child[i], level - 1, va, last);
    (void)drop_empty(job->pt, table, level, i, va);
}

static void unmap_in(const struct unmap_job *job, struct pt_table *table, unsigned level,
                     uint64_t va, uint64_t last) {
    job->pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        const unsigned n = childless(table, i, whole);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (child_at(table, i) != NULL) {
            unmap_below(job, table, level, i, va, end);
        } else if (whole > 0) {
            remove_leaves(job, table, level, i, n, va);
            end = slots_last(level, va, n);
        } else if (!is_empty(table, level, i)) {
            split_leaf(job->pt, job->reserve, table, level, i, va);
            unmap_in(job, table->child[i], level - 1, va, end);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

/* From the end of the path upwards, tables that became empty. */
static void drop_path(struct mset_page_table *pt, const struct path *path, uint64_t va) {
    for (unsigned level = path->level + 1; level < FMT_LEVELS; level++) {
        if (!drop_empty(pt, path->table[level], level, index_of(level, va), va)) {
            return;
        }
    }
}

struct told {
    mset_pt_removed removed;
    void *arg;
};

static bool tell_removed(void *arg, const struct mset_pt_run *run) {
    const struct told *const told = arg;
    told->removed(told->arg, run);
    return true;
}

/* The unmap has been prepared. */
static mset_status announce_unmap(struct mset_page_table *pt, uint64_t va, uint64_t last) {
    const struct pt_range range = {va, last};
    struct pt_session session = pt_session_now(pt);
    if (!pt_session_has_room_for(&session, &range)) {
        pt_range_widen(&session.unmapped, va, last);
        pt_session_forget_counted(&session); /* a map announced before may be undone */
        pt->session = session;
    }
    return MSET_OK;
}

/* A range that is not just leaves of a table of level 0. */
static mset_status unmap_any(struct mset_page_table *pt, const struct path *path, uint64_t va,
                             uint64_t last, struct pt_joiner *removed, struct mset_pt_need *need) {
    struct pt_reserve reserve = {.need = {{0}}};
    plan_cuts(path_end(path), path->level, va, last, &CUT_ALL, &reserve.need);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status != MSET_OK || need != NULL) {
        return status != MSET_OK ? status : announce_unmap(pt, va, last);
    }
    const struct unmap_job job = {pt, &reserve, removed};
    unmap_in(&job, path_end(path), path->level, va, last);
    MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    return MSET_OK;
}

static mset_status engine_unmap(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                mset_pt_removed removed, void *arg, struct mset_pt_need *need) {
    struct path path;
    descend(pt, va, last, &path);
    if (removed == NULL && need == NULL && path.level == 0) { /* the same, with a constant level */
        const struct unmap_job job = {pt, NULL, NULL};
        pt->statistics.visits++;
        note_recent(pt, path.table[0], va);
        remove_leaves(&job, path.table[0], 0, index_of(0, va), whole_slots(0, va, last), va);
        drop_path(pt, &path, va);
        return MSET_OK;
    }
    struct told told = {removed, arg};
    struct pt_joiner joiner = {.visit = tell_removed, .arg = &told};
    const mset_status status =
        unmap_any(pt, &path, va, last, removed == NULL ? NULL : &joiner, need);
    if (status == MSET_OK && need == NULL) {
        drop_path(pt, &path, va);
        pt_join_flush(&joiner);
    }
    return status;
}

#endif
