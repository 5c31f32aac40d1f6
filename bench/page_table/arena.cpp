/* arena.cpp - see arena.h. */
#include "arena.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

namespace {
constexpr size_t bytes = size_t{32} << 20, alignment = size_t{2} << 20;
}

void require(mset_status status) {
    if (status != MSET_OK) {
        std::fprintf(stderr, "unexpected status: %s\n", mset_status_text(status));
        std::abort();
    }
}

Arena::Arena() : memory(static_cast<unsigned char *>(std::aligned_alloc(alignment, bytes))) {
    if (memory == nullptr) {
        require(MSET_NO_MEMORY);
    }
    madvise(memory, bytes, MADV_HUGEPAGE);
    std::memset(memory, 0, bytes);
    mset_buddy_config config = {};
    config.size = bytes;
    config.memory = memory;
    require(mset_buddy_create(&config, &buddy));
}

Arena::~Arena() {
    mset_buddy_destroy(buddy);
    std::free(memory);
}

} // namespace bench
