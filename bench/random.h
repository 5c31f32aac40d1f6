/*
 * random.h - places to work at. The seed is from the clock: a fixed one would let the branch
 * predictor learn small workloads.
 */
#ifndef MSET_BENCH_RANDOM_H
#define MSET_BENCH_RANDOM_H

#include <chrono>
#include <cstdint>

namespace bench {

/* xorshift64: cheap enough not to show up. */
class Random {
  public:
    Random()
        : state(static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) |
                1) {
        for (int i = 0; i < 16; i++) {
            next();
        }
    }
    uint64_t next() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    }
    /* Below `bound`, which is less than 2^32: a multiplication, not a division. */
    uint64_t below(uint64_t bound) { return scale(next(), bound); }
    /* The same of a number's upper half; the lower bits remain for something else. */
    static uint64_t scale(uint64_t number, uint64_t bound) {
        return ((number >> 32) * bound) >> 32;
    }

  private:
    uint64_t state;
};

} // namespace bench

#endif
