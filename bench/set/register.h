/* register.h - names for the works of a subject: work/subject/areas. */
#ifndef MSET_BENCH_SET_REGISTER_H
#define MSET_BENCH_SET_REGISTER_H

#include "works.h"

#include <string>

namespace bench {

/* For 100 to 1,000,000 areas, as far as `least` and `most` allow. */
void add_work(const std::string &work, const char *who, void (*run)(benchmark::State &),
              uint64_t least = 0, uint64_t most = UINT64_MAX);

template <class S> void add_finds() {
    add_work("find_hit", S::name, find_hit<S>);
    add_work("find_miss", S::name, find_miss<S>);
    add_work("find_dependent", S::name, find_dependent<S>);
    add_work("find_sequential", S::name, find_sequential<S>);
    add_work("find_learned", S::name, find_learned<S>);
}

template <class S> void add_lookups() {
    add_finds<S>();
    add_work("iterate", S::name, iterate<S>);
}

template <class S> void add_updates() {
    add_work("punch", S::name, punch<S>, 0, most_updates<S>);
    add_work("churn", S::name, churn<S>, 0, most_updates<S>);
    add_work("mmap_churn", S::name, mmap_churn<S>, 0, most_searched<S>);
}

template <class S> void add_unmap_1000() {
    add_work("unmap_1000", S::name, unmap_1000<S>, RunSpace<S>::run, most_updates<S>);
}

template <class S> void add_builds() {
    add_work("build_ascending", S::name, build_ascending<S>);
    add_work("build_random", S::name, build_random<S>, 0, most_updates<S>);
    add_work("build_bulk", S::name, build_bulk<S>);
}

/* With fewer areas one would see what the allocator keeps back, which it counts as in use. */
template <class S> void add_bytes() {
    constexpr uint64_t least = 1000;
    add_work("bytes_after_ascending", S::name, bytes_after_ascending<S>, least);
    add_work("bytes_after_random", S::name, bytes_after_random<S>, least, most_updates<S>);
    add_work("bytes_after_churn", S::name, bytes_after_churn<S>, least, most_updates<S>);
}

} // namespace bench

#endif
