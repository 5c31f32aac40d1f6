/* engine_walk.h - reading: find one run, show all runs of a range. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_WALK_H
#define MSET_SRC_PAGE_TABLE_ENGINE_WALK_H

/* Clips what is before va and behind last off a run that touches both sides' slots. */
static inline void clip_run(struct mset_pt_run *run, uint64_t va, uint64_t last) {
    const uint64_t head = run->va < va ? va - run->va : 0;
    run->va += head;
    run->pa += head;
    run->size -= head;
    if (run->size - 1 > last - run->va) {
        run->size = last - run->va + 1;
    }
}

/* The run that begins at va, long enough for `want` or up to its end or the table's. */
static bool engine_find(const struct mset_page_table *pt, uint64_t va, uint64_t want,
                        struct mset_pt_run *run) {
    const struct pt_table *table = pt->root;
    unsigned level = FMT_LEVELS - 1;
    const struct pt_table *child;
    while ((child = child_at(table, level, index_of(level, va))) != NULL) {
        table = child;
        level--;
    }
    const unsigned i = index_of(level, va);
    if (is_empty(table, level, i)) {
        return false;
    }
    const uint64_t base = va & ~(slot_size(level) - 1);
    const uint64_t reach = va - base + (want == 0 ? 0 : min_u64(want - 1, UINT64_MAX / 2));
    const uint64_t n = min_u64((reach >> fmt_shift(level)) + 1, entry_count(level) - i);
    leaf_run(table->entries + i, (unsigned)n, level, base, MARKS_ASIDE, run);
    clip_run(run, va, UINT64_MAX);
    return true;
}

/* The runs among n slots of one table that point at no table. Returns false if told to stop. */
static inline bool show_leaves(const struct pt_table *table, unsigned level, unsigned i, unsigned n,
                               uint64_t va, uint64_t last, enum marks_matter marks, pt_visit visit,
                               void *arg) {
    const uint64_t base = va & ~(slot_size(level) - 1);
    for (unsigned k = 0; k < n;) {
        if (is_empty(table, level, i + k)) {
            k++;
            continue;
        }
        struct mset_pt_run run;
        const uint64_t at = base + k * slot_size(level);
        k += leaf_run(table->entries + i + k, n - k, level, at, marks, &run);
        clip_run(&run, va, last);
        if (!visit(arg, &run)) {
            return false;
        }
    }
    return true;
}

/* Depth is bounded by FMT_LEVELS, here and in every walk below. */
static bool walk_in(const struct pt_table *table, unsigned level, uint64_t va, uint64_t last,
                    enum marks_matter marks, pt_visit visit, void *arg) {
    for (;;) {
        const unsigned i = index_of(level, va);
        const struct pt_table *const child = child_at(table, level, i);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (child != NULL) {
            if (!walk_in(child, level - 1, va, end, marks, visit, arg)) {
                return false;
            }
        } else {
            const unsigned whole = whole_slots(level, va, last);
            const unsigned n = whole == 0 ? 1 : childless(table, level, i, whole);
            end = min_u64(last, slot_last(level, va + (n - 1) * slot_size(level)));
            if (!show_leaves(table, level, i, n, va, end, marks, visit, arg)) {
                return false;
            }
        }
        if (end == last) {
            return true;
        }
        va = end + 1;
    }
}

/* False if told to stop. Runs end at the end of a table; who minds joins them (pt_joiner). */
static bool engine_walk(const struct mset_page_table *pt, uint64_t va, uint64_t last,
                        pt_visit visit, void *arg) {
    return walk_in(pt->root, FMT_LEVELS - 1, va, last, MARKS_ASIDE, visit, arg);
}

#endif
