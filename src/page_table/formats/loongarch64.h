/*
 * loongarch64.h - the bits of LoongArch page tables: LoongArch reference manual volume 1, 5.4.3
 * to 5.4.5 (multi-level page tables, LDDIR, LDPTE), 7.5.9 for the fields of an entry; the page
 * table walker of version 1.10.
 *
 *     level   3        2       1      0
 *     shift  39       30      21     12        512 entries of 8 bytes each
 *     leaf    -       1G      2M     4K
 *
 *                63  62 61 60      48 47           15 14 13 12 11..9 8 7 6 5 4 3 2 1 0
 *     table        0               | address 47:12             |  0 0 0 0 0 0 0 0 0 0
 *     4K leaf   RPLV NX NR|  0     | address 47:12             | sw  |W|P|G|MAT|PLV|D|V
 *     2M, 1G    RPLV NX NR|  0     | address 47:21 |  0  | 0 |G | sw  |W|P|1|MAT|PLV|D|V
 *
 *     V valid, D dirty (stores allowed), PLV 3 user, MAT 0 device (SUC), 1 write-back (CC),
 *     2 uncached (WUC), P present, W writable. Bit 6 of a large leaf is H; G moves to bit 12, and
 *     14:13 belong to LDDIR.
 *
 * The entry of a directory is a bare address: nothing in it says that it is valid. So what is not
 * a table must be a large leaf for the processor, with V = 0: empty is H alone.
 *
 * Such an entry may be cached, as a large invalid page; so may an empty neighbour of a page, for an
 * entry of the TLB holds two. A handler in software of "page invalid" must drop what is cached for
 * the address before it tries again (a walker in hardware looks anew by itself). In the root it
 * would be 512 GiB large, which processors need not offer (PRCFG2): a refill handler must look at
 * bit 6 after LDDIR of the root, and fill in an empty pair of small pages instead.
 *
 * Marks. A walker in hardware sets V where P is, and D where P and W are; without one, the
 * handlers of the TLB's faults do the same. So V is accessed and D is dirty, of a leaf with W;
 * bit 9 is dirty of one without, which must not have D.
 *
 * A leaf without access has bit 63 and neither P nor V; there, accessed is bit 8 (W). A marker has
 * bit 62, and its payload in 47:16.
 */
#ifndef MSET_SRC_FORMAT_LOONGARCH64_H
#define MSET_SRC_FORMAT_LOONGARCH64_H

#include <mset/formats.h>

#define FMT_NAME "loongarch64"

enum {
    FMT_LEVELS = 4,
    FMT_LEAF_LEVELS = 3,
    FMT_VA_BITS = 48,
    FMT_PA_BITS = 48,
    FMT_TWO_ROOTS = false,
    FMT_MARKS_OPTIONAL = true,
    FMT_BREAKS = false,
    FMT_GROUPS = false,
    FMT_GROUP_SHARED = false,
    FMT_MEMORY_TYPES = 0xd, /* no write-combining beside the weakly ordered uncached */
};

#define FMT_LOW_LAST (UINT64_MAX >> 17)
#define FMT_HIGH_FIRST (UINT64_MAX << 47)

#define LA_DIRTY UINT64_C(0x2)
#define LA_USER UINT64_C(0xc)
#define LA_HUGE UINT64_C(0x40)   /* above level 0 */
#define LA_GLOBAL UINT64_C(0x40) /* at level 0 */
#define LA_HUGE_GLOBAL UINT64_C(0x1000)
#define LA_PRESENT UINT64_C(0x80)
#define LA_WRITE UINT64_C(0x100)
#define LA_NO_READ (UINT64_C(1) << 61)
#define LA_NO_EXEC (UINT64_C(1) << 62)
#define LA_KEPT (UINT64_C(1) << 63)   /* without P */
#define LA_MARKER (UINT64_C(1) << 62) /* without P and KEPT */
enum {
    LA_TYPE_SHIFT = 4,
    LA_SOFT_SHIFT = 2, /* MSET_SOFT_0 at bit 12 goes to bit 10 */
    LA_PAYLOAD_SHIFT = 16,
};

