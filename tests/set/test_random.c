/*
 * test_random.c - long random runs on large sets.
 *
 * Every step is compared as far as it can be seen while it runs (twin.h); the whole states every
 * `period` steps, as comparing thousands of pages costs more than thousands of steps. One run per
 * row of the table, with seeds of its own; MSET_TEST_SEED in the environment replaces them. A
 * failure prints the seed, the step and the last operations.
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
    unsigned refusals;        /* percent of operations in which some call is refused */
};

#define TOP(pages) (UINT64_C(0) - (pages)*PAGE)

static const struct run runs[] = {
    {"plain, crowded",
     {0, PAGE, 512, false, 0, 0},
     {.longest = 24, .fill = 60, .backends = 4},
     1000000,
     199,
     2},
    {"merging, crowded",
     {0x7000000000, PAGE, 512, true, 0, 0},
     {.longest = 24, .fill = 60, .backends = 2, .one_flag_word = true},
     1000000,
     199,
     2},
    {"plain, large",
     {AT(0), PAGE, 4096, false, 0, 0},
     {.longest = 40, .fill = 58, .backends = 4},
     800000,
     1499,
     1},
    {"merging, large",
     {AT(0), PAGE, 4096, true, 0, 0},
     {.longest = 200, .fill = 55, .backends = 3, .one_flag_word = true},
     800000,
     1499,
     1},
    {"merging, top of the address space",
     {TOP(1024), PAGE, 1024, true, 0, 0},
     {.longest = 60, .fill = 55, .backends = 4},
     600000,
     499,
     1},
    {"plain, some seams refused",
     {AT(0), PAGE, 1024, false, 7, 5},
     {.longest = 30, .fill = 55, .backends = 4},
     600000,
     499,
     1},
    {"merging, some seams refused",
     {AT(0), PAGE, 1024, true, 7, 5},
     {.longest = 30, .fill = 55, .backends = 2, .one_flag_word = true},
     600000,
     499,
     1},
    {"bytes for pages",
     {3, 1, 1000, true, 0, 0},
     {.longest = 50, .fill = 55, .backends = 3, .one_flag_word = true},
     600000,
     499,
     1},
    {"huge pages",
     {0, UINT64_C(1) << 53, 2047, false, 0, 0},
     {.longest = 50, .fill = 60, .backends = 4},
     300000,
     999,
     1},
    {"plain, every step compared",
     {AT(0), PAGE, 40, false, 0, 0},
     {.longest = 8, .fill = 65, .backends = 4},
     200000,
     1,
     2},
    {"merging, every step compared",
     {AT(0), PAGE, 40, true, 0, 0},
     {.longest = 8, .fill = 65, .backends = 3, .one_flag_word = true},
     200000,
     1,
     2},
    {"very large, sparse",
     {AT(0), PAGE, 65536, false, 0, 0},
     {.longest = 3, .fill = 75, .backends = 2},
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

/* Some call of the next operation is refused; its undoing is not. */
static void refuse_sometimes(struct twin *twin, const struct run *run, struct rng *rng) {
    static const int codes[] = {-1, -12, MSET_NO_MEMORY, MSET_ACCESS_DENIED, MSET_UNSUPPORTED};
    if (rng_chance(rng, run->refusals)) {
        refuse(twin, UINT64_C(1) << rng_below(rng, 6), codes[rng_below(rng, 5)]);
    }
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
