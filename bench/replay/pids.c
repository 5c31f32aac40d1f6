/*
 * pids.c - from process numbers to small structures.
 *
 * Open addressing with linear probing, at most half full. Nothing is ever removed: a number that
 * is used again gets its old structure, and the user of the table starts it over.
 */
#include "pids.h"

#include <stdlib.h>
#include <string.h>

void pids_init(struct pids *pids, size_t value_size) {
    *pids = (struct pids){.value_size = value_size};
}

void pids_free(struct pids *pids) {
    free(pids->keys);
    free(pids->values);
    pids_init(pids, pids->value_size);
}

static void *value_at(const struct pids *pids, size_t slot) {
    return pids->values + slot * pids->value_size;
}

/* The slot of `pid`, or the free slot where it belongs. There is always a free one. */
static size_t slot_of(const struct pids *pids, uint32_t pid) {
    size_t slot = (size_t)(pid * UINT32_C(2654435761)) & (pids->slots - 1);
    while (pids->keys[slot] != 0 && pids->keys[slot] != pid) {
        slot = (slot + 1) & (pids->slots - 1);
    }
    return slot;
}

void *pids_find(const struct pids *pids, uint32_t pid) {
    if (pids->slots == 0) {
        return NULL;
    }
    const size_t slot = slot_of(pids, pid);
    return pids->keys[slot] == pid ? value_at(pids, slot) : NULL;
}

static bool grow(struct pids *pids) {
    struct pids larger = {.value_size = pids->value_size, .used = pids->used};
    larger.slots = pids->slots == 0 ? 64 : pids->slots * 2;
    larger.keys = calloc(larger.slots, sizeof *larger.keys);
    larger.values = calloc(larger.slots, larger.value_size);
    if (larger.keys == NULL || larger.values == NULL) {
        pids_free(&larger);
        return false;
    }
    for (size_t slot = 0; slot < pids->slots; slot++) {
        if (pids->keys[slot] != 0) {
            const size_t to = slot_of(&larger, pids->keys[slot]);
            larger.keys[to] = pids->keys[slot];
            memcpy(value_at(&larger, to), value_at(pids, slot), pids->value_size);
        }
    }
    struct pids old = *pids;
    *pids = larger;
    pids_free(&old);
    return true;
}

void *pids_add(struct pids *pids, uint32_t pid) {
    void *found = pids_find(pids, pid);
    if (found != NULL) {
        return found;
    }
    if (pids->used == PIDS_LIMIT || (pids->used * 2 >= pids->slots && !grow(pids))) {
        return NULL;
    }
    const size_t slot = slot_of(pids, pid);
    pids->keys[slot] = pid;
    pids->used++;
    return value_at(pids, slot);
}

void *pids_next(const struct pids *pids, size_t *at) {
    while (*at < pids->slots) {
        const size_t slot = (*at)++;
        if (pids->keys[slot] != 0) {
            return value_at(pids, slot);
        }
    }
    return NULL;
}
