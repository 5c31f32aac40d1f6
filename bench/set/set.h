/* set.h - the benchmarks of the memory set: see set.cpp for what they are. */
#ifndef MSET_BENCH_SET_SET_H
#define MSET_BENCH_SET_SET_H

namespace bench {

/* Registers all of them, for every subject. */
void add_set_works();

/* Do all subjects do the same? Ends the program if not. */
void check_sets();

} // namespace bench

#endif
