/*
 * slow_walker.h - what a processor would make of an x86-64 page table, one address at a time.
 *
 * Written from the AMD64 manual, volume 2, chapter 5 (5.3 long-mode translation, 5.4 fields, 5.6
 * protection), with EFER.NXE = 1 and CR0.WP = 1. Shares nothing with the library, so that the two
 * can disagree.
 */
#ifndef MSET_TEST_PAGE_TABLE_SLOW_WALKER_H
#define MSET_TEST_PAGE_TABLE_SLOW_WALKER_H

#include <stdbool.h>
#include <stdint.h>

/* Physical memory, 8 bytes at a time. */
struct slow_memory {
    uint64_t (*read)(void *context, uint64_t pa);
    void *context;
    unsigned pa_bits; /* MAXPHYADDR: address bits at and above are reserved */
};

struct slow_answer {
    const char *complaint; /* a reserved bit is set, or the address is not canonical */
    bool present;
    uint64_t pa; /* of the byte asked for */
    uint64_t page_size;
    bool write, user, execute; /* allowed at every level */
    bool global;
    unsigned pat; /* index into the page attribute table */
    bool accessed, dirty;
    unsigned reads; /* entries looked at */
};

struct slow_answer slow_walk(const struct slow_memory *memory, uint64_t cr3, uint64_t va);

#endif
