/*
 * engine.h - the page-table algorithms, written once, compiled once per format.
 *
 * A format file is included before this one and provides this vocabulary; nothing here knows
 * which bits mean what. Levels count from 0, where the smallest leaves are. An entry is empty, a
 * table's, a leaf or a marker; a leaf without access (PROT_NONE) is "kept". All functions are
 * static inline, without loops, and pure.
 *
 *   Geometry and abilities; all constant expressions
 *     FMT_NAME, FMT_LEVELS, FMT_VA_BITS, FMT_PA_BITS
 *     FMT_LEAF_LEVELS           leaves live at levels 0 .. FMT_LEAF_LEVELS - 1
 *     FMT_LOW_LAST, FMT_HIGH_FIRST   translatable: [0, LOW_LAST] and [HIGH_FIRST, 2^64); the
 *                               second 0 where there is no upper half
 *     FMT_TWO_ROOTS             a table translates only one of the two halves (config.upper)
 *     FMT_FLAGS, FMT_MEMORY_TYPES, FMT_IMPLIES_READ, FMT_MARKS_OPTIONAL, FMT_OPTIONAL_SIZES
 *                               as in struct mset_pt_format
 *     FMT_GROUPS                there are contiguous groups
 *     FMT_GROUP_SHARED          all entries of a group have the same value (Svnapot); else each
 *                               has its own address (AArch64)
 *     FMT_BREAKS                break before make
 *     FMT_LEAF_SIZES            all sizes of leaves or-ed, those of groups included
 *     FMT_SHIFTS, FMT_INDEX_BITS, FMT_GROUP_BITS   initialisers by level: say the same as
 *     fmt_shift(level)          log2 of the bytes one entry stands for
 *     fmt_index_bits(level)     log2 of the entries of a table
 *     fmt_group_bits(level)     log2 of the entries of a group, 0: no groups at this level
 *
 *   Entries
 *     fmt_empty(level)          nothing is here, for the hardware as well; 0 at level 0
 *     fmt_table(pa, level)      an entry of `level` that points at a table, and ...
 *     fmt_table_ok(e, pa, level)    ... whether e is that one (broken or not)
 *     FMT_VALID_BITS, fmt_valid(e)  any of these set: the hardware would use this leaf or table, so
 *                               it may be cached
 *
 *   Leaves, in groups or not
 *     fmt_attributes(flags, marks, level)   all bits of a leaf but its address
 *     fmt_leaf(pa, attributes, level)       a leaf in no group
 *     fmt_leaf_step(e, level)   e + i * step is the leaf of the i-th page after it; marker: 0
 *     fmt_leaf_address(e, level), fmt_leaf_flags(e, level)   of a leaf in no group; of a marker its
 *                               payload and MSET_PT_MARKER
 *     fmt_address_bits(level)   where a leaf's address lies; of a valid one it is there as it is,
 * but FMT_ADDRESS_SHIFT bits lower fmt_change(e, attributes, level)  the leaf with other
 * attributes, whose marks are added to its own; address, group and brokenness stay; anything that
 * is not a leaf stays as it is. Entries that are equal but for fmt_address_bits change in the same
 * bits fmt_write_protect(e, level)   a leaf loses MSET_WRITE and nothing else (a dirty leaf stays
 *                               dirty); the rest stays as it is
 *     fmt_leaf_ok(e, level)     reserved bits of a leaf (in no group, not broken) or marker are 0
 *     fmt_marker(payload, level), fmt_is_marker(e)
 *
 *   Marks: MSET_PT_ACCESSED | MSET_PT_DIRTY, of leaves and kept leaves
 *     fmt_marks(e), fmt_set_marks(e, marks), fmt_clear_marks(e, marks)
 *     fmt_without_marks(e)      equal for leaves that differ in marks only; no table's entry and
 *                               no empty one is like a leaf in this
 *
 *   Groups (identity and false where FMT_GROUPS is false)
 *     fmt_grouped(e, level)     e is a leaf in a group
 *     fmt_group(leaf, level)    the first leaf of an aligned group, as the group's first entry
 *     fmt_flat(e, i, level)     e, the i-th entry of its table, such that entries of a run of
 *                               groups rise by fmt_leaf_step, mended; still marked as grouped
 *     fmt_ungroup(e, i, level)  a leaf or an entry of a group, as a leaf in no group, mended
 *
 *   Break before make (identity and false where FMT_BREAKS is false)
 *     fmt_break(e)              a valid leaf or table, without its valid bit but with all else
 *     fmt_make(e)               a broken entry mended; anything else as it is
 *     fmt_must_break(old, e)    both are valid leaves of one size and address: may e not
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
 *
 * The parts, in the order in which they stand on each other:
 *
 *     engine_base.h     slots, entries, books; down to the table that holds a range
 *     engine_run.h      leaves that follow each other, seen as a run
 *     engine_write.h    all stores into live tables: leaves, links, breaks; what becomes stale
 *     engine_group.h    contiguous groups are opened and closed
 *     engine_promote.h  a table whose entries line up becomes a leaf
 *     engine_walk.h     reading
 *     engine_plan.h     how many tables an operation needs
 *     engine_ahead.h    the same after those announced before it
 *     engine_unmap.h  engine_map.h  engine_protect.h  engine_split.h  engine_move.h
 *     engine_copy.h  engine_marks.h     the operations
 *     engine_validate.h     the deep check
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_H

#include "page_table/check.h"
#include "page_table/page_table.h"
#include "page_table/shortcut.h"

#include "page_table/engine_base.h"

#include "page_table/engine_run.h"

#include "page_table/engine_write.h"

#include "page_table/engine_group.h"

#include "page_table/engine_promote.h"

#include "page_table/engine_walk.h"

#include "page_table/engine_plan.h"

#include "page_table/engine_ahead.h"

#include "page_table/engine_unmap.h"

#include "page_table/engine_map.h"

#include "page_table/engine_protect.h"

#include "page_table/engine_split.h"

#include "page_table/engine_move.h"

#include "page_table/engine_copy.h"

#include "page_table/engine_marks.h"

#include "page_table/engine_validate.h"

/* ---- the format --------------------------------------------------------------------------- */

