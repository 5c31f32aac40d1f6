/* costs.h - what the processor waits for, measured by itself. */
#ifndef MSET_BENCH_SET_COSTS_H
#define MSET_BENCH_SET_COSTS_H

namespace bench {

void add_costs();

} // namespace bench

#endif
