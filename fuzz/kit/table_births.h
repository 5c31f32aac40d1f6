/*
 * table_births.h - page tables beside the judge's: some can be made in another way than usual, some
 * cannot be made and leave nothing, and some are too unlike it to copy anything to or from.
 */
#ifndef MSET_FUZZ_KIT_TABLE_BIRTHS_H
#define MSET_FUZZ_KIT_TABLE_BIRTHS_H

#include "page_table/pt_call.h"

enum { TABLE_BIRTHS = 12 };

/* The nth of them, with a range that is fine. Asserts what comes of it; changes nothing. */
void table_birth(struct judge *judge, const struct spots *spots, uint64_t va, uint64_t size,
                 unsigned n);
/* What the calls say that have an answer for no table, no format, no name. */
void table_nothing(const struct judge *judge);

#endif
