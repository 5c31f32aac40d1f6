/*
 * ept.h - the bits of Intel's extended page tables (guest-physical to physical): Intel SDM volume
 * 3C, 29.3 "The Extended Page Table Mechanism".
 *
 *     level   3 PML4   2 PDPT   1 PD    0 PT
 *     shift     39       30      21      12       512 entries of 8 bytes each
 *     leaf       -       1G      2M      4K
 *
 *                   63 62...57 56...52 51           21 20  13 12 11 10 9 8 7 6 5..3 2 1 0
 *     table         ignored             | address 51:12        |ign|i|i|A|0|  0  |X|W|R
 *     4K leaf       V|  0     |software | address 51:12        |sw|0|D|A|i|I| type|X|W|R
 *     2M, 1G leaf   V|  0     |software | address  | must be 0 |sw|0|D|A|1|I| type|X|W|R
 *
 *     R, W, X rights; type 0 uncached, 1 write-combining, 6 write-back; I ignore the guest's PAT;
 *     A accessed, D dirty (if EPTP says so); V suppress #VE, 0 here.
 *
 * An entry is present if any of R, W, X is set; if none is, the processor ignores the rest, bit 10
 * aside, which is 0 here. W without R is a misconfiguration.
 *
 * A leaf without access has bit 11 instead, and a marker bit 56; addresses in them are stored
 * inverted, because a guest can make a processor with the L1 terminal fault speculate through
 * entries that are not present.
 */
#ifndef MSET_SRC_FORMAT_EPT_H
#define MSET_SRC_FORMAT_EPT_H

#include <mset/formats.h>

#define FMT_NAME "ept"

enum {
    FMT_LEVELS = 4,
    FMT_LEAF_LEVELS = 3,
    FMT_VA_BITS = 48,
    FMT_PA_BITS = 52,
    FMT_TWO_ROOTS = false,
    FMT_MARKS_OPTIONAL = false,
    FMT_BREAKS = false,
    FMT_GROUPS = false,
    FMT_GROUP_SHARED = false,
    FMT_MEMORY_TYPES = 0xf,
};

#define FMT_LOW_LAST (UINT64_MAX >> 16)
#define FMT_HIGH_FIRST 0

#define EPT_READ UINT64_C(0x1)
#define EPT_WRITE UINT64_C(0x2)
#define EPT_EXEC UINT64_C(0x4)
#define EPT_TYPE UINT64_C(0x38)
#define EPT_WRITE_BACK UINT64_C(0x30)
#define EPT_WRITE_COMBINE UINT64_C(0x8)
#define EPT_IGNORE_PAT UINT64_C(0x40)
#define EPT_LARGE UINT64_C(0x80)
#define EPT_ACCESSED UINT64_C(0x100)
#define EPT_DIRTY UINT64_C(0x200)
#define EPT_KEPT UINT64_C(0x800)
#define EPT_MARKER (UINT64_C(1) << 56)
#define EPT_ADDRESS UINT64_C(0x000ffffffffff000)
#define EPT_PAYLOAD UINT64_C(0x00000ffffffff000)
#define EPT_MARKS (EPT_ACCESSED | EPT_DIRTY)
enum { EPT_MARK_SHIFT = 8, EPT_SOFT_SHIFT = 40 }; /* MSET_SOFT_0 at bit 12 goes to bit 52 */

#define FMT_FLAGS (MSET_ACCESS | MSET_MEMORY_TYPE | MSET_SOFT)
#define FMT_IMPLIES_READ MSET_WRITE

#define FMT_SHIFTS \
    { 12, 21, 30, 39 }
#define FMT_INDEX_BITS \
    { 9, 9, 9, 9 }
#define FMT_GROUP_BITS \
    { 0 }
#define FMT_LEAF_SIZES (UINT64_C(1) << 12 | UINT64_C(1) << 21 | UINT64_C(1) << 30)
#define FMT_OPTIONAL_SIZES 0
#define FMT_VALID_BITS (EPT_READ | EPT_WRITE | EPT_EXEC)
#define FMT_ADDRESS_SHIFT 0

static inline unsigned fmt_shift(unsigned level) {
    return 12 + 9 * level;
}

static inline unsigned fmt_index_bits(unsigned level) {
    (void)level;
    return 9;
}

static inline unsigned fmt_group_bits(unsigned level) {
    (void)level;
    return 0;
}

/* ---- entries ------------------------------------------------------------------------------ */

static inline uint64_t fmt_empty(unsigned level) {
    (void)level;
    return 0;
}

static inline uint64_t fmt_table(uint64_t pa, unsigned level) {
    (void)level;
    return pa | EPT_READ | EPT_WRITE | EPT_EXEC;
}

static inline bool fmt_table_ok(uint64_t entry, uint64_t pa, unsigned level) {
    return (entry & ~EPT_ACCESSED) == fmt_table(pa, level);
}

static inline uint64_t fmt_address_bits(unsigned level) {
    return EPT_ADDRESS & (UINT64_MAX << fmt_shift(level));
}

/* 1 or 0: any of R, W, X. */
static inline uint64_t ept_present(uint64_t entry) {
    return (entry | entry >> 1 | entry >> 2) & 1;
}

