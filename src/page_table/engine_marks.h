/*
 * engine_marks.h - accessed and dirty marks: seen and cleared, or set. Part of engine.h.
 *
 * Processors set marks while this runs, so entries are changed by compare and exchange.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_MARKS_H
#define MSET_SRC_PAGE_TABLE_ENGINE_MARKS_H

struct harvest_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    unsigned marks;
    struct pt_joiner *seen; /* NULL: nobody wants to know */
};

/* A present leaf, broken or not, that has one of the marks? */
static inline bool harvestable(uint64_t entry, unsigned marks) {
    return (fmt_marks(entry) & marks) != 0 && fmt_valid(fmt_make(entry));
}

/* One leaf, or a whole group: its entries share their marks. */
static void harvest_leaf(const struct harvest_job *job, struct pt_table *table, unsigned level,
                         unsigned i, unsigned n, uint64_t va) {
    unsigned had = 0;
    for (unsigned k = i; k < i + n; k++) {
        had |= fmt_marks(change_entry(&table->entries[k], fmt_clear_marks, job->marks));
    }
    gather_leaves(job->pt, va, n, level);
    if (job->seen != NULL) {
        const struct mset_pt_run run = make_run(table->entries, i, n, level, va, had);
        (void)pt_join_marked(job->seen, &run);
    }
}

/* n whole slots that point at no table. */
static void harvest_leaves(const struct harvest_job *job, struct pt_table *table, unsigned level,
                           unsigned i, unsigned n, uint64_t va) {
    open_groups(job->pt, table, level, i, n, va);
    for (unsigned k = 0; k < n;) {
        const bool group = FMT_GROUPS && fmt_grouped(table->entries[i + k], level);
        const unsigned unit = group ? group_count(level) : 1;
        bool marked = false;
        for (unsigned j = 0; j < unit; j++) {
            marked |= harvestable(table->entries[i + k + j], job->marks);
        }
        if (marked) {
            harvest_leaf(job, table, level, i + k, unit, va + k * slot_size(level));
        }
        k += unit;
    }
}

static void harvest_in(const struct harvest_job *job, struct pt_table *table, unsigned level,
                       uint64_t va, uint64_t last) {
    job->pt->statistics.visits++;
    for (;;) {
        const unsigned i = index_of(level, va);
        const unsigned whole = whole_slots(level, va, last);
        const unsigned n = childless(table, i, whole);
        uint64_t end = min_u64(last, slot_last(level, va));
        struct pt_table *child = child_at(table, i);
        if (child == NULL && whole > 0) {
            harvest_leaves(job, table, level, i, n, va);
            end = slots_last(level, va, n);
        } else if (child == NULL && !is_empty(table, level, i)) {
            child = split_leaf(job->pt, job->reserve, table, level, i, va);
        }
        if (child != NULL) {
            harvest_in(job, child, level - 1, va, end);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

/* Who has the ends cut may change what lies between; config.promote may join that with others. */
static mset_status announce_harvest(struct mset_page_table *pt, struct pt_session session) {
    session.arrivals |= pt->promote;
    pt->session = session;
    return MSET_OK;
}

static mset_status engine_harvest(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                  unsigned marks, pt_visit visit, void *arg,
                                  struct mset_pt_need *need) {
    struct path path;
    descend(pt, va, last, &path);
    struct pt_reserve reserve = {.need = {{0}}};
    const struct pt_session session = pt_session_now(pt);
    if (need != NULL && pt->promote && session.arrivals) {
        /* Any leaf may reach across by then, so the most that can be is counted. */
        plan_cuts(NULL, pt->leaf_levels - 1, va, last, &CUT_ALL, &reserve.need);
    } else {
        plan_cuts(path_end(&path), path.level, va, last, &CUT_ALL, &reserve.need);
    }
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status != MSET_OK || need != NULL) {
        return status == MSET_OK ? announce_harvest(pt, session) : status;
    }
    struct pt_joiner joiner = {.visit = visit, .arg = arg};
    const struct harvest_job job = {pt, &reserve, marks, visit == NULL ? NULL : &joiner};
    harvest_in(&job, path_end(&path), path.level, va, last);
    pt_join_flush(&joiner);
    MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    return MSET_OK;
}

/* Sets marks of the leaf at va; in a group, of all its entries, because marks may be rights. */
static mset_status engine_mark(struct mset_page_table *pt, uint64_t va, unsigned marks) {
    struct path path;
    descend(pt, va, va, &path);
    const unsigned level = path.level, i = index_of(level, va);
    uint64_t *const entries = path_end(&path)->entries;
    const uint64_t leaf = fmt_ungroup(entries[i], i, level);
    if (!fmt_valid(leaf)) {
        return MSET_NOT_FOUND;
    }
    if ((marks & MSET_PT_DIRTY) != 0 && (fmt_leaf_flags(leaf, level) & MSET_WRITE) == 0) {
        return MSET_ACCESS_DENIED;
    }
    const bool grouped = FMT_GROUPS && fmt_grouped(entries[i], level);
    const unsigned n = grouped ? group_count(level) : 1, first = i & ~(n - 1);
    bool given = false; /* has one lacked a mark? */
    for (unsigned k = first; k < first + n; k++) {
        given |= (marks & ~fmt_marks(change_entry(&entries[k], fmt_set_marks, marks))) != 0;
    }
    if (FMT_MARKS_OPTIONAL && given) { /* a processor may remember the leaf that faulted */
        gather_leaves(pt, va - (i - first) * slot_size(level), n, level);
    }
    return MSET_OK;
}

#endif
