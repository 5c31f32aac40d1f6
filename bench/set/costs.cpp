/*
 * costs.cpp - what waiting costs on this processor, to hold the other figures against:
 *
 *     chase        one load that needs the one before it, anywhere in 64 bytes an area
 *     wrong_guess  one branch that was guessed wrong
 */
#include "costs.h"

#include "register.h"

#include <numeric>
#include <vector>

namespace bench {

namespace {

constexpr uint64_t batch = 1024;

struct alignas(64) Line {
    const Line *next;
};

/* All lines in one circle, in random order. */
std::vector<Line> circle(uint64_t count) {
    std::vector<Line> lines(count);
    std::vector<uint64_t> order(count);
    Random random;
    std::iota(order.begin(), order.end(), 0);
    for (uint64_t i = count; i > 1; i--) {
        std::swap(order[i - 1], order[random.below(i)]);
    }
    for (uint64_t i = 0; i < count; i++) {
        lines[order[i]].next = &lines[order[(i + 1) % count]];
    }
    return lines;
}

void chase(benchmark::State &state) {
    const std::vector<Line> lines = circle(areas_of(state));
    const Line *line = lines.data();
    Stopwatch watch(state);
    watch.start();
    while (state.KeepRunningBatch(batch)) {
        for (uint64_t i = 0; i < batch; i++) {
            line = line->next;
        }
        benchmark::DoNotOptimize(line);
    }
    watch.stop();
    watch.report_each(1);
}

/* Nanoseconds of a loop with a branch that is taken where a random number has a bit of the mask. */
double branches(uint64_t mask) {
    constexpr uint64_t count = 200000;
    using Clock = std::chrono::steady_clock;
    Random random;
    uint64_t taken = 0;
    const auto began = Clock::now();
    for (uint64_t i = 0; i < count; i++) {
        if ((random.next() & mask) != 0) {
            asm volatile("" : "+r"(taken)); /* so that it is a branch */
            taken++;
        }
    }
    benchmark::DoNotOptimize(taken);
    return std::chrono::duration<double, std::nano>(Clock::now() - began).count() / count;
}

/* Of a bit that is set as often as not every second guess is wrong. */
void wrong_guess(benchmark::State &state) {
    double sum = 0;
    while (state.KeepRunning()) {
        sum += 2 * (branches(UINT64_C(1) << 40) - branches(0));
    }
    state.counters["ns_op"] = sum / static_cast<double>(state.iterations());
}

} // namespace

void add_costs() {
    add_work("chase", "limit", chase);
    benchmark::RegisterBenchmark("wrong_guess/limit/branch", wrong_guess);
}

} // namespace bench
