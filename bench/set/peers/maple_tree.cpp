/* maple_tree.cpp - Linux's maple tree, where its source is installed: see ../maple. */
#include "../maple/maple_tree.h"
#include "../enlist.h"

namespace bench {

namespace {

const Enlisted<MapleTree> here;

} // namespace

} // namespace bench
