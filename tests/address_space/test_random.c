/*
 * test_random.c - random stories of processes, in every format: see play.h.
 *
 * Arguments: stories per format, bytes of each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "play.h"
#include "support/rng.h"
#include "support/scale.h"

enum { MOST_BYTES = 1 << 16 };

static unsigned stories = 10, story_bytes = 4000;
static struct play_result total;
static uint64_t sequences;

static void play_site(const struct world_site *site, uint64_t seed) {
    static uint8_t bytes[MOST_BYTES];
    struct play_result sum = {.complaint = NULL};
    for (unsigned i = 0; i < stories; i++) {
        struct rng rng = {seed + i};
        for (size_t k = 0; k < story_bytes; k++) {
            bytes[k] = (uint8_t)rng_next(&rng);
        }
        const struct play_result result = play(site, bytes, story_bytes);
        if (result.complaint != NULL) {
            fail_msg("%s, seed %ju, step %ju, \"%s\": %s", site->name, (uintmax_t)(seed + i),
                     (uintmax_t)result.step, result.line, result.complaint);
        }
        sum.steps += result.steps;
        sum.refused += result.refused;
        sum.forks += result.forks;
        sum.copies += result.copies;
        sum.faults += result.faults;
    }
    print_message("%-14s %8ju steps, %6ju refused, %6ju forks, %6ju pages copied\n", site->name,
                  (uintmax_t)sum.steps, (uintmax_t)sum.refused, (uintmax_t)sum.forks,
                  (uintmax_t)sum.copies);
    total.refused += sum.refused;
    total.forks += sum.forks;
    total.copies += sum.copies;
    total.faults += sum.faults;
    sequences += stories;
}

static void random_stories(void **state) {
    (void)state;
    for (size_t i = 0; i < world_site_count; i++) {
        play_site(&world_sites[i], 1000 * i);
    }
    assert_true(total.refused > 0 && total.forks > 0 && total.copies > 0);
    print_message("sequences compared: %ju\nfaults injected: %ju\n", (uintmax_t)sequences,
                  (uintmax_t)total.faults);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_stories)};
    if (argc > 2) {
        stories = (unsigned)strtoul(argv[1], NULL, 10);
        story_bytes = (unsigned)strtoul(argv[2], NULL, 10);
    }
    stories = (unsigned)test_scaled(stories);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
