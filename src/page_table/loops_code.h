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

/* Eight entries at once, wherever entries may be. */
typedef uint64_t eight __attribute__((vector_size(64), aligned(8), may_alias));

/* By address: how vectors are passed depends on the processor. */
static uint64_t fold(const eight *v) {
    uint64_t all = 0;
    for (unsigned j = 0; j < 8; j++) {
        all |= (*v)[j];
    }
    return all;
}

/*
 * A processor may set marks meanwhile. What is written has to be made of what was compared, so
 * every entry is read once only, which is what volatile is for.
 */
static size_t turn(uint64_t *entries, size_t n, uint64_t like, uint64_t aside, uint64_t delta) {
    const uint64_t same = like & ~aside;
    size_t k = 0;
    for (; k + BLOCK <= n; k += BLOCK) {
        eight block[BLOCK / 8], differ = {0};
        for (unsigned j = 0; j < BLOCK / 8; j++) {
            block[j] = *(const volatile eight *)(entries + k + 8 * (size_t)j);
            differ |= (block[j] & ~aside) ^ same;
        }
        if (fold(&differ) != 0) {
            break;
        }
        for (unsigned j = 0; delta != 0 && j < BLOCK / 8; j++) {
            *(eight *)(entries + k + 8 * (size_t)j) = block[j] ^ delta;
        }
    }
    for (; k < n; k++) {
        const uint64_t entry = *(const volatile uint64_t *)(entries + k);
        if ((entry & ~aside) != same) {
            break;
        }
        if (delta != 0) { /* else a mark could be lost for nothing */
            entries[k] = entry ^ delta;
        }
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
