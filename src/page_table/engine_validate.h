/* engine_validate.h - the deep check behind mset_pt_validate. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_VALIDATE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_VALIDATE_H

static const char *validate_leaf(const struct mset_page_table *pt, uint64_t entry, unsigned level) {
    if (level >= pt->leaf_levels) {
        return "a leaf at a level that has none";
    }
    if (!fmt_leaf_ok(entry, level)) {
        return "a leaf with reserved bits set";
    }
    const uint64_t pa = fmt_leaf_address(entry, level);
    if (pa > pt->pa_last || pt->pa_last - pa < slot_size(level) - 1) {
        return "a leaf points beyond the machine's physical addresses";
    }
    return NULL;
}

static const char *validate_table(const struct mset_page_table *pt, const struct pt_table *table,
                                  unsigned level, struct mset_pt_statistics *seen);

static const char *validate_entry(const struct mset_page_table *pt, const struct pt_table *table,
                                  unsigned level, unsigned i, struct mset_pt_statistics *seen) {
    const uint64_t entry = table->entries[i];
    const struct pt_table *const child = child_at(table, level, i);
    if (child == NULL) {
        seen->leaves[level] += entry != fmt_empty(level);
        return entry == fmt_empty(level) ? NULL : validate_leaf(pt, entry, level);
    }
    if (!fmt_table_ok(entry, child->pa, level)) {
        return "an entry does not point at the table that its book says";
    }
    return validate_table(pt, child, level - 1, seen);
}

static const char *validate_table(const struct mset_page_table *pt, const struct pt_table *table,
                                  unsigned level, struct mset_pt_statistics *seen) {
    unsigned used = 0;
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
    }
    if (used != table->used) {
        return "the number of entries in use is wrong";
    }
    return used == 0 && table != pt->root ? "an empty table was not freed" : NULL;
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
    return NULL;
}

#endif
