/*
 * ordered_map.h - areas in an ordered map of start to the rest: the logic that std::map and
 * absl::btree_map share.
 *
 * The Rust original's: a cut makes a new entry, protect cuts at both ends and walks, unmap and
 * replace take out what is touched; map refuses what overlaps. Written as one would who cares: one
 * search per operation, and every insertion has its hint. Iterators do not outlive an insertion or
 * an erasure, as absl asks.
 */
#ifndef MSET_BENCH_SET_PEERS_ORDERED_MAP_H
#define MSET_BENCH_SET_PEERS_ORDERED_MAP_H

#include "../area.h"

#include <cstdlib>
#include <iterator>
#include <vector>

namespace bench {

/* What an entry holds beside its start. */
struct Rest {
    uint64_t end;
    uint64_t flags;
    void *backend;
};

template <class Map> class OrderedMap {
  public:
    static constexpr uint64_t most_searched = 10000; /* top_gap() walks over the areas */

    bool find(uint64_t address, Area &out) const {
        auto at = areas.upper_bound(address);
        if (at == areas.begin() || (--at)->second.end <= address) {
            return false;
        }
        out = {at->first, at->second.end, at->second.flags, at->second.backend};
        return true;
    }

    void map(uint64_t start, uint64_t end, uint64_t flags) {
        const auto at = areas.lower_bound(start);
        if ((at != areas.end() && at->first < end) ||
            (at != areas.begin() && std::prev(at)->second.end > start)) {
            std::abort(); /* taken: nobody asks for that here, but everybody has to look */
        }
        insert(at, start, {end, flags, nullptr});
    }

    void replace(uint64_t start, uint64_t end, uint64_t flags) {
        insert(erase_up_to(cut_before(start, end), end), start, {end, flags, nullptr});
    }

    void unmap(uint64_t start, uint64_t end) { erase_up_to(cut_before(start, end), end); }

    void protect(uint64_t start, uint64_t end, uint64_t flags) {
        auto at = areas.lower_bound(start);
        if (at != areas.begin()) {
            const auto before = std::prev(at);
            if (before->second.end > start) {
                Rest piece = before->second;
                before->second.end = start;
                at = insert(at, start, piece);
            }
        }
        for (; at != areas.end() && at->second.end <= end; ++at) {
            at->second.flags = flags;
        }
        if (at != areas.end() && at->first < end) {
            const Rest beyond = at->second;
            at->second.end = end;
            at->second.flags = flags;
            insert(std::next(at), end, beyond);
        }
    }

    uint64_t top_gap(uint64_t size, uint64_t hi) const {
        auto at = areas.lower_bound(hi);
        while (at != areas.begin()) {
            --at;
            if (at->second.end <= hi && hi - at->second.end >= size) {
                return hi - size;
            }
            hi = at->first;
        }
        return hi >= size ? hi - size : no_gap;
    }

    template <class F> void for_each(F f) const {
        for (const auto &entry : areas) {
            f(entry.first, entry.second.end, entry.second.flags);
        }
    }

    uint64_t count() const { return areas.size(); }

    void bulk(const std::vector<Area> &ascending) {
        for (const Area &area : ascending) {
            insert(areas.end(), area.start, {area.end, area.flags, area.backend});
        }
    }

  private:
    using Iterator = typename Map::iterator;

    Iterator insert(Iterator hint, uint64_t start, const Rest &rest) {
        return areas.emplace_hint(hint, start, rest);
    }

    /*
     * The first area that starts in [start, end) or later. One that reaches into the range from
     * below ends at `start` afterwards; if it reaches beyond, the rest of it is what is returned.
     */
    Iterator cut_before(uint64_t start, uint64_t end) {
        const auto at = areas.lower_bound(start);
        if (at == areas.begin()) {
            return at;
        }
        const auto before = std::prev(at);
        if (before->second.end <= start) {
            return at;
        }
        const Rest whole = before->second;
        before->second.end = start;
        return whole.end > end ? insert(at, end, whole) : at;
    }

    /* From `at`, what lies below `end` goes; one that sticks out begins there. What comes next. */
    Iterator erase_up_to(Iterator at, uint64_t end) {
        auto last = at;
        while (last != areas.end() && last->second.end <= end) {
            ++last;
        }
        if (last == areas.end() || last->first >= end) {
            return areas.erase(at, last);
        }
        const Rest rest = last->second;
        return insert(areas.erase(at, std::next(last)), end, rest);
    }

    Map areas;
};

} // namespace bench

#endif
