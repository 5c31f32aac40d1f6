/*
 * shelf.h - what random calls cannot be trusted to make: one leaf of every size, leaves that were
 * promoted and leaves that were split, beside the window of the random calls. And the count of the
 * probes by the size of the leaf they hit, as the MMU model sees it.
 */
#ifndef MSET_TEST_MMU_SHELF_H
#define MSET_TEST_MMU_SHELF_H

#include "batch.h"

/* Makes the leaves, and the first probes of the batch. NULL, or what went wrong. `window` is what
   must be left alone; the shelf is behind it, or before it if `high`. */
const char *shelf_fill(struct batch *batch, uint64_t window, uint64_t window_size, bool high);

/* When all is made: looks up every probe. NULL, or what the model has to complain about. */
const char *shelf_count(struct batch *batch);

/* Prints the line of counts; NULL, or what was not probed often enough. Over all batches. */
const char *shelf_verdict(const char *name);

#endif
