/*
 * alphabet.h - lists of operations over a small universe, from which sequences are spelled.
 */
#ifndef MSET_TEST_SET_ALPHABET_H
#define MSET_TEST_SET_ALPHABET_H

#include "support/operation.h"

struct alphabet {
    struct operation *letters;
    size_t count, room;
    uint64_t base, page_size;
    size_t pages;
};

/*
 * Everything: every kind of operation on every range, two kinds of areas; some keep the guard
 * distance, or do not put up with holes.
 */
void alphabet_full(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages);
/* map of two kinds (replacing), unmap and protect on every range; grow and shrink by a page. */
void alphabet_core(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages);
/* map and unmap of single pages. */
void alphabet_pages(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages);
/* Other backends than RECORDER_FULL and RECORDER_NO_MOVE for the two kinds of areas. */
void alphabet_cast(struct alphabet *alphabet, enum recorder_kind a, enum recorder_kind b);
void alphabet_free(struct alphabet *alphabet);

#endif
