/* states.h - the states of a house in which operations are struck by faults. */
#ifndef MSET_TEST_FAULTS_STATES_H
#define MSET_TEST_FAULTS_STATES_H

#include "faults/act.h"

struct state {
    const char *name;
    void (*build)(struct house *house); /* from the empty house; the same each time */
    unsigned stride;                    /* of the acts tried in it: 1 for all */
};

extern const struct state states[];
extern const size_t state_count;

#endif
