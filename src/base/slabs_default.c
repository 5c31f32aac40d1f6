/* slabs_default.c - slabs for sets without an allocator of the caller's (hosted builds only). */
#define _DEFAULT_SOURCE /* madvise */

#include "memory.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

/* Huge pages where the system gives them on request. It may refuse: they are usual ones then. */
static void advise_huge(void *context, void *memory, size_t size) {
    (void)context;
#ifdef MADV_HUGEPAGE
    (void)madvise(memory, size, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)size;
#endif
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

mset_status mset_slabs_default(struct mset_slabs **out) {
#ifdef SANITIZED
    (void)advise_huge; /* a node that has been given back shall be seen when it is used */
    *out = NULL;
    return MSET_OK;
#else
    const struct mset_slabs_config config = {.advise = advise_huge};
    return mset_slabs_create(&config, out);
#endif
}