static const struct mset_pt_engine engine = {
    .shift = FMT_SHIFTS,
    .index_bits = FMT_INDEX_BITS,
    .group_bits = FMT_GROUP_BITS,
    .base_levels = FMT_LEAF_LEVELS,
    .breaks = FMT_BREAKS,
    .address_shift = FMT_ADDRESS_SHIFT,
    .valid_bits = FMT_VALID_BITS,
    .clear = engine_clear,
    .map = engine_map,
    .unmap = engine_unmap,
    .cut = engine_cut,
    .protect = engine_protect,
    .move = engine_move,
    .copy = engine_copy,
    .split = engine_split,
    .promote = engine_promote,
    .harvest = engine_harvest,
    .mark = engine_mark,
    .broken = engine_broken,
    .look = engine_look,
    .find = engine_find,
    .walk = engine_walk,
    .step = engine_step,
    .validate = engine_validate,
};

/* Initialiser of the public description. */
#define ENGINE_FORMAT                                                                           \
    {                                                                                           \
        .name = FMT_NAME, .levels = FMT_LEVELS, .va_bits = FMT_VA_BITS, .pa_bits = FMT_PA_BITS, \
        .low_last = FMT_LOW_LAST, .high_first = FMT_HIGH_FIRST, .leaf_sizes = FMT_LEAF_SIZES,   \
        .optional_sizes = FMT_OPTIONAL_SIZES, .flags = FMT_FLAGS,                               \
        .memory_types = FMT_MEMORY_TYPES, .implies_read = FMT_IMPLIES_READ,                     \
        .two_roots = FMT_TWO_ROOTS, .marks_optional = FMT_MARKS_OPTIONAL, .engine = &engine,    \
    }

#endif
