/*
 * memory.h - the only four library functions the core may use, and the choice of allocator.
 *
 * A freestanding build has no <string.h> to rely on; compilers emit calls to these four anyway,
 * so whoever links the core provides them.
 */
#ifndef MSET_SRC_MEMORY_H
#define MSET_SRC_MEMORY_H

#include <mset/slabs.h>

#if __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
#endif

/* NULL stands for the C library's allocator where there is a C library. */
static inline const struct mset_allocator *
mset_allocator_or_default(const struct mset_allocator *allocator) {
#if __STDC_HOSTED__
    return allocator != NULL ? allocator : mset_allocator_default();
#else
    return allocator;
#endif
}

/* Slabs of huge pages over it, for who has no allocator of his own; NULL where there are none. */
#if __STDC_HOSTED__
mset_status mset_slabs_default(struct mset_slabs **out);
#else
static inline mset_status mset_slabs_default(struct mset_slabs **out) {
    *out = NULL;
    return MSET_OK;
}
#endif

#endif
