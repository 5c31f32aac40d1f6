/*
 * layout.h - which regions there are: n of 64 pages each, one after the other with holes of 16
 * pages, as the slots of a machine with much hot-plugged memory. Host memory is reserved, never
 * touched.
 */
#ifndef MSET_BENCH_GUEST_LAYOUT_H
#define MSET_BENCH_GUEST_LAYOUT_H

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace bench {

constexpr uint64_t guest_page = 4096;
constexpr uint64_t region_pages = 64, hole_pages = 16;
constexpr uint64_t region_size = region_pages * guest_page;
constexpr uint64_t region_step = (region_pages + hole_pages) * guest_page;
constexpr uint64_t guest_base = uint64_t{1} << 32;

struct Bank {
    uint64_t start;
    uint64_t size;
    unsigned char *host;
};

/* Address space on the host for n regions. */
class HostMemory {
  public:
    explicit HostMemory(uint64_t n)
        : size(n * region_size), memory(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
        if (memory == MAP_FAILED) {
            std::abort();
        }
    }
    ~HostMemory() { munmap(memory, size); }
    HostMemory(const HostMemory &) = delete;
    HostMemory &operator=(const HostMemory &) = delete;

    Bank bank(uint64_t i) const {
        return {guest_base + i * region_step, region_size,
                static_cast<unsigned char *>(memory) + i * region_size};
    }

  private:
    size_t size;
    void *memory;
};

} // namespace bench

#endif
