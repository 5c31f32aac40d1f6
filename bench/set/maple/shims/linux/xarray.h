/*
 * Stands in for <linux/xarray.h>: how a slot tells pointers from what a tree keeps for itself.
 *
 * Entries whose lowest two bits are 10 are internal. Of these, numbers up to 4096 are marks and
 * the last 4095 numbers (negative ones) are error codes; above the marks they are nodes.
 */
#ifndef SHIM_LINUX_XARRAY_H
#define SHIM_LINUX_XARRAY_H

#include <stdbool.h>
#include <stdint.h>

enum { XA_RETRY = 256 << 2 | 2, XA_ZERO = 257 << 2 | 2 };

static inline bool xa_is_internal(const void *entry) {
    return ((uintptr_t)entry & 3) == 2;
}

static inline bool xa_is_node(const void *entry) {
    return xa_is_internal(entry) && (uintptr_t)entry > 4096;
}

static inline bool xa_is_zero(const void *entry) {
    return (uintptr_t)entry == XA_ZERO;
}

static inline bool xa_is_advanced(const void *entry) {
    return xa_is_internal(entry) && (uintptr_t)entry <= XA_RETRY;
}

static inline bool xa_is_err(const void *entry) {
    return xa_is_internal(entry) && (intptr_t)entry < 0 && (intptr_t)entry >> 2 >= -4095;
}

/* The error code, or 0. */
static inline int xa_err(const void *entry) {
    return xa_is_err(entry) ? (int)((intptr_t)entry >> 2) : 0;
}

#endif
