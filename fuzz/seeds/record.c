/*
 * record.c - linked with a unit test of the set in front of the twin (ld --wrap): whatever the test
 * does to a twin is written down as an input of the fuzz targets, one for each twin.
 *
 *     MSET_FUZZ_SEEDS=FOLDER record-NAME        FOLDER/fuzz_set/NAME-1, FOLDER/fuzz_gap/NAME-1, ...
 *
 * What an input cannot say is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kit/script.h"
#include "seeds/seed.h"

void __real_twin_open(struct twin *twin, const struct twin_options *options);
const char *__real_twin_apply(struct twin *twin, const struct operation *operation);
const char *__real_twin_close(struct twin *twin);
void __wrap_twin_open(struct twin *twin, const struct twin_options *options);
const char *__wrap_twin_apply(struct twin *twin, const struct operation *operation);
const char *__wrap_twin_close(struct twin *twin);

static struct seed seed;

void __wrap_twin_open(struct twin *twin, const struct twin_options *options) {
    seed_begin(&seed, options);
    __real_twin_open(twin, options);
}

const char *__wrap_twin_apply(struct twin *twin, const struct operation *operation) {
    const struct script_step step = {.kind = operation->kind,
                                     .operation = *operation,
                                     .way = twin->way,
                                     .refusal = twin->refusal,
                                     .starve_at = twin->starve_at,
                                     .starve_on = twin->starve_on};
    seed_add(&seed, &step);
    return __real_twin_apply(twin, operation);
}

const char *__wrap_twin_close(struct twin *twin) {
    seed_end(&seed, RECORD_NAME);
    return __real_twin_close(twin);
}
