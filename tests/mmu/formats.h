/* formats.h - one row per format that QEMU has an MMU for: machine, guest, registers. */
#ifndef MSET_TEST_MMU_FORMATS_H
#define MSET_TEST_MMU_FORMATS_H

#include <stdbool.h>
#include <stdint.h>

struct mmu_row {
    const char *format;
    const char *guest;   /* file name of the program */
    const char *machine; /* words of the command line */
    uint64_t ram;        /* where RAM begins */
    unsigned ops;        /* of enum mailbox_op */
    bool translated;     /* the guest itself runs on the tables: they must map it */
    /* The batch's registers; `upper` is the root of the upper half, or 0. */
    void (*registers)(const struct mmu_row *row, uint64_t root, uint64_t upper, uint64_t regs[4]);
    uint64_t constant; /* TCR, VTCR, the mode of satp or hgatp; x86: mailbox options */
    /* What the fault's code should be, and which bits of it count. */
    uint64_t (*fault)(unsigned op, bool present, uint64_t *mask);
    uint64_t top;      /* addresses from here on are not probed; 0: all are */
    bool no_gigabytes; /* the machine has no leaves of 1 GiB */
    unsigned pa_bits;  /* of the machine; 0: all that the format has */
    uint64_t reserved; /* a bit that must not be turned in an entry of the lowest level */
};

extern const struct mmu_row mmu_rows[];
extern const unsigned mmu_row_count;

#endif
