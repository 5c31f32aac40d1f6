/*
 * ranges.h - a set of addresses as a sorted array of ranges that do not touch.
 *
 * The replay keeps in it which addresses the trace itself has mapped. It is deliberately not
 * made with the library: it is part of the judge, not of what is judged.
 */
#ifndef REPLAY_RANGES_H
#define REPLAY_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t start, end; /* end is one past the last byte; start < end */
};

struct ranges {
    struct range *at;
    size_t count, capacity;
};

void ranges_free(struct ranges *ranges);

/* All return false without memory; the set is then unchanged. Empty ranges are fine. */
bool ranges_add(struct ranges *ranges, uint64_t start, uint64_t end);
bool ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end);
bool ranges_copy(const struct ranges *from, struct ranges *to);

/* Replaces what is in [to, to + size) by the picture of [from, from + size). */
bool ranges_move(struct ranges *ranges, uint64_t from, uint64_t size, uint64_t to);

bool ranges_contain(const struct ranges *ranges, uint64_t address);

/* The first range that ends beyond `address`: its index, or count. */
size_t ranges_after(const struct ranges *ranges, uint64_t address);

#endif
