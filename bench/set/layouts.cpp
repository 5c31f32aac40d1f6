/* layouts.cpp - making and keeping the layouts. */
#include "layouts.h"

#include "../random.h"
#include "peers/mset.h"

#include <algorithm>
#include <map>

namespace bench {

namespace {

uint64_t hash(uint64_t i, uint64_t salt) {
    uint64_t h = (i + salt) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h >> 32;
}

/* The layout of n, made when first asked for. */
template <class Layout> const Layout &kept_layout(uint64_t n, Layout (*make)(uint64_t)) {
    static std::map<uint64_t, Layout> all;
    auto at = all.find(n);
    if (at == all.end()) {
        at = all.emplace(n, make(n)).first;
    }
    return at->second;
}

SlotLayout make_slots(uint64_t n) {
    SlotLayout slots;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t start = 64 * i + hash(i, 1) % 16;
        const uint64_t end = 64 * i + 32 + hash(i, 2) % 16;
        slots.ascending.push_back({start * page, end * page, i + 1, nullptr});
    }
    slots.shuffled = slots.ascending;
    for (uint64_t i = n; i > 1; i--) {
        std::swap(slots.shuffled[i - 1], slots.shuffled[hash(i, 4) % i]);
    }
    return slots;
}

std::vector<Area> make_churn(uint64_t n) {
    std::vector<Area> tiles;
    const uint64_t pages = churn_pages(n);
    uint64_t start = 0;
    for (uint64_t at = 1; at <= pages; at++) {
        if (at == pages || hash(at, 3) % 39 < 8) {
            tiles.push_back({start * page, at * page, start, nullptr});
            start = at;
        }
    }
    return tiles;
}

/* With the library as the quickest way to get there. */
std::vector<Area> make_mmap(uint64_t n) {
    Mset set;
    Random random;
    const auto place = [&]() -> Area {
        const uint64_t size = (1 + random.below(32)) * page;
        const uint64_t start = set.map_top(size, mmap_top, 1);
        return {start, start + size, 1, nullptr};
    };
    std::vector<Area> live(n);
    std::generate(live.begin(), live.end(), place);
    for (uint64_t i = 0; i < 4 * n; i++) {
        Area &area = live[random.below(n)];
        set.unmap(area.start, area.end);
        area = place();
    }
    return live;
}

} // namespace

std::vector<uint64_t> punched_pages(uint64_t n) {
    Random random;
    const uint64_t pages = 8 * n, quarter = 2 * n;
    std::vector<bool> mapped(pages, true);
    std::vector<uint64_t> holes;
    for (uint64_t areas = 4; areas != n;) {
        const uint64_t at = random.below(pages);
        holes.push_back(at);
        if (mapped[at]) {
            mapped[at] = false;
            areas -= 1;
            areas += static_cast<uint64_t>(at % quarter != 0 && mapped[at - 1]);
            areas += static_cast<uint64_t>((at + 1) % quarter != 0 && mapped[at + 1]);
        }
    }
    return holes;
}

const SlotLayout &slot_layout(uint64_t n) {
    return kept_layout<SlotLayout>(n, make_slots);
}

/* Both are vectors of areas, and the kept ones go by type: hence the types of their own. */
const std::vector<Area> &churn_layout(uint64_t n) {
    struct Churn {
        std::vector<Area> areas;
    };
    return kept_layout<Churn>(n, [](uint64_t count) { return Churn{make_churn(count)}; }).areas;
}

const std::vector<Area> &mmap_layout(uint64_t n) {
    struct Mmap {
        std::vector<Area> areas;
    };
    return kept_layout<Mmap>(n, [](uint64_t count) { return Mmap{make_mmap(count)}; }).areas;
}

} // namespace bench
