/*
 * tree.h - the limit of lookups: a static search tree of start keys, 16 to a node, and an array of
 * area records beside it. It is laid out once and never changes.
 *
 * Every level is an array of nodes; a node's 17 children lie one after the other in the level
 * below, so no pointers are followed. Keys of the lowest level are the starts of all areas.
 */
#ifndef MSET_BENCH_SET_LIMIT_TREE_H
#define MSET_BENCH_SET_LIMIT_TREE_H

#include "../area.h"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

namespace bench {

/* What the search loop needs to know; see loops.cpp. */
struct TreeShape {
    static constexpr size_t width = 16;
    const uint64_t *level[8]; /* from the root */
    size_t levels;
};

/* The loops, for one kind of processor. */
struct TreeLoops {
    /* How many keys are not above the address. */
    size_t (*search)(const TreeShape &shape, uint64_t address);
    /* The sum of n words, read one after the other. */
    uint64_t (*sum)(const uint64_t *words, size_t n);
};
extern const TreeLoops tree_any, tree_avx2, tree_avx512;

class LimitTree {
  public:
    static constexpr const char *name = "limit";

    void bulk(const std::vector<Area> &ascending);

    bool find(uint64_t address, Area &out) const {
        const size_t at = loops.search(shape, address);
        if (at == 0 || records[at - 1].end <= address) {
            return false;
        }
        out = records[at - 1];
        return true;
    }

    template <class F> void for_each(F f) const {
        for (const Area &area : records) {
            f(area.start, area.end, area.flags);
        }
    }

    uint64_t count() const { return records.size(); }

    static const TreeLoops &loops; /* the best for this processor */

  private:
    struct Free {
        void operator()(uint64_t *memory) const { std::free(memory); }
    };

    TreeShape shape = {};
    std::unique_ptr<uint64_t[], Free> keys; /* of all levels, each node in two cache lines */
    std::vector<Area> records;
};

} // namespace bench

#endif
