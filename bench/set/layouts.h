/*
 * layouts.h - where areas lie, the same for every subject: made once, kept, handed out.
 *
 * Pages of 4 KiB. Hashes of the index vary the layouts, which are the same in every run; only the
 * places the works pick in them are not.
 */
#ifndef MSET_BENCH_SET_LAYOUTS_H
#define MSET_BENCH_SET_LAYOUTS_H

#include "area.h"

#include <vector>

namespace bench {

/*
 * n areas in slots of 64 pages: area i begins 0..15 pages into its slot and ends 32..47 pages
 * into it, so pages 16..31 of a slot always hit and pages 48..63 always miss.
 */
struct SlotLayout {
    std::vector<Area> ascending;
    std::vector<Area> shuffled;
};
constexpr uint64_t slot_size = 64 * page;
const SlotLayout &slot_layout(uint64_t n);

/*
 * Protect of 1..16 random pages makes boundaries, map-replace of 1..32 removes some: in turn they
 * balance at 4 boundaries in 19.5 pages, which is what this tiled space of 19.5/4 n pages has.
 */
constexpr uint64_t churn_pages(uint64_t n) {
    return n * 39 / 8;
}
const std::vector<Area> &churn_layout(uint64_t n);

/* Random pages to unmap, one after the other, in four areas of 2 n pages until there are n areas.
 */
std::vector<uint64_t> punched_pages(uint64_t n);

/*
 * n areas of 1..32 pages below `mmap_top`, fragmented: packed from the top, then 4 n times a random
 * one went and another came where the first gap was. In random order.
 */
constexpr uint64_t mmap_top = UINT64_C(1) << 47;
const std::vector<Area> &mmap_layout(uint64_t n);

} // namespace bench

#endif
