/*
 * page_table.c - the public calls: check the arguments, pass on to the engine of the format.
 *
 * For the map of the room see page_table.h beside this file; for the algorithms engine.h.
 */
#include "page_table/page_table.h"

/* ---- checks ------------------------------------------------------------------------------- */

static uint64_t page_mask(const struct mset_page_table *pt) {
    return (UINT64_C(1) << pt->engine->shift[0]) - 1;
}

/* Aligned, not empty, not wrapping, and translatable from end to end? */
static bool range_ok(const struct mset_page_table *pt, uint64_t va, uint64_t size) {
    const uint64_t space_last = pt->engine->space_last(va);
    return ((va | size) & page_mask(pt)) == 0 && size != 0 && va <= space_last &&
           size - 1 <= space_last - va;
}

/* What remains of flags after those that no page table looks at. */
static uint64_t own_flags(uint64_t flags) {
    return flags & ~(MSET_CALLER_FLAGS | MSET_SHARED);
}

static bool flags_ok(const struct mset_page_table *pt, uint64_t flags) {
    const uint64_t access = flags & MSET_ACCESS;
    const bool unread = access != 0 && (access & MSET_READ) == 0;
    return (flags & ~pt->format->flags) == 0 && !(unread && pt->format->implied_read);
}

/* ---- life --------------------------------------------------------------------------------- */

static bool config_ok(const struct mset_pt_config *config) {
    if (config == NULL || config->format == NULL || config->frames == NULL) {
        return false;
    }
    const uint64_t leaf = config->largest_leaf;
    return (leaf & (leaf - 1)) == 0 && (leaf == 0 || (leaf & config->format->leaf_sizes) != 0) &&
           config->pa_bits <= config->format->pa_bits;
}

/* The format's leaf sizes up to the largest that the machine has. */
static uint64_t sizes_up_to(uint64_t sizes, uint64_t largest) {
    return largest == 0 ? sizes : sizes & (largest | (largest - 1));
}

static void init(struct mset_page_table *pt, const struct mset_pt_config *config,
                 const struct mset_allocator *allocator) {
    const unsigned pa_bits = config->pa_bits != 0 ? config->pa_bits : config->format->pa_bits;
    const uint64_t sizes = sizes_up_to(config->format->leaf_sizes, config->largest_leaf);
    memset(pt, 0, sizeof *pt);
    pt->format = config->format;
    pt->engine = config->format->engine;
    pt->frames = config->frames;
    pt->allocator = *allocator;
    pt->pa_last = UINT64_MAX >> (64 - pa_bits);
    while (pt->leaf_levels < pt->format->levels &&
           (sizes >> pt->engine->shift[pt->leaf_levels] & 1) != 0) {
        pt->leaf_levels++;
    }
}

