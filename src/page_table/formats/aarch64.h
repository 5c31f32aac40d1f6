/*
 * aarch64.h - the bits of AArch64 page tables (VMSAv8-64), stage 1 and stage 2: Arm ARM D8.3
 * "Translation table descriptor formats", D8.4 and D8.5 for rights and marks, D8.16 for break
 * before make.
 *
 *     granule   levels here (the manual counts the other way: its level 3 is our 0)
 *      4K       3: 512G    2: 1G    1: 2M     0: 4K       512 entries of 8 bytes each
 *     16K       3: 128T    2: 64G   1: 32M    0: 16K     2048
 *     64K                  2: 4T    1: 512M   0: 64K     8192
 *     Leaves are at levels 0 and 1; with 4K also at 2. The root has as many entries as remain.
 *
 *                63      59 58 56 55 54 53 52 51 50 47      12 11 10 9 8 7 6 5  2 1 0
 *     table      0         | ign           |        address  | ignored        | 1 1
 *     page       0         |soft |d|UX|PX| C| B| 0 | address |nG|AF| SH| AP | at |1 1    stage 1
 *     block      the same                          | address |                   |0 1
 *                          |soft |d| X| 0| C| B|   | address | 0|AF| SH|W R| MemAt|      stage 2
 *
 *     at AttrIndx (bit 5, NS, is 0), AP bit 6 user, bit 7 read-only; W R S2AP; SH 3, inner
 *     shareable; nG not global; C contiguous; B DBM; UX PX X never execute; d dirty (software).
 *
 * Writing. B says whether the leaf may be written, and bit 7 whether it has been: where the
 * processor manages dirty state (FEAT_HAFDBS), a store to a leaf with B turns bit 7 over; where
 * it does not, B means nothing to it, the store faults, and mset_pt_mark() turns bit 7 over.
 *
 *                          stage 1: B, bit 7    stage 2: B, bit 7
 *     may be written, clean        1  1                 1  0
 *     may be written, dirty        1  0                 1  1
 *     read-only                    0  1                 0  0        dirty: d
 *
 * An entry with bit 0 clear is the software's. A leaf without access keeps everything else and has
 * bit 60; a marker has bit 61, and its payload in 43:12. With neither, the entry is broken: it
 * waits for bit 0.
 *
 * Contiguous groups: each entry has its own address and C.
 *
 * The including file says
 *     A64_NAME, A64_STAGE    1 or 2
 *     A64_GRANULE            log2 of the page: 12, 14 or 16
 *     A64_LEVELS             tables on the way
 *     A64_VA_BITS            48, or less for a smaller guest-physical space
 */
#ifndef MSET_SRC_FORMAT_AARCH64_H
#define MSET_SRC_FORMAT_AARCH64_H

#include <mset/formats.h>

#define FMT_NAME A64_NAME

enum {
    FMT_LEVELS = A64_LEVELS,
    FMT_LEAF_LEVELS = A64_GRANULE == 12 ? 3 : 2,
    FMT_VA_BITS = A64_VA_BITS,
    FMT_PA_BITS = 48,
    FMT_TWO_ROOTS = A64_STAGE == 1,
    FMT_MARKS_OPTIONAL = true,
    FMT_BREAKS = true,
    FMT_GROUPS = true,
    FMT_GROUP_SHARED = false,
    FMT_MEMORY_TYPES = A64_STAGE == 1 ? 0xf : 0xd, /* stage 2: no write-combining */
    A64_INDEX_BITS = A64_GRANULE - 3,
    A64_TOP_SHIFT = A64_GRANULE + (A64_LEVELS - 1) * A64_INDEX_BITS,
    A64_TOP_BITS = A64_VA_BITS - A64_TOP_SHIFT,
    A64_GROUP_0 = A64_GRANULE == 12   ? 4
                  : A64_GRANULE == 14 ? 7
                                      : 5,
    A64_GROUP_1 = A64_GRANULE == 12 ? 4 : 5,
    A64_GROUP_2 = A64_GRANULE == 12 ? 4 : 0,
};

#define FMT_LOW_LAST (UINT64_MAX >> (64 - FMT_VA_BITS))
#define FMT_HIGH_FIRST (A64_STAGE == 1 ? UINT64_MAX << FMT_VA_BITS : 0)

