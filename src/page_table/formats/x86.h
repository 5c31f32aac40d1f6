/*
 * x86.h - the bits of x86-64 page tables: AMD64 manual volume 2, 5.3 "Long-Mode Page Translation",
 * 5.4 and, nested, 15.25; Intel SDM volume 3A, 4.5.
 *
 *     level   4 PML5   3 PML4   2 PDPT   1 PD    0 PT
 *     shift     48       39       30      21      12       512 entries of 8 bytes each
 *     leaf       -        -       1G      2M      4K
 *
 *                   63 62       52 51           21 20  13 12 11..9 8 7 6 5 4 3 2 1 0
 *     table         XD|  ignored  |    address 51:12        | ign |i|0|i|A|C|T|U|W|1
 *     4K leaf       XD|  ignored  |    address 51:12        | sw  |G|p|D|A|C|T|U|W|1
 *     2M, 1G leaf   XD|  ignored  |  address    | must be 0 |p| sw|G|1|D|A|C|T|U|W|1
 *
 *     W writable, U user, T PWT, C PCD, A accessed, D dirty, G global, p PAT, XD execute-disable.
 *     An address of a 1G leaf is 51:30; bits 29:13 must be 0.
 *
 * The PAT bit, which moves from 7 to 12 in a large leaf, stays 0: four memory types need PWT and
 * PCD only (see formats.h). So attributes look the same at every level but for bit 7.
 *
 * Rights of a translation are the intersection over all levels, so tables allow everything.
 *
 * A leaf without access keeps everything but P: bit 11 (software) says that there is one, and the
 * address is stored inverted, so that a processor with the L1 terminal fault, which ignores P when
 * it speculates, finds no cached memory there. A marker has bit 10 instead, and its payload in
 * 43:12, inverted likewise.
 *
 * The including file says
 *     X86_NAME, X86_LEVELS   4 or 5
 *     X86_NESTED             1: a second stage (AMD), whose walk is always the user's; else 0
 */
#ifndef MSET_SRC_FORMAT_X86_H
#define MSET_SRC_FORMAT_X86_H

#include <mset/formats.h>

#define FMT_NAME X86_NAME

enum {
    FMT_LEVELS = X86_LEVELS,
    FMT_LEAF_LEVELS = 3,
    FMT_VA_BITS = 12 + 9 * X86_LEVELS,
    FMT_PA_BITS = 52,
    FMT_TWO_ROOTS = false,
    FMT_MARKS_OPTIONAL = false,
    FMT_BREAKS = false,
    FMT_GROUPS = false,
    FMT_GROUP_SHARED = false,
    FMT_MEMORY_TYPES = 0xf,
};

/* Canonical addresses: the bits from FMT_VA_BITS - 1 up are equal. A guest's are not signed. */
#define FMT_LOW_LAST (UINT64_MAX >> (X86_NESTED ? 64 - FMT_VA_BITS : 65 - FMT_VA_BITS))
#define FMT_HIGH_FIRST (X86_NESTED ? 0 : UINT64_MAX << (FMT_VA_BITS - 1))

#define X86_PRESENT UINT64_C(0x1)
#define X86_WRITE UINT64_C(0x2)
#define X86_USER UINT64_C(0x4)
#define X86_PWT UINT64_C(0x8)
#define X86_PCD UINT64_C(0x10)
#define X86_ACCESSED UINT64_C(0x20)
#define X86_DIRTY UINT64_C(0x40)
#define X86_LARGE UINT64_C(0x80) /* PS; above level 0 only */
#define X86_GLOBAL UINT64_C(0x100)
#define X86_MARKER UINT64_C(0x400) /* software: payload in place of an address */
#define X86_KEPT UINT64_C(0x800)   /* software: a leaf without access */
#define X86_NO_EXEC (UINT64_C(1) << 63)
#define X86_ADDRESS UINT64_C(0x000ffffffffff000)
#define X86_MARKS (X86_ACCESSED | X86_DIRTY)
#define X86_PAYLOAD UINT64_C(0x00000ffffffff000)
enum { X86_SOFT_SHIFT = 40 }; /* MSET_SOFT_0 at bit 12 goes to bit 52 */

#define FMT_FLAGS \
    (MSET_ACCESS | MSET_MEMORY_TYPE | MSET_SOFT | (X86_NESTED ? 0 : MSET_USER | MSET_GLOBAL))
#define FMT_IMPLIES_READ (MSET_WRITE | MSET_EXEC)

/* By level, for who cannot call a function. */
#define FMT_SHIFTS \
    { 12, 21, 30, 39, 48 }
#define FMT_INDEX_BITS \
    { 9, 9, 9, 9, 9 }
#define FMT_GROUP_BITS \
    { 0 }
#define FMT_LEAF_SIZES (UINT64_C(1) << 12 | UINT64_C(1) << 21 | UINT64_C(1) << 30)
#define FMT_OPTIONAL_SIZES 0
#define FMT_VALID_BITS X86_PRESENT
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
    return pa | X86_PRESENT | X86_WRITE | X86_USER;
}

/* Is this what fmt_table() made, but for what the processor sets by itself? */
static inline bool fmt_table_ok(uint64_t entry, uint64_t pa, unsigned level) {
    return (entry & ~X86_ACCESSED) == fmt_table(pa, level);
}

