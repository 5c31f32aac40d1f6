/*
 * page_table.c - the life of a page table, and the public calls that ask. See change.c for those
 * that change it, README.md for the map of the room, engine.h for the algorithms.
 */
#include "page_table/check.h"
#include "page_table/shortcut.h"

/* ---- life --------------------------------------------------------------------------------- */

/* Sizes of leaves that are whole entries. */
static uint64_t base_sizes(const struct mset_pt_format *format) {
    uint64_t sizes = 0;
    for (unsigned level = 0; level < format->engine->base_levels; level++) {
        sizes |= UINT64_C(1) << format->engine->shift[level];
    }
    return sizes;
}

static uint64_t sizes_wanted(const struct mset_pt_config *config) {
    const struct mset_pt_format *const format = config->format;
    return config->leaf_sizes != 0 ? config->leaf_sizes
                                   : format->leaf_sizes & ~format->optional_sizes;
}

/* The smallest is there, and among those of whole entries none is left out below the largest. */
static bool sizes_ok(const struct mset_pt_format *format, uint64_t sizes) {
    const uint64_t all = base_sizes(format), base = sizes & all;
    const uint64_t below_largest = base == 0 ? 0 : UINT64_MAX >> __builtin_clzll(base);
    return (sizes & ~format->leaf_sizes) == 0 && (base & all & -all) != 0 &&
           base == (all & below_largest);
}

static bool config_ok(const struct mset_pt_config *config) {
    if (config == NULL || config->format == NULL || config->frames == NULL) {
        return false;
    }
    return sizes_ok(config->format, sizes_wanted(config)) &&
           config->pa_bits <= config->format->pa_bits &&
           (!config->upper || config->format->two_roots);
}

/* Which addresses this root translates. */
static void init_space(struct mset_page_table *pt, const struct mset_pt_config *config) {
    const uint64_t low_last = pt->format->low_last, high_first = pt->format->high_first;
    const bool low = !config->upper, high = pt->format->two_roots ? config->upper : high_first != 0;
    pt->base = high ? high_first : 0;
    pt->span = (low ? low_last : UINT64_MAX) - pt->base;
}

/* Which leaves there are: a group counts if its own size is among those wanted. */
static void init_leaves(struct mset_page_table *pt, uint64_t sizes) {
    const struct mset_pt_engine *const engine = pt->engine;
    for (unsigned level = 0; level < engine->base_levels; level++) {
        if ((sizes >> engine->shift[level] & 1) == 0) {
            break;
        }
        pt->leaf_levels++;
        const unsigned bits = engine->group_bits[level];
        if (bits != 0 && (sizes >> (engine->shift[level] + bits) & 1) != 0) {
            pt->group_levels |= 1u << level;
        }
    }
}

