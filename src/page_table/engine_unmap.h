/*
 * engine_unmap.h - removing a range, and cutting the leaves that stick out. Part of engine.h.
 *
 * Order, for processors that may be walking: a new table is filled before it is linked; an entry
 * is emptied before what it pointed at is reported or freed.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_UNMAP_H
#define MSET_SRC_PAGE_TABLE_ENGINE_UNMAP_H

/* Replaces leaf i by a table of leaves that mean the same. */
static struct pt_table *split_leaf(struct mset_page_table *pt, struct pt_reserve *reserve,
                                   struct pt_table *table, unsigned level, unsigned i,
                                   uint64_t va) {
    const unsigned below = level - 1, n = entry_count(below);
    const uint64_t leaf = table->entries[i];
    const uint64_t attributes = fmt_attributes(fmt_leaf_flags(leaf, level), fmt_marks(leaf), below);
    const uint64_t first = fmt_leaf(fmt_leaf_address(leaf, level), attributes, below);
    struct pt_table *const fresh = mset_pt_reserve_take(pt, reserve, below);
    fill_leaves(fresh->entries, n, first, fmt_leaf_step(first, below));
    fresh->used = n;
    link_table(table, level, i, fresh);
    pt->statistics.leaves[level]--;
    pt->statistics.leaves[below] += n;
    pt->statistics.splits++;
    pt_leaves_changed(pt, va & ~(slot_size(level) - 1), 1, level);
    return fresh;
}

struct unmap_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    struct pt_joiner *removed; /* NULL: nobody wants to know */
};

/* Empties n entries and tells each run after it is gone. Returns the number of leaves. */
static unsigned remove_and_tell(const struct unmap_job *job, uint64_t *entries, unsigned n,
                                unsigned level, uint64_t va) {
    unsigned count = 0;
    for (unsigned k = 0; k < n;) {
        if (entries[k] == fmt_empty(level)) {
            k++;
            continue;
        }
        struct mset_pt_run run;
        const uint64_t at = va + k * slot_size(level);
        const unsigned length = leaf_run(entries + k, n - k, level, at, MARKS_ASIDE, &run);
        fill_empty(entries + k, length, level);
        pt_leaves_changed(job->pt, at, length, level);
        (void)pt_join_add(job->removed, &run);
        k += length;
        count += length;
    }
    return count;
}

/* Empties n slots that point at no table. */
static void remove_leaves(const struct unmap_job *job, struct pt_table *table, unsigned level,
                          unsigned i, unsigned n, uint64_t va) {
    uint64_t *const entries = table->entries + i;
    unsigned count;
    if (job->removed != NULL) {
        count = remove_and_tell(job, entries, n, level, va);
    } else {
        count = count_leaves(entries, n, level);
        fill_empty(entries, n, level);
        pt_leaves_changed(job->pt, va, n, level);
    }
    table->used -= count;
    job->pt->statistics.leaves[level] -= count;
}

/* Frees a table that is no longer linked, with all below it. */
static void drop_table(const struct unmap_job *job, struct pt_table *table, unsigned level,
                       uint64_t va) {
    job->pt->statistics.visits++;
    if (level == 0 && job->removed == NULL) {
        job->pt->statistics.leaves[0] -= table->used;
        pt_leaves_changed(job->pt, va, entry_count(0), 0);
        mset_pt_table_release(job->pt, table);
        return;
    }
    for (unsigned i = 0; i < entry_count(level);) {
        const uint64_t at = va + i * slot_size(level);
        const unsigned n = childless(table, level, i, entry_count(level) - i);
        if (n > 0) {
            remove_leaves(job, table, level, i, n, at);
            i += n;
        } else {
            drop_table(job, table->child[i], level - 1, at);
            i++;
        }
    }
    mset_pt_table_release(job->pt, table);
}

static void unmap_in(const struct unmap_job *job, struct pt_table *table, unsigned level,
                     uint64_t va, uint64_t last);

/* The part [va, last] of slot i, which points at a table. */
static void unmap_below(const struct unmap_job *job, struct pt_table *table, unsigned level,
                        unsigned i, uint64_t va, uint64_t last) {
    if (whole_slots(level, va, last) != 0) {
        drop_table(job, unlink_table(table, level, i), level - 1, va);
        return;
    }
    unmap_in(job, table->child[i], level - 1, va, last);
    if (table->child[i]->used == 0) {
        mset_pt_table_release(job->pt, unlink_table(table, level, i));
    }
}

static void unmap_in(const struct unmap_job *job, struct pt_table *table, unsigned level,
                     uint64_t va, uint64_t last) {
    job->pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        const unsigned n = childless(table, level, i, whole);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (child_at(table, level, i) != NULL) {
            unmap_below(job, table, level, i, va, end);
        } else if (whole > 0) {
            remove_leaves(job, table, level, i, n, va);
            end = va + (n * slot_size(level) - 1);
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

struct told {
    mset_pt_removed removed;
    void *arg;
};

static bool tell_removed(void *arg, const struct mset_pt_run *run) {
    const struct told *const told = arg;
    told->removed(told->arg, run);
    return true;
}

static mset_status engine_unmap(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                mset_pt_removed removed, void *arg) {
    struct pt_reserve reserve = {{0}, {NULL}};
    plan_cuts(pt->root, FMT_LEVELS - 1, va, last, NULL, reserve.need);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve);
    if (status == MSET_OK) {
        struct told told = {removed, arg};
        struct pt_joiner joiner = {.visit = tell_removed, .arg = &told};
        const struct unmap_job job = {pt, &reserve, removed == NULL ? NULL : &joiner};
        unmap_in(&job, pt->root, FMT_LEVELS - 1, va, last);
        pt_join_flush(&joiner);
        MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    }
    return status;
}

#endif
