/*
 * layout.h - where things are in the guest. The drawing is in README.md.
 *
 * `PA` is guest-physical (the monitor's struct mset_guest), `VA` guest-virtual (the page tables).
 * Without either it is the same in both.
 */
#ifndef VMM_LAYOUT_H
#define VMM_LAYOUT_H

#include <stdint.h>

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* System memory: what the guest runs on. One slot, but for while the shadow in it is ROM. */
#define SYSTEM UINT64_C(0)
#define SYSTEM_SIZE (2 * MIB)
#define DESCRIPTORS UINT64_C(0x1000)  /* GDT, TSS, IDT: a page */
#define KERNEL_STACK UINT64_C(0x2000) /* ring 0: a page */
#define MAILBOX UINT64_C(0x3000)      /* struct mailbox: a page */
#define USER_STACK UINT64_C(0x4000)
#define USER_STACK_SIZE (16 * KIB)
#define SHADOW UINT64_C(0xe0000) /* becomes ROM and RAM again */
#define SHADOW_SIZE (64 * KIB)
#define IMAGE UINT64_C(0x100000)        /* guest/guest.ld says the same: */
#define IMAGE_FAULT (IMAGE + 0)         /* ring 0: page faults */
#define IMAGE_TRAP (IMAGE + 16)         /* ring 0: all other exceptions */
#define IMAGE_PROGRAM (IMAGE + 4 * KIB) /* ring 3 */
#define IMAGE_SIZE (64 * KIB)

/* Memory the guest works in: low in 2 MiB leaves, high through a window that only 4 KiB fit. */
#define LOW (16 * MIB)
#define LOW_SIZE (32 * MIB)
#define HIGH_PA (4 * GIB)
#define HIGH_VA (8 * GIB + 4 * KIB)
#define HIGH_SIZE (8 * MIB)

/* What splits the slot of low memory in two, when it is shown. */
#define HOLE (LOW + 16 * MIB)
#define HOLE_SIZE (2 * MIB)

/* Frames: the page tables themselves, and pages on demand. The guest does not see it as such. */
#define POOL_PA (128 * MIB)
#define POOL_SIZE (8 * MIB)

/* On demand: an area without pages. */
#define DEMAND_VA (16 * GIB)
#define DEMAND_SIZE (4 * MIB)

/* Where a bus would place the registers and the memory of its devices. */
#define WINDOW UINT64_C(0xe0000000)
#define WINDOW_SIZE (2 * MIB)
#define BAR_SIZE (4 * KIB)
#define BAR_HERE WINDOW
#define BAR_THERE (WINDOW + 64 * KIB)
#define VIDEO_SIZE (64 * KIB)
#define VIDEO_HERE (WINDOW + MIB)
#define VIDEO_THERE (WINDOW + MIB + 512 * KIB)

#endif
