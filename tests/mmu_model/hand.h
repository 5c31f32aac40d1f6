/* hand.h - tables made by hand for the tests of the model, in memory from BASE on. */
#ifndef MSET_TEST_MMU_MODEL_HAND_H
#define MSET_TEST_MMU_MODEL_HAND_H

#include "mmu_model/mmu_model.h"

#define BASE UINT64_C(0x100000)

/* Words of the tables, BASE first, and the machine that walks them; the root is at BASE. */
extern uint64_t memory[64 * 512];
extern struct mmu_machine machine;

void open_machine(const char *name, struct mmu_options options);

/* Entry `i` of the table that begins n frames above the root. */
void put(unsigned n, unsigned i, uint64_t entry);

/* The machine is closed; what it complained about first has these words in it. NULL: nothing. */
void finish(const char *expected);

/* A walk finds this. */
void expect_leaf(uint64_t va, uint64_t pa, uint64_t size, unsigned rights, enum mmu_type type);

/* Where an access with one right goes; 0: it faults. */
uint64_t pa_of(uint64_t va, unsigned right);

/*
 * Tables one below the other, linked by slot 0, down to the one at `level`: returns the number of
 * its frame, for put(). The entry that leads from one to the next is link_to().
 */
unsigned chain(const char *name, struct mmu_options options, unsigned level);
uint64_t link_to(unsigned n);

#endif
