/*
 * machine.h - a QEMU whose RAM is a file that the test has mapped too: the library writes its
 * tables where the guest will find them, and nothing has to be copied.
 *
 *     RAM   0 guest   8M mailbox   16M probes   64M tables            1G data            3G
 */
#ifndef MSET_TEST_MMU_MACHINE_H
#define MSET_TEST_MMU_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include <mset/frames.h>

#include "formats.h"
#include "mailbox.h"

enum {
    PROBES_OFFSET = 16 << 20,
    TABLES_OFFSET = 64 << 20,
    DATA_OFFSET = 1 << 30,
    FIRMWARE_BYTES = 1 << 20, /* at the end of RAM, where a PC's firmware leaves its tables */
};
#define RAM_BYTES (UINT64_C(3) << 30)

struct machine {
    const struct mmu_row *row;
    int fd;
    char path[64];
    unsigned char *ram;
    struct mset_buddy *tables;
    struct mailbox *mailbox;
    uint64_t next_probe; /* offset of free room for probes */
};

/* False: errno says why. */
bool machine_open(struct machine *machine, const struct mmu_row *row);
void machine_close(struct machine *machine);

/* The byte of RAM at this physical address. */
void *machine_at(const struct machine *machine, uint64_t pa);

/* Boots the guest from the folder and waits until it is done. NULL, or what went wrong. */
const char *machine_run(struct machine *machine, const char *folder);

#endif
