/*
 * slab.c - nodes, many to a chunk as in a kernel's slab: next to each other, and cheap to take and
 * give back, which an operation on a maple tree does with more of them than it needs.
 *
 * Chunks come from malloc, so that its count of bytes in use has them, and stay until the tree
 * goes. They are not asked to be aligned: what aligned_alloc() cuts off would be in the count too.
 */
#include "slab.h"

#include <linux/compiler.h>
#include <linux/slab.h>

#include <stdint.h>
#include <stdlib.h>

/* A chunk has the room of one more, since its nodes lie at multiples of their size. */
enum { NODE = 256, NODES_A_CHUNK = 16, CHUNK = (NODES_A_CHUNK + 1) * NODE };

struct object {
    struct object *next;
};

struct chunk {
    struct chunk *next;
    char room[CHUNK - sizeof(struct chunk *)];
};

static struct slab *used;

void slab_use(struct slab *slab) {
    used = slab;
}

void slab_end(struct slab *slab) {
    while (slab->chunks) {
        struct chunk *chunk = slab->chunks;
        slab->chunks = chunk->next;
        free(chunk);
    }
    slab->free = NULL;
}

static void give(struct slab *slab, struct object *object) {
    object->next = slab->free;
    slab->free = object;
}

static bool grow(struct slab *slab) {
    struct chunk *chunk = malloc(sizeof(*chunk));
    if (!chunk) {
        return false;
    }
    chunk->next = slab->chunks;
    slab->chunks = chunk;
    char *first = chunk->room + -(uintptr_t)chunk->room % NODE;
    for (int i = NODES_A_CHUNK; i-- > 0;) {
        give(slab, (struct object *)(first + (ptrdiff_t)i * NODE));
    }
    return true;
}

/* There is one kind: maple nodes. */
struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align,
                                     unsigned flags, void (*make)(void *object)) {
    (void)name, (void)flags, (void)make;
    if (size != NODE || align != NODE) {
        abort();
    }
    return NULL;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp) {
    (void)cache, (void)gfp;
    if (unlikely(!used->free) && !grow(used)) {
        return NULL;
    }
    struct object *object = used->free;
    used->free = object->next;
    return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object) {
    (void)cache;
    give(used, object);
}

/* All or none. */
int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t count, void **objects) {
    for (size_t i = 0; i < count; i++) {
        objects[i] = kmem_cache_alloc(cache, gfp);
        if (!objects[i]) {
            kmem_cache_free_bulk(cache, i, objects);
            return 0;
        }
    }
    return (int)count;
}

void kmem_cache_free_bulk(struct kmem_cache *cache, size_t count, void **objects) {
    for (size_t i = 0; i < count; i++) {
        kmem_cache_free(cache, objects[i]);
    }
}
