/*
 * engine.h - the page-table algorithms, written once, compiled once per format.
 *
 * A format file is included before this one and provides this vocabulary; nothing here knows
 * which bits mean what. Levels count from 0, where the smallest leaves are.
 *
 *     FMT_NAME, FMT_LEVELS, FMT_LEAF_LEVELS   leaves live at levels 0 .. FMT_LEAF_LEVELS - 1
 *     FMT_VA_BITS, FMT_PA_BITS, FMT_FLAGS, FMT_IMPLIED_READ
 *     FMT_LEAF_SIZES, FMT_SHIFTS, FMT_INDEX_BITS   initialisers; the last two say by level what
 *                               the two functions below say
 *     fmt_shift(level)          log2 of the bytes one entry stands for
 *     fmt_index_bits(level)     log2 of the entries of a table
 *     fmt_space_last(va)        how far a range from va may run; < va: not translatable
 *
 *     fmt_empty(level)          an entry that is nothing
 *     fmt_table(pa, level)      an entry of `level` that points at a table, and ...
 *     fmt_table_ok(e, pa, level)    ... whether e is that one
 *     fmt_attributes(flags, level)  what base.h's flags are in a leaf; without access: a leaf
 *                                   that is not present but can be told from empty
 *     fmt_marks(accessed, dirty)    bits to add to attributes
 *     fmt_leaf(pa, attributes, level)
 *     fmt_leaf_step(leaf, level)    leaf + i * step is the leaf of the i-th page after it
 *     fmt_change(e, attributes, level)  a leaf with other attributes; empty stays empty
 *     fmt_leaf_address, fmt_leaf_flags(leaf, level), fmt_leaf_accessed, fmt_leaf_dirty(leaf)
 *     fmt_without_marks(leaf)   never equal to that of a table's entry
 *     fmt_leaf_ok(leaf, level)  reserved bits are zero
 *
 * The shape of every walk. A range arrives at a table clipped to what the table translates, and
 * is taken slot by slot; `last` is inclusive, so the top of the address space needs no care.
 *
 *     table of level 1     |    |####|####|####|    |       # whole slots: handled as one run
 *     range [va, last]        |-==================-|          in a loop without calls
 *                             ^                    ^        - parts of slots: one level down,
 *                                                             at most two per table
 *
 * So an operation on k tables visits k tables, each once.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_H

#include "page_table/page_table.h"

static inline uint64_t slot_size(unsigned level) {
    return UINT64_C(1) << fmt_shift(level);
}

static inline uint64_t slot_last(unsigned level, uint64_t va) {
    return va | (slot_size(level) - 1);
}

static inline unsigned entry_count(unsigned level) {
    return 1u << fmt_index_bits(level);
}

static inline unsigned index_of(unsigned level, uint64_t va) {
    return (unsigned)(va >> fmt_shift(level)) & (entry_count(level) - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* How many slots, from va's on and in the same table, lie in the range as a whole. */
static inline unsigned whole_slots(unsigned level, uint64_t va, uint64_t last) {
    if ((va & (slot_size(level) - 1)) != 0) {
        return 0;
    }
    /* No range is longer than half of the address space: last - va + 1 does not wrap. */
    const uint64_t slots = (last - va + 1) >> fmt_shift(level);
    return (unsigned)min_u64(slots, entry_count(level) - index_of(level, va));
}

static inline struct pt_table *child_at(const struct pt_table *table, unsigned level, unsigned i) {
    return level == 0 ? NULL : table->child[i];
}

static inline bool is_empty(const struct pt_table *table, unsigned level, unsigned i) {
    return table->entries[i] == fmt_empty(level);
}

/* How many of the n entries from i on point at no table. */
static inline unsigned childless(const struct pt_table *table, unsigned level, unsigned i,
                                 unsigned n) {
    unsigned k = level == 0 ? n : 0;
    while (k < n && table->child[i + k] == NULL) {
        k++;
    }
    return k;
}

