/* deltas.h - the benchmarks of changes to memory slots: see deltas.cpp. */
#ifndef MSET_BENCH_GUEST_DELTAS_H
#define MSET_BENCH_GUEST_DELTAS_H

namespace bench {

void add_deltas();

} // namespace bench

#endif
