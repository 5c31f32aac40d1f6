/*
 * arch_loongarch.c - LoongArch reference manual volume 1, 5.4.3 (entries), 5.4.4 and 5.4.5 (LDDIR,
 * LDPTE and what a walk is made of), 7.5.3 (fields of TLBELO). The walk is the refill handler's:
 * LDDIR from the root down, until an entry has H; then LDPTE. Without a walker in hardware an entry
 * with V = 0 faults, and a store to one with D = 0.
 */
#include "mmu_model/mmu_model.h"

static struct mmu_entry decode(const struct mmu_machine *machine, unsigned level, uint64_t entry) {
    const bool huge = level > 0 && (entry >> 6 & 1) != 0;
    struct mmu_entry out = {.kind = MMU_TABLE, .wrong = "a reserved bit is set"};
    if (level > 0 && !huge) { /* LDDIR takes it for an address, whatever it is */
        out.kind = (entry & 0xfff) == 0 && entry >> 48 == 0 ? MMU_TABLE : MMU_WRONG;
        out.pa = entry;
        out.wrong = "a directory entry that is no address";
        return out;
    }
    const bool v = entry & 1, d = entry >> 1 & 1, p = entry >> 7 & 1, w = entry >> 8 & 1;
    const bool hardware = machine->options.hardware_marks;
    out.kind = MMU_NOTHING;
    if (!v && !(hardware && p)) {
        return out;
    }
    out.kind = MMU_WRONG;
    out.pa = entry & UINT64_C(0x0000fffffffff000) & ~(huge ? UINT64_C(0x1000) : 0);
    out.dirty = d && !w; /* then nothing but a mark may be wrong */
    const unsigned plv = entry >> 2 & 3, mat = entry >> 4 & 3;
    if (level > 2 || mat == 3 || (plv != 0 && plv != 3) || entry >> 63 != 0 || (d && !w) ||
        (out.pa & (mmu_slot(machine, level) - 1)) != 0 || (entry >> 48 & 0x1fff) != 0) {
        return out;
    }
    const unsigned access = ((entry >> 61 & 1) != 0 ? 0 : 1u) | ((entry >> 62 & 1) != 0 ? 0 : 4u);
    const unsigned now = access | (d ? 2u : 0), then = access | (w ? 2u : 0);
    const bool user = plv == 3;
    out.kind = MMU_LEAF;
    out.rights = v ? now << 3 | (user ? now : 0) : 0;
    out.could = hardware ? then << 3 | (user ? then : 0) : out.rights;
    out.type = mat == 1 ? MMU_WRITE_BACK : mat == 2 ? MMU_UNCACHED : MMU_DEVICE;
    out.global = (entry >> (huge ? 12 : 6) & 1) != 0;
    out.accessed = v;
    out.dirty = d;
    return out;
}

/* Version 1.10, page table walker: sets V where P is, D where W is. */
static uint64_t mark(const struct mmu_machine *machine, uint64_t entry, bool write) {
    if (!machine->options.hardware_marks) {
        return entry;
    }
    return entry | 1 | (write && (entry >> 8 & 1) != 0 ? 2 : 0);
}

const struct mmu_architecture mmu_loongarch[1] = {
    {
        .name = "loongarch64",
        .levels = 4,
        .shift = {12, 21, 30, 39},
        .bits = {9, 9, 9, 9},
        .va_bits = 48,
        .pa_bits = 48,
        .is_signed = true,
        .decode = decode,
        .mark = mark,
    },
};
