/*
 * model.h - what every subject is checked against: a small address space as an array of pages.
 */
#ifndef MSET_BENCH_SET_MODEL_H
#define MSET_BENCH_SET_MODEL_H

#include "area.h"

#include <vector>

namespace bench {

/* Pages instead of bytes everywhere. */
class Model {
  public:
    static constexpr uint64_t pages = 256;

    bool is_free(uint64_t start, uint64_t end) const;
    void replace(uint64_t start, uint64_t end, uint64_t flags);
    void unmap(uint64_t start, uint64_t end);
    void protect(uint64_t start, uint64_t end, uint64_t flags);
    uint64_t top_gap(uint64_t size, uint64_t hi) const;

    /* In address order, in bytes. */
    std::vector<Area> areas() const;
    /* The area that holds the page, in bytes; one that is empty where there is none. */
    Area find(uint64_t at) const;

  private:
    struct Page {
        bool mapped = false;
        bool begins = false; /* an area */
        uint64_t flags = 0;
    };
    void cut(uint64_t at) { space[at].begins = space[at].mapped; }
    Page space[pages + 1]; /* the last one is never mapped */
};

} // namespace bench

#endif