mset_status mset_pt_create(const struct mset_pt_config *config, struct mset_page_table **table) {
    if (table == NULL || !config_ok(config)) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_allocator *const allocator = mset_allocator_or_default(config->allocator);
    if (allocator == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset_page_table *const pt =
        allocator->alloc(allocator->context, sizeof *pt, _Alignof(struct mset_page_table));
    if (pt == NULL) {
        return MSET_NO_MEMORY;
    }
    init(pt, config, allocator);
    const unsigned top = pt->format->levels - 1;
    const mset_status status = mset_pt_table_new(pt, top, &pt->root);
    if (status != MSET_OK) {
        allocator->free(allocator->context, pt, sizeof *pt, _Alignof(struct mset_page_table));
        return status;
    }
    pt->statistics.tables[top] = 1;
    pt->engine->clear(pt->root);
    *table = pt;
    return MSET_OK;
}

void mset_pt_destroy(struct mset_page_table *table) {
    if (table != NULL) {
        const struct mset_allocator allocator = table->allocator;
        mset_pt_tables_destroy(table);
        allocator.free(allocator.context, table, sizeof *table, _Alignof(struct mset_page_table));
    }
}

/* ---- changing ----------------------------------------------------------------------------- */

mset_status mset_pt_may_map(const struct mset_page_table *table, uint64_t va, uint64_t pa,
                            uint64_t size, uint64_t flags) {
    if (table == NULL || !range_ok(table, va, size) || (pa & page_mask(table)) != 0 ||
        pa > table->pa_last || size - 1 > table->pa_last - pa) {
        return MSET_INVALID_PARAM;
    }
    return flags_ok(table, own_flags(flags)) ? MSET_OK : MSET_UNSUPPORTED;
}

mset_status mset_pt_map(struct mset_page_table *table, uint64_t va, uint64_t pa, uint64_t size,
                        uint64_t flags) {
    mset_status status = mset_pt_may_map(table, va, pa, size, flags);
    if (status != MSET_OK) {
        return status;
    }
    status = table->engine->map(table, va, va + (size - 1), pa, own_flags(flags));
    MSET_ASSERT_EXPENSIVE(mset_pt_validate(table) == NULL);
    return status;
}

mset_status mset_pt_unmap(struct mset_page_table *table, uint64_t va, uint64_t size,
                          mset_pt_removed removed, void *arg) {
    if (table == NULL || !range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status = table->engine->unmap(table, va, va + (size - 1), removed, arg);
    MSET_ASSERT_EXPENSIVE(mset_pt_validate(table) == NULL);
    return status;
}

mset_status mset_pt_cut(struct mset_page_table *table, uint64_t va) {
    if (table == NULL || !range_ok(table, va, page_mask(table) + 1)) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status = table->engine->cut(table, va);
    MSET_ASSERT_EXPENSIVE(mset_pt_validate(table) == NULL);
    return status;
}

mset_status mset_pt_protect(struct mset_page_table *table, uint64_t va, uint64_t size,
                            uint64_t flags) {
    if (table == NULL || !range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    if (!flags_ok(table, own_flags(flags))) {
        return MSET_UNSUPPORTED;
    }
    const mset_status status = table->engine->protect(table, va, va + (size - 1), own_flags(flags));
    MSET_ASSERT_EXPENSIVE(mset_pt_validate(table) == NULL);
    return status;
}

mset_status mset_pt_move(struct mset_page_table *table, uint64_t from, uint64_t to, uint64_t size) {
    if (table == NULL || !range_ok(table, from, size) || !range_ok(table, to, size) ||
        (from < to ? to - from : from - to) < size) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status = table->engine->move(table, from, from + (size - 1), to);
    MSET_ASSERT_EXPENSIVE(mset_pt_validate(table) == NULL);
    return status;
}

/* ---- asking ------------------------------------------------------------------------------- */

mset_status mset_pt_query(const struct mset_page_table *table, uint64_t va, uint64_t want,
                          struct mset_pt_run *run) {
    if (table == NULL || run == NULL || va > table->engine->space_last(va)) {
        return MSET_INVALID_PARAM;
    }
    if (!table->engine->find(table, va, want, run)) {
        return MSET_NOT_FOUND;
    }
    const uint64_t last = table->engine->space_last(va);
    while (run->size < want && run->size <= last - va) { /* on into the next table */
        struct mset_pt_run more;
        if (!table->engine->find(table, va + run->size, want - run->size, &more) ||
            !pt_runs_join(run, &more)) {
            break;
        }
        run->size += more.size;
        run->accessed |= more.accessed;
        run->dirty |= more.dirty;
    }
    return MSET_OK;
}

static bool keep_first(void *arg, const struct mset_pt_run *run) {
    *(struct mset_pt_run *)arg = *run;
    return false;
}

mset_status mset_pt_next(const struct mset_page_table *table, uint64_t va, uint64_t size,
                         struct mset_pt_run *run) {
    if (table == NULL || run == NULL || !range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    const bool none = table->engine->walk(table, va, va + (size - 1), keep_first, run);
    return none ? MSET_NOT_FOUND : MSET_OK;
}

mset_status mset_pt_walk(const struct mset_page_table *table, uint64_t va, uint64_t size,
                         mset_pt_visit visit, void *arg) {
    if (table == NULL || visit == NULL || !range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    struct pt_joiner joiner = {.visit = visit, .arg = arg};
    (void)table->engine->walk(table, va, va + (size - 1), pt_join_add, &joiner);
    pt_join_flush(&joiner);
    return MSET_OK;
}

uint64_t mset_pt_root(const struct mset_page_table *table) {
    return table->root->pa;
}

const struct mset_pt_format *mset_pt_get_format(const struct mset_page_table *table) {
    return table->format;
}

uint64_t mset_pt_leaf_sizes(const struct mset_page_table *table) {
    uint64_t sizes = 0;
    for (unsigned level = 0; level < table->leaf_levels; level++) {
        sizes |= UINT64_C(1) << table->engine->shift[level];
    }
    return sizes;
}

void mset_pt_get_statistics(const struct mset_page_table *table, struct mset_pt_statistics *out) {
    *out = table->statistics;
}

const char *mset_pt_validate(const struct mset_page_table *table) {
    return table->engine->validate(table);
}