#define FMT_FLAGS \
    (MSET_ACCESS | MSET_MEMORY_TYPE | MSET_USER | MSET_GLOBAL | MSET_SOFT_0 | MSET_SOFT_1)
#define FMT_IMPLIES_READ UINT64_C(0)

#define FMT_SHIFTS \
    { 12, 21, 30, 39 }
#define FMT_INDEX_BITS \
    { 9, 9, 9, 9 }
#define FMT_GROUP_BITS \
    { 0 }
#define FMT_LEAF_SIZES (UINT64_C(1) << 12 | UINT64_C(1) << 21 | UINT64_C(1) << 30)
#define FMT_OPTIONAL_SIZES 0
#define FMT_VALID_BITS LA_PRESENT
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
    return level > 0 ? LA_HUGE : 0;
}

static inline uint64_t fmt_table(uint64_t pa, unsigned level) {
    (void)level;
    return pa;
}

static inline bool fmt_table_ok(uint64_t entry, uint64_t pa, unsigned level) {
    (void)level;
    return entry == pa;
}

static inline uint64_t fmt_address_bits(unsigned level) {
    return (UINT64_MAX >> 16) & (UINT64_MAX << fmt_shift(level));
}

/* With P, a walker or a handler makes it V at the first access. */
static inline bool fmt_valid(uint64_t entry) {
    return (entry & FMT_VALID_BITS) != 0;
}

/* ---- marks -------------------------------------------------------------------------------- */

static inline uint64_t la_present(uint64_t entry) {
    return entry >> 7 & 1;
}

/* 1 or 0: a store may set D. */
static inline uint64_t la_writable(uint64_t leaf) {
    return leaf >> 8 & leaf >> 7 & 1;
}

/* The bits in which this leaf has its marks: accessed 0 or 8, dirty 1 or 9. No shift depends on the
   leaf: even the oldest vector units can do this. */
static inline uint64_t la_mark_bits(uint64_t leaf, unsigned marks) {
    const uint64_t accessed = marks & 1, dirty = marks >> 1 & 1;
    const uint64_t present = accessed & la_present(leaf), written = dirty & la_writable(leaf);
    return present | (accessed ^ present) << 8 | written << 1 | (dirty ^ written) << 9;
}

static inline unsigned fmt_marks(uint64_t leaf) {
    const uint64_t kept_accessed = leaf >> 8 & (la_present(leaf) ^ 1);
    const uint64_t accessed = (leaf | kept_accessed) & 1;
    return (unsigned)(accessed | (leaf & LA_DIRTY) | (leaf >> 8 & 2));
}

static inline uint64_t fmt_set_marks(uint64_t leaf, unsigned marks) {
    return leaf | la_mark_bits(leaf, marks);
}

static inline uint64_t fmt_clear_marks(uint64_t leaf, unsigned marks) {
    const uint64_t dirty = marks >> 1 & 1;
    return leaf & ~(la_mark_bits(leaf, marks) | dirty << 1 | dirty << 9);
}

static inline uint64_t fmt_without_marks(uint64_t leaf) {
    return fmt_clear_marks(leaf, MSET_PT_ACCESSED | MSET_PT_DIRTY);
}

/* ---- leaves ------------------------------------------------------------------------------- */

/* MAT 1, 2, 0 are MSET_WRITE_BACK, MSET_UNCACHED, MSET_DEVICE, which are 0, 2, 3. */
static inline uint64_t la_memory_type(uint64_t flags) {
    const uint64_t type = (flags & MSET_MEMORY_TYPE) >> 8;
    return (type == 0 ? UINT64_C(1) : type == 2 ? UINT64_C(2) : UINT64_C(0)) << LA_TYPE_SHIFT;
}

static inline uint64_t la_type_flags(uint64_t leaf) {
    const uint64_t type = leaf >> LA_TYPE_SHIFT & 3;
    return type == 1 ? MSET_WRITE_BACK : type == 2 ? MSET_UNCACHED : MSET_DEVICE;
}

