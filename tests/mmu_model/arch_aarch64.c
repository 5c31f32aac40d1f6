/*
 * arch_aarch64.c - VMSAv8-64: Arm ARM (DDI 0487) D8.2 for granules and levels, D8.3.1 for
 * descriptors, D8.4 for rights, D8.4.5 and D8.4.6 for access flag and dirty state, D8.7.1 for the
 * contiguous bit, D8.5.5 for stage 2 memory types.
 *
 * Assumes TCR.HPD = 0, SCTLR.WXN = 0, HCR_EL2.FWB = 0, and the MAIR of the library's formats.h:
 * attributes 0 to 3 are write-back, write-combining, uncached, device.
 */
#include "mmu_model/mmu_model.h"

enum { STAGE_1 = 1, STAGE_2 = 2 };

/* RES0, or what nobody asked for: in tables 50:48 and the hierarchical 63:59; in leaves GP and
   nothing else of 50:48, 63:59, and of stage 1 NS, of stage 2 bit 11 and XN[0]. (nT is bit 16 of
   a block, which is below its address.) */
#define TABLE_ZERO (UINT64_C(7) << 48 | UINT64_C(31) << 59)
#define LEAF_ZERO_1 (TABLE_ZERO | UINT64_C(1) << 5)
#define LEAF_ZERO_2 (TABLE_ZERO | UINT64_C(1) << 11 | UINT64_C(1) << 53)

static unsigned granule(const struct mmu_machine *machine) {
    return machine->architecture->shift[0];
}

/* D8.7.1, table of the number of contiguous entries; levels from the bottom. */
static unsigned group_of(const struct mmu_machine *machine, unsigned level) {
    switch (granule(machine)) {
    case 12:
        return 4;
    case 14:
        return level == 0 ? 7 : 5;
    default:
        return 5;
    }
}

static bool may_be_block(const struct mmu_machine *machine, unsigned level) {
    return level == 1 || (level == 2 && granule(machine) == 12);
}

static unsigned rights_1(uint64_t entry, bool write) {
    const bool user = (entry >> 6 & 1) != 0;
    const bool pxn = (entry >> 53 & 1) != 0, uxn = (entry >> 54 & 1) != 0;
    unsigned rights = MMU_READ | (write ? MMU_WRITE : 0);
    rights |= user ? MMU_USER_READ | (write ? MMU_USER_WRITE : 0) : 0;
    rights |= uxn ? 0 : MMU_USER_EXEC;
    /* What the user may write is never executable for EL1. */
    rights |= pxn || (user && write) ? 0 : MMU_EXEC;
    return rights;
}

/* XN in 54. Bit 53 tells EL1 from EL0 where there is FEAT_XNX, and is 0 here. */
static unsigned rights_2(uint64_t entry, bool write) {
    const unsigned both =
        ((entry >> 6 & 1) != 0 ? 1 : 0) | (write ? 2 : 0) | ((entry >> 54 & 1) == 0 ? 4 : 0);
    return both << 3 | both;
}

static bool type_1(uint64_t entry, enum mmu_type *type) {
    const unsigned index = entry >> 2 & 7;
    *type = (enum mmu_type)(index & 3);
    return index < 4;
}

static bool type_2(uint64_t entry, enum mmu_type *type) {
    switch (entry >> 2 & 15) {
    case 0xf:
        *type = MMU_WRITE_BACK;
        return true;
    case 0x5:
        *type = MMU_UNCACHED;
        return true;
    case 0x1:
        *type = MMU_DEVICE;
        return true;
    default:
        return false;
    }
}

/* Rights as they are, and as they will be once the processor has set AF and dirty state. */
static void set_rights(const struct mmu_machine *machine, uint64_t entry, struct mmu_entry *out) {
    const bool first = machine->architecture->variant == STAGE_1;
    const bool bit7 = (entry >> 7 & 1) != 0, dbm = (entry >> 51 & 1) != 0;
    const bool write = first ? !bit7 : bit7;
    const bool hardware = machine->options.hardware_marks;
    const unsigned now = first ? rights_1(entry, write) : rights_2(entry, write);
    const unsigned then = first ? rights_1(entry, write || dbm) : rights_2(entry, write || dbm);
    out->accessed = (entry >> 10 & 1) != 0;
    out->dirty = dbm && write; /* what may be written without DBM was never clean */
    out->rights = out->accessed || hardware ? now : 0;
    out->could = hardware ? then : out->rights;
}

