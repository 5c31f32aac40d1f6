/*
 * spaces.h - a subject in the state that a work needs. Making one takes far longer than timing it,
 * so they are made once and kept until the end, for all works and repetitions that can share them.
 */
#ifndef MSET_BENCH_SET_SPACES_H
#define MSET_BENCH_SET_SPACES_H

#include "../random.h"
#include "layouts.h"
#include "memory.h"
#include "subject.h"

#include <algorithm>
#include <map>
#include <memory>

namespace bench {

template <class Space> Space &kept(uint64_t n) {
    static std::map<uint64_t, std::unique_ptr<Space>> all;
    std::unique_ptr<Space> &space = all[n];
    if (!space) {
        join_free_memory();
        space = std::make_unique<Space>(n);
    }
    return *space;
}

/* Areas in slots, mapped in random order: for lookups, which leave it as it is. */
template <class S> class Slots {
  public:
    explicit Slots(uint64_t areas) : n(areas) {
        const SlotLayout &layout = slot_layout(n);
        map_shuffled(subject, layout.ascending, layout.shuffled);
    }

    /* One random number picks the slot with its upper half, the page with its lowest bits. */
    uint64_t hit(uint64_t number) const { return address(number, 16); }
    uint64_t miss(uint64_t number) const { return address(number, 48); }

    uint64_t number() { return random.next(); }

    const S &areas() const { return subject; }

  private:
    uint64_t address(uint64_t number, uint64_t first) const {
        return Random::scale(number, n) * slot_size + (first + number % 16) * page;
    }
    S subject;
    uint64_t n;
    Random random;
};

/* The same for unmap_1000, which takes areas out and puts them back. */
template <class S> class RunSpace {
  public:
    static constexpr uint64_t run = 1000;

    explicit RunSpace(uint64_t n) : layout(slot_layout(n)) {
        map_shuffled(subject, layout.ascending, layout.shuffled);
    }
    uint64_t pick() { return random.below(layout.ascending.size() - run + 1); }
    void unmap(uint64_t first) { subject.unmap(first * slot_size, (first + run) * slot_size); }
    void put_back(uint64_t first) {
        for (uint64_t i = first; i < first + run; i++) {
            const Area &area = layout.ascending[i];
            subject.map(area.start, area.end, area.flags);
        }
    }

    const S &areas() const { return subject; }

  private:
    S subject;
    const SlotLayout &layout;
    Random random;
};

/* A tiled space in the steady state of protect and map-replace. */
template <class S> class Churn {
  public:
    explicit Churn(uint64_t n) : pages(churn_pages(n)) {
        const std::vector<Area> &tiles = churn_layout(n);
        const uint64_t before = bytes_in_use();
        map_each(subject, tiles);
        for (uint64_t i = 0; i < std::min<uint64_t>(4 * n, 1000000) / 2; i++) {
            protect();
            replace();
        }
        bytes = static_cast<double>(bytes_in_use() - before) / static_cast<double>(subject.count());
    }

    void protect() {
        const uint64_t number = random.next(), size = 1 + number % 16;
        const uint64_t start = Random::scale(number, pages - size + 1);
        subject.protect(start * page, (start + size) * page, serial++);
    }
    void replace() {
        const uint64_t number = random.next(), size = 1 + number % 32;
        const uint64_t start = Random::scale(number, pages - size + 1);
        subject.replace(start * page, (start + size) * page, serial++);
    }

    const S &areas() const { return subject; }
    /* After the warm-up. */
    double bytes_per_area() const { return bytes; }

  private:
    S subject;
    double bytes = 0;
    uint64_t pages;
    uint64_t serial = 0;
    Random random;
};

/* Areas below a top address, fragmented: one goes, another comes where there is room. */
template <class S> class MmapChurn {
  public:
    explicit MmapChurn(uint64_t n) : live(mmap_layout(n)) { map_each(subject, live); }

    void step() {
        const uint64_t number = random.next(), size = (1 + number % 32) * page;
        Area &area = live[Random::scale(number, live.size())];
        subject.unmap(area.start, area.end);
        area.start = map_top(subject, size, mmap_top, 1);
        area.end = area.start + size;
    }

    const S &areas() const { return subject; }

  private:
    S subject;
    std::vector<Area> live;
    Random random;
};

} // namespace bench

#endif
