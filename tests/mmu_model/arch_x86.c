/*
 * arch_x86.c - x86-64: AMD64 Architecture Programmer's Manual volume 2, 5.3.3 to 5.4 (long mode),
 * 15.25.5 (nested paging); Intel SDM volume 3A, 4.5.4 and table 4-19, 4.8 (accessed and dirty
 * flags); EPT: volume 3C, 29.3.2, 29.3.3.1 (misconfigurations) and 29.3.5 (accessed and dirty
 * flags, which EPTP is taken to switch on).
 */
#include "mmu_model/mmu_model.h"

#define ADDRESS UINT64_C(0x000ffffffffff000)
enum { LONG_MODE, NESTED };

static const char *const RESERVED = "a reserved bit is set";

/* Bits below the leaf's size, the PAT bit 12 aside, must be zero. */
static bool low_bits_set(const struct mmu_machine *machine, unsigned level, uint64_t entry,
                         uint64_t allowed) {
    return (entry & ADDRESS & (mmu_slot(machine, level) - 1) & ~allowed) != 0;
}

static enum mmu_type pat(uint64_t entry) {
    return (enum mmu_type)(entry >> 3 & 3);
}

static struct mmu_entry decode(const struct mmu_machine *machine, unsigned level, uint64_t entry) {
    const bool large = (entry >> 7 & 1) != 0 && level > 0;
    const bool nested = machine->architecture->variant == NESTED;
    struct mmu_entry out = {.kind = MMU_NOTHING, .wrong = RESERVED};
    if ((entry & 1) == 0) {
        return out;
    }
    out.kind = MMU_WRONG;
    if (level > 0 && !large) {
        out.wrong = "a table that takes rights away";
        out.kind = (entry & 6) == 6 && entry >> 63 == 0 ? MMU_TABLE : MMU_WRONG;
        out.pa = entry & ADDRESS;
        return out;
    }
    if (level > 2 || low_bits_set(machine, level, entry, 0x1000)) {
        return out;
    }
    const bool user = (entry & 4) != 0, write = (entry & 2) != 0, exec = entry >> 63 == 0;
    if (nested && !user) {
        out.wrong = "a nested leaf that is not the user's";
        return out;
    }
    if ((entry & (level > 0 ? 0x1000 : 0x80)) != 0) {
        out.wrong = "the PAT bit is set";
        return out;
    }
    out.kind = MMU_LEAF;
    out.pa = entry & ADDRESS & ~(mmu_slot(machine, level) - 1);
    out.rights = MMU_READ | (write ? MMU_WRITE : 0) | (exec ? MMU_EXEC : 0);
    out.rights |= user ? out.rights >> 3 : 0;
    out.could = out.rights;
    out.type = pat(entry);
    out.global = !nested && (entry >> 8 & 1) != 0;
    out.accessed = (entry >> 5 & 1) != 0;
    out.dirty = (entry >> 6 & 1) != 0;
    return out;
}

static uint64_t mark(const struct mmu_machine *machine, uint64_t entry, bool write) {
    (void)machine;
    return entry | 0x20 | (write ? 0x40 : 0);
}

/* ---- EPT ---------------------------------------------------------------------------------- */

static struct mmu_entry decode_ept(const struct mmu_machine *machine, unsigned level,
                                   uint64_t entry) {
    const unsigned access = entry & 7, type = entry >> 3 & 7;
    const bool large = (entry >> 7 & 1) != 0;
    struct mmu_entry out = {.kind = MMU_NOTHING, .wrong = RESERVED};
    if (access == 0) {
        out.kind = (entry >> 10 & 1) != 0 ? MMU_WRONG : MMU_NOTHING;
        return out;
    }
    out.kind = MMU_WRONG;
    if ((access & 3) == 2) {
        out.wrong = "writable but not readable";
        return out;
    }
    if (level > 0 && !large) {
        const bool plain = (entry & 0xf8) == 0 && access == 7 && entry >> 57 == 0;
        out.kind = plain ? MMU_TABLE : MMU_WRONG;
        out.pa = entry & ADDRESS;
        return out;
    }
    if (level > 2 || low_bits_set(machine, level, entry, 0) || (level == 0 && large) ||
        entry >> 57 != 0) {
        return out;
    }
    if (type != 0 && type != 1 && type != 6) {
        out.wrong = "a memory type that is reserved or that nobody gave";
        return out;
    }
    out.kind = MMU_LEAF;
    out.pa = entry & ADDRESS;
    out.rights = access << 3 | access;
    out.could = out.rights;
    out.type = type == 6               ? MMU_WRITE_BACK
               : type == 1             ? MMU_WRITE_COMBINE
               : (entry >> 6 & 1) != 0 ? MMU_DEVICE
                                       : MMU_UNCACHED;
    out.accessed = (entry >> 8 & 1) != 0;
    out.dirty = (entry >> 9 & 1) != 0;
    return out;
}

static uint64_t mark_ept(const struct mmu_machine *machine, uint64_t entry, bool write) {
    (void)machine;
    return entry | 0x100 | (write ? 0x200 : 0);
}

#define ROW(row_name, row_levels, row_va, positive, decoder, marker, accessed_bit, kind)       \
    {                                                                                          \
        .name = (row_name), .levels = (row_levels), .shift = {12, 21, 30, 39, 48},             \
        .bits = {9, 9, 9, 9, 9}, .va_bits = (row_va), .pa_bits = 52, .is_signed = !(positive), \
        .decode = (decoder), .mark = (marker), .table_mark = (accessed_bit), .variant = (kind) \
    }

const struct mmu_architecture mmu_x86[4] = {
    ROW("x86-64", 4, 48, false, decode, mark, 0x20, LONG_MODE),
    ROW("x86-64-5", 5, 57, false, decode, mark, 0x20, LONG_MODE),
    ROW("npt", 4, 48, true, decode, mark, 0x20, NESTED),
    ROW("ept", 4, 48, true, decode_ept, mark_ept, 0x100, NESTED),
};
