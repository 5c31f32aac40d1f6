/*
 * engine_promote.h - a table whose entries line up becomes a leaf of the level above. Part of
 * engine.h.
 *
 *     level 1   ... | table --+--> 512 x 4K, one after the other, same flags, aligned to 2M
 *     level 1   ... | leaf 2M |    the table is retired
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_PROMOTE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_PROMOTE_H

static bool foldable(const struct mset_page_table *pt, const struct pt_table *child, unsigned level,
                     unsigned *marks) {
    const unsigned below = level - 1, n = entry_count(below);
    return level < pt->leaf_levels && child->used == n && child->children == 0 &&
           lines_up(pt, child->entries, 0, n, below, marks);
}

/* The table below slot i becomes a leaf, if it can. Returns true if so. */
static bool fold_table(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                       unsigned i, uint64_t va) {
    struct pt_table *const child = table->child[i];
    unsigned marks;
    if (!foldable(pt, child, level, &marks)) {
        return false;
    }
    const unsigned below = level - 1, n = entry_count(below);
    const uint64_t first = fmt_ungroup(child->entries[0], 0, below);
    const uint64_t flags = fmt_leaf_flags(first, below);
    const uint64_t leaf = make_leaf(fmt_leaf_address(first, below), flags,
                                    fmt_is_marker(first) ? 0 : all_marks(pt, flags, marks), level);
    /* What pointed at the table was valid, so only a leaf that will be needs the break. */
    const bool breaks =
        fmt_valid(leaf) &&
        (resize_breaks(pt, leaf) || any_broken(child->entries, n) || is_broken(table->entries[i]));
    gather_resized(pt, first, slot_first(level, va), n, below);
    gather_table(pt, va, level);
    forget_child(table, i);
    publish(&table->entries[i], breaks ? fmt_break(leaf) : leaf);
    if (breaks) {
        note_broken(pt, table, i, 1);
    }
    pt->statistics.leaves[below] -= n;
    pt->statistics.groups[below] -= child->grouped >> fmt_group_bits(below);
    pt->statistics.leaves[level]++;
    pt->statistics.promotions++;
    mset_pt_table_retire(pt, child);
    return true;
}

/* From the table at the end of the path upwards, as long as tables fold. Did that one? */
static bool fold_path(struct mset_page_table *pt, const struct path *path, uint64_t va) {
    for (unsigned level = path->level + 1; level < FMT_LEVELS; level++) {
        struct pt_table *const table = path->table[level];
        const unsigned i = index_of(level, va);
        if (!fold_table(pt, table, level, i, va)) {
            return level > path->level + 1;
        }
        close_groups(pt, table, level, i, 1, va);
    }
    return path->level + 1 < FMT_LEVELS;
}

static void promote_in(struct mset_page_table *pt, struct pt_table *table, unsigned level,
                       uint64_t va, uint64_t last) {
    for (;;) {
        const unsigned i = index_of(level, va);
        const uint64_t end = min_u64(last, slot_last(level, va));
        struct pt_table *const child = child_at(table, i);
        if (child != NULL) {
            promote_in(pt, child, level - 1, va, end);
            (void)fold_table(pt, table, level, i, va);
        }
        if (FMT_GROUPS && (pt->group_levels >> level & 1) != 0 &&
            (end == last || ((i + 1) & (group_count(level) - 1)) == 0)) {
            close_group(pt, table, level, i, va);
        }
        if (end == last) {
            return;
        }
        va = end + 1;
    }
}

static void engine_promote(struct mset_page_table *pt, uint64_t va, uint64_t last) {
    promote_in(pt, pt->root, FMT_LEVELS - 1, va, last);
}

#endif
