/*
 * riscv.h - the bits of RISC-V page tables: privileged architecture, 12.3 to 12.5 "Sv39/48/57",
 * 13 "Svnapot", 14 "Svpbmt", and 18.5.1 "Guest Physical Address Translation".
 *
 *     level     4      3      2     1     0
 *     shift    48     39     30    21    12      512 entries of 8 bytes; a guest-physical root 2048
 *     leaf    256T   512G    1G    2M    4K      with as many levels as the mode has
 *
 *              63 62 61 60  54 53                       10 9 8 7 6 5 4 3 2 1 0
 *     table    0 |  0  |  0   |  address 55:12            |  0  0 0 0 0|0 0 0 1
 *     leaf     N |PBMT |  0   |  address 55:12            | sw |D A G U|X W R V
 *
 *     PBMT 1 uncached (NC), 2 device (IO). N: Svnapot, see below. W without R is reserved.
 *
 * Svnapot: 16 leaves of level 0 that make 64 KiB are all the same entry: N = 1, and the lowest
 * four bits of the page number are 1000, whichever of the 16 it is.
 *
 *     index in the group   0         1        ...      15
 *     plain            ...0000   ...0001   ...      ...1111      lowest bits of the page number
 *     grouped          N  1000   N  1000   ...      N  1000
 *
 * An entry with V = 0 is the software's. A leaf without access keeps all but V, R, W, X and has R
 * to say that there is one; a marker has W, and its payload in 43:12.
 *
 * The including file says
 *     RISCV_NAME, RISCV_LEVELS   3, 4 or 5
 *     RISCV_GUEST                1: guest-physical addresses (G-stage), where every leaf is the
 *                                user's and the root has four times the entries
 */
#ifndef MSET_SRC_FORMAT_RISCV_H
#define MSET_SRC_FORMAT_RISCV_H

#include <mset/formats.h>

#define FMT_NAME RISCV_NAME

enum {
    FMT_LEVELS = RISCV_LEVELS,
    FMT_LEAF_LEVELS = RISCV_LEVELS,
    FMT_VA_BITS = 12 + 9 * RISCV_LEVELS + 2 * RISCV_GUEST,
    FMT_PA_BITS = 56,
    FMT_TWO_ROOTS = false,
    FMT_MARKS_OPTIONAL = true,
    FMT_BREAKS = false,
    FMT_GROUPS = true,
    FMT_GROUP_SHARED = true,
    FMT_MEMORY_TYPES = 0xd, /* no write-combining */
};

/* The bits from FMT_VA_BITS - 1 up are equal; a guest's addresses are not signed. */
#define FMT_LOW_LAST (UINT64_MAX >> (RISCV_GUEST ? 64 - FMT_VA_BITS : 65 - FMT_VA_BITS))
#define FMT_HIGH_FIRST (RISCV_GUEST ? 0 : UINT64_MAX << (FMT_VA_BITS - 1))

#define RISCV_VALID UINT64_C(0x1)
#define RISCV_READ UINT64_C(0x2)
#define RISCV_WRITE UINT64_C(0x4)
#define RISCV_USER UINT64_C(0x10)
#define RISCV_GLOBAL UINT64_C(0x20)
#define RISCV_ACCESSED UINT64_C(0x40)
#define RISCV_DIRTY UINT64_C(0x80)
#define RISCV_ADDRESS UINT64_C(0x003ffffffffffc00)
#define RISCV_NAPOT (UINT64_C(1) << 63)
#define RISCV_KEPT RISCV_READ    /* with V = 0 */
#define RISCV_MARKER RISCV_WRITE /* with V = 0 and R = 0 */
#define RISCV_MARKS (RISCV_ACCESSED | RISCV_DIRTY)
enum {
    RISCV_ADDRESS_SHIFT = 2, /* address bit 12 is entry bit 10 */
    RISCV_MARK_SHIFT = 6,
    RISCV_SOFT_SHIFT = 4, /* MSET_SOFT_0 at bit 12 goes to bit 8 */
    RISCV_TYPE_SHIFT = 61,
    RISCV_GROUP_BITS = 4,
};
#define RISCV_IN_GROUP (UINT64_C(0xf) << 10)  /* address bits that tell a group's entries apart */
#define RISCV_GROUP_64K (UINT64_C(0x8) << 10) /* what is in their place */