static struct mmu_entry decode(const struct mmu_machine *machine, unsigned level, uint64_t entry) {
    const unsigned kind = entry & 3;
    const uint64_t address = entry & UINT64_C(0x0000fffffffff000);
    struct mmu_entry out = {.kind = MMU_NOTHING, .wrong = "a reserved bit is set"};
    if ((kind & 1) == 0) {
        return out;
    }
    out.kind = MMU_WRONG;
    if (level > 0 && kind == 3) {
        const bool plain = (address & ((UINT64_C(1) << granule(machine)) - 1)) == 0;
        out.wrong = "a table with hierarchical rights, reserved bits or a misaligned address";
        out.kind = plain && (entry & TABLE_ZERO) == 0 ? MMU_TABLE : MMU_WRONG;
        out.pa = address;
        return out;
    }
    if ((level == 0) != (kind == 3) || (level > 0 && !may_be_block(machine, level))) {
        out.wrong = "a block where there is none";
        return out;
    }
    const bool first = machine->architecture->variant == STAGE_1;
    if ((entry & (first ? LEAF_ZERO_1 : LEAF_ZERO_2)) != 0 ||
        (address & (mmu_slot(machine, level) - 1)) != 0) {
        return out;
    }
    if (!(first ? type_1(entry, &out.type) : type_2(entry, &out.type)) || (entry >> 8 & 3) == 1) {
        out.wrong = "a memory type or shareability that nobody gave";
        return out;
    }
    out.kind = MMU_LEAF;
    out.pa = address;
    out.global = first && (entry >> 11 & 1) == 0;
    out.group = (entry >> 52 & 1) != 0 ? group_of(machine, level) : 0;
    set_rights(machine, entry, &out);
    return out;
}

static uint64_t mark(const struct mmu_machine *machine, uint64_t entry, bool write) {
    if (!machine->options.hardware_marks) {
        return entry;
    }
    entry |= UINT64_C(1) << 10;
    if (write && (entry >> 51 & 1) != 0) {
        const uint64_t bit7 = UINT64_C(1) << 7;
        entry = machine->architecture->variant == STAGE_1 ? entry & ~bit7 : entry | bit7;
    }
    return entry;
}

#define ROW(row_name, stage, row_levels, row_shift, row_bits, row_va)                           \
    {                                                                                           \
        .name = (row_name), .levels = (row_levels), .shift = row_shift, .bits = row_bits,       \
        .va_bits = (row_va), .pa_bits = 48, .must_break = true, .decode = decode, .mark = mark, \
        .variant = (stage)                                                                      \
    }
#define LIST(...) \
    { __VA_ARGS__ }

const struct mmu_architecture mmu_aarch64[7] = {
    ROW("aarch64-4k", STAGE_1, 4, LIST(12, 21, 30, 39), LIST(9, 9, 9, 9), 48),
    ROW("aarch64-16k", STAGE_1, 4, LIST(14, 25, 36, 47), LIST(11, 11, 11, 1), 48),
    ROW("aarch64-64k", STAGE_1, 3, LIST(16, 29, 42), LIST(13, 13, 6), 48),
    ROW("aarch64-s2-4k", STAGE_2, 4, LIST(12, 21, 30, 39), LIST(9, 9, 9, 9), 48),
    ROW("aarch64-s2-4k-ipa40", STAGE_2, 3, LIST(12, 21, 30), LIST(9, 9, 10), 40),
    ROW("aarch64-s2-16k", STAGE_2, 3, LIST(14, 25, 36), LIST(11, 11, 12), 48),
    ROW("aarch64-s2-64k", STAGE_2, 3, LIST(16, 29, 42), LIST(13, 13, 6), 48),
};
