/*
 * memory.h - the guest's physical memory: regions in a struct mset_guest, fed to KVM as slots.
 *
 * Two threads use it. The monitor's own changes it and looks at it; the vCPU's only looks, between
 * memory_reader_enters() and memory_reader_leaves(), so that a commit knows when nobody uses the
 * old view any more.
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <mset/guest.h>
#include <mset/guest_access.h>
#include <mset/kvm.h>

#include "device.h"
#include "kvm_calls.h"

struct memory {
    struct mset_guest *guest;
    struct mset_kvm *kvm;
    struct kvm_calls calls;
    struct mset_guest_cursor cursor; /* the monitor's thread */
    atomic_uint reader;              /* odd: the vCPU's thread is inside */

    struct mset_region *system, *low, *high, *pool, *video, *bar;
    struct mset_region *hole;   /* over low memory, usually hidden */
    struct mset_region *shadow; /* a window of system memory onto itself, to be made ROM */
    struct device device;       /* behind the BAR */
    uint64_t rom_writes;        /* that were refused */
};

/* Who stops the vCPUs when slots are replaced. */
struct memory_pause {
    void (*pause)(void *context);
    void (*resume)(void *context);
    void *context;
};

/* All regions, and the slots of them. `memory` is zero, and stays where it is. */
bool memory_open(struct memory *memory, int vm, const struct memory_pause *pause);
void memory_close(struct memory *memory);

void memory_reader_enters(struct memory *memory);
void memory_reader_leaves(struct memory *memory);

/* One change in a transaction of its own, for the report. */
mset_status memory_show(struct memory *memory, struct mset_region *region, bool shown,
                        struct mset_commit_report *report);
mset_status memory_move(struct memory *memory, struct mset_region *region, uint64_t start,
                        struct mset_commit_report *report);
mset_status memory_set_read_only(struct memory *memory, struct mset_region *region, bool read_only,
                                 struct mset_commit_report *report);

/* The view and KVM's slots, to see whether they are the same at another time. */
enum { VIEW_AREAS = 32 };
struct memory_picture {
    struct kvm_picture slots;
    struct mset_area view[VIEW_AREAS];
    size_t areas;
};
void memory_take_picture(const struct memory *memory, struct memory_picture *picture);
bool memory_looks_like(const struct memory *memory, const struct memory_picture *picture);

#endif
