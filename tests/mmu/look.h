/* look.h - a batch's table as the MMU model sees it: for what must not be asked of the library. */
#ifndef MSET_TEST_MMU_LOOK_H
#define MSET_TEST_MMU_LOOK_H

#include "batch.h"
#include "mmu_model/mmu_model.h"

/* The leaf at va; false if there is none. *wrong, if the model complains, else left alone. */
bool look_leaf(const struct batch *batch, uint64_t va, struct mmu_leaf *leaf, const char **wrong);

/* The entry of the leaf at va, which must be there, for those who want to spoil it. */
uint64_t *look_entry(const struct batch *batch, uint64_t va);

#endif
