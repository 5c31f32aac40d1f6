/*
 * rng.h - a small deterministic random number generator (splitmix64).
 *
 * The whole state is one word, so a seed printed by a failing test is all that is needed to see
 * the failure again.
 */
#ifndef MSET_TEST_SUPPORT_RNG_H
#define MSET_TEST_SUPPORT_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng) {
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 .. bound - 1; the bias of the remainder does not matter to a test. */
static inline uint64_t rng_below(struct rng *rng, uint64_t bound) {
    return rng_next(rng) % bound;
}

static inline bool rng_chance(struct rng *rng, unsigned percent) {
    return rng_below(rng, 100) < percent;
}

#endif
