/*
 * engine_run.h - leaves that follow each other, seen as a run. Part of engine.h.
 *
 * Entries are compared in a form in which those of a run rise by a constant step whatever their
 * marks are, and whatever a contiguous group looks like in memory. Mostly the entries themselves
 * rise from one to the next, and then there is a loop for that.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_RUN_H
#define MSET_SRC_PAGE_TABLE_ENGINE_RUN_H

/* Does it matter whether leaves are in groups? For a run it does; not for what they translate. */
enum groups_matter { GROUPS_ASIDE, GROUPS_KEPT };

static inline uint64_t compared(uint64_t entry, unsigned i, unsigned level,
                                enum groups_matter groups) {
    return fmt_without_marks(groups == GROUPS_KEPT ? fmt_flat(entry, i, level)
                                                   : fmt_ungroup(entry, i, level));
}

/* How many of the n entries from i on are like the first of them in memory. */
static inline unsigned alike_from(const struct mset_page_table *pt, const uint64_t *entries,
                                  unsigned i, unsigned n, uint64_t step, unsigned level) {
    const uint64_t first = entries[i];
    if (FMT_GROUP_SHARED && fmt_grouped(first, level)) {
        const unsigned left = group_count(level) - (i & (group_count(level) - 1));
        step = 0;
        n = left < n ? left : n;
    }
    if (n == 1 || entries[i + 1] != first + step) { /* spares the call where each has its marks */
        return 1;
    }
    return (unsigned)pt->loops->rising(entries + i, n, first, step);
}

/* How many of the n entries from i on, which is a leaf or marker, are a run; *marks: those of all.
 */
static inline unsigned run_length(const struct mset_page_table *pt, const uint64_t *entries,
                                  unsigned i, unsigned n, unsigned level, enum groups_matter groups,
                                  unsigned *marks) {
    const uint64_t step = fmt_leaf_step(fmt_flat(entries[i], i, level), level);
    const uint64_t first = compared(entries[i], i, level, groups);
    unsigned k = 0;
    *marks = 0;
    while (k < n && compared(entries[i + k], i + k, level, groups) == first + k * step) {
        *marks |= fmt_marks(entries[i + k]);
        k += alike_from(pt, entries, i + k, n - k, step, level);
    }
    return k;
}

/* The marks of n entries or-ed; a group at either end counts as a whole. */
static inline unsigned marks_of(const uint64_t *entries, unsigned i, unsigned n, unsigned level) {
    unsigned from = i, to = i + n;
    if (FMT_GROUPS && fmt_grouped(entries[i], level)) {
        const unsigned mask = group_count(level) - 1;
        from &= ~mask;
        to = (to + mask) & ~mask;
    }
    unsigned marks = 0;
    for (unsigned k = from; k < to; k++) {
        marks |= fmt_marks(entries[k]);
    }
    return marks;
}

static inline struct mset_pt_run make_run(const uint64_t *entries, unsigned i, unsigned n,
                                          unsigned level, uint64_t va, unsigned marks) {
    const uint64_t first = entries[i], plain = fmt_ungroup(first, i, level);
    const uint64_t flags = fmt_leaf_flags(plain, level);
    const unsigned group = FMT_GROUPS && fmt_grouped(first, level) ? fmt_group_bits(level) : 0;
    return (struct mset_pt_run){.va = va,
                                .pa = fmt_leaf_address(plain, level),
                                .size = n * slot_size(level),
                                .leaf_size = slot_size(level) << group,
                                .flags = flags,
                                .present = (flags & MSET_ACCESS) != 0,
                                .accessed = (marks & MSET_PT_ACCESSED) != 0,
                                .dirty = (marks & MSET_PT_DIRTY) != 0};
}

/* The run that begins with entry i, which is a leaf or marker at va: its length, and what it is. */
static inline unsigned leaf_run(const struct mset_page_table *pt, const uint64_t *entries,
                                unsigned i, unsigned n, unsigned level, uint64_t va,
                                struct mset_pt_run *run) {
    unsigned marks;
    const unsigned length = run_length(pt, entries, i, n, level, GROUPS_KEPT, &marks);
    if (FMT_GROUPS && fmt_grouped(entries[i], level)) {
        marks = marks_of(entries, i, length, level);
    }
    *run = make_run(entries, i, length, level, va, marks);
    return length;
}

/* The same, but a run ends where marks differ. A group has its marks as a whole. */
static inline unsigned marked_run(const struct mset_page_table *pt, const uint64_t *entries,
                                  unsigned i, unsigned n, unsigned level, uint64_t va,
                                  struct mset_pt_run *run) {
    unsigned length = leaf_run(pt, entries, i, n, level, va, run);
    const unsigned unit = FMT_GROUPS && fmt_grouped(entries[i], level) ? group_count(level) : 1;
    unsigned k = unit - (i & (unit - 1));
    const unsigned marks = marks_of(entries, i, 1, level);
    while (k < length && marks_of(entries, i + k, 1, level) == marks) {
        k += unit;
    }
    length = k < length ? k : length;
    *run = make_run(entries, i, length, level, va, marks);
    return length;
}

/* Clips what is before va and behind last off a run that touches both sides' slots. */
static inline void clip_run(struct mset_pt_run *run, uint64_t va, uint64_t last) {
    const uint64_t head = run->va < va ? va - run->va : 0;
    run->va += head;
    run->pa += run->flags == MSET_PT_MARKER ? 0 : head;
    run->size -= head;
    if (run->size - 1 > last - run->va) {
        run->size = last - run->va + 1;
    }
}

#endif
