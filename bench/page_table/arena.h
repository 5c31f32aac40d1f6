/* arena.h - physical memory for one page table: a buddy over memory in large host pages, as a
   kernel's direct map would be. */
#ifndef MSET_BENCH_PAGE_TABLE_ARENA_H
#define MSET_BENCH_PAGE_TABLE_ARENA_H

#include <mset/frames.h>

#include <cstdint>

namespace bench {

/* A benchmark that measures failing calls measures nothing: ends the program. */
void require(mset_status status);

class Arena {
  public:
    Arena();
    ~Arena();
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;

    mset_frames *frames() const { return mset_buddy_frames(buddy); }
    uint64_t *at(uint64_t pa) const { return reinterpret_cast<uint64_t *>(memory + pa); }
    uint64_t take(unsigned order) const {
        uint64_t pa = 0;
        require(mset_frames_alloc(frames(), order, &pa));
        return pa;
    }
    void give(uint64_t pa, unsigned order) const { mset_frames_free(frames(), pa, order); }

  private:
    unsigned char *memory;
    mset_buddy *buddy = nullptr;
};

} // namespace bench

#endif
