/*
 * traces.h - the recorded calls of real programs, as steps that every subject can take.
 *
 * What the readers of mset-replay make of a trace, with mremap taken apart: what is carried off is
 * unmapped and mapped again elsewhere. No subject merges, and every call has flags of its own, so
 * that all cut alike (the library leaves alone what has the flags already).
 */
#ifndef MSET_BENCH_SET_TRACES_H
#define MSET_BENCH_SET_TRACES_H

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct Step {
    enum Kind { make, copy, drop, replace, unmap, protect };
    Kind kind;
    uint32_t space;  /* which address space */
    uint32_t source; /* of a copy */
    uint64_t start;
    uint64_t end;
    uint64_t flags;
};

struct Trace {
    std::vector<Step> steps;
    uint32_t spaces = 0; /* numbers of address spaces are below */
    uint64_t calls = 0;  /* mmap, munmap, mprotect, brk and mremap, as they were recorded */
};

/* Of all traces there are. Empty where the program is built without the readers. */
std::vector<std::string> trace_names();

/* Reads it when first asked for; ends the program if it cannot be read. */
const Trace &trace_named(const std::string &name);

} // namespace bench

#endif
