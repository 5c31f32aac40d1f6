/* tree.cpp - laying out the static search tree, and which loops to use. */
#include "tree.h"

#include <algorithm>
#include <new>

namespace bench {

namespace {

constexpr size_t width = TreeShape::width;

const TreeLoops &choose() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("popcnt")) {
        return tree_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt")) {
        return tree_avx2;
    }
#endif
    return tree_any;
}

/* Nodes of each level from the lowest up. */
std::vector<size_t> count_nodes(size_t n) {
    std::vector<size_t> nodes = {std::max<size_t>(1, (n + width - 1) / width)};
    while (nodes.back() > 1) {
        nodes.push_back((nodes.back() + width) / (width + 1));
    }
    return nodes;
}

/* So many keys of the lowest level lie below one child of a node `height` levels above it. */
size_t keys_below(size_t height) {
    size_t keys = width;
    for (size_t i = 1; i < height; i++) {
        keys *= width + 1;
    }
    return keys;
}

} // namespace

const TreeLoops &LimitTree::loops = choose();

void LimitTree::bulk(const std::vector<Area> &ascending) {
    records = ascending;
    const std::vector<size_t> nodes = count_nodes(records.size());
    size_t total = 0;
    for (const size_t of_level : nodes) {
        total += of_level * width;
    }
    keys.reset(static_cast<uint64_t *>(std::aligned_alloc(64, total * sizeof(uint64_t))));
    if (!keys) {
        throw std::bad_alloc();
    }
    /* What is beyond the last key is above every address. Vector compares are signed, so the
       largest is that of signed numbers. */
    std::fill_n(keys.get(), total, static_cast<uint64_t>(INT64_MAX));
    shape.levels = nodes.size();
    uint64_t *level = keys.get();
    for (size_t height = nodes.size(); height-- != 0;) { /* the root first */
        shape.level[nodes.size() - 1 - height] = level;
        for (size_t node = 0; node < nodes[height]; node++) {
            for (size_t i = 0; i < width; i++) {
                /* Child i + 1 begins with this key. */
                const size_t key = height == 0 ? node * width + i
                                               : (node * (width + 1) + i + 1) * keys_below(height);
                if (key < records.size()) {
                    level[node * width + i] = records[key].start;
                }
            }
        }
        level += nodes[height] * width;
    }
}

} // namespace bench
