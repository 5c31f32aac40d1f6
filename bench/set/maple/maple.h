/*
 * maple.h - Linux's maple tree as a map of areas: what C++ can call without seeing kernel headers.
 *
 * Addresses are bytes, ranges [start, end). The flags lie in the tree's slots themselves, so they
 * have to be less than 2^63 and an area costs nothing beside the tree. No memory: the program ends.
 */
#ifndef MSET_BENCH_MAPLE_H
#define MSET_BENCH_MAPLE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct maple;

struct maple_area {
    uint64_t start;
    uint64_t end;
    uint64_t flags;
};

struct maple *maple_create(void);
void maple_destroy(struct maple *map);

bool maple_find(const struct maple *map, uint64_t address, struct maple_area *out);

/* Whatever is in the range goes; areas that reach out of it keep what is outside. */
void maple_store(struct maple *map, uint64_t start, uint64_t end, uint64_t flags);
void maple_unmap(struct maple *map, uint64_t start, uint64_t end);

/* Areas in the range get new flags, each on its own; those that reach out of it are cut. */
void maple_protect(struct maple *map, uint64_t start, uint64_t end, uint64_t flags);

/* The highest start of `size` free bytes that end at or below hi, or UINT64_MAX. */
uint64_t maple_top_gap(const struct maple *map, uint64_t size, uint64_t hi);

/* The same, and maps there: the store goes on from where the search has ended. */
uint64_t maple_map_top(struct maple *map, uint64_t size, uint64_t hi, uint64_t flags);

/* From the first area to the last; nothing may change meanwhile. */
struct maple_cursor {
    uint64_t state[12];
};
void maple_first(struct maple_cursor *cursor, const struct maple *map);
bool maple_next(struct maple_cursor *cursor, struct maple_area *out);

#ifdef __cplusplus
}
#endif

#endif
