/*
 * maps.h - listings of areas: /proc/PID/maps as the kernel writes it, and its comparison with
 * what the replay came to.
 */
#ifndef REPLAY_MAPS_H
#define REPLAY_MAPS_H

#include "lines.h"
#include "ranges.h"

/* What a listing says about an address, in one byte. */
#define MAPS_READ 0x1u
#define MAPS_WRITE 0x2u
#define MAPS_EXEC 0x4u
#define MAPS_SHARED 0x8u
#define MAPS_MAPPED 0x10u /* 0 as a whole: nothing there */

struct maps_area {
    uint64_t start, end;
    unsigned access; /* MAPS_* */
};

/* Ascending, never overlapping; neighbours with the same access are one. */
struct maps {
    struct maps_area *at;
    size_t count, capacity;
    struct lines lines;
};

void maps_init(struct maps *maps);
void maps_free(struct maps *maps);

/* Reads the text of /proc/PID/maps in pieces, as trace_feed() does. */
bool maps_feed(struct maps *maps, const char *bytes, size_t size, struct trouble *trouble);
bool maps_finish(struct maps *maps, struct trouble *trouble);

/* Adds an area at the end, joined with the last one if they are alike. False without memory. */
bool maps_append(struct maps *maps, struct maps_area area);

/* `rwxp` and so on; five bytes with the zero. Nothing there: four blanks of `-` and `none`. */
const char *maps_access_text(unsigned access, char text[5]);

/* A run of addresses about which two listings disagree in one way. */
struct maps_difference {
    uint64_t start, end;
    unsigned left, right; /* MAPS_* */
};
typedef void (*maps_report)(void *arg, const struct maps_difference *difference);

/* Compares over the addresses in `where` only; the number of differences, each reported. */
uint64_t maps_compare(const struct maps *left, const struct maps *right, const struct ranges *where,
                      maps_report report, void *arg);

#endif
