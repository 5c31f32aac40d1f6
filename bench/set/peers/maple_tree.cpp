/* maple_tree.cpp - Linux's maple tree, where its source is installed: see maple/. */
#include "../enlist.h"
#include "../maple/maple.h"

namespace bench {

namespace {

const Enlisted<MapleTree> here;

} // namespace

} // namespace bench
