/*
 * table_abuse.h - calls of a page table that are wrong by themselves. All are MSET_INVALID_PARAM or
 * MSET_UNSUPPORTED and change nothing.
 */
#ifndef MSET_FUZZ_KIT_TABLE_ABUSE_H
#define MSET_FUZZ_KIT_TABLE_ABUSE_H

#include "page_table/pt_call.h"

enum { TABLE_ABUSES = 66 };

/* The nth of them, with a range that is fine. */
mset_status table_abuse(struct judge *judge, const struct spots *spots, uint64_t va, uint64_t size,
                        unsigned n);

#endif
