/*
 * workloads.h - the address spaces that the benchmarks work on.
 *
 * 4 KiB pages. Two hashes of the index vary the layout, random.h picks the places.
 */
#ifndef MSET_BENCH_WORKLOADS_H
#define MSET_BENCH_WORKLOADS_H

#include "../random.h"

#include <mset/mset.h>

#include <cstdint>
#include <vector>

namespace bench {

constexpr uint64_t page = 4096;

/*
 * n areas in slots of 64 pages: area i begins 0..15 pages into its slot and ends 32..47 pages
 * into it, so pages 16..31 of a slot always hit and pages 48..63 always miss.
 */
class Slots {
  public:
    explicit Slots(uint64_t n);
    ~Slots();
    Slots(const Slots &) = delete;
    Slots &operator=(const Slots &) = delete;

    uint64_t random_hit() { return address(random.below(count), 16 + random.below(16)); }
    uint64_t random_miss() { return address(random.below(count), 48 + random.below(16)); }

    mset *areas() const { return set; }

  private:
    mset *set;
    static uint64_t address(uint64_t slot, uint64_t in_slot) {
        return (slot * 64 + in_slot) * page;
    }
    uint64_t count;
    Random random;
};

/*
 * A tiled universe in the steady state of split and replace: protect of 1..16 random pages
 * alternates with map-replace of 1..32. The number of areas stays near n.
 */
class Churn {
  public:
    explicit Churn(uint64_t n);
    ~Churn();
    Churn(const Churn &) = delete;
    Churn &operator=(const Churn &) = delete;

    void protect();
    void replace();

    mset *areas() const { return set; }

  private:
    mset *set;
    uint64_t pages;
    uint64_t serial = 0;
    Random random;
};

/*
 * A mapped universe of a merging set whose flags have one of four values: every protect of 1..16
 * random pages cuts areas and lets others grow together. The number of areas stays near n.
 */
class Split {
  public:
    explicit Split(uint64_t n);
    ~Split();
    Split(const Split &) = delete;
    Split &operator=(const Split &) = delete;

    void protect();

    mset *areas() const { return set; }

  private:
    mset *set;
    uint64_t pages;
    Random random;
};

/*
 * n areas of 1..32 pages in a fragmented steady state: one step unmaps a random area, searches
 * 1..32 pages from the top, and maps them.
 */
class MmapChurn {
  public:
    explicit MmapChurn(uint64_t n);
    ~MmapChurn();
    MmapChurn(const MmapChurn &) = delete;
    MmapChurn &operator=(const MmapChurn &) = delete;

    void step();

    mset *areas() const { return set; }

  private:
    mset *set;
    struct Live {
        uint64_t start;
        uint64_t size;
    };
    Live place(uint64_t pages);
    std::vector<Live> live;
    Random random;
};

} // namespace bench

#endif
