/*
 * layouts.h - what a plain walker must know of each format, as constants: how addresses are cut
 * into indices, and how an entry is put together and taken apart.
 *
 * Levels count from the bottom. Entries are for write-back memory, readable, writable and
 * executable as asked, the user's or not, with marks set where a missing one could fault. An entry
 * of 0 is empty. Written from the manuals named in formats.h, without the library's own bits.
 */
#ifndef MSET_BENCH_PAGE_TABLE_LAYOUTS_H
#define MSET_BENCH_PAGE_TABLE_LAYOUTS_H

#include <mset/formats.h>

#include <cstdint>

namespace bench {

constexpr uint64_t bit(unsigned n) {
    return UINT64_C(1) << n;
}

constexpr uint64_t if_set(uint64_t flags, uint64_t flag, uint64_t bits) {
    return (flags & flag) != 0 ? bits : 0;
}

constexpr uint64_t if_clear(uint64_t flags, uint64_t flag, uint64_t bits) {
    return (flags & flag) == 0 ? bits : 0;
}

/* Tables of 512 entries of 8 bytes for pages of 4 KiB; all but AArch64's larger granules. */
template <unsigned Levels> struct Pages4k {
    static constexpr unsigned page_bits = 12, index_bits = 9, levels = Levels, root_bits = 9;
};

template <unsigned Levels> struct X86 : Pages4k<Levels> {
    static constexpr uint64_t table(uint64_t pa) { return pa | 7; }
    static constexpr uint64_t leaf(uint64_t pa, unsigned level, uint64_t flags) {
        return pa | 0x1 | if_set(flags, MSET_WRITE, 0x2) | if_set(flags, MSET_USER, 0x4) |
               (level > 0 ? 0x80 : 0) | if_clear(flags, MSET_EXEC, bit(63));
    }
    static constexpr uint64_t flags(uint64_t entry) {
        return MSET_READ | if_set(entry, 0x2, MSET_WRITE) | if_set(entry, 0x4, MSET_USER) |
               if_clear(entry, bit(63), MSET_EXEC);
    }
    static constexpr bool is_leaf(uint64_t entry) { return (entry & 0x80) != 0; }
    static constexpr uint64_t address(uint64_t entry) { return entry & UINT64_C(0xffffffffff000); }
};

struct X86_64 : X86<4> {
    static const mset_pt_format &format() { return mset_pt_x86_64; }
};
struct X86_64_5 : X86<5> {
    static const mset_pt_format &format() { return mset_pt_x86_64_5; }
};
struct Npt : X86<4> {
    static const mset_pt_format &format() { return mset_pt_npt; }
    static constexpr uint64_t leaf(uint64_t pa, unsigned level, uint64_t flags) {
        return X86<4>::leaf(pa, level, flags) | 0x4;
    }
    static constexpr uint64_t flags(uint64_t entry) { return X86<4>::flags(entry) & ~MSET_USER; }
};

struct Ept : Pages4k<4> {
    static const mset_pt_format &format() { return mset_pt_ept; }
    static constexpr uint64_t table(uint64_t pa) { return pa | 7; }
    static constexpr uint64_t leaf(uint64_t pa, unsigned level, uint64_t flags) {
        return pa | 0x31 | if_set(flags, MSET_WRITE, 0x2) | if_set(flags, MSET_EXEC, 0x4) |
               (level > 0 ? 0x80 : 0);
    }
    static constexpr uint64_t flags(uint64_t entry) { return entry & MSET_ACCESS; }
    static constexpr bool is_leaf(uint64_t entry) { return (entry & 0x80) != 0; }
    static constexpr uint64_t address(uint64_t entry) { return entry & UINT64_C(0xffffffffff000); }
};

template <unsigned Stage, unsigned Granule, unsigned Levels, unsigned VaBits> struct Aarch64 {
    static constexpr unsigned page_bits = Granule, index_bits = Granule - 3, levels = Levels;
    static constexpr unsigned root_bits = VaBits - page_bits - (levels - 1) * index_bits;
    static constexpr uint64_t table(uint64_t pa) { return pa | 3; }
    static constexpr uint64_t leaf(uint64_t pa, unsigned level, uint64_t flags) {
        const uint64_t exec = (flags & MSET_EXEC) != 0 ? if_set(flags, MSET_USER, 1) + 1 : 0;
        const uint64_t stage_1 = 0x800 | if_clear(flags, MSET_WRITE, 0x80) |
                                 if_set(flags, MSET_USER, 0x40) | (exec == 1 ? 0 : bit(53)) |
                                 (exec == 2 ? 0 : bit(54));
        const uint64_t stage_2 = 0x3c | if_set(flags, MSET_READ, 0x40) |
                                 if_set(flags, MSET_WRITE, 0x80) |
                                 if_clear(flags, MSET_EXEC, bit(54));
        return pa | 0x701 | (level == 0 ? 2 : 0) | (Stage == 1 ? stage_1 : stage_2);
    }
    static constexpr uint64_t flags(uint64_t entry) {
        if (Stage == 2) {
            return if_set(entry, 0x40, MSET_READ) | if_set(entry, 0x80, MSET_WRITE) |
                   if_clear(entry, bit(54), MSET_EXEC);
        }
        const uint64_t never = (entry & 0x40) != 0 ? bit(54) : bit(53);
        return MSET_READ | if_clear(entry, 0x80, MSET_WRITE) | if_set(entry, 0x40, MSET_USER) |
               if_clear(entry, never, MSET_EXEC);
    }
    static constexpr bool is_leaf(uint64_t entry) { return (entry & 2) == 0; }
    static constexpr uint64_t address(uint64_t entry) { return entry & UINT64_C(0xfffffffff000); }
};

struct Aarch64_4k : Aarch64<1, 12, 4, 48> {
    static const mset_pt_format &format() { return mset_pt_aarch64_4k; }
};
struct Aarch64_16k : Aarch64<1, 14, 4, 48> {
    static const mset_pt_format &format() { return mset_pt_aarch64_16k; }
};
struct Aarch64_64k : Aarch64<1, 16, 3, 48> {
    static const mset_pt_format &format() { return mset_pt_aarch64_64k; }
};
struct Aarch64S2_4k : Aarch64<2, 12, 4, 48> {
    static const mset_pt_format &format() { return mset_pt_aarch64_s2_4k; }
};
struct Aarch64S2_4kIpa40 : Aarch64<2, 12, 3, 40> {
    static const mset_pt_format &format() { return mset_pt_aarch64_s2_4k_ipa40; }
};
struct Aarch64S2_16k : Aarch64<2, 14, 3, 48> {
    static const mset_pt_format &format() { return mset_pt_aarch64_s2_16k; }
};
struct Aarch64S2_64k : Aarch64<2, 16, 3, 48> {
    static const mset_pt_format &format() { return mset_pt_aarch64_s2_64k; }
};

template <unsigned Levels, bool Guest> struct Riscv : Pages4k<Levels> {
    static constexpr unsigned root_bits = Guest ? 11 : 9;
    static constexpr uint64_t table(uint64_t pa) { return pa >> 2 | 1; }
    static constexpr uint64_t leaf(uint64_t pa, unsigned, uint64_t flags) {
        return pa >> 2 | 0xc1 | (flags & MSET_ACCESS) << 1 |
               (Guest ? 0x10 : if_set(flags, MSET_USER, 0x10));
    }
    static constexpr uint64_t flags(uint64_t entry) {
        return (entry >> 1 & MSET_ACCESS) | (Guest ? 0 : if_set(entry, 0x10, MSET_USER));
    }
    static constexpr bool is_leaf(uint64_t entry) { return (entry & 0xe) != 0; }
    static constexpr uint64_t address(uint64_t entry) {
        return entry << 2 & UINT64_C(0xfffffffffff000);
    }
};

struct Sv39 : Riscv<3, false> {
    static const mset_pt_format &format() { return mset_pt_sv39; }
};
struct Sv48 : Riscv<4, false> {
    static const mset_pt_format &format() { return mset_pt_sv48; }
};
struct Sv57 : Riscv<5, false> {
    static const mset_pt_format &format() { return mset_pt_sv57; }
};
struct Sv39x4 : Riscv<3, true> {
    static const mset_pt_format &format() { return mset_pt_sv39x4; }
};
struct Sv48x4 : Riscv<4, true> {
    static const mset_pt_format &format() { return mset_pt_sv48x4; }
};

/* Directories are bare addresses; bit 6 of a directory's entry makes it a leaf. */
struct Loongarch64 : Pages4k<4> {
    static const mset_pt_format &format() { return mset_pt_loongarch64; }
    static constexpr uint64_t table(uint64_t pa) { return pa; }
    static constexpr uint64_t leaf(uint64_t pa, unsigned level, uint64_t flags) {
        return pa | 0x91 | if_set(flags, MSET_WRITE, 0x102) | if_set(flags, MSET_USER, 0xc) |
               (level > 0 ? 0x40 : 0) | if_clear(flags, MSET_READ, bit(61)) |
               if_clear(flags, MSET_EXEC, bit(62));
    }
    static constexpr uint64_t flags(uint64_t entry) {
        return if_clear(entry, bit(61), MSET_READ) | if_set(entry, 0x100, MSET_WRITE) |
               if_set(entry, 0xc, MSET_USER) | if_clear(entry, bit(62), MSET_EXEC);
    }
    static constexpr bool is_leaf(uint64_t entry) { return (entry & 0x40) != 0; }
    static constexpr uint64_t address(uint64_t entry) { return entry & UINT64_C(0xfffffffff000); }
};

/* How much a slot of a level stands for, log2 of bytes. */
template <class Format> constexpr unsigned shift(unsigned level) {
    return Format::page_bits + level * Format::index_bits;
}

/* How many entries a table below the root has. */
template <class Format> constexpr uint64_t table_entries() {
    return bit(Format::index_bits);
}

} // namespace bench

#endif
