/* allocator_default.c - the C library as an allocator (hosted builds only). */
#define _DEFAULT_SOURCE /* posix_memalign */

#include <mset/base.h>

#include <stdlib.h>

static void *libc_alloc(void *context, size_t size, size_t align) {
    (void)context;
    if (align <= _Alignof(max_align_t)) {
        return malloc(size);
    }
    if (size > SIZE_MAX - align) {
        return NULL; /* rounded up it would wrap */
    }
#ifdef __unix__
    void *memory = NULL;
    return posix_memalign(&memory, align, size) == 0 ? memory : NULL;
#else
    /* aligned_alloc wants a size that is a multiple of the alignment (C11 7.22.3.1). */
    return aligned_alloc(align, (size + align - 1) & ~(align - 1));
#endif
}

static void libc_free(void *context, void *memory, size_t size, size_t align) {
    (void)context;
    (void)size;
    (void)align;
    free(memory);
}

const struct mset_allocator *mset_allocator_default(void) {
    static const struct mset_allocator allocator = {libc_alloc, libc_free, NULL};
    return &allocator;
}