#define FMT_FLAGS                                                 \
    (MSET_ACCESS | MSET_MEMORY_TYPE | MSET_SOFT_0 | MSET_SOFT_1 | \
     (RISCV_GUEST ? 0 : MSET_USER | MSET_GLOBAL))
#define FMT_IMPLIES_READ MSET_WRITE

#define FMT_SHIFTS \
    { 12, 21, 30, 39, 48 }
#define FMT_INDEX_BITS                                     \
    {                                                      \
        9, 9, RISCV_LEVELS == 3 ? 9 + 2 * RISCV_GUEST : 9, \
            RISCV_LEVELS == 4 ? 9 + 2 * RISCV_GUEST : 9, 9 \
    }
#define FMT_GROUP_BITS \
    { RISCV_GROUP_BITS }
#define FMT_LEAF_SIZES                                                               \
    (UINT64_C(1) << 12 | UINT64_C(1) << 16 | UINT64_C(1) << 21 | UINT64_C(1) << 30 | \
     (RISCV_LEVELS > 3 ? UINT64_C(1) << 39 : 0) | (RISCV_LEVELS > 4 ? UINT64_C(1) << 48 : 0))
#define FMT_OPTIONAL_SIZES (UINT64_C(1) << 16) /* Svnapot */
#define FMT_VALID_BITS RISCV_VALID
#define FMT_ADDRESS_SHIFT RISCV_ADDRESS_SHIFT

static inline unsigned fmt_shift(unsigned level) {
    return 12 + 9 * level;
}

static inline unsigned fmt_index_bits(unsigned level) {
    return RISCV_GUEST && level == FMT_LEVELS - 1 ? 11 : 9;
}

static inline unsigned fmt_group_bits(unsigned level) {
    return level == 0 ? RISCV_GROUP_BITS : 0;
}

/* ---- entries ------------------------------------------------------------------------------ */

static inline uint64_t fmt_empty(unsigned level) {
    (void)level;
    return 0;
}

static inline uint64_t fmt_table(uint64_t pa, unsigned level) {
    (void)level;
    return pa >> RISCV_ADDRESS_SHIFT | RISCV_VALID;
}

static inline bool fmt_table_ok(uint64_t entry, uint64_t pa, unsigned level) {
    return entry == fmt_table(pa, level);
}

static inline uint64_t fmt_address_bits(unsigned level) {
    return RISCV_ADDRESS & (UINT64_MAX << (fmt_shift(level) - RISCV_ADDRESS_SHIFT));
}

static inline bool fmt_valid(uint64_t entry) {
    return (entry & FMT_VALID_BITS) != 0;
}

/* ---- marks -------------------------------------------------------------------------------- */

static inline unsigned fmt_marks(uint64_t leaf) {
    return (unsigned)(leaf >> RISCV_MARK_SHIFT) & (MSET_PT_ACCESSED | MSET_PT_DIRTY);
}

static inline uint64_t fmt_set_marks(uint64_t leaf, unsigned marks) {
    return leaf | (uint64_t)marks << RISCV_MARK_SHIFT;
}

static inline uint64_t fmt_clear_marks(uint64_t leaf, unsigned marks) {
    return leaf & ~((uint64_t)marks << RISCV_MARK_SHIFT);
}

static inline uint64_t fmt_without_marks(uint64_t leaf) {
    return leaf & ~RISCV_MARKS;
}

/* ---- leaves ------------------------------------------------------------------------------- */

/* PBMT 0, 1, 2 are MSET_WRITE_BACK, MSET_UNCACHED, MSET_DEVICE, which are 0, 2, 3. */
static inline uint64_t riscv_memory_type(uint64_t flags) {
    const uint64_t type = (flags & MSET_MEMORY_TYPE) >> 8;
    return (type - (type >> 1)) << RISCV_TYPE_SHIFT;
}

static inline uint64_t riscv_type_flags(uint64_t leaf) {
    const uint64_t type = leaf >> RISCV_TYPE_SHIFT & 3;
    return (type + (type != 0)) << 8;
}