#define A64_VALID UINT64_C(0x1)
#define A64_NOT_BLOCK UINT64_C(0x2) /* a table, or at level 0 a page */
#define A64_USER UINT64_C(0x40)     /* AP[1] */
#define A64_S2_READ UINT64_C(0x40)  /* S2AP[0] */
#define A64_BIT7 UINT64_C(0x80)     /* AP[2] read-only, or S2AP[1] write */
#define A64_SHARED UINT64_C(0x300)  /* SH; in every leaf, and in nothing else */
#define A64_NOT_GLOBAL UINT64_C(0x800)
#define A64_DBM (UINT64_C(1) << 51)
#define A64_CONTIGUOUS (UINT64_C(1) << 52)
#define A64_PXN (UINT64_C(1) << 53)
#define A64_UXN (UINT64_C(1) << 54) /* stage 2: XN */
#define A64_KEPT (UINT64_C(1) << 60)
#define A64_MARKER (UINT64_C(1) << 61)
#define A64_TYPE (A64_STAGE == 1 ? UINT64_C(0x1c) : UINT64_C(0x3c))
enum { A64_SOFT_SHIFT = 44 }; /* MSET_SOFT_0 at bit 12 goes to bit 56 */

#define FMT_FLAGS \
    (MSET_ACCESS | MSET_MEMORY_TYPE | MSET_SOFT | (A64_STAGE == 1 ? MSET_USER | MSET_GLOBAL : 0))
#define FMT_IMPLIES_READ (A64_STAGE == 1 ? MSET_WRITE | MSET_EXEC : 0)

#define A64_SHIFT(level) (A64_GRANULE + (level)*A64_INDEX_BITS)
#define FMT_SHIFTS \
    { A64_SHIFT(0), A64_SHIFT(1), A64_SHIFT(2), A64_LEVELS > 3 ? A64_SHIFT(3) : 0 }
#define FMT_INDEX_BITS                                                                   \
    {                                                                                    \
        A64_INDEX_BITS, A64_INDEX_BITS, A64_LEVELS == 3 ? A64_TOP_BITS : A64_INDEX_BITS, \
            A64_LEVELS == 4 ? A64_TOP_BITS : 0                                           \
    }
#define FMT_GROUP_BITS \
    { A64_GROUP_0, A64_GROUP_1, A64_GROUP_2 }
#define A64_SIZES(level, group) \
    (UINT64_C(1) << A64_SHIFT(level) | UINT64_C(1) << (A64_SHIFT(level) + (group)))
#define FMT_LEAF_SIZES                                       \
    (A64_SIZES(0, A64_GROUP_0) | A64_SIZES(1, A64_GROUP_1) | \
     (A64_GRANULE == 12 ? A64_SIZES(2, A64_GROUP_2) : 0))
#define FMT_OPTIONAL_SIZES 0
#define FMT_VALID_BITS A64_VALID
#define FMT_ADDRESS_SHIFT 0

static inline unsigned fmt_shift(unsigned level) {
    return A64_SHIFT(level);
}

static inline unsigned fmt_index_bits(unsigned level) {
    return level == FMT_LEVELS - 1 ? A64_TOP_BITS : A64_INDEX_BITS;
}

static inline unsigned fmt_group_bits(unsigned level) {
    return level == 0 ? A64_GROUP_0 : level == 1 ? A64_GROUP_1 : level == 2 ? A64_GROUP_2 : 0;
}

/* ---- entries ------------------------------------------------------------------------------ */

static inline uint64_t fmt_empty(unsigned level) {
    (void)level;
    return 0;
}

static inline uint64_t fmt_table(uint64_t pa, unsigned level) {
    (void)level;
    return pa | A64_NOT_BLOCK | A64_VALID;
}

/* A leaf has SH, a table bit 1; a broken one of either is all there but for bit 0. */
static inline uint64_t fmt_make(uint64_t entry) {
    return entry | ((entry >> 8 | entry >> 1) & ~(entry >> 60) & A64_VALID);
}

static inline uint64_t fmt_break(uint64_t entry) {
    return entry & ~A64_VALID;
}

static inline bool fmt_table_ok(uint64_t entry, uint64_t pa, unsigned level) {
    return fmt_make(entry) == fmt_table(pa, level);
}

static inline bool fmt_valid(uint64_t entry) {
    return (entry & FMT_VALID_BITS) != 0;
}

