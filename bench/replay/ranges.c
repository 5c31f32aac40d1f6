/*
 * ranges.c - a sorted array of ranges that neither overlap nor touch.
 */
#include "ranges.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"

void ranges_free(struct ranges *ranges) {
    free(ranges->at);
    *ranges = (struct ranges){0};
}

size_t ranges_after(const struct ranges *ranges, uint64_t address) {
    size_t low = 0, high = ranges->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ranges->at[middle].end > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool ranges_contain(const struct ranges *ranges, uint64_t address) {
    const size_t at = ranges_after(ranges, address);
    return at < ranges->count && ranges->at[at].start <= address;
}

/* Puts `count` ranges in the place of those from index `first` up to `last`. */
static bool replace(struct ranges *ranges, size_t first, size_t last, const struct range *with,
                    size_t count) {
    const size_t tail = ranges->count - last;
    const size_t total = first + count + tail;
    if (total > ranges->capacity) {
        struct range *larger = array_reserve(ranges->at, &ranges->capacity, total, sizeof *larger);
        if (larger == NULL) {
            return false;
        }
        ranges->at = larger;
    }
    if (tail != 0) {
        memmove(ranges->at + first + count, ranges->at + last, tail * sizeof *ranges->at);
    }
    if (count != 0) {
        memcpy(ranges->at + first, with, count * sizeof *ranges->at);
    }
    ranges->count = total;
    return true;
}

bool ranges_add(struct ranges *ranges, uint64_t start, uint64_t end) {
    if (start >= end) {
        return true;
    }
    /* Those that touch at either side become one with it. */
    const size_t first = start == 0 ? 0 : ranges_after(ranges, start - 1);
    struct range all = {start, end};
    size_t last = first;
    for (; last < ranges->count && ranges->at[last].start <= end; last++) {
        all.start = ranges->at[last].start < all.start ? ranges->at[last].start : all.start;
        all.end = ranges->at[last].end > all.end ? ranges->at[last].end : all.end;
    }
    return replace(ranges, first, last, &all, 1);
}

bool ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end) {
    struct range kept[2];
    size_t count = 0;
    if (start >= end) {
        return true;
    }
    const size_t first = ranges_after(ranges, start);
    size_t last = first;
    for (; last < ranges->count && ranges->at[last].start < end; last++) {
        const struct range one = ranges->at[last];
        if (one.start < start) {
            kept[count++] = (struct range){one.start, start};
        }
        if (one.end > end) {
            kept[count++] = (struct range){end, one.end};
        }
    }
    return last == first || replace(ranges, first, last, kept, count);
}

bool ranges_copy(const struct ranges *from, struct ranges *to) {
    to->count = 0;
    return from->count == 0 || replace(to, 0, 0, from->at, from->count);
}

bool ranges_move(struct ranges *ranges, uint64_t from, uint64_t size, uint64_t to) {
    struct ranges before = {0};
    bool done = ranges_copy(ranges, &before) && ranges_remove(ranges, to, to + size);
    for (size_t at = ranges_after(&before, from);
         done && at < before.count && before.at[at].start < from + size; at++) {
        const struct range one = before.at[at];
        const uint64_t start = one.start > from ? one.start : from;
        const uint64_t end = one.end < from + size ? one.end : from + size;
        done = ranges_add(ranges, start - from + to, end - from + to);
    }
    ranges_free(&before);
    return done;
}
