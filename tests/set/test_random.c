/*
 * test_random.c - long random runs on large sets.
 *
 * Every step, planned or not, is compared as far as it can be seen while it runs (twin.h); the
 * whole states every `period` steps, as comparing thousands of pages costs more than thousands of
 * steps. One run per row of the table, with seeds of its own; MSET_TEST_SEED in the environment
 * replaces them. A failure prints the seed, the step and the last operations.
 */
#include <stdlib.h>

#include "scene.h"
#include "support/scale.h"

struct run {
    const char *name;
    struct twin_options options;
    struct operation_mix mix; /* its place and size are those of the options */
    uint64_t steps;           /* at scale 100 */
    uint64_t period;          /* steps between full comparisons */
    unsigned refusals;        /* percent of operations in which something is refused */
};

#define TOP(pages) (UINT64_C(0) - (pages)*PAGE)
#define HUGE (UINT64_C(1) << 53)

static const struct run runs[] = {
    {"plain, crowded",
     {.base = 0, .page_size = PAGE, .pages = 512, .guard = 2 * PAGE},
     {.longest = 24, .fill = 60, .backends = 6},
     1000000,
     199,
     2},
    {"merging, crowded",
     {.base = 0x7000000000, .page_size = PAGE, .pages = 512, .merge = true},
     {.longest = 24, .fill = 60, .backends = 3, .one_flag_word = true},
     1000000,
     199,
     2},
    {"plain, large",
     {.base = AT(0), .page_size = PAGE, .pages = 4096, .guard = PAGE},
     {.longest = 40, .fill = 58, .backends = 6},
     800000,
     1499,
     1},
    {"merging, large",
     {.base = AT(0), .page_size = PAGE, .pages = 4096, .merge = true},
     {.longest = 200, .fill = 55, .backends = 4, .one_flag_word = true},
     800000,
     1499,
     1},
    {"merging, top of the address space",
     {.base = TOP(1024), .page_size = PAGE, .pages = 1024, .merge = true, .guard = 3 * PAGE},
     {.longest = 60, .fill = 55, .backends = 6},
     600000,
     499,
     1},
    {"plain, some seams refused",
     {.base = AT(0), .page_size = PAGE, .pages = 1024, .no_split = 7, .no_merge = 5},
     {.longest = 30, .fill = 55, .backends = 6},
     600000,
     499,
     1},
    {"merging, some seams refused",
     {.base = AT(0), .page_size = PAGE, .pages = 1024, .merge = true, .no_split = 7, .no_merge = 5},
     {.longest = 30, .fill = 55, .backends = 3, .one_flag_word = true},
     600000,
     499,
     1},
    {"bytes for pages",
     {.base = 3, .page_size = 1, .pages = 1000, .merge = true, .guard = 5},
     {.longest = 50, .fill = 55, .backends = 4, .one_flag_word = true},
     600000,
     499,
     1},
    {"huge pages",
     {.base = 0, .page_size = HUGE, .pages = 2047},
     {.longest = 50, .fill = 60, .backends = 6},
     300000,
     999,
     1},
    {"plain, every step compared",
     {.base = AT(0), .page_size = PAGE, .pages = 40, .guard = PAGE},
     {.longest = 8, .fill = 65, .backends = 6},
     200000,
     1,
     4},
    {"merging, every step compared",
     {.base = AT(0), .page_size = PAGE, .pages = 40, .merge = true, .guard = PAGE},
     {.longest = 8, .fill = 65, .backends = 4, .one_flag_word = true},
     200000,
     1,
     4},
    {"plain, limits",
     {.base = AT(0), .page_size = PAGE, .pages = 100, .max_areas = 20},
     {.longest = 10,
      .fill = 70,
      .backends = 6,
      .limits = 20,
      .max_areas = 40,
      .max_bytes = 100 * PAGE},
     200000,
     9,
     1},
    {"merging, limits, all of the address space",
     {.base = 0, .page_size = HUGE, .pages = 2048, .merge = true, .max_bytes = 1000 * HUGE},
     {.longest = 300,
      .fill = 75,
      .backends = 1,
      .one_flag_word = true,
      .limits = 10,
      .max_areas = 300,
      .max_bytes = UINT64_MAX},
     30000,
     99,
     1},
    {"plain, nobody observes",
     {.base = AT(0), .page_size = PAGE, .pages = 512, .unobserved = true},
     {.longest = 24, .fill = 60, .backends = 6},
     300000,
     199,
     1},
    {"plain, nobody to tell",
     {.base = AT(0), .page_size = PAGE, .pages = 512, .unobserved = true, .guard = PAGE},
     {.longest = 24, .fill = 60},
     400000,
     199,
     0},
    {"plain, nobody to tell, large",
     {.base = AT(0), .page_size = PAGE, .pages = 4096, .unobserved = true},
     {.longest = 40, .fill = 58},
     400000,
     1499,
     0},
    {"very large, sparse",
     {.base = AT(0), .page_size = PAGE, .pages = 65536},
     {.longest = 3, .fill = 75, .backends = 3},
     400000,
     40000,
     0},
};