static inline unsigned count_leaves(const uint64_t *entries, unsigned n, unsigned level) {
    uint64_t count = 0;
    for (unsigned k = 0; k < n; k++) {
        count += entries[k] != fmt_empty(level);
    }
    return (unsigned)count;
}

static inline void fill_empty(uint64_t *entries, unsigned n, unsigned level) {
    for (unsigned k = 0; k < n; k++) {
        entries[k] = fmt_empty(level);
    }
}

static inline void fill_leaves(uint64_t *entries, unsigned n, uint64_t first, uint64_t step) {
    for (unsigned k = 0; k < n; k++) {
        entries[k] = first + k * step;
    }
}

/*
 * Leaves that follow each other from entries[0], which is one: how many of n, described in *run.
 * Marks may differ; they are collected.
 */
static inline unsigned leaf_run(const uint64_t *entries, unsigned n, unsigned level, uint64_t va,
                                struct mset_pt_run *run) {
    const uint64_t first = fmt_without_marks(entries[0]);
    const uint64_t step = fmt_leaf_step(first, level);
    bool accessed = false, dirty = false;
    unsigned k = 0;
    do {
        accessed |= fmt_leaf_accessed(entries[k]);
        dirty |= fmt_leaf_dirty(entries[k]);
        k++;
    } while (k < n && fmt_without_marks(entries[k]) == first + k * step);

    const uint64_t flags = fmt_leaf_flags(first, level);
    *run = (struct mset_pt_run){.va = va,
                                .pa = fmt_leaf_address(first, level),
                                .size = k * slot_size(level),
                                .leaf_size = slot_size(level),
                                .flags = flags,
                                .present = (flags & MSET_ACCESS) != 0,
                                .accessed = accessed,
                                .dirty = dirty};
    return k;
}

/* ---- linking ------------------------------------------------------------------------------ */

/* One store, and a processor that sees it sees the table behind it filled. */
static inline void publish(uint64_t *entry, uint64_t value) {
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* Points entry i at a filled table. What was there, empty or a leaf, goes with one store. */
static inline void link_table(struct pt_table *table, unsigned level, unsigned i,
                              struct pt_table *child) {
    table->used += is_empty(table, level, i);
    table->child[i] = child;
    publish(&table->entries[i], fmt_table(child->pa, level));
}

static inline struct pt_table *unlink_table(struct pt_table *table, unsigned level, unsigned i) {
    struct pt_table *const child = table->child[i];
    table->child[i] = NULL;
    table->used--;
    publish(&table->entries[i], fmt_empty(level));
    return child;
}

static void engine_clear(struct pt_table *table) {
    fill_empty(table->entries, entry_count(table->level), table->level);
}

#include "page_table/engine_walk.h"

#include "page_table/engine_plan.h"

#include "page_table/engine_map.h"

#include "page_table/engine_unmap.h"

#include "page_table/engine_protect.h"

#include "page_table/engine_move.h"

#include "page_table/engine_validate.h"

/* ---- the format --------------------------------------------------------------------------- */

static const struct mset_pt_engine engine = {
    .shift = FMT_SHIFTS,
    .index_bits = FMT_INDEX_BITS,
    .space_last = fmt_space_last,
    .clear = engine_clear,
    .map = engine_map,
    .unmap = engine_unmap,
    .protect = engine_protect,
    .move = engine_move,
    .find = engine_find,
    .walk = engine_walk,
    .validate = engine_validate,
};

/* Initialiser of the public description. */
#define ENGINE_FORMAT                                                                           \
    {                                                                                           \
        .name = FMT_NAME, .levels = FMT_LEVELS, .va_bits = FMT_VA_BITS, .pa_bits = FMT_PA_BITS, \
        .leaf_sizes = FMT_LEAF_SIZES, .flags = FMT_FLAGS, .implied_read = FMT_IMPLIED_READ,     \
        .engine = &engine,                                                                      \
    }

#endif