static inline uint64_t fmt_address_bits(unsigned level) {
    return (UINT64_MAX >> 16) & (UINT64_MAX << fmt_shift(level));
}

/* ---- marks -------------------------------------------------------------------------------- */

/* 1 or 0: may be written. */
static inline uint64_t a64_writable(uint64_t leaf) {
    return leaf >> 51 & 1;
}

/* 1 or 0: may be written, and has been. */
static inline uint64_t a64_written(uint64_t leaf) {
    return a64_writable(leaf) & (leaf >> 7 ^ (A64_STAGE == 1));
}

static inline unsigned fmt_marks(uint64_t leaf) {
    return (unsigned)((leaf >> 10 & 1) | (a64_written(leaf) | (leaf >> 55 & 1)) << 1);
}

/* Bit 7 as it is in a leaf that may be written and has been, or has not been. */
static inline uint64_t a64_turn(uint64_t leaf, uint64_t which, bool written) {
    return written == (A64_STAGE == 1) ? leaf & ~(which << 7) : leaf | which << 7;
}

static inline uint64_t fmt_set_marks(uint64_t leaf, unsigned marks) {
    const uint64_t dirty = marks >> 1 & 1, written = dirty & a64_writable(leaf);
    return a64_turn(leaf, written, true) | (uint64_t)(marks & 1) << 10 | (dirty ^ written) << 55;
}

static inline uint64_t fmt_clear_marks(uint64_t leaf, unsigned marks) {
    const uint64_t dirty = marks >> 1 & 1, written = dirty & a64_writable(leaf);
    return a64_turn(leaf, written, false) & ~((uint64_t)(marks & 1) << 10 | dirty << 55);
}

static inline uint64_t fmt_without_marks(uint64_t leaf) {
    return fmt_clear_marks(leaf, MSET_PT_ACCESSED | MSET_PT_DIRTY);
}

/* ---- leaves ------------------------------------------------------------------------------- */

/* Stage 1: AttrIndx in the order of base.h. Stage 2: MemAttr without FEAT_S2FWB. */
static inline uint64_t a64_memory_type(uint64_t flags) {
    const uint64_t type = (flags & MSET_MEMORY_TYPE) >> 8;
    if (A64_STAGE == 1) {
        return type << 2;
    }
    return type == 0 ? UINT64_C(0xf) << 2 : type == 2 ? UINT64_C(0x5) << 2 : UINT64_C(0x1) << 2;
}

static inline uint64_t a64_type_flags(uint64_t leaf) {
    const uint64_t type = (leaf & A64_TYPE) >> 2;
    if (A64_STAGE == 1) {
        return type << 8;
    }
    return type == 0xf ? MSET_WRITE_BACK : type == 0x5 ? MSET_UNCACHED : MSET_DEVICE;
}

/* A leaf with MSET_EXEC is executable for the user or for the kernel, never for both. */
static inline uint64_t a64_rights(uint64_t flags) {
    const bool exec = (flags & MSET_EXEC) != 0;
    if (A64_STAGE == 2) {
        return (flags & MSET_READ ? A64_S2_READ : 0) | (exec ? 0 : A64_UXN);
    }
    const bool user = (flags & MSET_USER) != 0;
    return A64_BIT7 | (user ? A64_USER : 0) | (exec && user ? 0 : A64_UXN) |
           (exec && !user ? 0 : A64_PXN) | (flags & MSET_GLOBAL ? 0 : A64_NOT_GLOBAL);
}

static inline uint64_t fmt_attributes(uint64_t flags, unsigned marks, unsigned level) {
    const bool present = (flags & MSET_ACCESS) != 0;
    const uint64_t clean = (present ? A64_VALID : A64_KEPT) | (level == 0 ? A64_NOT_BLOCK : 0) |
                           a64_memory_type(flags) | A64_SHARED | a64_rights(flags) |
                           (flags & MSET_WRITE ? A64_DBM : 0) |
                           (flags & MSET_SOFT) << A64_SOFT_SHIFT;
    return fmt_set_marks(clean, marks);
}

static inline uint64_t fmt_leaf(uint64_t pa, uint64_t attributes, unsigned level) {
    (void)level;
    return pa | attributes;
}

static inline uint64_t fmt_marker(uint64_t payload, unsigned level) {
    (void)level;
    return A64_MARKER | payload << 12;
}

