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
 *     fmt_marks(leaf)           what the processor noted in a leaf: a word to be or-ed with others
 *     fmt_accessed, fmt_dirty(marks), fmt_make_marks(accessed, dirty)
 *     fmt_attributes(flags, marks, level)   what base.h's flags are in a leaf; without access: a
 *                               leaf that is not present but can be told from empty
 *     fmt_leaf(pa, attributes, level)
 *     fmt_leaf_step(leaf, level)    leaf + i * step is the leaf of the i-th page after it
 *     fmt_change(e, attributes, level)  a leaf with other attributes and its own marks; empty
 *                               stays empty
 *     fmt_leaf_address(leaf, level), fmt_leaf_flags(leaf, level)
 *     fmt_without_marks(leaf)   the same for leaves that differ in marks; no table's entry is like
 *                               a leaf in this
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

static inline bool any_entry(const uint64_t *entries, unsigned n, unsigned level) {
    uint64_t differ = 0; /* no early exit: vector code for runs of up to a table */
    for (unsigned k = 0; k < n; k++) {
        differ |= entries[k] ^ fmt_empty(level);
    }
    return differ != 0;
}

/*
 * One sum, for the vectoriser to take apart. (By hand it is no gain: gcc 12.2 at -O3 makes wrong
 * code of four sums in one loop.)
 */
static inline void fill_leaves(uint64_t *entries, unsigned n, uint64_t leaf, uint64_t step) {
    for (unsigned k = 0; k < n; k++) {
        entries[k] = leaf;
        leaf += step;
    }
}

/* Do marks end a run? Only where each leaf must keep its own. */
enum marks_matter { MARKS_ASIDE, MARKS_KEPT };

static inline uint64_t compared(uint64_t entry, enum marks_matter marks) {
    return marks == MARKS_KEPT ? entry : fmt_without_marks(entry);
}

/*
 * How many of n entries continue the run that begins with entries[0]. By blocks, because a loop
 * without exits becomes vector code.
 */
static inline unsigned run_length(const uint64_t *entries, unsigned n, uint64_t step,
                                  enum marks_matter marks) {
    enum { BLOCK = 16 };
    uint64_t expected = compared(entries[0], marks);
    unsigned k = 0;
    for (; k + BLOCK <= n; k += BLOCK) {
        uint64_t differ = 0, next = expected;
        for (unsigned j = 0; j < BLOCK; j++) {
            differ |= compared(entries[k + j], marks) ^ next;
            next += step;
        }
        if (differ != 0) {
            break;
        }
        expected = next;
    }
    while (k < n && compared(entries[k], marks) == expected) {
        expected += step;
        k++;
    }
    return k;
}

/* The run of leaves that begins with entries[0], which is one: its length, and what it is. */
static inline unsigned leaf_run(const uint64_t *entries, unsigned n, unsigned level, uint64_t va,
                                enum marks_matter matter, struct mset_pt_run *run) {
    const uint64_t first = entries[0];
    const unsigned length = run_length(entries, n, fmt_leaf_step(first, level), matter);
    uint64_t marks = 0;
    for (unsigned k = 0; k < length; k++) {
        marks |= fmt_marks(entries[k]);
    }
    const uint64_t flags = fmt_leaf_flags(first, level);
    *run = (struct mset_pt_run){.va = va,
                                .pa = fmt_leaf_address(first, level),
                                .size = length * slot_size(level),
                                .leaf_size = slot_size(level),
                                .flags = flags,
                                .present = (flags & MSET_ACCESS) != 0,
                                .accessed = fmt_accessed(marks),
                                .dirty = fmt_dirty(marks)};
    return length;
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

#include "page_table/engine_cut.h"

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
    .cut = engine_cut,
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
