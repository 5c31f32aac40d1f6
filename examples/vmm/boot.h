/*
 * boot.h - the state in which the guest begins: ring 3 of 64-bit mode, without a firmware or a
 * kernel that would have brought it there.
 */
#ifndef VMM_BOOT_H
#define VMM_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

/* Reads the image into guest memory, and writes the descriptor tables. */
bool boot_load(struct memory *memory, const char *image);

/* Sets the registers of a vCPU. `root` is the guest-physical address of the page tables. */
bool boot_start(int vcpu, uint64_t root);

/* Has it forget all translations, as a kernel in the guest would by loading CR3. */
bool boot_flush(int vcpu);

#endif
