/*
 * spans.h - what a page table of any format should hold: sorted spans, and holes between them. No
 * pages, no tables, no leaf sizes.
 */
#ifndef MSET_TEST_PAGE_TABLE_SPANS_H
#define MSET_TEST_PAGE_TABLE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPANS = 1024 };

struct span {
    uint64_t start, last;
    uint64_t flags;
    uint64_t pa; /* of start; of a marker its payload */
};

struct spans {
    size_t count;
    struct span span[SPANS];
};

/* The first span that ends at or behind va; count if there is none. */
size_t spans_at(const struct spans *spans, uint64_t va);
const struct span *spans_find(const struct spans *spans, uint64_t va);
bool spans_free(const struct spans *spans, uint64_t va, uint64_t last);
/* Makes a hole. */
void spans_remove(struct spans *spans, uint64_t va, uint64_t last);
/* Over whatever is there; or only into the holes. */
void spans_put(struct spans *spans, struct span span);
void spans_fill(struct spans *spans, struct span span);
void spans_protect(struct spans *spans, uint64_t va, uint64_t last, uint64_t flags);
void spans_move(struct spans *spans, uint64_t from, uint64_t last, uint64_t to);
/* Bytes in the range, of what may be present only or of all. */
uint64_t spans_bytes(const struct spans *spans, uint64_t va, uint64_t last, bool present_only);

#endif
