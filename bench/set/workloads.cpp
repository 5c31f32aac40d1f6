/* workloads.cpp - building and driving the address spaces of workloads.h. */
#include "workloads.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace bench {

namespace {

/* A benchmark that measures failing calls measures nothing. */
void require(mset_status status) {
    if (status != MSET_OK) {
        std::fprintf(stderr, "unexpected status: %s\n", mset_status_text(status));
        std::abort();
    }
}

uint64_t hash(uint64_t i, uint64_t salt) {
    uint64_t h = (i + salt) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h >> 32;
}

mset *make_set(unsigned flags = 0) {
    mset_options options = {};
    options.flags = flags;
    mset *set = nullptr;
    require(mset_create(&options, &set));
    return set;
}

void add(mset *set, uint64_t start, uint64_t size, uint64_t flags, mset_map_how how) {
    const mset_area area = {start, size, flags, nullptr, 0};
    require(mset_map(set, &area, how, nullptr));
}

bool new_flags(void *arg, const mset_area *, uint64_t *flags) {
    *flags = *static_cast<const uint64_t *>(arg);
    return true;
}

} // namespace

/* ---- Slots -------------------------------------------------------------------------------- */

Slots::Slots(uint64_t n) : set(make_set()), count(n) {
    std::vector<uint64_t> order(n);
    for (uint64_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (uint64_t i = n; i > 1; i--) {
        std::swap(order[i - 1], order[random.below(i)]);
    }
    for (const uint64_t i : order) {
        const uint64_t start = 64 * i + hash(i, 1) % 16;
        const uint64_t end = 64 * i + 32 + hash(i, 2) % 16;
        add(set, start * page, (end - start) * page, MSET_READ, MSET_MAP_FAIL);
    }
}

Slots::~Slots() {
    mset_destroy(set);
}

/* ---- Churn -------------------------------------------------------------------------------- */

/*
 * Protect makes new boundaries, replace removes some: they balance at 4 boundaries in 19.5
 * pages, which is where the universe starts.
 */
Churn::Churn(uint64_t n) : set(make_set()), pages(n * 39 / 8) {
    uint64_t start = 0;
    for (uint64_t at = 1; at <= pages; at++) {
        if (at == pages || hash(at, 3) % 39 < 8) {
            add(set, start * page, (at - start) * page, serial++, MSET_MAP_FAIL);
            start = at;
        }
    }
    for (uint64_t i = 0; i < std::min<uint64_t>(2 * n, 500000); i++) {
        protect();
        replace();
    }
}

Churn::~Churn() {
    mset_destroy(set);
}

void Churn::protect() {
    const uint64_t size = 1 + random.below(16);
    const uint64_t start = random.below(pages - size);
    uint64_t flags = serial++;
    require(
        mset_protect(set, start * page, size * page, MSET_HOLES_SKIP, new_flags, &flags, nullptr));
}

void Churn::replace() {
    const uint64_t size = 1 + random.below(32);
    const uint64_t start = random.below(pages - size);
    add(set, start * page, size * page, serial++, MSET_MAP_REPLACE);
}

/* ---- Split -------------------------------------------------------------------------------- */

/*
 * A run makes two boundaries, each real with probability 3/4, and clears those in its 8.5 pages:
 * they balance at 1.5 boundaries in 8.5 pages.
 */
Split::Split(uint64_t n) : set(make_set(MSET_MERGE)), pages(n * 17 / 3) {
    add(set, 0, pages * page, 0, MSET_MAP_FAIL);
    for (uint64_t i = 0; i < 4 * n; i++) {
        protect();
    }
}

Split::~Split() {
    mset_destroy(set);
}

void Split::protect() {
    const uint64_t size = 1 + random.below(16);
    const uint64_t start = random.below(pages - size);
    uint64_t flags = random.below(4);
    require(
        mset_protect(set, start * page, size * page, MSET_HOLES_SKIP, new_flags, &flags, nullptr));
}

/* ---- MmapChurn ---------------------------------------------------------------------------- */

MmapChurn::MmapChurn(uint64_t n) : set(make_set()) {
    for (uint64_t i = 0; i < n; i++) {
        live.push_back(place(1 + random.below(32)));
    }
    for (uint64_t i = 0; i < std::min<uint64_t>(4 * n, 1000000); i++) {
        step();
    }
}

MmapChurn::~MmapChurn() {
    mset_destroy(set);
}

MmapChurn::Live MmapChurn::place(uint64_t pages) {
    mset_gap_request wish = {};
    wish.size = pages * page;
    wish.hi = UINT64_C(1) << 47;
    wish.flags = MSET_GAP_TOP_DOWN;
    uint64_t start = 0;
    require(mset_find_free(set, &wish, &start));
    add(set, start, wish.size, MSET_READ, MSET_MAP_FAIL);
    return {start, wish.size};
}

void MmapChurn::step() {
    Live &area = live[random.below(live.size())];
    require(mset_unmap(set, area.start, area.size, nullptr));
    area = place(1 + random.below(32));
}

} // namespace bench
