/*
 * formats.c - see formats.h.
 *
 * AArch64: TCR_EL1 and VTCR_EL2 as in the Arm ARM, D19.2.139 and D19.2.171. Cacheable walks, 48
 * bits of physical address (5 in IPS or PS).
 */
#include "formats.h"

#include <stddef.h>

#include "mailbox.h"

/* ---- x86-64 ------------------------------------------------------------------------------- */

static void x86_registers(const struct mmu_row *row, uint64_t root, uint64_t upper,
                          uint64_t regs[4]) {
    (void)row, (void)upper;
    regs[0] = root;
}

/* P, W/R, U/S, I/D: Intel SDM volume 3A, 4.7. */
static uint64_t x86_fault(unsigned op, bool present, uint64_t *mask) {
    const bool user = op >= USER_READ;
    const unsigned what = op % 3;
    *mask = 0x1ffffffff;
    return MAILBOX_FAULT | (present ? 1u : 0) | (what == WRITE ? 2u : 0) | (user ? 4u : 0) |
           (what == EXEC ? 16u : 0);
}

/* ---- AArch64 ------------------------------------------------------------------------------ */

enum { TG_4K, TG_64K, TG_16K };
enum { TG1_16K = 1, TG1_4K, TG1_64K };
#define BITS(value, at) ((uint64_t)(value) << (at))
/* Both halves of 48 bits. */
#define TCR(tg0, tg1)                                                                      \
    (BITS(16, 0) | BITS(1, 8) | BITS(1, 10) | BITS(3, 12) | BITS(tg0, 14) | BITS(16, 16) | \
     BITS(1, 24) | BITS(1, 26) | BITS(3, 28) | BITS(tg1, 30) | BITS(5, 32))
#define VTCR(bits, sl0, tg)                                                                        \
    (BITS(64 - (bits), 0) | BITS(sl0, 6) | BITS(1, 8) | BITS(1, 10) | BITS(3, 12) | BITS(tg, 14) | \
     BITS(5, 16) | BITS(1, 31))

static void a64_registers(const struct mmu_row *row, uint64_t root, uint64_t upper,
                          uint64_t regs[4]) {
    regs[0] = root;
    regs[1] = row->constant | (upper == 0 ? BITS(1, 23) : 0); /* EPD1: no walks there */
    regs[2] = 0x044444ff;
    regs[3] = upper;
}

/* The class of the abort, its cause (translation 0001xx, permission 0011xx), and WnR. */
static uint64_t a64_fault(unsigned op, bool present, uint64_t *mask) {
    const unsigned class = op == EXEC ? 0x21 : op == USER_EXEC ? 0x20 : 0x25;
    const bool write = op == WRITE || op == USER_WRITE;
    const bool exec = op == EXEC || op == USER_EXEC;
    *mask = MAILBOX_FAULT | BITS(0x3f, 26) | 0x3c | (exec ? 0 : 0x40);
    return MAILBOX_FAULT | BITS(class, 26) | (present ? 0x0c : 0x04) | (write ? 0x40 : 0);
}

static void s2_registers(const struct mmu_row *row, uint64_t root, uint64_t upper,
                         uint64_t regs[4]) {
    (void)upper;
    regs[0] = root;
    regs[1] = row->constant;
}

static uint64_t s2_fault(unsigned op, bool present, uint64_t *mask) {
    if (op != EXEC) { /* judged by PAR */
        *mask = 0;
        return 0;
    }
    *mask = MAILBOX_FAULT | BITS(0x3f, 26) | 0x3c;
    return MAILBOX_FAULT | BITS(0x20, 26) | (present ? 0x0c : 0x04);
}

/* ---- RISC-V ------------------------------------------------------------------------------- */

static void riscv_registers(const struct mmu_row *row, uint64_t root, uint64_t upper,
                            uint64_t regs[4]) {
    (void)upper;
    regs[0] = row->constant << 60 | root >> 12;
}

static uint64_t riscv_fault(unsigned op, bool present, uint64_t *mask) {
    static const unsigned causes[] = {13, 15, 12};
    (void)present;
    *mask = UINT64_MAX;
    return MAILBOX_FAULT | causes[op % 3];
}

static void guest_registers(const struct mmu_row *row, uint64_t root, uint64_t upper,
                            uint64_t regs[4]) {
    (void)upper;
    regs[1] = row->constant << 60 | root >> 12;
}

static uint64_t guest_fault(unsigned op, bool present, uint64_t *mask) {
    static const unsigned causes[] = {21, 23, 20};
    (void)present;
    *mask = UINT64_MAX;
    return MAILBOX_FAULT | causes[op];
}

