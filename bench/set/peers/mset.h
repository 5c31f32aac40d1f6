/*
 * mset.h - the library, through its public calls. Counted has a backend behind every area that does
 * nothing but count its calls, as the bookkeeping of a kernel would.
 */
#ifndef MSET_BENCH_SET_PEERS_MSET_H
#define MSET_BENCH_SET_PEERS_MSET_H

#include "../area.h"

#include <mset/mset.h>

#include <cstdint>
#include <vector>

namespace bench {

/* A benchmark that measures failing calls measures nothing: ends the program. */
[[noreturn]] void mset_failed(mset_status status);

inline void require(mset_status status) {
    if (status != MSET_OK) {
        mset_failed(status);
    }
}

class Mset {
  public:
    static constexpr const char *name = "mset";
    using Found = mset_area;

    explicit Mset(unsigned flags = 0, mset_backend *behind = nullptr) : backend(behind) {
        mset_options options = {};
        options.flags = flags;
        require(mset_create(&options, &set));
    }
    ~Mset() { mset_destroy(set); }
    Mset(const Mset &) = delete;
    Mset &operator=(const Mset &) = delete;

    bool find(uint64_t address, Found &out) const { return mset_find(set, address, &out); }

    void map(uint64_t start, uint64_t end, uint64_t flags) {
        const mset_area area = {start, end - start, flags, backend, 0};
        require(mset_map(set, &area, MSET_MAP_FAIL, nullptr));
    }
    void replace(uint64_t start, uint64_t end, uint64_t flags) {
        const mset_area area = {start, end - start, flags, backend, 0};
        require(mset_map(set, &area, MSET_MAP_REPLACE, nullptr));
    }
    void unmap(uint64_t start, uint64_t end) {
        require(mset_unmap(set, start, end - start, nullptr));
    }
    void protect(uint64_t start, uint64_t end, uint64_t flags) {
        require(mset_protect(set, start, end - start, MSET_HOLES_SKIP, take, &flags, nullptr));
    }

    uint64_t top_gap(uint64_t size, uint64_t hi) const {
        mset_gap_request wish = {};
        wish.size = size;
        wish.hi = hi;
        wish.flags = MSET_GAP_TOP_DOWN;
        uint64_t start = 0;
        return mset_find_free(set, &wish, &start) == MSET_OK ? start : no_gap;
    }

    uint64_t map_top(uint64_t size, uint64_t hi, uint64_t flags) {
        mset_gap_request wish = {};
        wish.size = size;
        wish.hi = hi;
        wish.flags = MSET_GAP_TOP_DOWN;
        mset_area area = {0, 0, flags, backend, 0};
        const mset_status status = mset_map_free(set, &wish, &area, nullptr);
        if (status == MSET_NOT_FOUND) {
            return no_gap;
        }
        require(status);
        return area.start;
    }

    template <class F> void for_each(F f) const {
        mset_cursor cursor;
        mset_area areas[64];
        mset_cursor_all(&cursor, set);
        while (const size_t n = mset_cursor_next_many(&cursor, areas, 64)) {
            for (size_t i = 0; i < n; i++) {
                f(areas[i].start, mset_area_end(&areas[i]), areas[i].flags);
            }
        }
    }

    uint64_t count() const { return mset_count(set); }

    using Item = mset_area; /* without a backend */
    static Item item(const Area &area) {
        return {area.start, area.end - area.start, area.flags, nullptr, 0};
    }
    void bulk(const std::vector<Item> &ascending) {
        require(mset_load_metadata(set, ascending.data(), ascending.size()));
    }

  private:
    static bool take(void *arg, const mset_area *, uint64_t *flags) {
        *flags = *static_cast<const uint64_t *>(arg);
        return true;
    }

    mset *set = nullptr;
    mset_backend *backend;
};

class MsetCounted {
  public:
    MsetCounted();
    void map(uint64_t start, uint64_t end, uint64_t flags) { set.map(start, end, flags); }
    void unmap(uint64_t start, uint64_t end) { set.unmap(start, end); }
    uint64_t count() const { return set.count(); }

    /* Areas it has been told of less those it was told are gone. */
    uint64_t counted() const { return behind.mapped - behind.unmapped; }

  private:
    struct Counting {
        mset_backend backend; /* first: the library knows only this */
        uint64_t mapped, unmapped, protected_;
    };
    static Counting &of(mset_backend *backend) { return *reinterpret_cast<Counting *>(backend); }
    static int map_one(mset_backend *backend, const mset_area *run, void *page_table);
    static int unmap_one(mset_backend *backend, const mset_area *run, void *page_table);
    static int protect_one(mset_backend *backend, const mset_area *run, uint64_t flags,
                           void *page_table);
    static const mset_backend_ops ops;

    Counting behind;
    Mset set;
};

} // namespace bench

#endif
