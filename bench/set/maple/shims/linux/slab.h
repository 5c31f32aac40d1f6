/* Stands in for <linux/slab.h>: objects of one size. slab.c has them. */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/types.h>

#define GFP_KERNEL 0U
#define GFP_NOWAIT 0U
#define __GFP_NOWARN 0U
#define SLAB_PANIC 0U

struct kmem_cache;

struct kmem_cache *kmem_cache_create(const char *name, unsigned size, unsigned align,
                                     unsigned flags, void (*make)(void *object));
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t count, void **objects);
void kmem_cache_free(struct kmem_cache *cache, void *object);
void kmem_cache_free_bulk(struct kmem_cache *cache, size_t count, void **objects);

static inline bool gfpflags_allow_blocking(gfp_t gfp) {
    (void)gfp;
    return true;
}

#endif
