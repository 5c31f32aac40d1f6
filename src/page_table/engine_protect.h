/* engine_protect.h - other flags for the leaves of a range. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_PROTECT_H
#define MSET_SRC_PAGE_TABLE_ENGINE_PROTECT_H

struct protect_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    uint64_t flags;
    unsigned marks; /* that present leaves must have */
};

/* What changing n whole slots that point at no table has come to. */
struct change {
    uint64_t attributes; /* that leaves get */
    bool stale;          /* what becomes valid here must be broken first */
    uint64_t turned;     /* or-ed: the bits that changed, */
    uint64_t before;     /*   and all the entries as they were */
    bool broke;          /* some were broken */
};

/* What becomes of an entry, and all that are equal to it but for the address: bits that turn over.
 */
static inline uint64_t change_of(const struct change *change, uint64_t old, unsigned level) {
    const uint64_t entry = fmt_change(old, change->attributes, level);
    const bool breaks = FMT_BREAKS && fmt_valid(entry) &&
                        (fmt_valid(old) ? fmt_must_break(old, entry) : change->stale);
    return old ^ (breaks ? fmt_break(entry) : entry);
}

static inline void note_change(struct mset_page_table *pt, struct pt_table *table, unsigned i,
                               unsigned n, uint64_t old, uint64_t delta, struct change *change) {
    change->turned |= delta;
    change->before |= old;
    /* unreachable: 0 at will; a processor has to be faster (test_live_marks lets it try) */
    if (n > 0 && is_broken(old ^ delta) && !is_broken(old)) {
        change->broke = true;
        note_broken(pt, table, i, n);
    }
}

/* Entry i, and as many behind it as are alike. Returns how many; 0 if a processor was faster. */
static inline unsigned change_alike(struct mset_page_table *pt, struct pt_table *table,
                                    unsigned level, unsigned i, unsigned n, struct change *change) {
    uint64_t *const entries = table->entries + i;
    const uint64_t old = __atomic_load_n(entries, __ATOMIC_RELAXED);
    const uint64_t delta = change_of(change, old, level);
    const unsigned count =
        (unsigned)pt->loops->turn(entries, n, old, fmt_address_bits(level), delta);
    note_change(pt, table, i, count, old, delta, change);
    return count;
}

/* Entry i alone: with config.keep_marks, or where many are not alike. */
static inline void change_one(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                              unsigned i, struct change *change) {
    uint64_t *const entry = &table->entries[i];
    uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    uint64_t delta = change_of(change, old, level);
    if (!pt->keep_marks && delta != 0) {
        *entry = old ^ delta;
    } else {
        /* unreachable: a failure at will; it takes a processor in between (test_live_marks) */
        while (delta != 0 && !__atomic_compare_exchange_n(entry, &old, old ^ delta, true,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            delta = change_of(change, old, level);
        }
    }
    note_change(pt, table, i, 1, old, delta, change);
}

/* n whole slots that point at no table. */
static void change_entries(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                           unsigned i, unsigned n, struct change *change) {
    enum { MANY = 8, BLOCK = 32 };
    for (unsigned k = 0, alone = pt->keep_marks ? n : n == 1; k < n;) {
        for (; alone > 0 && k < n; alone--) {
            change_one(pt, table, level, i + k, change);
            k++;
        }
        if (k < n) {
            const unsigned count = change_alike(pt, table, level, i + k, n - k, change);
            k += count;
            alone = count < MANY ? BLOCK : 0;
        }
    }
}

/* Opens the groups that lie in the range in part, if their leaves will change. */
static inline void open_changing(const struct protect_job *job, struct pt_table *table,
                                 unsigned level, unsigned i, unsigned n, uint64_t va) {
    const struct cut_choice choice = {.all = false, .flags = job->flags};
    if (FMT_GROUPS && table->grouped != 0 &&
        (cut_chosen(&choice, table->entries[i], i, level) ||
         cut_chosen(&choice, table->entries[i + n - 1], i + n - 1, level))) {
        open_groups(job->pt, table, level, i, n, va);
    }
}

/* n whole slots that point at no table. Marks stay; so does what is empty, or a marker. */
static void change_leaves(const struct protect_job *job, struct pt_table *table, unsigned level,
                          unsigned i, unsigned n, uint64_t va) {
    struct mset_page_table *const pt = job->pt;
    open_changing(job, table, level, i, n, va);
    struct change change = {
        .attributes = fmt_attributes(job->flags, job->marks, level),
        .stale = FMT_BREAKS && pt_gather_overlaps(pt, va, slots_last(level, va, n)),
    };
    change_entries(pt, table, level, i, n, &change);
    if (change.broke || (change.turned != 0 && fmt_valid(change.before))) {
        gather_leaves(pt, va, n, level);
    }
    if (pt->promote && change.turned != 0) {
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
        const unsigned n = childless(table, i, whole);
        uint64_t end = min_u64(last, slot_last(level, va));
        struct pt_table *child = child_at(table, i);
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

/* A range that is not just slots of one table. */
static mset_status protect_any(struct mset_page_table *pt, const struct path *path, uint64_t va,
                               uint64_t last, uint64_t flags, struct mset_pt_need *need) {
    const struct cut_choice choice = {.all = false, .flags = flags};
    struct pt_reserve reserve = {.need = {{0}}};
    plan_cuts(path_end(path), path->level, va, last, &choice, &reserve.need);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status != MSET_OK || need != NULL) {
        return status;
    }
    const struct protect_job job = {pt, &reserve, flags, born_marks(pt, flags)};
    protect_in(&job, path_end(path), path->level, va, last);
    MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    return MSET_OK;
}

static mset_status engine_protect(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                  uint64_t flags, struct mset_pt_need *need) {
    struct path path;
    descend(pt, va, last, &path);
    const unsigned n = need == NULL ? path_slots(&path, va, last) : 0;
    if (n > 0) {
        const struct protect_job job = {pt, NULL, flags, born_marks(pt, flags)};
        pt->statistics.visits++;
        change_leaves(&job, path_end(&path), path.level, index_of(path.level, va), n, va);
    } else {
        const mset_status status = protect_any(pt, &path, va, last, flags, need);
        if (status != MSET_OK || need != NULL) {
            return status;
        }
    }
    if (pt->promote) {
        (void)fold_path(pt, &path, va);
    }
    return MSET_OK;
}

#endif
