/*
 * engine_write.h - stores into tables that processors may be walking, and what becomes stale by
 * them. Part of engine.h.
 *
 * A fresh table is filled first and linked last, by one store. Where the format wants a break
 * before the make, the new entry is stored without its valid bit, and mset_pt_flushed() sets it:
 *
 *     leaf 2M ---- split ----> table, broken ---- flush, mset_pt_flushed() ----> table
 *
 * New leaves over addresses that still wait for a flush are the second half of such a change
 * (unmap, then map), so they are born broken too.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_WRITE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_WRITE_H

/* ---- what becomes stale ------------------------------------------------------------------- */

/* Valid leaves were removed or changed in n slots from va's on. */
static inline void gather_leaves(struct mset_page_table *pt, uint64_t va, unsigned n,
                                 unsigned level) {
    pt->gather.leaf_levels |= 1u << level;
    pt_gather_add(pt, slot_first(level, va), slots_last(level, va, n), slot_size(level));
}

/*
 * The entry of this level for va pointed at a table and does so no more. Whoever forgets any
 * address of the slot with the pointers on the way to it forgets this one, and mostly there is one
 * already, because what the table mapped is gathered first. Steps of leaf_size meet it: they are
 * aligned, as whatever begins the range is, and no larger than the slot.
 */
static inline void gather_table(struct mset_page_table *pt, uint64_t va, unsigned level) {
    const uint64_t first = slot_first(level, va);
    const bool met = pt_gather_overlaps(pt, first, slot_last(level, va));
    pt->gather.table_levels |= 1u << level;
    pt->gather.leaf_size = min_u64(pt->gather.leaf_size, slot_size(level));
    if (!met) {
        pt_gather_add(pt, first, first + (slot_size(0) - 1), slot_size(level));
    }
}

/*
 * Leaves like this one became larger ones. Translations stay equal, but those of the smaller
 * leaves would survive a later flush that steps by the larger.
 */
static inline void gather_resized(struct mset_page_table *pt, uint64_t leaf, uint64_t va,
                                  unsigned n, unsigned level) {
    if (fmt_valid(leaf)) {
        gather_leaves(pt, va, n, level);
    }
}

/* Entries [i, i + n) have been written broken. */
static void note_broken(struct mset_page_table *pt, struct pt_table *table, unsigned i,
                        unsigned n) {
    if (table->broken_from >= table->broken_to) {
        table->broken_from = i;
        table->broken_to = i + n;
        table->next_broken = pt->broken;
        pt->broken = table;
        return;
    }
    table->broken_from = i < table->broken_from ? i : table->broken_from;
    table->broken_to = i + n > table->broken_to ? i + n : table->broken_to;
}

/* Must a change of the size of this leaf (split, promotion) be broken first? */
static inline bool resize_breaks(const struct mset_page_table *pt, uint64_t leaf) {
    return FMT_BREAKS && (is_broken(leaf) || (fmt_valid(leaf) && !pt->bbm_level_2));
}

/* ---- leaves ------------------------------------------------------------------------------- */

/* An entry becomes next(entry, how), whatever marks a processor sets meanwhile. Returns it as it
   was last. */
static inline uint64_t change_entry(uint64_t *entry, uint64_t (*next)(uint64_t, unsigned),
                                    unsigned how) {
    uint64_t old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(entry, &old, next(old, how), true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
    }
    return old;
}

static inline void fill_leaves(const struct mset_page_table *pt, uint64_t *entries, unsigned n,
                               uint64_t leaf, uint64_t step) {
    enum { FEW = 16 };
    if (n > FEW) {
        pt->loops->fill(entries, n, leaf, step);
        return;
    }
    for (unsigned k = 0; k < n; k++) {
        entries[k] = leaf;
        leaf += step;
    }
}

/* Entries [from, to) as groups; `leaf` is the one of `from`. */
static void fill_groups(const struct mset_page_table *pt, uint64_t *entries, unsigned from,
                        unsigned to, uint64_t leaf, uint64_t step, unsigned level) {
    const unsigned unit = FMT_GROUP_SHARED ? group_count(level) : to - from;
    const uint64_t inner = FMT_GROUP_SHARED ? 0 : step;
    const bool broken = is_broken(leaf);
    for (; from < to; from += unit) {
        const uint64_t member = fmt_group(broken ? fmt_make(leaf) : leaf, level);
        fill_leaves(pt, entries + from, unit, broken ? fmt_break(member) : member, inner);
        leaf += step * unit;
    }
}

/* Writes the n leaves that begin with `leaf` into entries that hold none, in groups where they
   fit and may be, and counts them. */
static inline void place_leaves(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                                unsigned group_levels, unsigned i, unsigned n, uint64_t leaf) {
    const uint64_t step = fmt_leaf_step(leaf, level);
    table->used += n;
    pt->statistics.leaves[level] += n;
    if (FMT_GROUPS && (group_levels >> level & 1) != 0 && !fmt_is_marker(leaf)) {
        const unsigned mask = group_count(level) - 1;
        const unsigned from = (i + mask) & ~mask, to = (i + n) & ~mask;
        const uint64_t slot =
            fmt_leaf_address(fmt_ungroup(leaf, i, level), level) >> fmt_shift(level);
        if (from < to && (((unsigned)slot ^ i) & mask) == 0) {
            fill_leaves(pt, table->entries + i, from - i, leaf, step);
            fill_groups(pt, table->entries, from, to, leaf + (from - i) * step, step, level);
            fill_leaves(pt, table->entries + to, i + n - to, leaf + (to - i) * step, step);
            table->grouped += to - from;
            pt->statistics.groups[level] += (to - from) >> fmt_group_bits(level);
            return;
        }
    }
    fill_leaves(pt, table->entries + i, n, leaf, step);
}

