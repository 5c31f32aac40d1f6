/*
 * guest.cpp - the benchmarks of guest memory. Names are guest/<what>/<who>/<regions>.
 *
 *     random       the host address of a random byte of a random region         per lookup
 *     repeated     64 times in the same random region, then in another one      per lookup
 *     sequential   one page after the other, through all regions                per lookup
 *
 * and, for a machine of so many slots (see deltas.cpp),
 *
 *     split        a page in the middle of a slot becomes read-only             per commit
 *     merge        and RAM again
 *     bar_move     a BAR with memory goes to another place and back
 *
 * The counter ns_op is the time of one, calls how many calls of KVM_SET_USER_MEMORY_REGION it took.
 */
#include "guest.h"

#include "../random.h"
#include "deltas.h"
#include "subjects.h"

#include <benchmark/benchmark.h>
#include <initializer_list>

#include <chrono>
#include <string>

namespace bench {

namespace {

constexpr uint64_t batch = 4096;

/* Where to look; the addresses are made before the clock runs. */
enum class Order { random, repeated, sequential };

std::vector<uint64_t> make_addresses(Order order, uint64_t n) {
    std::vector<uint64_t> addresses(batch);
    Random random;
    uint64_t region = random.below(n);
    for (uint64_t i = 0; i < batch; i++) {
        if (order == Order::sequential) {
            const uint64_t page = i % (n * region_pages);
            addresses[i] =
                guest_base + page / region_pages * region_step + page % region_pages * guest_page;
        } else {
            if (order == Order::random || i % 64 == 0) {
                region = random.below(n);
            }
            addresses[i] = guest_base + region * region_step + random.below(region_size);
        }
    }
    return addresses;
}

template <class Subject> void look_up(benchmark::State &state, Order order, uint64_t n) {
    Subject subject(n);
    double total = 0;
    for (auto _ : state) {
        const std::vector<uint64_t> addresses = make_addresses(order, n);
        uint64_t sum = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (const uint64_t address : addresses) {
            uint64_t bytes = 0;
            sum += reinterpret_cast<uintptr_t>(subject.translate(address, &bytes)) + bytes;
        }
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
        benchmark::DoNotOptimize(sum);
        state.SetIterationTime(spent.count());
        total += spent.count();
    }
    state.counters["ns_op"] =
        total * 1e9 / (static_cast<double>(state.iterations()) * static_cast<double>(batch));
}

template <class Subject> void add_lookups() {
    const struct {
        const char *name;
        Order order;
    } orders[] = {{"random", Order::random},
                  {"repeated", Order::repeated},
                  {"sequential", Order::sequential}};
    for (const auto &order : orders) {
        for (const uint64_t n : std::initializer_list<uint64_t>{1, 2, 8, 256, 10000}) {
            const std::string name =
                std::string("guest/") + order.name + "/" + Subject::name + "/" + std::to_string(n);
            const Order which = order.order;
            benchmark::RegisterBenchmark(name.c_str(), [which, n](benchmark::State &state) {
                look_up<Subject>(state, which, n);
            })->UseManualTime();
        }
    }
}

template <class A, class B> void compare() {
    for (const uint64_t n : std::initializer_list<uint64_t>{1, 2, 8, 9, 256}) {
        A a(n);
        B b(n);
        Random random;
        for (int i = 0; i < 2000; i++) {
            uint64_t after_a = 0, after_b = 0;
            const uint64_t address = guest_base - region_step + random.below((n + 2) * region_step);
            const unsigned char *const x = a.translate(address, &after_a);
            const unsigned char *const y = b.translate(address, &after_b);
            require((x == nullptr) == (y == nullptr) && after_a == after_b ? MSET_OK
                                                                           : MSET_BAD_STATE);
        }
    }
}

} // namespace

void add_guest_works() {
    add_lookups<MsetGuest>();
    add_lookups<ListGuest>();
    add_lookups<VectorGuest>();
    add_lookups<ValuesGuest>();
    add_lookups<MapGuest>();
    add_deltas();
}

void check_guests() {
    compare<MsetGuest, ListGuest>();
    compare<MsetGuest, VectorGuest>();
    compare<MsetGuest, ValuesGuest>();
    compare<MsetGuest, MapGuest>();
}

} // namespace bench
