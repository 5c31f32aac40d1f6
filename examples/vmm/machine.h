/*
 * machine.h - the virtual machine: memory, page tables, a processor, and what its exits lead to.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"
#include "memory.h"
#include "tables.h"

/* Counted in the vCPU's thread. */
struct exits {
    atomic_uint_fast64_t spurious; /* MMIO exits where there is memory that allows the access */
    atomic_uint_fast64_t absent;   /* MMIO exits where there is nothing */
};

struct machine {
    int kvm, vm;
    struct memory memory;
    struct tables tables;
    struct cpu cpu;
    struct exits exits;
    struct mset_guest_cursor cursor; /* the vCPU's thread */
    uint64_t pauses;                 /* how often the backend had the vCPU held */
    bool deaf;                       /* do not pause, to see what happens then */
    char trouble[160];               /* why the vCPU has ended */
};

enum machine_answer { MACHINE_READY, MACHINE_NO_KVM, MACHINE_FAILED };

/* `device` is the path of KVM. */
enum machine_answer machine_open(struct machine *machine, const char *device, const char *image);
/* Has the vCPU, which waits, forget translations, if the page table says that some are stale. */
bool machine_flush(struct machine *machine);

void machine_close(struct machine *machine);

#endif
