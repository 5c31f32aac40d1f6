/* seed.c - see seed.h. */
#include "seed.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 512, MOST_STEPS = 60, LEAST_STEPS = 2 };

static const struct script_mix *const mixes[SEED_TARGETS] = {&script_set, &script_split,
                                                             &script_gap};

void seed_begin(struct seed *seed, const struct twin_options *options) {
    seed->options = *options;
    seed->steps = 0;
    for (int i = 0; i < SEED_TARGETS; i++) {
        producer_write(&seed->out[i]);
        script_universe(&seed->out[i], &seed->options);
    }
}

void seed_add(struct seed *seed, const struct script_step *step) {
    if (seed->steps++ >= MOST_STEPS) {
        return;
    }
    for (int i = 0; i < SEED_TARGETS; i++) {
        static struct producer before;
        struct script_step written = *step;
        if (!seed->out[i].failed) {
            before = seed->out[i];
            script_step(&seed->out[i], mixes[i], &seed->options, &written);
            if (seed->out[i].failed) {
                seed->out[i] = before;
            }
        }
    }
}

static void write_file(const struct producer *out, const char *target, const char *name,
                       unsigned number) {
    const char *const folder = getenv("MSET_FUZZ_SEEDS");
    const size_t size = out->choices + out->sizes;
    uint8_t data[2 * PRODUCER_MOST];
    char path[1024];
    if (folder == NULL || size > MOST) {
        return;
    }
    (void)snprintf(path, sizeof path, "%s/%s/%s-%u", folder, target, name, number);
    FILE *const file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    producer_written(out, data);
    (void)fwrite(data, 1, size, file);
    (void)fclose(file);
}

void seed_end(struct seed *seed, const char *name) {
    static unsigned number;
    number++;
    for (int i = 0; i < SEED_TARGETS && seed->steps >= LEAST_STEPS; i++) {
        if (!seed->out[i].failed) {
            write_file(&seed->out[i], mixes[i]->name, name, number);
        }
    }
}
