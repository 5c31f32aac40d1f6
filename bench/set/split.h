/* split.h - the work that only a merging set can do. */
#ifndef MSET_BENCH_SET_SPLIT_H
#define MSET_BENCH_SET_SPLIT_H

namespace bench {

void add_split();

} // namespace bench

#endif
