/* set.h - the benchmarks of the memory set: see set.cpp for what they are. */
#ifndef MSET_BENCH_SET_H
#define MSET_BENCH_SET_H

namespace bench {

/* Registers all of them. */
void add_set_works();

} // namespace bench

#endif
