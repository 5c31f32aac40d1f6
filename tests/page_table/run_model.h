/*
 * run_model.h - what a page table should hold: a sorted array of runs that covers all addresses,
 * each either a hole or mapped with one distance to physical addresses and one set of flags.
 *
 * No pages, no tables, no leaf sizes. Checking looks at the ends of every run, and at some pages
 * between, with the slow walker and with mset_pt_query; compares the walk with the runs; and
 * compares the bytes that leaves stand for with the bytes that are mapped, so that nothing can be
 * mapped where nobody looks.
 */
#ifndef MSET_TEST_PAGE_TABLE_RUN_MODEL_H
#define MSET_TEST_PAGE_TABLE_RUN_MODEL_H

#include "page_table/rig.h"
#include "support/rng.h"

enum { MODEL_RUNS = 512 };

struct model_run {
    uint64_t start;
    bool mapped;
    uint64_t bias; /* pa - va */
    uint64_t flags;
};

struct run_model {
    size_t count;
    struct model_run run[MODEL_RUNS];
};

void run_model_init(struct run_model *model);
bool run_model_free(struct run_model *model, uint64_t va, uint64_t size);
void run_model_map(struct run_model *model, uint64_t va, uint64_t pa, uint64_t size,
                   uint64_t flags);
void run_model_unmap(struct run_model *model, uint64_t va, uint64_t size);
void run_model_protect(struct run_model *model, uint64_t va, uint64_t size, uint64_t flags);
void run_model_move(struct run_model *model, uint64_t from, uint64_t to, uint64_t size);
/* Bytes mapped in the range. */
uint64_t run_model_bytes(const struct run_model *model, uint64_t va, uint64_t last);
/* Asserts that the table holds this and nothing else. */
void run_model_check(struct run_model *model, const struct rig *rig, struct rng *rng);

#endif
