/* engine_map.h - mapping a run. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_MAP_H
#define MSET_SRC_PAGE_TABLE_ENGINE_MAP_H

struct map_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    uint64_t flags;
    uint64_t marks; /* the leaves are born with */
};

static inline uint64_t new_leaf(const struct map_job *job, unsigned level, uint64_t pa) {
    return fmt_leaf(pa, fmt_attributes(job->flags, job->marks, level), level);
}

/* A table for [va, last]: entries outside are empty, those inside the caller fills. */
static struct pt_table *table_around(const struct map_job *job, unsigned level, uint64_t va,
                                     uint64_t last) {
    struct pt_table *const table = mset_pt_reserve_take(job->pt, job->reserve, level);
    if (level > 0) { /* rare, and link_table() looks whether an entry is empty */
        engine_clear(table);
    } else {
        const unsigned from = index_of(0, va), to = index_of(0, last);
        fill_empty(table->entries, from, 0);
        fill_empty(table->entries + to + 1, entry_count(0) - 1 - to, 0);
    }
    return table;
}

/* The range is empty and the reserve holds every table it takes. */
static void map_in(const struct map_job *job, struct pt_table *table, unsigned level, uint64_t va,
                   uint64_t last, uint64_t pa) {
    job->pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned n = leaf_allowed(job->pt, level, va, pa) ? whole_slots(level, va, last) : 0;
        uint64_t end;
        if (n > 0) {
            const uint64_t first = new_leaf(job, level, pa);
            fill_leaves(table->entries + i, n, first, fmt_leaf_step(first, level));
            table->used += n;
            job->pt->statistics.leaves[level] += n;
            end = va + (n * slot_size(level) - 1);
        } else {
            end = min_u64(last, slot_last(level, va));
            struct pt_table *const child = table->child[i];
            if (child != NULL) {
                map_in(job, child, level - 1, va, end, pa);
            } else { /* filled first, linked last */
                struct pt_table *const fresh = table_around(job, level - 1, va, end);
                map_in(job, fresh, level - 1, va, end, pa);
                link_table(table, level, i, fresh);
            }
        }
        if (end == last) {
            return;
        }
        pa += end - va + 1;
        va = end + 1;
    }
}

static mset_status engine_map(struct mset_page_table *pt, uint64_t va, uint64_t last, uint64_t pa,
                              uint64_t flags) {
    if (!range_empty(pt, pt->root, FMT_LEVELS - 1, va, last)) {
        return MSET_ALREADY_EXISTS;
    }
    struct pt_reserve reserve = {{0}, {NULL}};
    struct map_plan plan;
    map_plan_open(&plan, pt, va, last, reserve.need);
    map_plan_add(&plan, va, last, pa);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve);
    if (status == MSET_OK) {
        const struct map_job job = {pt, &reserve, flags, 0};
        map_in(&job, pt->root, FMT_LEVELS - 1, va, last, pa);
        MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    }
    return status;
}

#endif
