/*
 * maple.c - areas in a maple tree, by its advanced interface: one state serves a whole operation.
 *
 * The tree tracks gaps, as one for an address space does, and is not in RCU mode: one thread,
 * and nodes change in place. Its ranges include their last byte.
 */
#include "maple.h"

#include "shims/slab.h"

#include <linux/maple_tree.h>
#include <linux/slab.h>

#include <stdlib.h>

struct maple {
    struct maple_tree tree;
    struct slab nodes;
};

/* Odd numbers are never taken for something of the tree's own. */
static void *entry_of(uint64_t flags) {
    return (void *)(flags << 1 | 1);
}

static uint64_t flags_of(const void *entry) {
    return (uint64_t)entry >> 1;
}

static struct maple_tree *tree_of(const struct maple *map) {
    return (struct maple_tree *)&map->tree; /* a state wants a tree that it may write to */
}

static void show(struct maple_area *out, const struct ma_state *mas, const void *entry) {
    out->start = mas->index;
    out->end = mas->last + 1;
    out->flags = flags_of(entry);
}

static void store(struct maple *map, struct ma_state *mas, void *entry) {
    slab_use(&map->nodes);
    if (mas_store_gfp(mas, entry, GFP_KERNEL)) {
        abort();
    }
}

struct maple *maple_create(void) {
    static bool prepared;
    struct maple *map = calloc(1, sizeof(*map));
    if (!map) {
        abort();
    }
    if (!prepared) {
        maple_tree_init();
        prepared = true;
    }
    mt_init_flags(&map->tree, MT_FLAGS_ALLOC_RANGE);
    return map;
}

void maple_destroy(struct maple *map) {
    slab_use(&map->nodes);
    mtree_destroy(&map->tree);
    slab_end(&map->nodes);
    free(map);
}

bool maple_find(const struct maple *map, uint64_t address, struct maple_area *out) {
    MA_STATE(mas, tree_of(map), address, address);
    const void *entry = mas_walk(&mas);
    if (!entry) {
        return false;
    }
    show(out, &mas, entry);
    return true;
}

void maple_store(struct maple *map, uint64_t start, uint64_t end, uint64_t flags) {
    MA_STATE(mas, &map->tree, start, end - 1);
    store(map, &mas, entry_of(flags));
}

void maple_unmap(struct maple *map, uint64_t start, uint64_t end) {
    MA_STATE(mas, &map->tree, start, end - 1);
    store(map, &mas, NULL);
}

void maple_protect(struct maple *map, uint64_t start, uint64_t end, uint64_t flags) {
    MA_STATE(mas, &map->tree, start, start);
    void *entry = NULL;
    mas_for_each(&mas, entry, end - 1) {
        mas.index = max(mas.index, start);
        mas.last = min(mas.last, end - 1);
        store(map, &mas, entry_of(flags));
    }
}

uint64_t maple_top_gap(const struct maple *map, uint64_t size, uint64_t hi) {
    MA_STATE(mas, tree_of(map), 0, 0);
    if (size > hi || mas_empty_area_rev(&mas, 0, hi - 1, size)) { /* empty, 6.1 takes any size */
        return UINT64_MAX;
    }
    return mas.index;
}

uint64_t maple_map_top(struct maple *map, uint64_t size, uint64_t hi, uint64_t flags) {
    MA_STATE(mas, &map->tree, 0, 0);
    if (size > hi || mas_empty_area_rev(&mas, 0, hi - 1, size)) {
        return UINT64_MAX;
    }
    mas.last = mas.index + size - 1;
    store(map, &mas, entry_of(flags));
    return mas.index;
}

_Static_assert(sizeof(struct ma_state) <= sizeof(struct maple_cursor), "a state fits a cursor");

void maple_first(struct maple_cursor *cursor, const struct maple *map) {
    MA_STATE(mas, tree_of(map), 0, 0);
    *(struct ma_state *)cursor = mas;
}

bool maple_next(struct maple_cursor *cursor, struct maple_area *out) {
    struct ma_state *mas = (struct ma_state *)cursor;
    const void *entry = mas_find(mas, ULONG_MAX);
    if (!entry) {
        return false;
    }
    show(out, mas, entry);
    return true;
}
