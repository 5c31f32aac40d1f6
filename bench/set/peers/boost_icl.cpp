/*
 * boost_icl.cpp - boost::icl::split_interval_map: the interval map that keeps all boundaries.
 */
#include "../enlist.h"

#include <boost/icl/split_interval_map.hpp>

#include <algorithm>
#include <functional>

namespace bench {

namespace {

namespace icl = boost::icl;

struct Value {
    uint64_t flags;
    void *backend;
};

bool operator==(const Value &a, const Value &b) {
    return a.flags == b.flags && a.backend == b.backend;
}

/* What add() does where something is: the new flags instead of the old. */
template <class Type> struct TakeFlags : icl::identity_based_inplace_combine<Type> {
    void operator()(Type &old, const Type &added) const { old.flags = added.flags; }
};

class BoostIcl {
  public:
    static constexpr const char *name = "boost_icl";
    static constexpr uint64_t most_searched = 10000; /* top_gap() walks over the areas */

    bool find(uint64_t address, Area &out) const {
        const auto at = areas.find(address);
        if (at == areas.end()) {
            return false;
        }
        out = {at->first.lower(), at->first.upper(), at->second.flags, at->second.backend};
        return true;
    }

    void map(uint64_t start, uint64_t end, uint64_t flags) {
        const Map::segment_type segment(Range(start, end), Value{flags, nullptr});
        if (areas.empty() || std::prev(areas.end())->first.upper() <= start) {
            areas.insert(areas.end(), segment);
        } else {
            areas.insert(segment);
        }
    }

    void replace(uint64_t start, uint64_t end, uint64_t flags) {
        areas.set(Map::segment_type(Range(start, end), Value{flags, nullptr}));
    }

    void unmap(uint64_t start, uint64_t end) { areas.erase(Range(start, end)); }

    /* add() splits at the ends and combines, but would fill holes: so run by run. */
    void protect(uint64_t start, uint64_t end, uint64_t flags) {
        while (start < end) {
            const auto [first, past] = areas.equal_range(Range(start, end));
            if (first == past) {
                return;
            }
            const uint64_t from = std::max(start, first->first.lower());
            uint64_t to = first->first.upper();
            for (auto at = std::next(first); at != past && at->first.lower() == to; ++at) {
                to = at->first.upper();
            }
            to = std::min(to, end);
            areas.add(Map::segment_type(Range(from, to), Value{flags, nullptr}));
            start = to;
        }
    }

    uint64_t top_gap(uint64_t size, uint64_t hi) const {
        auto at = areas.lower_bound(Range(hi, hi + 1));
        if (at != areas.end() && at->first.lower() < hi) {
            hi = at->first.lower();
        }
        for (; at != areas.begin(); hi = at->first.lower()) {
            --at;
            if (at->first.upper() <= hi && hi - at->first.upper() >= size) {
                return hi - size;
            }
        }
        return hi >= size ? hi - size : no_gap;
    }

    template <class F> void for_each(F f) const {
        for (const auto &entry : areas) {
            f(entry.first.lower(), entry.first.upper(), entry.second.flags);
        }
    }

    uint64_t count() const { return areas.iterative_size(); }

  private:
    using Range = icl::right_open_interval<uint64_t>;
    using Map = icl::split_interval_map<uint64_t, Value, icl::partial_enricher, std::less,
                                        TakeFlags, icl::inplace_et, Range>;
    Map areas;
};

const Enlisted<BoostIcl> here;

} // namespace

} // namespace bench
