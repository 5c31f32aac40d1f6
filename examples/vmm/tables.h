/*
 * tables.h - the guest's virtual memory: areas in a struct mset, and x86-64 page tables that the
 * library's engine writes straight into guest memory, where the processor walks them.
 *
 * Frames of tables and pages on demand come out of one pool of guest memory. The engine asks this
 * file for frames by guest-physical address, and where such a frame can be written (`virt`): that
 * answer is the guest's own memory map.
 */
#ifndef VMM_TABLES_H
#define VMM_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include <mset/backends.h>
#include <mset/page_table.h>
#include <mset/set.h>

#include "memory.h"

struct tables {
    struct mset_frames frames; /* first: the library's handle on this source */
    struct mset_buddy *buddy;  /* which frames of the pool are taken; addresses only */
    struct mset_guest *guest;
    struct mset_guest_cursor cursor;
    struct mset_page_table *table;
    struct mset *set;
    struct mset_linear linear; /* areas that show physical memory */
    struct mset_lazy lazy;     /* areas whose pages come on demand */
    uint64_t faults;           /* that were dealt with */
};

/* All areas of layout.h. `tables` stays where it is. */
bool tables_open(struct tables *tables, struct memory *memory);
void tables_close(struct tables *tables);

/* The guest has faulted: makes the access possible, or says why not. */
mset_status tables_fault(struct tables *tables, uint64_t address, uint64_t access);

/*
 * The pages of a range on demand go back to the pool; the next touch finds new ones. The processor
 * has to be out of the guest, and must forget what it knows before it goes on: see machine_flush().
 */
mset_status tables_discard(struct tables *tables, uint64_t start, uint64_t size);

/* NULL if sets and tables are as they must be, else what is wrong in one sentence. */
const char *tables_validate(const struct tables *tables);

/* Frames of the pool, as the processor would find them by walking from the root. */
struct tables_census {
    uint64_t tables;
    uint64_t pages;     /* behind leaves of areas on demand */
    uint64_t strangers; /* not in the pool, not taken, or found before: none, one hopes */
};
void tables_count(struct tables *tables, struct memory *memory, struct tables_census *census);

#endif
