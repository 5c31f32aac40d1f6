/*
 * allocator.c - jemalloc through its own API: alignment by request, frees with the size known,
 * so that neither side needs a header or a look-up.
 */
#include <mset/jemalloc.h>

#include <jemalloc/jemalloc.h>

static void *jemalloc_alloc(void *context, size_t size, size_t align) {
    (void)context;
    return mallocx(size, MALLOCX_ALIGN(align));
}

static void jemalloc_free(void *context, void *memory, size_t size, size_t align) {
    (void)context;
    sdallocx(memory, size, MALLOCX_ALIGN(align));
}

const struct mset_allocator *mset_allocator_jemalloc(void) {
    static const struct mset_allocator allocator = {jemalloc_alloc, jemalloc_free, NULL};
    return &allocator;
}
