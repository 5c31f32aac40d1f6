/*
 * arch_riscv.c - RISC-V privileged architecture (20240411): 12.3.2 the translation algorithm,
 * 12.4, 12.5 and 12.6 Sv39, Sv48, Sv57; 13 Svnapot; 14 Svpbmt; 18.5.1 G-stage, where U is 1 and G,
 * reserved, 0. SUM = 1, MXR = 0.
 */
#include "mmu_model/mmu_model.h"

enum { STAGE_S, STAGE_G };

static struct mmu_entry decode(const struct mmu_machine *machine, unsigned level, uint64_t entry) {
    const bool v = entry & 1, r = entry >> 1 & 1, w = entry >> 2 & 1, x = entry >> 3 & 1;
    const bool user = entry >> 4 & 1, guest = machine->architecture->variant == STAGE_G;
    const uint64_t ppn = entry >> 10 & UINT64_C(0xfffffffffff);
    const unsigned pbmt = entry >> 61 & 3;
    const bool n = entry >> 63;
    struct mmu_entry out = {.kind = MMU_NOTHING, .wrong = "a reserved bit is set", .pa = ppn << 12};
    if (!v) {
        return out;
    }
    out.kind = MMU_WRONG;
    if ((entry >> 54 & 0x7f) != 0 || pbmt == 3 || (!r && w)) {
        return out;
    }
    if (!r && !x) { /* D, A, U, G, PBMT and N of a pointer are reserved */
        out.kind =
            level > 0 && !user && (entry >> 5 & 7) == 0 && pbmt == 0 && !n ? MMU_TABLE : MMU_WRONG;
        return out;
    }
    if (n && (level != 0 || !machine->options.napot || (ppn & 15) != 8)) {
        out.wrong = "a NAPOT encoding that is reserved";
        return out;
    }
    if ((out.pa & (mmu_slot(machine, level) - 1)) != 0) {
        out.wrong = "a misaligned superpage";
        return out;
    }
    if (guest && (!user || (entry >> 5 & 1) != 0)) {
        out.wrong = "a G-stage leaf that is global or not the user's";
        return out;
    }
    const unsigned access = (r ? 1u : 0) | (w ? 2u : 0) | (x ? 4u : 0);
    const bool a = entry >> 6 & 1, d = entry >> 7 & 1, hardware = machine->options.hardware_marks;
    const unsigned all = guest  ? access << 3 | access
                         : user ? (access & 3) << 3 | access
                                : access << 3;
    const unsigned clean = all & ~(unsigned)(MMU_WRITE | MMU_USER_WRITE);
    out.kind = MMU_LEAF;
    out.pa = n ? out.pa & ~UINT64_C(0xffff) : out.pa;
    out.group = n ? 4 : 0;
    out.shared = n;
    out.rights = a ? (d ? all : clean) : 0;
    out.could = hardware ? all : out.rights;
    out.type = pbmt == 0 ? MMU_WRITE_BACK : pbmt == 1 ? MMU_UNCACHED : MMU_DEVICE;
    out.global = (entry >> 5 & 1) != 0;
    out.accessed = a;
    out.dirty = d;
    return out;
}

static uint64_t mark(const struct mmu_machine *machine, uint64_t entry, bool write) {
    return machine->options.hardware_marks ? entry | 0x40 | (write ? 0x80 : 0) : entry;
}

/* S-stage addresses are signed, guest-physical ones are not; a G-stage's root has two bits more. */
#define ROW(row_name, stage, row_levels, root_bits, row_va)                                      \
    {                                                                                            \
        .name = (row_name), .levels = (row_levels), .shift = {12, 21, 30, 39, 48},               \
        .bits = {9, 9, (row_levels) == 3 ? (root_bits) : 9, (row_levels) == 4 ? (root_bits) : 9, \
                 (root_bits)},                                                                   \
        .va_bits = (row_va), .pa_bits = 56, .is_signed = (stage) == STAGE_S, .decode = decode,   \
        .mark = mark, .variant = (stage)                                                         \
    }

const struct mmu_architecture mmu_riscv[5] = {
    ROW("sv39", STAGE_S, 3, 9, 39),    ROW("sv48", STAGE_S, 4, 9, 48),
    ROW("sv57", STAGE_S, 5, 9, 57),    ROW("sv39x4", STAGE_G, 3, 11, 41),
    ROW("sv48x4", STAGE_G, 4, 11, 50),
};
