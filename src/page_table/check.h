/* check.h - what the public calls ask of their arguments. */
#ifndef MSET_SRC_PAGE_TABLE_CHECK_H
#define MSET_SRC_PAGE_TABLE_CHECK_H

#include "page_table/page_table.h"

static inline uint64_t pt_page_mask(const struct mset_page_table *pt) {
    return (UINT64_C(1) << pt->engine->shift[0]) - 1;
}

/* How far a range from va may run; false if va cannot be translated. */
static inline bool pt_space_last(const struct mset_page_table *pt, uint64_t va, uint64_t *last) {
    if (pt->high_first != 0 && va >= pt->high_first) {
        *last = UINT64_MAX;
        return true;
    }
    *last = pt->low_last;
    return va <= pt->low_last && pt->low_last != UINT64_MAX;
}

/* Aligned, not empty, not wrapping, and translatable from end to end? */
static inline bool pt_range_ok(const struct mset_page_table *pt, uint64_t va, uint64_t size) {
    uint64_t last;
    return ((va | size) & pt_page_mask(pt)) == 0 && size != 0 && pt_space_last(pt, va, &last) &&
           size - 1 <= last - va;
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
