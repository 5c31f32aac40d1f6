/* maple_tree.h - maple.h as a subject of the comparison: ../subject.h says what that is. */
#ifndef MSET_BENCH_SET_MAPLE_TREE_H
#define MSET_BENCH_SET_MAPLE_TREE_H

#include "../area.h"
#include "maple.h"

#include <cstdint>

namespace bench {

class MapleTree {
  public:
    static constexpr const char *name = "maple_tree";

    MapleTree() : areas(maple_create()) {}
    ~MapleTree() { maple_destroy(areas); }
    MapleTree(const MapleTree &) = delete;
    MapleTree &operator=(const MapleTree &) = delete;

    bool find(uint64_t address, Area &out) const {
        maple_area found;
        if (!maple_find(areas, address, &found)) {
            return false;
        }
        out = {found.start, found.end, found.flags, nullptr};
        return true;
    }

    void map(uint64_t start, uint64_t end, uint64_t flags) {
        maple_store(areas, start, end, flags);
    }
    void replace(uint64_t start, uint64_t end, uint64_t flags) {
        maple_store(areas, start, end, flags);
    }
    void unmap(uint64_t start, uint64_t end) { maple_unmap(areas, start, end); }
    void protect(uint64_t start, uint64_t end, uint64_t flags) {
        maple_protect(areas, start, end, flags);
    }

    /* Its own word for no room is ours. */
    uint64_t top_gap(uint64_t size, uint64_t hi) const { return maple_top_gap(areas, size, hi); }
    static_assert(no_gap == UINT64_MAX);
    uint64_t map_top(uint64_t size, uint64_t hi, uint64_t flags) {
        return maple_map_top(areas, size, hi, flags);
    }

    template <class F> void for_each(F f) const {
        maple_cursor cursor;
        maple_area area;
        for (maple_first(&cursor, areas); maple_next(&cursor, &area);) {
            f(area.start, area.end, area.flags);
        }
    }

    uint64_t count() const {
        uint64_t n = 0;
        for_each([&n](uint64_t, uint64_t, uint64_t) { n++; });
        return n;
    }

  private:
    maple *areas;
};

} // namespace bench

#endif
