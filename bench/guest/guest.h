/* guest.h - the benchmarks of guest memory: see guest.cpp for what they are. */
#ifndef MSET_BENCH_GUEST_H
#define MSET_BENCH_GUEST_H

namespace bench {

void add_guest_works();

/* Do all subjects translate alike? Ends the program if not. */
void check_guests();

} // namespace bench

#endif