static inline uint64_t la_access(uint64_t flags) {
    if ((flags & MSET_ACCESS) == 0) {
        return LA_KEPT;
    }
    return LA_PRESENT | (flags & MSET_WRITE ? LA_WRITE : 0) | (flags & MSET_READ ? 0 : LA_NO_READ) |
           (flags & MSET_EXEC ? 0 : LA_NO_EXEC);
}

static inline uint64_t fmt_attributes(uint64_t flags, unsigned marks, unsigned level) {
    const uint64_t global = level > 0 ? LA_HUGE_GLOBAL : LA_GLOBAL;
    const uint64_t clean = la_access(flags) | (flags & MSET_USER ? LA_USER : 0) |
                           la_memory_type(flags) | (level > 0 ? LA_HUGE : 0) |
                           (flags & MSET_GLOBAL ? global : 0) |
                           (flags & (MSET_SOFT_0 | MSET_SOFT_1)) >> LA_SOFT_SHIFT;
    return fmt_set_marks(clean, marks);
}

static inline uint64_t fmt_leaf(uint64_t pa, uint64_t attributes, unsigned level) {
    (void)level;
    return pa | attributes;
}

static inline uint64_t fmt_marker(uint64_t payload, unsigned level) {
    return LA_MARKER | payload << LA_PAYLOAD_SHIFT | fmt_empty(level);
}

static inline bool fmt_is_marker(uint64_t entry) {
    return (entry & (LA_KEPT | LA_MARKER | LA_PRESENT)) == LA_MARKER;
}

static inline uint64_t fmt_leaf_step(uint64_t leaf, unsigned level) {
    return fmt_is_marker(leaf) ? 0 : UINT64_C(1) << fmt_shift(level);
}

static inline uint64_t fmt_change(uint64_t entry, uint64_t attributes, unsigned level) {
    const uint64_t is_leaf = -(la_present(entry) | entry >> 63);
    const uint64_t kept = entry & fmt_address_bits(level);
    const uint64_t changed = fmt_set_marks(kept | attributes, fmt_marks(entry));
    return entry ^ (is_leaf & (entry ^ changed));
}

/* D goes with W, and is remembered in bit 9. */
static inline uint64_t la_take_write(uint64_t entry) {
    const uint64_t present = la_present(entry);
    const uint64_t written = (entry >> 1 & 1) & present;
    return (entry & ~(present << 8 | present << 1)) | written << 9;
}

static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level);

/* A leaf that had nothing but MSET_WRITE has no access any more. */
static inline uint64_t fmt_write_protect(uint64_t entry, unsigned level) {
    const uint64_t only = LA_PRESENT | LA_WRITE | LA_NO_READ | LA_NO_EXEC;
    if ((entry & only) == only) {
        const uint64_t flags = fmt_leaf_flags(entry, level) & ~MSET_WRITE;
        return fmt_change(entry, fmt_attributes(flags, 0, level), level);
    }
    return la_take_write(entry);
}

static inline uint64_t fmt_leaf_address(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return leaf >> LA_PAYLOAD_SHIFT & UINT32_MAX;
    }
    return leaf & fmt_address_bits(level);
}

static inline uint64_t fmt_leaf_flags(uint64_t leaf, unsigned level) {
    if (fmt_is_marker(leaf)) {
        return MSET_PT_MARKER;
    }
    const uint64_t global = level > 0 ? LA_HUGE_GLOBAL : LA_GLOBAL;
    const uint64_t access = (leaf & LA_NO_READ ? 0 : MSET_READ) |
                            (leaf & LA_WRITE ? MSET_WRITE : 0) |
                            (leaf & LA_NO_EXEC ? 0 : MSET_EXEC);
    return (leaf & LA_PRESENT ? access : 0) | (leaf & LA_USER ? MSET_USER : 0) |
           (leaf & global ? MSET_GLOBAL : 0) |
           (leaf << LA_SOFT_SHIFT & (MSET_SOFT_0 | MSET_SOFT_1)) | la_type_flags(leaf);
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
