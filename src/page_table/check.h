/* check.h - what the public calls ask of their arguments. */
#ifndef MSET_SRC_PAGE_TABLE_CHECK_H
#define MSET_SRC_PAGE_TABLE_CHECK_H

#include "page_table/page_table.h"

static inline uint64_t pt_page_mask(const struct mset_page_table *pt) {
    return (UINT64_C(1) << pt->recent.shift) - 1;
}

/* How far a range from va may run; false if va cannot be translated. */
static inline bool pt_space_last(const struct mset_page_table *pt, uint64_t va, uint64_t *last) {
    *last = va >= pt->base && pt->base != 0 ? UINT64_MAX : pt->base + pt->span;
    return va - pt->base <= pt->span;
}

/* Aligned, not empty, not wrapping, and translatable from end to end? */
static inline bool pt_range_ok(const struct mset_page_table *pt, uint64_t va, uint64_t size) {
    const uint64_t at = va - pt->base, more = size - 1; /* of an empty range 2^64 - 1 */
    return ((va | size) & pt_page_mask(pt)) == 0 && at <= pt->span && more <= pt->span - at &&
           va <= UINT64_MAX - more;
}

/* What remains of flags after those that no page table looks at. */
static inline uint64_t pt_own_flags(uint64_t flags) {
    return flags & ~(MSET_CALLER_FLAGS | MSET_SHARED);
}

/* Can the format express them? A marker is none of them. */
static inline bool pt_flags_ok(const struct mset_page_table *pt, uint64_t flags) {
    const struct mset_pt_format *const format = pt->format;
    const bool unread = (flags & MSET_READ) == 0 && (flags & format->implies_read) != 0;
    const unsigned type = (unsigned)((flags & MSET_MEMORY_TYPE) >> 8);
    return (flags & ~format->flags) == 0 && !unread && (format->memory_types >> type & 1) != 0;
}

#endif