static inline uint64_t fmt_attributes(uint64_t flags, unsigned marks, unsigned level) {
    (void)level;
    const uint64_t access = (flags & MSET_ACCESS) << 1;
    return (access != 0 ? access | RISCV_VALID : RISCV_KEPT) |
           (RISCV_GUEST || (flags & MSET_USER) ? RISCV_USER : 0) |
           (flags & MSET_GLOBAL ? RISCV_GLOBAL : 0) | (uint64_t)marks << RISCV_MARK_SHIFT |
           (flags & (MSET_SOFT_0 | MSET_SOFT_1)) >> RISCV_SOFT_SHIFT | riscv_memory_type(flags);
}

static inline uint64_t fmt_leaf(uint64_t pa, uint64_t attributes, unsigned level) {
    (void)level;
    return pa >> RISCV_ADDRESS_SHIFT | attributes;
}

static inline uint64_t fmt_marker(uint64_t payload, unsigned level) {
    (void)level;
    return RISCV_MARKER | payload << 12;
}

static inline bool fmt_is_marker(uint64_t entry) {
    return (entry & (RISCV_VALID | RISCV_READ | RISCV_WRITE)) == RISCV_MARKER;
}

static inline uint64_t fmt_leaf_step(uint64_t leaf, unsigned level) {
    return fmt_is_marker(leaf) ? 0 : UINT64_C(1) << (fmt_shift(level) - RISCV_ADDRESS_SHIFT);
}

static inline uint64_t fmt_change(uint64_t entry, uint64_t attributes, unsigned level) {
    (void)level;
    const uint64_t is_leaf = -((entry | entry >> 1) & 1); /* V or KEPT: all ones */
    const uint64_t changed = (entry & (RISCV_ADDRESS | RISCV_MARKS | RISCV_NAPOT)) | attributes;
    return entry ^ (is_leaf & (entry ^ changed));
}

/* MSET_WRITE implies MSET_READ, so the leaf stays one. */
static inline uint64_t fmt_write_protect(uint64_t entry, unsigned level) {
    (void)level;
    return entry & ~(-(entry & RISCV_VALID) & RISCV_WRITE);
}

static inline uint64_t fmt_leaf_address(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return leaf >> 12;
    }
    return (leaf & fmt_address_bits(level)) << RISCV_ADDRESS_SHIFT;
}

static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level) {
    (void)level;
    if (fmt_is_marker(leaf)) {
        return MSET_PT_MARKER;
    }
    const uint64_t user = RISCV_GUEST || (leaf & RISCV_USER) == 0 ? 0 : MSET_USER;
    return (leaf & RISCV_VALID ? leaf >> 1 & MSET_ACCESS : 0) | user |
           (leaf & RISCV_GLOBAL ? MSET_GLOBAL : 0) |
           (leaf << RISCV_SOFT_SHIFT & (MSET_SOFT_0 | MSET_SOFT_1)) | riscv_type_flags(leaf);
}

static inline bool fmt_leaf_ok(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return leaf == fmt_marker(fmt_leaf_address(leaf, level), level);
    }
    const uint64_t attributes = fmt_attributes(fmt_leaf_flags(leaf, level), 0, level);
    return fmt_without_marks(leaf) == fmt_leaf(fmt_leaf_address(leaf, level), attributes, level);
}

/* ---- groups: Svnapot ------------------------------------------------------------------------ */

static inline bool fmt_grouped(uint64_t entry, unsigned level) {
    (void)level;
    return (entry & RISCV_NAPOT) != 0;
}

static inline uint64_t fmt_group(uint64_t leaf, unsigned level) {
    (void)level;
    return (leaf & ~RISCV_IN_GROUP) | RISCV_GROUP_64K | RISCV_NAPOT;
}

static inline uint64_t fmt_flat(uint64_t entry, unsigned index, unsigned level) {
    (void)level;
    const uint64_t grouped = -(entry >> 63) & RISCV_IN_GROUP;
    return (entry & ~grouped) | ((uint64_t)index << 10 & grouped);
}

static inline uint64_t fmt_ungroup(uint64_t entry, unsigned index, unsigned level) {
    return fmt_flat(entry, index, level) & ~RISCV_NAPOT;
}

#include "page_table/formats/no_breaks.h"

#endif
