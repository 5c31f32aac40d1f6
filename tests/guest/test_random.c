/*
 * test_random.c - random strings for the driver: transactions, accesses, refusals, in several
 * worlds. Prints the seed of a string that fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "drive.h"
#include "support/rng.h"
#include "support/scale.h"

enum { LENGTH = 1200 };

static void run(uint64_t seed, struct drive_result *sum) {
    uint8_t data[LENGTH];
    struct rng rng = {seed};
    struct drive_result result = {.calls = 0};
    for (size_t i = 0; i < LENGTH; i++) {
        data[i] = (uint8_t)rng_next(&rng);
    }
    guest_drive(data, sizeof data, &result);
    if (result.complaint[0] != '\0') {
        fail_msg("seed %llu: %s", (unsigned long long)seed, result.complaint);
    }
    sum->calls += result.calls;
    sum->commits += result.commits;
    sum->refused += result.refused;
    sum->moves += result.moves;
}

static void test_random_strings(void **state) {
    struct drive_result sum = {.calls = 0};
    const uint64_t strings = test_scaled(*(const uint64_t *)*state);
    for (uint64_t seed = 1; seed <= strings; seed++) {
        run(seed, &sum);
    }
    print_message("%llu calls, %llu commits, %llu slots moved\n", (unsigned long long)sum.calls,
                  (unsigned long long)sum.commits, (unsigned long long)sum.moves);
    print_message("faults injected: %llu\n", (unsigned long long)sum.refused);
    print_message("sequences compared: %llu\n", (unsigned long long)strings);
    if (strings >= 100) {
        assert_true(sum.commits > 10 * strings && sum.refused > strings && sum.moves > 10);
    }
}

static void test_no_bytes(void **state) {
    struct drive_result result = {.calls = 0};
    (void)state;
    guest_drive(NULL, 0, &result);
    assert_string_equal(result.complaint, "");
}

int main(int argc, char **argv) {
    uint64_t strings = argc > 1 ? strtoull(argv[1], NULL, 10) : 400;
    void *const how_many = &strings;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_random_strings, how_many),
        cmocka_unit_test(test_no_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
