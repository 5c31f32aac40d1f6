/*
 * measured.c - the function that callgrind is told to look into. It has a file of its own, so that
 * no compiler inlines it or makes another version of it with another name.
 */
#include "work.h"

uint64_t measured(const struct work *work, void *state) {
    const uint64_t operations = work->run(state);
    /* Something to do after the call: this function is to end when `run` has ended. */
    require(operations != 0, "there was nothing to do");
    return operations;
}
