/*
 * absl_btree.cpp - absl::btree_map with nodes of 1 KiB. The default of 256 bytes is up to twice as
 * slow in updates; a larger one can be had only from the inside of the library.
 */
#include "../enlist.h"
#include "ordered_map.h"

#include <absl/container/btree_map.h>

#include <functional>
#include <memory>

namespace bench {

namespace {

namespace inside = absl::container_internal;

using Map = inside::btree_map_container<inside::btree<
    inside::map_params<uint64_t, Rest, std::less<uint64_t>,
                       std::allocator<std::pair<const uint64_t, Rest>>, 1024, false>>>;

struct AbslBtree : OrderedMap<Map> {
    static constexpr const char *name = "absl_btree";
};

const Enlisted<AbslBtree> here;

} // namespace

} // namespace bench
