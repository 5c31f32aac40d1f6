/*
 * memory.cpp - asks glibc or, where the program is linked with it, jemalloc, which then is malloc.
 */
#include "memory.h"

#include <cstddef>

#include <gnu/libc-version.h>
#include <malloc.h>

/* As jemalloc declares it; absent (null) in the program that is not linked with it. */
extern "C" int mallctl(const char *name, void *old, size_t *old_size, void *fresh,
                       size_t fresh_size) __attribute__((weak));

namespace bench {

namespace {

uint64_t jemalloc_in_use() {
    mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
    uint64_t epoch = 1; /* statistics are those of the last epoch */
    mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
    size_t bytes = 0, size = sizeof bytes;
    mallctl("stats.allocated", &bytes, &size, nullptr, 0);
    return bytes;
}

} // namespace

/* glibc does it whenever a parameter is set; malloc_trim() would give the memory back as well.
   jemalloc keeps no such pieces. */
void join_free_memory() {
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

uint64_t bytes_in_use() {
    if (mallctl != nullptr) {
        return jemalloc_in_use();
    }
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

std::string allocator_name() {
    if (mallctl == nullptr) {
        return std::string("glibc ") + gnu_get_libc_version();
    }
    const char *version = "";
    size_t size = sizeof(void *);
    mallctl("version", static_cast<void *>(&version), &size, nullptr, 0);
    return std::string("jemalloc ") + version;
}

} // namespace bench
