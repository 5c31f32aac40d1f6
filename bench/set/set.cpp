/*
 * set.cpp - the benchmarks of the memory set and of what one would take instead. Names are
 * work/who/areas; the counter ns_op is the time of one operation in nanoseconds.
 *
 *     find_hit, find_miss   find by address, at a random page of a random area, or between areas
 *     find_dependent        find_hit where the last answer decides where to look next
 *     find_sequential       find_hit at one page after the other
 *     find_learned          find_hit at 64 pages, again and again: no branch is guessed wrong
 *     punch                 unmap of one random page out of few huge areas, until there are n
 *     churn                 protect of 1..16 random pages and map-replace of 1..32, in turn
 *     mmap_churn            unmap a random area, search 1..32 pages from the top, map them
 *     unmap_1000            one unmap of 1000 areas                                    per area
 *     iterate               read all areas in address order                            per area
 *     build_ascending, build_random, build_bulk   n areas into an empty subject, one by one or
 *                           in one call where there is one                             per area
 *     bytes_after_ascending, bytes_after_random, bytes_after_churn   counter bytes_area: what the
 *                           allocator says is in use, per area
 *     split                 protect of 1..16 random pages in a merging set: only mset merges
 *     replay                the recorded calls of real programs, per call: replay/who/trace
 *     chase, wrong_guess    what the processor waits for (costs.cpp)
 *
 * Who: mset, without a backend; mset_counted, with one that counts (unmap_1000); std_map,
 * absl_btree, boost_icl, sorted_array, maple_tree; limit, what the work cannot do without
 * (peers/limit.cpp).
 */
#include "set.h"

#include "costs.h"
#include "register.h"
#include "split.h"
#include "subjects.h"

#include <cstdio>
#include <cstdlib>

namespace bench {

namespace {

std::vector<Subject> &list() {
    static std::vector<Subject> all;
    return all;
}

} // namespace

bool enlist(const Subject &subject) {
    list().push_back(subject);
    return true;
}

const std::vector<Subject> &subjects() {
    return list();
}

void add_work(const std::string &work, const char *who, void (*run)(benchmark::State &),
              uint64_t least, uint64_t most) {
    const std::string name = work + "/" + who;
    benchmark::internal::Benchmark *one = nullptr;
    for (uint64_t n = 100; n <= 1000000; n *= 10) {
        if (n >= least && n <= most) {
            one = one == nullptr ? benchmark::RegisterBenchmark(name.c_str(), run) : one;
            one->Arg(static_cast<int64_t>(n));
        }
    }
}

void differs(const char *subject, const std::string &what) {
    std::fprintf(stderr, "mset-bench: %s is wrong: %s\n", subject, what.c_str());
    std::abort();
}

void add_set_works() {
    for (const Subject &subject : subjects()) {
        subject.add_works();
    }
    add_split();
    add_costs();
}

void check_sets() {
    for (const Subject &subject : subjects()) {
        subject.check();
    }
}

} // namespace bench
