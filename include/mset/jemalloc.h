/*
 * jemalloc.h - jemalloc as the allocator of a set: link mset::jemalloc.
 *
 * A library of its own, because linking jemalloc replaces the program's malloc as well.
 */
#ifndef MSET_JEMALLOC_H
#define MSET_JEMALLOC_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Nodes through mallocx and sdallocx: aligned by request, freed with their size. Never NULL. */
MSET_API const struct mset_allocator *mset_allocator_jemalloc(void);

#ifdef __cplusplus
}
#endif
#endif
