/* memory.h - the program's allocator: how much of it is in use, and which one it is. */
#ifndef MSET_BENCH_SET_MEMORY_H
#define MSET_BENCH_SET_MEMORY_H

#include <cstdint>
#include <string>

namespace bench {

/* Has small pieces of free memory, left by others, grow together, so that what comes next does not
   get its nodes strewn over all of them. */
void join_free_memory();

/* Bytes handed out and not given back, as the allocator itself counts them. */
uint64_t bytes_in_use();

/* "glibc 2.36" or "jemalloc 5.3.0-0-g..." */
std::string allocator_name();

} // namespace bench

#endif
