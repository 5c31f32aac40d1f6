/*
 * engine_split.h - smaller leaves that mean the same: at one address, or in a range. Part of
 * engine.h.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_SPLIT_H
#define MSET_SRC_PAGE_TABLE_ENGINE_SPLIT_H

/* Opens the group that has entries on both sides of va. */
static inline void open_group_across(struct mset_page_table *pt, struct pt_table *table,
                                     unsigned level, uint64_t va) {
    if (FMT_GROUPS && (index_of(level, va) & (group_count(level) - 1)) != 0 &&
        fmt_grouped(table->entries[index_of(level, va)], level)) {
        open_group(pt, table, level, index_of(level, va), va);
    }
}

/* va becomes a boundary between leaves. */
static mset_status engine_cut(struct mset_page_table *pt, uint64_t va, struct mset_pt_need *need) {
    struct path path;
    descend(pt, va, va, &path);
    struct pt_table *table = path_end(&path);
    unsigned level = path.level;
    struct pt_reserve reserve = {.need = {{0}}};
    const bool leaf = !is_empty(table, level, index_of(level, va));
    for (unsigned above = level; leaf && !is_boundary(above, va); above--) {
        reserve.need.tables[above - 1] = 1;
    }
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status != MSET_OK || need != NULL || !leaf) {
        return status;
    }
    for (; !is_boundary(level, va); level--) {
        table = split_leaf(pt, &reserve, table, level, index_of(level, va), va);
    }
    open_group_across(pt, table, level, va);
    MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    return MSET_OK;
}

/* ---- a range, down to leaves of one size -------------------------------------------------- */

struct split_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    unsigned level; /* leaves above it are split */
    bool grouped;   /* groups at this level stay */
};

/* Adds the tables that take the place of one leaf. */
static void split_plan_leaf(struct split_job *job, unsigned level) {
    for (unsigned at = level; at > job->level; at--) {
        job->reserve->need.tables[at - 1] += UINT64_C(1) << (fmt_shift(level) - fmt_shift(at));
    }
}

static void split_plan(struct split_job *job, const struct pt_table *table, unsigned level,
                       uint64_t va, uint64_t last) {
    for (; level > job->level;) {
        const unsigned i = index_of(level, va);
        const uint64_t end = min_u64(last, slot_last(level, va));
        const struct pt_table *const child = child_at(table, i);
        if (child != NULL) {
            split_plan(job, child, level - 1, va, end);
        } else if (!is_empty(table, level, i)) {
            split_plan_leaf(job, level);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

static void open_all_groups(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                            uint64_t va, uint64_t last) {
    for (; FMT_GROUPS && table->grouped != 0;) {
        const unsigned i = index_of(level, va);
        if (fmt_grouped(table->entries[i], level)) {
            open_group(pt, table, level, i, va);
        }
        const uint64_t end = slot_last(level, va);
        if (end >= last) {
            return;
        }
        va = end + 1;
    }
}

static void split_in(const struct split_job *job, struct pt_table *table, unsigned level,
                     uint64_t va, uint64_t last) {
    struct mset_page_table *const pt = job->pt;
    pt->statistics.visits++;
    if (level == job->level) {
        if (!job->grouped) {
            open_all_groups(pt, table, level, va, last);
        }
        return;
    }
    for (;;) {
        const unsigned i = index_of(level, va);
        const uint64_t end = min_u64(last, slot_last(level, va));
        struct pt_table *const child = child_at(table, i);
        if (child != NULL) {
            split_in(job, child, level - 1, va, end);
        } else if (!is_empty(table, level, i)) { /* as a whole, also where it sticks out */
            struct pt_table *const fresh = split_leaf(pt, job->reserve, table, level, i, va);
            split_in(job, fresh, level - 1, slot_first(level, va), slot_last(level, va));
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

static mset_status engine_split(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                unsigned level, bool grouped, struct mset_pt_need *need) {
    struct path path;
    descend(pt, va, last, &path);
    struct pt_reserve reserve = {.need = {{0}}};
    struct split_job job = {pt, &reserve, level, grouped};
    split_plan(&job, path_end(&path), path.level, va, last);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status == MSET_OK && need == NULL && path.level >= level) {
        split_in(&job, path_end(&path), path.level, va, last);
        MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    }
    return status;
}

#endif
