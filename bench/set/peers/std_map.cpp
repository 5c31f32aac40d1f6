/* std_map.cpp - std::map: a red-black tree, one allocation an area. */
#include "../enlist.h"
#include "ordered_map.h"

#include <map>

namespace bench {

namespace {

struct StdMap : OrderedMap<std::map<uint64_t, Rest>> {
    static constexpr const char *name = "std_map";
};

const Enlisted<StdMap> here;

} // namespace

} // namespace bench
