/*
 * engine_group.h - contiguous groups: 16, 32 or 128 entries that a processor may cache as one.
 * Part of engine.h. Constant-folded away in formats that have none.
 *
 *     entries      | . . . . | . . . . | . . . . |       groups of four
 *     change           [---------]                 before it the first two groups are opened: a
 *                                                  group whose entries are about to differ is none
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_GROUP_H
#define MSET_SRC_PAGE_TABLE_ENGINE_GROUP_H

/* The group that entry i belongs to becomes leaves of their own, each with the marks of all. */
static void open_group(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                       unsigned i, uint64_t va) {
    const unsigned n = group_count(level), first = i & ~(n - 1);
    const uint64_t flags = fmt_leaf_flags(fmt_ungroup(table->entries[i], i, level), level);
    const unsigned marks = all_marks(pt, flags, marks_of(table->entries, i, 1, level));
    const bool breaks = resize_breaks(pt, table->entries[i]);
    for (unsigned k = first; k < first + n; k++) {
        const uint64_t leaf = fmt_set_marks(fmt_ungroup(table->entries[k], k, level), marks);
        table->entries[k] = breaks ? fmt_break(leaf) : leaf;
    }
    table->grouped -= n;
    pt->statistics.groups[level]--;
    if (breaks) {
        note_broken(pt, table, first, n);
        gather_leaves(pt, va & ~((slot_size(level) << fmt_group_bits(level)) - 1), n, level);
    }
}

/* Opens the groups that lie only in part in the n slots from i on; va is in slot i. */
static inline void open_groups(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                               unsigned i, unsigned n, uint64_t va) {
    if (!FMT_GROUPS || table->grouped == 0) {
        return;
    }
    const unsigned mask = group_count(level) - 1, end = i + n;
    if ((i & mask) != 0 && fmt_grouped(table->entries[i], level)) {
        open_group(pt, table, level, i, va);
    }
    if ((end & mask) != 0 && fmt_grouped(table->entries[end - 1], level)) {
        open_group(pt, table, level, end - 1, slots_last(level, va, n));
    }
}

/*
 * Do the n leaves from i on follow each other, the first aligned to all n (unless they are markers,
 * which have no address)? The first is one, the others may be anything. Groups and marks aside;
 * *marks has those of all.
 */
static bool lines_up(const struct mset_page_table *pt, const uint64_t *entries, unsigned i,
                     unsigned n, unsigned level, unsigned *marks) {
    const uint64_t first = fmt_ungroup(entries[i], i, level);
    const uint64_t step = fmt_leaf_step(first, level);
    const uint64_t last = fmt_ungroup(entries[i + n - 1], i + n - 1, level);
    if (fmt_without_marks(last) != fmt_without_marks(first) + (n - 1) * step) {
        return false; /* spares the loop most of the time */
    }
    if (!fmt_is_marker(first) &&
        (fmt_leaf_address(first, level) & (n * slot_size(level) - 1)) != 0) {
        return false;
    }
    return run_length(pt, entries, i, n, level, GROUPS_ASIDE, marks) == n;
}

static bool any_broken(const uint64_t *entries, unsigned n) {
    bool any = false;
    for (unsigned k = 0; FMT_BREAKS && k < n; k++) {
        any |= is_broken(entries[k]);
    }
    return any;
}

/* The slots of the group around i become one, if they can; va is in slot i. */
static void close_group(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                        unsigned i, uint64_t va) {
    const unsigned n = group_count(level), first = i & ~(n - 1);
    uint64_t *const entries = table->entries + first;
    unsigned marks;
    if (childless(table, first, n) < n || is_empty(table, level, first) ||
        fmt_grouped(*entries, level) || fmt_is_marker(*entries) ||
        !lines_up(pt, table->entries, first, n, level, &marks)) {
        return;
    }
    const bool breaks = resize_breaks(pt, *entries) || any_broken(entries, n);
    const uint64_t plain = fmt_ungroup(*entries, first, level);
    const uint64_t leaf = fmt_set_marks(plain, all_marks(pt, fmt_leaf_flags(plain, level), marks));
    const uint64_t step = fmt_leaf_step(leaf, level);
    gather_resized(pt, leaf, va & ~((slot_size(level) << fmt_group_bits(level)) - 1), n, level);
    fill_groups(pt, table->entries, first, first + n, breaks ? fmt_break(leaf) : leaf, step, level);
    table->grouped += n;
    pt->statistics.groups[level]++;
    if (breaks) {
        note_broken(pt, table, first, n);
    }
}

/* Closes the groups around n changed slots, with config.promote. */
static inline void close_groups(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                                unsigned i, unsigned n, uint64_t va) {
    if (!FMT_GROUPS || (pt->group_levels >> level & 1) == 0) {
        return;
    }
    const unsigned unit = group_count(level), first = i & ~(unit - 1);
    const uint64_t at = slot_first(level, va) - (i - first) * slot_size(level);
    for (unsigned k = first; k < i + n; k += unit) {
        close_group(pt, table, level, k, at + (k - first) * slot_size(level));
    }
}

#endif
