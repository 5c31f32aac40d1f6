/*
 * engine_copy.h - the leaves of a range into another table (fork). Part of engine.h.
 *
 * One walk over both tables at once. Entries are copied as they are, because they mean the same
 * at the same place of a table of the same format. A leaf that sticks out of the range is split
 * in the source first, so that both tables have the same shape.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_COPY_H
#define MSET_SRC_PAGE_TABLE_ENGINE_COPY_H

struct copy_job {
    struct mset_page_table *from, *to;
    struct pt_reserve *from_reserve, *to_reserve;
    bool write_protect;
};

static bool stop_at_first(void *arg, const struct mset_pt_run *run) {
    (void)arg, (void)run;
    return false;
}

/* Does a table hold nothing in a part of what it translates? */
static bool part_empty(const struct mset_page_table *pt, const struct pt_table *table,
                       unsigned level, uint64_t va, uint64_t last) {
    return walk_in(pt, table, level, va, last, MARKS_ASIDE, stop_at_first, NULL);
}

/* ---- how many tables ---------------------------------------------------------------------- */

/* `from` is NULL inside a leaf that will be split, `to` where a table will be made. */
static void plan_copy(const struct copy_job *job, const struct pt_table *from,
                      const struct pt_table *to, unsigned level, uint64_t va, uint64_t last) {
    for (; level > 0;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        uint64_t end = min_u64(last, slot_last(level, va));
        const struct pt_table *const child = child_or_null(from, i);
        const bool leaf = child == NULL && (from == NULL || !is_empty(from, level, i));
        if (leaf && whole > 0) {
            end = slots_last(level, va, from == NULL ? whole : 1);
        } else if (leaf || (child != NULL &&
                            (whole > 0 || !part_empty(job->from, child, level - 1, va, end)))) {
            job->from_reserve->need.tables[level - 1] += leaf;
            job->to_reserve->need.tables[level - 1] += child_or_null(to, i) == NULL;
            plan_copy(job, child, child_or_null(to, i), level - 1, va, end);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

/* ---- copying ------------------------------------------------------------------------------ */

/* Takes MSET_WRITE from an entry; returns it as it was last. */
static inline uint64_t write_protect(const struct mset_page_table *pt, uint64_t *entry,
                                     unsigned level) {
    if (pt->keep_marks) {
        return change_entry(entry, fmt_write_protect, level);
    }
    const uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    *entry = fmt_write_protect(old, level);
    return old;
}

/* Copies n entries that point at no table. Returns how many are not empty. */
static unsigned copy_entries(const struct copy_job *job, struct pt_table *from, uint64_t *to,
                             unsigned level, unsigned i, unsigned n, uint64_t va) {
    uint64_t count = 0, changed = 0, any = 0;
    for (unsigned k = 0; k < n; k++) {
        uint64_t *const place = &from->entries[i + k];
        const uint64_t old = job->write_protect ? write_protect(job->from, place, level) : *place;
        const uint64_t entry = job->write_protect ? fmt_write_protect(old, level) : old;
        changed |= old ^ entry;
        any |= old;
        count += old != fmt_empty(level);
        to[k] = fmt_make(entry);
    }
    if (changed != 0 && fmt_valid(any)) {
        gather_leaves(job->from, va, n, level);
    }
    return (unsigned)count;
}

/* Copies n whole slots that point at no table. */
static void copy_leaves(const struct copy_job *job, struct pt_table *from, struct pt_table *to,
                        unsigned level, unsigned i, unsigned n, uint64_t va) {
    struct mset_page_table *const pt = job->to;
    open_groups(job->from, from, level, i, n, va);
    const unsigned count = copy_entries(job, from, to->entries + i, level, i, n, va);
    const unsigned grouped = count_grouped(from, i, n, level);
    to->used += count;
    to->grouped += grouped;
    pt->statistics.leaves[level] += count;
    pt->statistics.groups[level] += grouped >> fmt_group_bits(level);
    if (FMT_BREAKS && pt_gather_overlaps(pt, va, slots_last(level, va, n))) {
        for (unsigned k = i; k < i + n; k++) {
            to->entries[k] = fmt_valid(to->entries[k]) ? fmt_break(to->entries[k]) : to->entries[k];
        }
        note_broken(pt, to, i, n);
    }
}

static void copy_in(const struct copy_job *job, struct pt_table *from, struct pt_table *to,
                    unsigned level, uint64_t va, uint64_t last);

/* The part [va, last] of slot i, where `from` points at a table. */
static void copy_below(const struct copy_job *job, struct pt_table *from, struct pt_table *to,
                       unsigned level, unsigned i, uint64_t va, uint64_t last) {
    struct pt_table *const child = child_at(from, i);
    if (whole_slots(level, va, last) == 0 && part_empty(job->from, child, level - 1, va, last)) {
        return;
    }
    if (child_at(to, i) != NULL) {
        copy_in(job, child, child_at(to, i), level - 1, va, last);
        return;
    }
    struct pt_table *const fresh = mset_pt_reserve_take(job->to, job->to_reserve, level - 1);
    engine_clear(fresh);
    copy_in(job, child, fresh, level - 1, va, last);
    (void)link_table(job->to, to, level, i, fresh, va, false);
}

static void copy_in(const struct copy_job *job, struct pt_table *from, struct pt_table *to,
                    unsigned level, uint64_t va, uint64_t last) {
    job->from->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        const unsigned n = childless(from, i, whole);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (child_at(from, i) == NULL && whole > 0) {
            copy_leaves(job, from, to, level, i, n, va);
            end = slots_last(level, va, n);
        } else if (child_at(from, i) != NULL) {
            copy_below(job, from, to, level, i, va, end);
        } else if (!is_empty(from, level, i)) {
            split_leaf(job->from, job->from_reserve, from, level, i, va);
            copy_below(job, from, to, level, i, va, end);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

/* Takes both reserves or none. */
static mset_status reserve_both(const struct copy_job *job, struct mset_pt_need *need) {
    struct mset_pt_need other = {{0}};
    mset_status status = mset_pt_reserve_fill(job->from, job->from_reserve, need);
    if (status == MSET_OK) {
        status = mset_pt_reserve_fill(job->to, job->to_reserve, need == NULL ? NULL : &other);
        if (status != MSET_OK) {
            mset_pt_reserve_drop(job->from, job->from_reserve, need != NULL);
        }
    }
    for (unsigned level = 0; need != NULL && level < MSET_PT_LEVELS; level++) {
        need->tables[level] += other.tables[level];
    }
    return status;
}

static mset_status engine_copy(struct mset_page_table *from, struct mset_page_table *to,
                               uint64_t va, uint64_t last, bool write_protect,
                               struct mset_pt_need *need) {
    if (!range_empty(to, va, last)) {
        return MSET_ALREADY_EXISTS;
    }
    struct pt_reserve from_reserve = {.need = {{0}}}, to_reserve = {.need = {{0}}};
    const struct copy_job job = {from, to, &from_reserve, &to_reserve, write_protect};
    plan_copy(&job, from->root, to->root, FMT_LEVELS - 1, va, last);
    const mset_status status = reserve_both(&job, need);
    if (status == MSET_OK && need == NULL) {
        copy_in(&job, from->root, to->root, FMT_LEVELS - 1, va, last);
        MSET_ASSERT(mset_pt_reserve_spent(&from_reserve) && mset_pt_reserve_spent(&to_reserve));
    }
    return status;
}

#endif
