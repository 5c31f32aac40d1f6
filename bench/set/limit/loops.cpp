/*
 * loops.cpp - the loops of tree.h, compiled once per kind of processor: CMakeLists.txt says with
 * which instructions and under which name.
 */
#include "tree.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace bench {

namespace {

/* How many keys of a node are not above the address. All are compared: no branch to mispredict. */
#if defined(__AVX512F__)
size_t rank(const uint64_t *node, uint64_t address) {
    const __m512i wanted = _mm512_set1_epi64(static_cast<int64_t>(address));
    const unsigned low = _mm512_cmple_epi64_mask(_mm512_load_si512(node), wanted);
    const unsigned high = _mm512_cmple_epi64_mask(_mm512_load_si512(node + 8), wanted);
    return static_cast<size_t>(__builtin_popcount(low | high << 8));
}
#elif defined(__AVX2__)
size_t rank(const uint64_t *node, uint64_t address) {
    const __m256i wanted = _mm256_set1_epi64x(static_cast<int64_t>(address));
    __m256i above = _mm256_setzero_si256(); /* minus the number of those above, in four parts */
    for (size_t i = 0; i < TreeShape::width; i += 4) {
        const __m256i four = _mm256_load_si256(reinterpret_cast<const __m256i *>(node + i));
        above = _mm256_add_epi64(above, _mm256_cmpgt_epi64(four, wanted));
    }
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(above), _mm256_extracti128_si256(above, 1));
    const int64_t sum = _mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1);
    return static_cast<size_t>(static_cast<int64_t>(TreeShape::width) + sum);
}
#else
size_t rank(const uint64_t *node, uint64_t address) {
    size_t count = 0;
    for (size_t i = 0; i < TreeShape::width; i++) {
        count += static_cast<size_t>(node[i] <= address);
    }
    return count;
}
#endif

size_t search(const TreeShape &shape, uint64_t address) {
    constexpr size_t width = TreeShape::width;
    size_t node = 0;
    for (size_t i = 0; i + 1 < shape.levels; i++) {
        node = node * (width + 1) + rank(shape.level[i] + node * width, address);
    }
    return node * width + rank(shape.level[shape.levels - 1] + node * width, address);
}

uint64_t sum(const uint64_t *words, size_t n) {
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += words[i];
    }
    return total;
}

} // namespace

extern const TreeLoops TREE_LOOPS = {search, sum};

} // namespace bench