static inline bool fmt_valid(uint64_t entry) {
    return (entry & FMT_VALID_BITS) != 0;
}

/* ---- marks -------------------------------------------------------------------------------- */

static inline unsigned fmt_marks(uint64_t leaf) {
    return (unsigned)(leaf >> EPT_MARK_SHIFT) & (MSET_PT_ACCESSED | MSET_PT_DIRTY);
}

static inline uint64_t fmt_set_marks(uint64_t leaf, unsigned marks) {
    return leaf | (uint64_t)marks << EPT_MARK_SHIFT;
}

static inline uint64_t fmt_clear_marks(uint64_t leaf, unsigned marks) {
    return leaf & ~((uint64_t)marks << EPT_MARK_SHIFT);
}

static inline uint64_t fmt_without_marks(uint64_t leaf) {
    return leaf & ~EPT_MARKS;
}

/* ---- leaves ------------------------------------------------------------------------------- */

/* Uncached lets the guest's PAT make it write-combining; device does not. */
static inline uint64_t ept_memory_type(uint64_t flags) {
    switch (flags & MSET_MEMORY_TYPE) {
    case MSET_WRITE_COMBINE:
        return EPT_WRITE_COMBINE;
    case MSET_UNCACHED:
        return 0;
    case MSET_DEVICE:
        return EPT_IGNORE_PAT;
    default:
        return EPT_WRITE_BACK;
    }
}

static inline uint64_t ept_type_flags(uint64_t leaf) {
    switch (leaf & EPT_TYPE) {
    case EPT_WRITE_BACK:
        return MSET_WRITE_BACK;
    case EPT_WRITE_COMBINE:
        return MSET_WRITE_COMBINE;
    default:
        return leaf & EPT_IGNORE_PAT ? MSET_DEVICE : MSET_UNCACHED;
    }
}

static inline uint64_t fmt_attributes(uint64_t flags, unsigned marks, unsigned level) {
    const bool present = (flags & MSET_ACCESS) != 0;
    return (flags & MSET_ACCESS) | (present ? 0 : EPT_KEPT) | ept_memory_type(flags) |
           (uint64_t)marks << EPT_MARK_SHIFT | (level > 0 ? EPT_LARGE : 0) |
           (flags & MSET_SOFT) << EPT_SOFT_SHIFT;
}

/* All ones in the address where a leaf with these bits stores it inverted. */
static inline uint64_t ept_inversion(uint64_t bits, unsigned level) {
    return (ept_present(bits) - 1) & fmt_address_bits(level);
}

static inline uint64_t fmt_leaf(uint64_t pa, uint64_t attributes, unsigned level) {
    return (pa | attributes) ^ ept_inversion(attributes, level);
}

static inline uint64_t fmt_marker(uint64_t payload, unsigned level) {
    (void)level;
    return EPT_MARKER | ((payload << 12) ^ EPT_PAYLOAD);
}

static inline bool fmt_is_marker(uint64_t entry) {
    return (entry & EPT_MARKER) != 0;
}

static inline uint64_t fmt_leaf_step(uint64_t leaf, unsigned level) {
    const uint64_t size = UINT64_C(1) << fmt_shift(level);
    return fmt_valid(leaf) ? size : leaf & EPT_KEPT ? -size : 0;
}

static inline uint64_t fmt_change(uint64_t entry, uint64_t attributes, unsigned level) {
    const uint64_t is_leaf = -(ept_present(entry) | (entry >> 11 & 1));
    const uint64_t plain = entry ^ ept_inversion(entry, level);
    const uint64_t kept = plain & (fmt_address_bits(level) | EPT_MARKS);
    const uint64_t changed = (kept | attributes) ^ ept_inversion(attributes, level);
    return entry ^ (is_leaf & (entry ^ changed));
}

/* MSET_WRITE implies MSET_READ, so the leaf stays present. */
static inline uint64_t fmt_write_protect(uint64_t entry, unsigned level) {
    (void)level;
    return entry & ~EPT_WRITE;
}

static inline uint64_t fmt_leaf_address(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return (leaf & EPT_PAYLOAD) >> 12 ^ EPT_PAYLOAD >> 12;
    }
    return (leaf ^ ept_inversion(leaf, level)) & fmt_address_bits(level);
}

/* R, W, X are MSET_READ, MSET_WRITE, MSET_EXEC. */
static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level) {
    (void)level;
    if (fmt_is_marker(leaf)) {
        return MSET_PT_MARKER;
    }
    return (leaf & MSET_ACCESS) | ept_type_flags(leaf) | (leaf >> EPT_SOFT_SHIFT & MSET_SOFT);
}

static inline bool fmt_leaf_ok(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return leaf == fmt_marker(fmt_leaf_address(leaf, level), level);
    }
    const uint64_t attributes = fmt_attributes(fmt_leaf_flags(leaf, level), 0, level);
    return fmt_without_marks(leaf) == fmt_leaf(fmt_leaf_address(leaf, level), attributes, level);
}

#include "page_table/formats/no_groups.h"

#include "page_table/formats/no_breaks.h"

#endif
