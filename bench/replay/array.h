/*
 * array.h - room for one more: arrays that double.
 */
#ifndef REPLAY_ARRAY_H
#define REPLAY_ARRAY_H

#include <stdint.h>
#include <stdlib.h>

/*
 * `items` with room for at least `needed` of `size` bytes each, moved if it had to grow;
 * NULL without memory, and then the old array is still there.
 */
static inline void *array_reserve(void *items, size_t *capacity, size_t needed, size_t size) {
    if (needed <= *capacity) {
        return items;
    }
    size_t larger = *capacity < 16 ? 16 : *capacity;
    while (larger < needed) {
        if (larger > SIZE_MAX / 2) {
            return NULL;
        }
        larger *= 2;
    }
    if (larger > SIZE_MAX / size) {
        return NULL;
    }
    void *moved = realloc(items, larger * size);
    if (moved != NULL) {
        *capacity = larger;
    }
    return moved;
}

#endif