/* The same into a table that processors can see. */
static inline void write_leaves(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                                unsigned group_levels, unsigned i, unsigned n, uint64_t va,
                                uint64_t leaf) {
    const bool broken =
        FMT_BREAKS && pt_gather_overlaps(pt, va, slots_last(level, va, n)) && fmt_valid(leaf);
    place_leaves(pt, table, level, group_levels, i, n, broken ? fmt_break(leaf) : leaf);
    if (broken) {
        note_broken(pt, table, i, n);
    }
}

/* The leaf (or marker, or kept leaf) for pa. */
static inline uint64_t make_leaf(uint64_t pa, uint64_t flags, unsigned marks, unsigned level) {
    return flags == MSET_PT_MARKER ? fmt_marker(pa, level)
                                   : fmt_leaf(pa, fmt_attributes(flags, marks, level), level);
}

/* The marks that a processor can set in a leaf. */
static inline unsigned possible_marks(uint64_t flags) {
    return (flags & MSET_WRITE) != 0    ? MSET_PT_ACCESSED | MSET_PT_DIRTY
           : (flags & MSET_ACCESS) != 0 ? MSET_PT_ACCESSED
                                        : 0;
}

/* The marks that a new leaf has. */
static inline unsigned born_marks(const struct mset_page_table *pt, uint64_t flags) {
    return pt->born & possible_marks(flags);
}

/* The marks of a leaf that takes the place of others which had these and may be getting more: with
   config.keep_marks all there can be. */
static inline unsigned all_marks(const struct mset_page_table *pt, uint64_t flags, unsigned marks) {
    return pt->keep_marks ? marks | possible_marks(flags) : marks;
}

/* What a present leaf of level 0 with these flags looks like. */
static inline void note_kind(struct mset_page_table *pt, uint64_t flags, unsigned marks) {
    struct pt_recent *const recent = &pt->recent;
    if (flags != recent->flags && (flags & MSET_ACCESS) != 0) {
        recent->flags = flags;
        recent->bits = fmt_leaf(0, fmt_attributes(flags, marks, 0), 0);
        recent->address_bits = fmt_address_bits(0);
        recent->accessed = (marks & MSET_PT_ACCESSED) != 0;
        recent->dirty = (marks & MSET_PT_DIRTY) != 0;
    }
}

/* ---- tables ------------------------------------------------------------------------------- */

/* One store, and a processor that sees it sees the table behind it filled. */
static inline void publish(uint64_t *entry, uint64_t value) {
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static inline void keep_child(struct pt_table *table, unsigned level, unsigned i,
                              struct pt_table *child) {
    if (table->children++ == 0) {
        memset(table->child, 0, entry_count(level) * sizeof(struct pt_table *));
    }
    table->child[i] = child;
}

static inline void forget_child(struct pt_table *table, unsigned i) {
    table->child[i] = NULL;
    table->children--;
}

/*
 * Points entry i, the one for va, at a filled table. What was there, empty or a leaf, goes with one
 * store; with config.keep_marks it is returned as it was last. If anything in the slot waits for a
 * flush, a pointer to an earlier table may be cached, or an earlier leaf of the slot's size: then
 * the link is broken too.
 */
static inline uint64_t link_table(struct mset_page_table *pt, struct pt_table *table,
                                  unsigned level, unsigned i, struct pt_table *child, uint64_t va,
                                  bool breaks) {
    const bool broken = breaks || (FMT_BREAKS && pt_gather_overlaps(pt, slot_first(level, va),
                                                                    slot_last(level, va)));
    const uint64_t entry = fmt_table(child->pa, level), value = broken ? fmt_break(entry) : entry;
    uint64_t was = table->entries[i];
    table->used += is_empty(table, level, i);
    keep_child(table, level, i, child);
    if (pt->keep_marks) {
        was = __atomic_exchange_n(&table->entries[i], value, __ATOMIC_ACQ_REL);
    } else {
        publish(&table->entries[i], value);
    }
    if (broken) {
        note_broken(pt, table, i, 1);
    }
    return was;
}

/* The caller gathers what the table mapped, then the table. */
static inline struct pt_table *unlink_table(struct pt_table *table, unsigned level, unsigned i) {
    struct pt_table *const child = table->child[i];
    forget_child(table, i);
    table->used--;
    publish(&table->entries[i], fmt_empty(level));
    return child;
}

/* Counts broken entries that wait for a flush; mends them if told so. */
static uint64_t engine_broken(struct mset_page_table *pt, bool mend) {
    uint64_t count = 0;
    for (struct pt_table *table = pt->broken; table != NULL; table = table->next_broken) {
        for (unsigned i = table->broken_from; i < table->broken_to; i++) {
            const uint64_t entry = table->entries[i], made = fmt_make(entry);
            count += entry != made;
            if (mend && entry != made) {
                publish(&table->entries[i], made);
            }
        }
    }
    while (mend && pt->broken != NULL) {
        struct pt_table *const table = pt->broken;
        pt->broken = table->next_broken;
        table->broken_from = table->broken_to = 0;
    }
    return count;
}

#endif
