/* chance.h - a small deterministic random number generator (splitmix64). */
#ifndef MSET_SRC_CONFORMANCE_CHANCE_H
#define MSET_SRC_CONFORMANCE_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *chance) {
    uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 .. bound - 1; the bias of the remainder does not matter here. */
static inline uint64_t chance_below(struct chance *chance, uint64_t bound) {
    return chance_next(chance) % bound;
}

static inline bool chance_percent(struct chance *chance, unsigned percent) {
    return chance_below(chance, 100) < percent;
}

#endif