/* ---- the rows ----------------------------------------------------------------------------- */

/* Reserved: x86 bit 51 of an address of 40 bits; AArch64 bit 1, without which there is no page;
   RISC-V N, with a page number that is none of a group. */

#define X86                                                                 \
    "qemu-system-x86_64 -machine pc,accel=tcg,memory-backend=ram -cpu max " \
    "-device isa-debug-exit,iobase=0xf4,iosize=4"
#define X86_KVM                                                                    \
    "qemu-system-x86_64 -machine pc,accel=kvm,memory-backend=ram -cpu qemu64,+nx " \
    "-device isa-debug-exit,iobase=0xf4,iosize=4"
#define ARM "qemu-system-aarch64 -machine virt,accel=tcg,memory-backend=ram -cpu max"
#define ARM_EL2 \
    "qemu-system-aarch64 -machine virt,virtualization=on,accel=tcg,memory-backend=ram -cpu max"
#define RISCV                                                                    \
    "qemu-system-riscv64 -machine virt,accel=tcg,memory-backend=ram -bios none " \
    "-cpu rv64,h=true,svnapot=true,svpbmt=true"

#define RAM_ARM UINT64_C(0x40000000)
#define RAM_RISCV UINT64_C(0x80000000)

#define ROW_X86(name, options)                                                                 \
    {                                                                                          \
        .format = name, .guest = "x86_64.elf", .machine = X86, .ops = OPS, .translated = true, \
        .registers = x86_registers, .constant = options, .fault = x86_fault, .pa_bits = 40,    \
        .reserved = BITS(1, 51)                                                                \
    }
#define ROW_A64(name, tg0, tg1)                                                             \
    {                                                                                       \
        .format = name, .guest = "aarch64.elf", .machine = ARM, .ram = RAM_ARM, .ops = OPS, \
        .translated = true, .registers = a64_registers, .constant = TCR(tg0, tg1),          \
        .fault = a64_fault, .reserved = BITS(1, 1)                                          \
    }
#define ROW_S2(name, bits, sl0, tg)                                                              \
    {                                                                                            \
        .format = name, .guest = "aarch64_s2.elf", .machine = ARM_EL2, .ram = RAM_ARM, .ops = 3, \
        .registers = s2_registers, .constant = VTCR(bits, sl0, tg), .fault = s2_fault,           \
        .reserved = BITS(1, 1)                                                                   \
    }
#define ROW_RISCV(name, mode)                                                                   \
    {                                                                                           \
        .format = name, .guest = "riscv64.elf", .machine = RISCV, .ram = RAM_RISCV, .ops = OPS, \
        .registers = riscv_registers, .constant = mode, .fault = riscv_fault,                   \
        .reserved = BITS(1, 63)                                                                 \
    }
/* QEMU 7.2 takes guest-physical addresses for signed ones, so the upper half is out of reach. */
#define ROW_GUEST(name, mode, bits)                                                           \
    {                                                                                         \
        .format = name, .guest = "riscv64.elf", .machine = RISCV, .ram = RAM_RISCV, .ops = 3, \
        .registers = guest_registers, .constant = mode, .fault = guest_fault,                 \
        .top = UINT64_C(1) << ((bits)-1), .reserved = BITS(1, 63)                             \
    }

const struct mmu_row mmu_rows[] = {
    ROW_X86("x86-64", 0),
    ROW_X86("x86-64-5", 1),
    ROW_A64("aarch64-4k", TG_4K, TG1_4K),
    ROW_A64("aarch64-16k", TG_16K, TG1_16K),
    ROW_A64("aarch64-64k", TG_64K, TG1_64K),
    ROW_S2("aarch64-s2-4k", 48, 2, TG_4K),
    ROW_S2("aarch64-s2-4k-ipa40", 40, 1, TG_4K),
    ROW_S2("aarch64-s2-16k", 48, 2, TG_16K),
    ROW_S2("aarch64-s2-64k", 48, 2, TG_64K),
    ROW_RISCV("sv39", 8),
    ROW_RISCV("sv48", 9),
    ROW_RISCV("sv57", 10),
    ROW_GUEST("sv39x4", 8, 41),
    ROW_GUEST("sv48x4", 9, 50),
    {.format = "x86-64",
     .guest = "x86_64.elf",
     .machine = X86_KVM,
     .ops = OPS,
     .translated = true,
     .registers = x86_registers,
     .fault = x86_fault,
     .pa_bits = 40,
     .no_gigabytes = true},
};
const unsigned mmu_row_count = sizeof mmu_rows / sizeof *mmu_rows;