static inline bool fmt_is_marker(uint64_t entry) {
    return (entry & (A64_VALID | A64_MARKER)) == A64_MARKER;
}

static inline uint64_t fmt_leaf_step(uint64_t leaf, unsigned level) {
    return fmt_is_marker(leaf) ? 0 : UINT64_C(1) << fmt_shift(level);
}

/* What was broken stays broken. */
static inline uint64_t fmt_change(uint64_t entry, uint64_t attributes, unsigned level) {
    const uint64_t is_leaf = -(entry >> 8 & 1);
    const uint64_t broken = fmt_make(entry) & ~entry;
    const uint64_t kept = entry & (fmt_address_bits(level) | A64_CONTIGUOUS);
    const uint64_t changed = fmt_set_marks(kept | attributes, fmt_marks(entry)) & ~broken;
    return entry ^ (is_leaf & (entry ^ changed));
}

static inline uint64_t a64_take_write(uint64_t entry) {
    const uint64_t writable = a64_writable(entry), written = a64_written(entry);
    return (a64_turn(entry, writable, false) & ~(writable << 51)) | written << 55;
}

static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level);

/* In stage 2 a leaf can have had nothing but MSET_WRITE; then it has no access any more. */
static inline uint64_t fmt_write_protect(uint64_t entry, unsigned level) {
    const bool only =
        A64_STAGE == 2 && (entry & (A64_DBM | A64_S2_READ | A64_UXN)) == (A64_DBM | A64_UXN);
    if (only) {
        const uint64_t flags = fmt_leaf_flags(entry, level) & ~MSET_WRITE;
        return fmt_change(entry, fmt_attributes(flags, 0, level), level);
    }
    return a64_take_write(entry);
}

static inline uint64_t fmt_leaf_address(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return (leaf & ~A64_MARKER) >> 12;
    }
    return leaf & fmt_address_bits(level);
}

static inline uint64_t a64_access(uint64_t leaf) {
    const bool user = A64_STAGE == 1 && (leaf & A64_USER) != 0;
    const uint64_t never = A64_STAGE == 2 || user ? A64_UXN : A64_PXN;
    return (A64_STAGE == 1 || (leaf & A64_S2_READ) ? MSET_READ : 0) |
           (leaf & A64_DBM ? MSET_WRITE : 0) | (leaf & never ? 0 : MSET_EXEC);
}

static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level) {
    (void)level;
    if (fmt_is_marker(leaf)) {
        return MSET_PT_MARKER;
    }
    const bool user = A64_STAGE == 1 && (leaf & A64_USER) != 0;
    const bool global = A64_STAGE == 1 && (leaf & A64_NOT_GLOBAL) == 0;
    return (leaf & A64_KEPT ? 0 : a64_access(leaf)) | (user ? MSET_USER : 0) |
           (global ? MSET_GLOBAL : 0) | (leaf >> A64_SOFT_SHIFT & MSET_SOFT) | a64_type_flags(leaf);
}

static inline bool fmt_leaf_ok(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return leaf == fmt_marker(fmt_leaf_address(leaf, level), level);
    }
    const uint64_t attributes = fmt_attributes(fmt_leaf_flags(leaf, level), 0, level);
    return fmt_without_marks(leaf) == fmt_leaf(fmt_leaf_address(leaf, level), attributes, level);
}

/* ---- groups ------------------------------------------------------------------------------- */

static inline bool fmt_grouped(uint64_t entry, unsigned level) {
    (void)level;
    return (entry & A64_CONTIGUOUS) != 0;
}

static inline uint64_t fmt_group(uint64_t leaf, unsigned level) {
    (void)level;
    return leaf | A64_CONTIGUOUS;
}

static inline uint64_t fmt_flat(uint64_t entry, unsigned index, unsigned level) {
    (void)index, (void)level;
    return fmt_make(entry);
}

static inline uint64_t fmt_ungroup(uint64_t entry, unsigned index, unsigned level) {
    (void)index, (void)level;
    return fmt_make(entry) & ~A64_CONTIGUOUS;
}

/* ---- break before make ---------------------------------------------------------------------- */

/* Memory type, shareability and nG need it; rights, marks and software bits do not. */
static inline bool fmt_must_break(uint64_t old, uint64_t entry) {
    return ((old ^ entry) & (A64_TYPE | A64_SHARED | A64_NOT_GLOBAL)) != 0;
}

#endif
