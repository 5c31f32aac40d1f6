/* seed.h - steps of a script as inputs of the targets that read scripts, one file for each target.
 */
#ifndef MSET_FUZZ_SEEDS_SEED_H
#define MSET_FUZZ_SEEDS_SEED_H

#include "kit/script.h"

enum { SEED_TARGETS = 3 };

struct seed {
    struct twin_options options;
    struct producer out[SEED_TARGETS];
    unsigned steps;
};

void seed_begin(struct seed *seed, const struct twin_options *options);
/* A target that does not know the step goes without. */
void seed_add(struct seed *seed, const struct script_step *step);
/* Writes the files NAME-NUMBER into the folders of the targets below $MSET_FUZZ_SEEDS. */
void seed_end(struct seed *seed, const char *name);

#endif
