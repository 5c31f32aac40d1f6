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

/* Everything: every kind of operation on every range, two kinds of areas. */
void alphabet_full(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages);
/* map of two kinds (replacing), unmap and protect on every range; grow and shrink by a page. */
void alphabet_core(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages);
/* map and unmap of single pages. */
void alphabet_pages(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages);
void alphabet_free(struct alphabet *alphabet);

#endif
