/*
 * house.h - a set with all ready backends over one page table, and backends that refuse over
 * another; everything in it takes its memory past one fault point.
 *
 *     linear, eager, lazy ---> own table       (all prepare)
 *     mover, mapper ---------> other table     (linear behind; they do not prepare)
 *
 * A snapshot remembers all that must not change when an operation fails: the areas, and of the own
 * table every byte of every frame in use. What the other table means is compared area by area,
 * since an undo need not restore the sizes of its leaves.
 */
#ifndef MSET_TEST_FAULTS_HOUSE_H
#define MSET_TEST_FAULTS_HOUSE_H

#include <mset/mset.h>

#include "support/counting_allocator.h"
#include "support/faulty.h"

#define RW (MSET_READ | MSET_WRITE)

enum { MOST_AREAS = 256 };

enum tenant { LINEAR, EAGER, LAZY, MOVER, MAPPER, NOBODY, TENANTS };

struct room {
    struct mset_buddy *buddy;
    struct faulty_frames frames;
    unsigned char *storage; /* NULL: addresses only */
    uint64_t base, bytes;
};

struct house {
    const struct mset_pt_format *format;
    uint64_t page; /* smallest leaf */
    uint64_t big;  /* the next larger one that is an entry */
    uint64_t base; /* of the addresses in use, a multiple of the largest leaf */
    bool merge, promote;

    struct fault_point faults;
    struct counting_allocator counter;
    struct faulty_allocator memory;
    struct room tables, others, data;
    struct mset_page_table *pt, *other;
    uint64_t root_frames; /* of one table, beyond those of any other */
    struct mset_linear linear, behind;
    struct mset_eager eager;
    struct mset_lazy lazy;
    struct faulty_backend mover, mapper;
    struct mset *set;
};

/* With `promote` the own table makes larger leaves by itself: then tables may stay in its stock.
   `frames` are for each of the two page tables. */
void house_open(struct house *house, const struct mset_pt_format *format, bool merge, bool promote,
                uint64_t frames);
/* Asserts that everything comes back. */
void house_close(struct house *house);
/* Unmaps everything while no memory is to be had, and asserts that only the roots are left. */
void house_clear(struct house *house);
/* The caller's word that translations are forgotten, for both tables. */
void house_flush(struct house *house);

struct mset_backend *house_backend(struct house *house, enum tenant tenant);

/*
 * NULL, or what is wrong: validators, references, what the tables hold against what the areas say,
 * frames in use against tables in use.
 */
const char *house_wrong(struct house *house);

struct snapshot {
    size_t count;
    struct mset_area areas[MOST_AREAS];
    struct mset_statistics statistics;
    struct mset_pt_statistics leaves;
    struct mset_pt_gather gather;
    uint64_t data_frames;
    size_t frames; /* of the own table, in use */
    uint64_t *addresses;
    unsigned char *bytes;
};

void snapshot_take(struct snapshot *snapshot, struct house *house);
void snapshot_free(struct snapshot *snapshot);
/* NULL, or what has changed since. */
const char *snapshot_differs(const struct snapshot *snapshot, const struct house *house);

#endif
