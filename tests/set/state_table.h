/*
 * state_table.h - the set of model states that were seen, each with a shortest way to it.
 *
 * A state is written exactly, 12 bits a page: present, begins an area, backend, MSET_WRITE, and
 * how many pages its offset is away from its address (-32 .. 31, which moves inside a small
 * universe cannot leave). Ten pages fit the key; there are no collisions to worry about.
 */
#ifndef MSET_TEST_SET_STATE_TABLE_H
#define MSET_TEST_SET_STATE_TABLE_H

#include "support/page_model.h"
#include "support/stage.h"

#define WAY_LENGTH 6

struct state {
    uint64_t key[2];
    uint16_t way[WAY_LENGTH]; /* indices into the alphabet */
    uint8_t length;
    bool used;
};

struct state_table {
    struct state *slots;
    size_t count, room; /* room is a power of two */
};

void state_key(const struct page_model *model, const struct stage *stage, uint64_t key[2]);

void state_table_open(struct state_table *table);
void state_table_close(struct state_table *table);
/* Adds a state unless it is there. Returns whether it was new. */
bool state_table_add(struct state_table *table, const struct state *state);

#endif
