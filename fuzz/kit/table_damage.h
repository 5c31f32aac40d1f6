/*
 * table_damage.h - one word in the memory of the tables is wrong for a while: the validator has to
 * say so wherever that can be told, and to be silent when the word is put right again.
 *
 *     an address --> the table on its way, so deep --> its entry there: a bit flipped, or the value
 *                                                      that another address has in the same table
 */
#ifndef MSET_FUZZ_KIT_TABLE_DAMAGE_H
#define MSET_FUZZ_KIT_TABLE_DAMAGE_H

#include "page_table/judge.h"

struct table_damage {
    uint64_t va, like; /* whose entries; `like` takes the place of an address in the same table */
    unsigned depth;    /* 0: in the root; as deep as tables go */
    unsigned bit;      /* to be flipped; from 64: the entry becomes that of `like` */
};

/* Returns what the validator said, or NULL. Asserts what it must have said. */
const char *table_damage(struct judge *judge, const struct table_damage *damage);

#endif
