/*
 * loops_code.h - the loops of loops.h, written once and compiled once per kind of processor: they
 * are the vectoriser's, the including file says for which registers.
 *
 * A loop that may stop early is none for a vectoriser, so these look at blocks: one that stops is
 * looked at again, entry by entry.
 */
#ifndef PT_LOOPS
#error "define PT_LOOPS as the name of the loops first"
#endif

#include "page_table/loops.h"

enum { BLOCK = 32 };

static void fill(uint64_t *entries, size_t n, uint64_t first, uint64_t step) {
    for (size_t k = 0; k < n; k++) {
        entries[k] = first + k * step;
    }
}

static size_t rising(const uint64_t *entries, size_t n, uint64_t first, uint64_t step) {
    size_t k = 0;
    uint64_t expected = first;
    for (; k + BLOCK <= n; k += BLOCK) {
        uint64_t differ = 0, next = expected;
        for (size_t j = 0; j < BLOCK; j++) {
            differ |= entries[k + j] ^ next;
            next += step;
        }
        if (differ != 0) {
            break;
        }
        expected = next;
    }
    for (; k < n && entries[k] == expected; k++) {
        expected += step;
    }
    return k;
}

static size_t turn(uint64_t *entries, size_t n, uint64_t aside, uint64_t delta) {
    const uint64_t like = entries[0] & ~aside;
    size_t k = 0;
    for (; k + BLOCK <= n; k += BLOCK) {
        uint64_t differ = 0;
        for (size_t j = 0; j < BLOCK; j++) {
            differ |= (entries[k + j] & ~aside) ^ like;
        }
        if (differ != 0) {
            break;
        }
        for (size_t j = 0; j < BLOCK; j++) {
            entries[k + j] ^= delta;
        }
    }
    for (; k < n && (entries[k] & ~aside) == like; k++) {
        entries[k] ^= delta;
    }
    return k;
}

static bool any_other(const uint64_t *entries, size_t n, uint64_t value) {
    uint64_t differ = 0;
    for (size_t k = 0; k < n; k++) {
        differ |= entries[k] ^ value;
    }
    return differ != 0;
}

static size_t wipe(uint64_t *entries, size_t n, uint64_t value, uint64_t *any) {
    uint64_t others = 0, all = 0;
    for (size_t k = 0; k < n; k++) {
        const uint64_t other = entries[k] ^ value;
        all |= entries[k];
        others += (other | -other) >> 63; /* the comparison that the oldest vector units have */
        entries[k] = value;
    }
    *any = all;
    return others;
}

const struct pt_loops PT_LOOPS = {fill, rising, turn, any_other, wipe};