static void init(struct mset_page_table *pt, const struct mset_pt_config *config,
                 const struct mset_allocator *allocator) {
    const unsigned pa_bits = config->pa_bits != 0 ? config->pa_bits : config->format->pa_bits;
    memset(pt, 0, sizeof *pt);
    pt->format = config->format;
    pt->engine = config->format->engine;
    pt->frames = config->frames;
    pt->allocator = *allocator;
    pt->pa_last = UINT64_MAX >> (64 - pa_bits);
    pt->loops = mset_pt_choose_loops();
    pt->bbm_level_2 = config->bbm_level_2;
    pt->promote = config->promote;
    pt->keep_marks = config->keep_marks;
    pt->recent.flags = pt->recent.bits = UINT64_MAX;
    pt->recent.shift = pt->engine->shift[0];
    pt->recent.address_shift = pt->engine->address_shift;
    if (config->format->marks_optional && !config->hardware_marks) {
        pt->born = MSET_PT_ACCESSED | MSET_PT_DIRTY;
    }
    init_space(pt, config);
    init_leaves(pt, sizes_wanted(config));
    pt_gather_reset(pt);
    pt_session_begin(&pt->session, pt->version);
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

/* ---- asking ------------------------------------------------------------------------------- */

/* On into the tables that follow, as long as the run does. */
static void query_on(const struct mset_page_table *table, uint64_t va, uint64_t last, uint64_t want,
                     struct mset_pt_run *run) {
    while (run->size < want && run->size <= last - va) {
        struct mset_pt_run more;
        if (!table->engine->find(table, va + run->size, want - run->size, &more) ||
            !pt_runs_join(run, &more)) {
            return;
        }
        run->size += more.size;
        run->accessed |= more.accessed;
        run->dirty |= more.dirty;
    }
}

/* A query for more than a leaf; out of the way of those for one. */
__attribute__((noinline)) static mset_status query_run(const struct mset_page_table *table,
                                                       uint64_t va, uint64_t want,
                                                       struct mset_pt_run *run) {
    uint64_t last;
    (void)pt_space_last(table, va, &last);
    if (!table->engine->find(table, va, want, run)) {
        return MSET_NOT_FOUND;
    }
    query_on(table, va, last, want, run);
    return MSET_OK;
}

mset_status mset_pt_query(const struct mset_page_table *table, uint64_t va, uint64_t want,
                          struct mset_pt_run *run) {
    if (table == NULL || run == NULL) {
        return MSET_INVALID_PARAM;
    }
    if (want == 0 && pt_short_query(table, va, run)) {
        return MSET_OK;
    }
    if (va - table->base > table->span) {
        return MSET_INVALID_PARAM;
    }
    if (want != 0) {
        return query_run(table, va, want, run);
    }
    return table->engine->look(table, va, run) ? MSET_OK : MSET_NOT_FOUND;
}

static bool keep_first(void *arg, const struct mset_pt_run *run) {
    *(struct mset_pt_run *)arg = *run;
    return false;
}

mset_status mset_pt_next(const struct mset_page_table *table, uint64_t va, uint64_t size,
                         struct mset_pt_run *run) {
    if (table == NULL || run == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    const bool none = table->engine->walk(table, va, va + (size - 1), keep_first, run);
    return none ? MSET_NOT_FOUND : MSET_OK;
}

mset_status mset_pt_walk(const struct mset_page_table *table, uint64_t va, uint64_t size,
                         mset_pt_visit visit, void *arg) {
    if (table == NULL || visit == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    struct pt_joiner joiner = {.visit = visit, .arg = arg};
    (void)table->engine->walk(table, va, va + (size - 1), pt_join_add, &joiner);
    pt_join_flush(&joiner);
    return MSET_OK;
}

mset_status mset_pt_cursor_init(struct mset_pt_cursor *cursor, const struct mset_page_table *table,
                                uint64_t va, uint64_t size) {
    if (cursor == NULL || table == NULL || !pt_range_ok(table, va, size)) {
        return MSET_INVALID_PARAM;
    }
    *cursor = (struct mset_pt_cursor){.table = table, .va = va, .last = va + (size - 1)};
    return MSET_OK;
}

bool mset_pt_cursor_next(struct mset_pt_cursor *cursor, struct mset_pt_run *run) {
    return cursor != NULL && run != NULL && !cursor->done &&
           cursor->table->engine->step(cursor, run);
}

uint64_t mset_pt_root(const struct mset_page_table *table) {
    return table == NULL ? 0 : table->root->pa;
}

const struct mset_pt_format *mset_pt_get_format(const struct mset_page_table *table) {
    return table == NULL ? NULL : table->format;
}

uint64_t mset_pt_leaf_sizes(const struct mset_page_table *table) {
    uint64_t sizes = 0;
    for (unsigned level = 0; table != NULL && level < table->leaf_levels; level++) {
        const uint64_t size = UINT64_C(1) << table->engine->shift[level];
        const bool groups = (table->group_levels >> level & 1) != 0;
        sizes |= size | (groups ? size << table->engine->group_bits[level] : 0);
    }
    return sizes;
}

void mset_pt_get_statistics(const struct mset_page_table *table, struct mset_pt_statistics *out) {
    if (out != NULL) {
        const struct mset_pt_statistics none = {.splits = 0};
        *out = table == NULL ? none : table->statistics;
    }
}

const char *mset_pt_validate(const struct mset_page_table *table) {
    return table == NULL ? "there is no table" : table->engine->validate(table);
}