static inline uint64_t fmt_address_bits(unsigned level) {
    return X86_ADDRESS & (UINT64_MAX << fmt_shift(level));
}

static inline bool fmt_valid(uint64_t entry) {
    return (entry & FMT_VALID_BITS) != 0;
}

/* ---- marks: A and D are bits 5 and 6, MSET_PT_ACCESSED and _DIRTY bits 0 and 1 --------------- */

static inline unsigned fmt_marks(uint64_t leaf) {
    return (unsigned)(leaf >> 5) & (MSET_PT_ACCESSED | MSET_PT_DIRTY);
}

static inline uint64_t fmt_set_marks(uint64_t leaf, unsigned marks) {
    return leaf | (uint64_t)marks << 5;
}

static inline uint64_t fmt_clear_marks(uint64_t leaf, unsigned marks) {
    return leaf & ~((uint64_t)marks << 5);
}

static inline uint64_t fmt_without_marks(uint64_t leaf) {
    return leaf & ~X86_MARKS;
}

/* ---- leaves ------------------------------------------------------------------------------- */

/* The write-combine, uncached, device order of base.h is the order of PAT entries 1, 2, 3. */
static inline uint64_t x86_memory_type(uint64_t flags) {
    return (flags & MSET_MEMORY_TYPE) >> 8 << 3;
}

/* The bits of a leaf but for its address. */
static inline uint64_t fmt_attributes(uint64_t flags, unsigned marks, unsigned level) {
    const bool present = (flags & MSET_ACCESS) != 0;
    return (present ? X86_PRESENT : X86_KEPT) | (flags & MSET_WRITE ? X86_WRITE : 0) |
           (X86_NESTED || (flags & MSET_USER) ? X86_USER : 0) | x86_memory_type(flags) |
           (uint64_t)marks << 5 | (level > 0 ? X86_LARGE : 0) |
           (flags & MSET_GLOBAL ? X86_GLOBAL : 0) | (flags & MSET_SOFT) << X86_SOFT_SHIFT |
           (flags & MSET_EXEC ? 0 : X86_NO_EXEC);
}

/* All ones in the address where a leaf with these bits stores it inverted. */
static inline uint64_t x86_inversion(uint64_t bits, unsigned level) {
    return ((bits & X86_PRESENT) - 1) & fmt_address_bits(level);
}

static inline uint64_t fmt_leaf(uint64_t pa, uint64_t attributes, unsigned level) {
    return (pa | attributes) ^ x86_inversion(attributes, level);
}

static inline uint64_t fmt_marker(uint64_t payload, unsigned level) {
    (void)level;
    return X86_MARKER | ((payload << 12) ^ X86_PAYLOAD);
}

static inline bool fmt_is_marker(uint64_t entry) {
    return (entry & (X86_PRESENT | X86_MARKER)) == X86_MARKER;
}

/* From a leaf to that of the next page, which has the same attributes. */
static inline uint64_t fmt_leaf_step(uint64_t leaf, unsigned level) {
    const uint64_t size = UINT64_C(1) << fmt_shift(level);
    return leaf & X86_PRESENT ? size : leaf & X86_KEPT ? -size : 0;
}

/*
 * The leaf with other attributes; what is empty or a marker as it is. Address and marks stay. No
 * branches and no comparisons: even the oldest vector units can do this.
 */
static inline uint64_t fmt_change(uint64_t entry, uint64_t attributes, unsigned level) {
    const uint64_t is_leaf = -((entry | entry >> 11) & 1); /* P or KEPT: all ones */
    const uint64_t plain = entry ^ x86_inversion(entry, level);
    const uint64_t kept = plain & (fmt_address_bits(level) | X86_MARKS);
    const uint64_t changed = (kept | attributes) ^ x86_inversion(attributes, level);
    return entry ^ (is_leaf & (entry ^ changed));
}

/* The leaf without MSET_WRITE; what is empty or a marker as it is. */
static inline uint64_t fmt_write_protect(uint64_t entry, unsigned level) {
    (void)level;
    return entry & ~(-(entry & X86_PRESENT) & X86_WRITE);
}

static inline uint64_t fmt_leaf_address(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return (leaf & X86_PAYLOAD) >> 12 ^ X86_PAYLOAD >> 12;
    }
    return (leaf ^ x86_inversion(leaf, level)) & fmt_address_bits(level);
}

static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level) {
    (void)level;
    if (fmt_is_marker(leaf)) {
        return MSET_PT_MARKER;
    }
    const uint64_t access =
        MSET_READ | (leaf & X86_WRITE ? MSET_WRITE : 0) | (leaf & X86_NO_EXEC ? 0 : MSET_EXEC);
    const uint64_t user = X86_NESTED || (leaf & X86_USER) == 0 ? 0 : MSET_USER;
    return (leaf & X86_PRESENT ? access : 0) | user | (leaf & X86_GLOBAL ? MSET_GLOBAL : 0) |
           (leaf & (X86_PWT | X86_PCD)) >> 3 << 8 | (leaf >> X86_SOFT_SHIFT & MSET_SOFT);
}

/* No bit is set that fmt_leaf() or fmt_marker() would not set, marks aside. */
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
