/* engine_validate.h - the deep check behind mset_pt_validate. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_VALIDATE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_VALIDATE_H

static const char *validate_leaf(const struct mset_page_table *pt, uint64_t entry, unsigned i,
                                 unsigned level) {
    if (level >= pt->leaf_levels) {
        return "a leaf at a level that has none";
    }
    const uint64_t leaf = fmt_ungroup(entry, i, level);
    if (!fmt_leaf_ok(leaf, level)) {
        return "a leaf with reserved bits set";
    }
    if (!fmt_is_marker(leaf) && !pt_flags_ok(pt, fmt_leaf_flags(leaf, level))) {
        return "a leaf with flags that the format cannot express";
    }
    const uint64_t pa = fmt_leaf_address(leaf, level);
    if (!fmt_is_marker(leaf) && (pa > pt->pa_last || pt->pa_last - pa < slot_size(level) - 1)) {
        return "a leaf points beyond the machine's physical addresses";
    }
    return NULL;
}

/* Entry i is the first of an aligned group's slots. */
static const char *validate_group(const struct mset_page_table *pt, const struct pt_table *table,
                                  unsigned level, unsigned i, unsigned *grouped) {
    const unsigned n = group_count(level);
    unsigned members = 0;
    for (unsigned k = i; k < i + n; k++) {
        members += child_at(table, k) == NULL && fmt_grouped(table->entries[k], level);
    }
    *grouped += members;
    if (members == 0) {
        return NULL;
    }
    if ((pt->group_levels >> level & 1) == 0) {
        return "a contiguous group at a level that has none";
    }
    unsigned marks;
    return members == n && lines_up(pt, table->entries, i, n, level, &marks)
               ? NULL
               : "the entries of a contiguous group differ";
}

static const char *validate_groups(const struct mset_page_table *pt, const struct pt_table *table,
                                   unsigned level, struct mset_pt_statistics *seen) {
    unsigned grouped = 0;
    const char *wrong = NULL;
    for (unsigned i = 0; FMT_GROUPS && fmt_group_bits(level) != 0 && wrong == NULL &&
                         i + group_count(level) <= entry_count(level);
         i += group_count(level)) {
        wrong = validate_group(pt, table, level, i, &grouped);
    }
    seen->groups[level] += grouped >> fmt_group_bits(level);
    return wrong == NULL && grouped != table->grouped ? "the number of grouped entries is wrong"
                                                      : wrong;
}

static const char *validate_table(const struct mset_page_table *pt, const struct pt_table *table,
                                  unsigned level, struct mset_pt_statistics *seen);

static const char *validate_entry(const struct mset_page_table *pt, const struct pt_table *table,
                                  unsigned level, unsigned i, struct mset_pt_statistics *seen) {
    const uint64_t entry = table->entries[i];
    const struct pt_table *const child = child_at(table, i);
    if (is_broken(entry) && (i < table->broken_from || i >= table->broken_to)) {
        return "an entry is broken and nobody will mend it";
    }
    if (child == NULL) {
        seen->leaves[level] += entry != fmt_empty(level);
        return entry == fmt_empty(level) ? NULL : validate_leaf(pt, entry, i, level);
    }
    if (!fmt_table_ok(entry, child->pa, level)) {
        return "an entry does not point at the table that its book says";
    }
    return validate_table(pt, child, level - 1, seen);
}

static const char *validate_table(const struct mset_page_table *pt, const struct pt_table *table,
                                  unsigned level, struct mset_pt_statistics *seen) {
    unsigned used = 0, children = 0;
    seen->tables[level]++;
    /* Also ends the walk if tables form a ring or are shared. */
    if (seen->tables[level] > pt->statistics.tables[level]) {
        return "there are more tables than counted, or one is reached twice";
    }
    if (table->level != level || mset_frames_virt(pt->frames, table->pa) != table->entries) {
        return "a table is not where its book says";
    }
    for (unsigned i = 0; i < entry_count(level); i++) {
        const char *const wrong = validate_entry(pt, table, level, i, seen);
        if (wrong != NULL) {
            return wrong;
        }
        used += !is_empty(table, level, i);
        children += child_at(table, i) != NULL;
    }
    if (children != table->children) {
        return "the number of tables below a table is wrong";
    }
    if (used != table->used) {
        return "the number of entries in use is wrong";
    }
    if (used == 0 && table != pt->root) {
        return "an empty table was not freed";
    }
    return validate_groups(pt, table, level, seen);
}

/* The list holds tables that are or were in the tree. */
static const char *validate_broken(const struct mset_page_table *pt) {
    for (const struct pt_table *table = pt->broken; table != NULL; table = table->next_broken) {
        if (table->broken_to > entry_count(table->level)) {
            return "a table has more broken entries than entries";
        }
    }
    return NULL;
}

static bool recent_ok(const struct mset_page_table *pt) {
    const struct pt_recent *const recent = &pt->recent;
    struct path path;
    descend(pt, recent->va, recent->va, &path);
    return recent->span == 0 || (path.level == 0 && path.table[0] == recent->table &&
                                 recent->span == slot_size(1) && is_boundary(1, recent->va));
}

static const char *engine_validate(const struct mset_page_table *pt) {
    struct mset_pt_statistics seen = {.splits = 0};
    const char *const wrong = validate_table(pt, pt->root, FMT_LEVELS - 1, &seen);
    if (wrong != NULL) {
        return wrong;
    }
    if (memcmp(seen.tables, pt->statistics.tables, sizeof seen.tables) != 0) {
        return "the number of tables is wrong";
    }
    if (memcmp(seen.leaves, pt->statistics.leaves, sizeof seen.leaves) != 0) {
        return "the number of leaves is wrong";
    }
    if (memcmp(seen.groups, pt->statistics.groups, sizeof seen.groups) != 0) {
        return "the number of groups is wrong";
    }
    return recent_ok(pt) ? validate_broken(pt) : "the table changed last is not where it was";
}

#endif
