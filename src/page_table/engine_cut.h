/* engine_cut.h - an address becomes a boundary between leaves. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_CUT_H
#define MSET_SRC_PAGE_TABLE_ENGINE_CUT_H

static inline bool is_boundary(unsigned level, uint64_t va) {
    return (va & (slot_size(level) - 1)) == 0;
}

static mset_status engine_cut(struct mset_page_table *pt, uint64_t va) {
    struct pt_table *table = pt->root;
    unsigned level = FMT_LEVELS - 1;
    while (child_at(table, level, index_of(level, va)) != NULL) {
        table = table->child[index_of(level, va)];
        level--;
    }
    if (is_empty(table, level, index_of(level, va))) {
        return MSET_OK;
    }
    struct pt_reserve reserve = {{0}, {NULL}};
    for (unsigned above = level; !is_boundary(above, va); above--) {
        reserve.need[above - 1] = 1;
    }
    const mset_status status = mset_pt_reserve_fill(pt, &reserve);
    for (; status == MSET_OK && !is_boundary(level, va); level--) {
        table = split_leaf(pt, &reserve, table, level, index_of(level, va), va);
    }
    return status;
}

#endif