static void apply_checked(struct twin *twin, const struct run *run, uint64_t seed, uint64_t step,
                          const struct operation *operation) {
    const char *wrong = twin_apply(twin, operation);
    if (wrong == NULL && step % run->period == run->period - 1) {
        wrong = twin_compare(twin, TWIN_FULL);
    }
    if (wrong != NULL) {
        (void)fprintf(stderr, "run \"%s\", seed %llu, step %llu\n", run->name,
                      (unsigned long long)seed, (unsigned long long)step);
    }
    agree(twin, wrong);
}

/*
 * A call of the next operation is refused, or a prepare. Now and then backends break the promise
 * that is, or the undoing is refused too.
 */
static void refuse_sometimes(struct twin *twin, const struct run *run, struct rng *rng) {
    static const int codes[] = {-1, -12, MSET_NO_MEMORY, MSET_ACCESS_DENIED, MSET_UNSUPPORTED};
    const int code = codes[rng_below(rng, 5)];
    if (!rng_chance(rng, run->refusals)) {
        return;
    }
    if (rng_chance(rng, 30)) {
        refuse_to_prepare(twin, UINT64_C(1) << rng_below(rng, 4), code);
        return;
    }
    refuse(twin, UINT64_C(1) << rng_below(rng, 6), code);
    if (rng_chance(rng, 20)) {
        twin->refusal.calls |= UINT64_C(1) << rng_below(rng, 10);
    }
    twin->refusal.breaks_promises = rng_chance(rng, 30);
}

/* Mostly directly: plans cost the library, and so the test, a little more. */
static enum operation_way random_way(struct rng *rng) {
    const uint64_t dice = rng_below(rng, 100);
    return dice < 20 ? WAY_PLANNED : dice < 30 ? WAY_DROPPED : dice < 50 ? WAY_IN_ROOM : WAY_DIRECT;
}

static uint64_t run_once(const struct run *run, uint64_t seed, uint64_t steps) {
    struct twin twin;
    struct rng rng = {seed};
    struct operation_mix mix = run->mix;
    uint64_t most = 0;
    mix.base = run->options.base;
    mix.page_size = run->options.page_size;
    mix.pages = run->options.pages;
    twin_open(&twin, &run->options);
    for (uint64_t step = 0; step < steps; step++) {
        const struct operation operation = operation_random(&mix, &rng);
        if (twin_can_judge(&twin, &operation)) {
            refuse_sometimes(&twin, run, &rng);
            by(&twin, random_way(&rng));
            apply_checked(&twin, run, seed, step, &operation);
        }
        most = mset_count(twin.set) > most ? mset_count(twin.set) : most;
    }
    agree(&twin, twin_compare(&twin, TWIN_FULL));
    agree(&twin, twin_close(&twin));
    return most;
}

static void test_random_steps(void **state) {
    const struct run *run = *state;
    const char *text = getenv("MSET_TEST_SEED");
    const uint64_t seeds = text != NULL ? 1 : 2;
    for (uint64_t i = 0; i < seeds; i++) {
        const uint64_t seed =
            text != NULL ? strtoull(text, NULL, 0) : (uint64_t)(run - runs) * 1000 + i;
        const uint64_t steps = test_scaled(run->steps) / seeds + 1;
        const uint64_t most = run_once(run, seed, steps);
        (void)printf("%s: seed %llu, %llu steps, up to %llu areas\n", run->name,
                     (unsigned long long)seed, (unsigned long long)steps, (unsigned long long)most);
    }
}

int main(void) {
    struct CMUnitTest tests[sizeof runs / sizeof *runs];
    const size_t count = sizeof runs / sizeof *runs;
    for (size_t i = 0; i < count; i++) {
        union {
            const struct run *run;
            void *state;
        } argument = {.run = &runs[i]};
        tests[i] = (struct CMUnitTest){runs[i].name, test_random_steps, NULL, NULL, argument.state};
    }
    return _cmocka_run_group_tests("set, at random", tests, count, NULL, NULL);
}
