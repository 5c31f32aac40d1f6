/*
 * x86_64.h - the bits of x86-64 page tables, 4 levels: AMD64 manual volume 2, 5.3 "Long-Mode Page
 * Translation" and 5.4; Intel SDM volume 3A, 4.5.
 *
 *     level   3 PML4   2 PDPT   1 PD    0 PT
 *     shift     39       30      21      12       512 entries of 8 bytes each
 *     leaf       -       1G      2M      4K
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
 * PCD only (see page_table.h). So attributes look the same at every level but for bit 7.
 *
 * Rights of a translation are the intersection over all levels, so tables allow everything.
 *
 * A leaf without access keeps everything but P: bit 11 (software) says that there is one, and the
 * address is stored inverted, so that a processor with the L1 terminal fault, which ignores P when
 * it speculates, finds no cached memory there.
 */
#ifndef MSET_SRC_FORMAT_X86_64_H
#define MSET_SRC_FORMAT_X86_64_H

#include <mset/page_table.h>

#define FMT_NAME "x86-64"

enum {
    FMT_LEVELS = 4,
    FMT_LEAF_LEVELS = 3,
    FMT_VA_BITS = 48,
    FMT_PA_BITS = 52,
    FMT_IMPLIED_READ = true,
};

#define X86_PRESENT UINT64_C(0x1)
#define X86_WRITE UINT64_C(0x2)
#define X86_USER UINT64_C(0x4)
#define X86_PWT UINT64_C(0x8)
#define X86_PCD UINT64_C(0x10)
#define X86_ACCESSED UINT64_C(0x20)
#define X86_DIRTY UINT64_C(0x40)
#define X86_LARGE UINT64_C(0x80) /* PS; above level 0 only */
#define X86_GLOBAL UINT64_C(0x100)
#define X86_KEPT UINT64_C(0x800) /* software: a leaf without access */
#define X86_NO_EXEC (UINT64_C(1) << 63)
#define X86_ADDRESS UINT64_C(0x000ffffffffff000)
#define X86_MARKS (X86_ACCESSED | X86_DIRTY)

/* Everything base.h has a name for. */
#define FMT_FLAGS (MSET_ACCESS | MSET_USER | MSET_GLOBAL | MSET_MEMORY_TYPE)

/* By level, for who cannot call a function. */
#define FMT_SHIFTS \
    { 12, 21, 30, 39 }
#define FMT_INDEX_BITS \
    { 9, 9, 9, 9 }
#define FMT_LEAF_SIZES (UINT64_C(1) << 12 | UINT64_C(1) << 21 | UINT64_C(1) << 30)

static inline unsigned fmt_shift(unsigned level) {
    return 12 + 9 * level;
}

static inline unsigned fmt_index_bits(unsigned level) {
    (void)level;
    return 9;
}

/* Canonical addresses: bits 63..47 are equal. No range spans the hole between the halves. */
static inline uint64_t fmt_space_last(uint64_t va) {
    const uint64_t top = va >> (FMT_VA_BITS - 1);
    return top == 0 ? (UINT64_C(1) << (FMT_VA_BITS - 1)) - 1 : top == 0x1ffff ? UINT64_MAX : 0;
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

static inline uint64_t x86_address_mask(unsigned level) {
    return X86_ADDRESS & (UINT64_MAX << fmt_shift(level));
}

/* The write-combine, uncached, device order of base.h is the order of PAT entries 1, 2, 3. */
static inline uint64_t x86_memory_type(uint64_t flags) {
    return (flags & MSET_MEMORY_TYPE) >> 8 << 3;
}

/* What the processor sets by itself. */
static inline uint64_t fmt_marks(uint64_t leaf) {
    return leaf & X86_MARKS;
}

static inline uint64_t fmt_make_marks(bool accessed, bool dirty) {
    return (accessed ? X86_ACCESSED : 0) | (dirty ? X86_DIRTY : 0);
}

static inline bool fmt_accessed(uint64_t marks) {
    return (marks & X86_ACCESSED) != 0;
}

static inline bool fmt_dirty(uint64_t marks) {
    return (marks & X86_DIRTY) != 0;
}

static inline uint64_t fmt_without_marks(uint64_t leaf) {
    return leaf & ~X86_MARKS;
}

/* The bits of a leaf but for its address. */
static inline uint64_t fmt_attributes(uint64_t flags, uint64_t marks, unsigned level) {
    const bool present = (flags & MSET_ACCESS) != 0;
    return (present ? X86_PRESENT : X86_KEPT) | (flags & MSET_WRITE ? X86_WRITE : 0) |
           (flags & MSET_USER ? X86_USER : 0) | x86_memory_type(flags) | marks |
           (level > 0 ? X86_LARGE : 0) | (flags & MSET_GLOBAL ? X86_GLOBAL : 0) |
           (flags & MSET_EXEC ? 0 : X86_NO_EXEC);
}

/* All ones in the address where a leaf with these bits stores it inverted. */
static inline uint64_t x86_inversion(uint64_t bits, unsigned level) {
    return ((bits & X86_PRESENT) - 1) & x86_address_mask(level);
}

static inline uint64_t fmt_leaf(uint64_t pa, uint64_t attributes, unsigned level) {
    return (pa | attributes) ^ x86_inversion(attributes, level);
}

/* From a leaf to that of the next page, which has the same attributes. */
static inline uint64_t fmt_leaf_step(uint64_t leaf, unsigned level) {
    const uint64_t size = UINT64_C(1) << fmt_shift(level);
    return leaf & X86_PRESENT ? size : -size;
}

/*
 * The leaf with other attributes, or what is empty as it is. Address and marks stay. No branches
 * and no comparisons: even the oldest vector units can do this.
 */
static inline uint64_t fmt_change(uint64_t entry, uint64_t attributes, unsigned level) {
    const uint64_t is_leaf = -((entry | entry >> 11) & 1); /* P or KEPT: all ones */
    const uint64_t plain = entry ^ x86_inversion(entry, level);
    const uint64_t kept = plain & (x86_address_mask(level) | X86_MARKS);
    return is_leaf & ((kept | attributes) ^ x86_inversion(attributes, level));
}

static inline uint64_t fmt_leaf_address(uint64_t leaf, unsigned level) {
    return (leaf ^ x86_inversion(leaf, level)) & x86_address_mask(level);
}

static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level) {
    (void)level;
    const uint64_t access =
        MSET_READ | (leaf & X86_WRITE ? MSET_WRITE : 0) | (leaf & X86_NO_EXEC ? 0 : MSET_EXEC);
    return (leaf & X86_PRESENT ? access : 0) | (leaf & X86_USER ? MSET_USER : 0) |
           (leaf & X86_GLOBAL ? MSET_GLOBAL : 0) | (leaf & (X86_PWT | X86_PCD)) >> 3 << 8;
}

/* No bit is set that fmt_leaf() would not set, marks aside. */
static inline bool fmt_leaf_ok(uint64_t leaf, unsigned level) {
    const uint64_t attributes = fmt_attributes(fmt_leaf_flags(leaf, level), 0, level);
    return fmt_without_marks(leaf) == fmt_leaf(fmt_leaf_address(leaf, level), attributes, level);
}

#endif
