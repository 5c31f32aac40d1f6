/*
 * shortcut.h - one page in the table of level 0 that was changed last, as a fault handler does it
 * page after page. Everything is at hand then: no way down, no flags to translate, no plan.
 *
 *     call --> here --> done
 *               |
 *               +-----> the engine of the format, which does the same for any range
 *
 * Each function says false, and has done nothing, where there is more to it. No format is known
 * here: what differs between them is a constant of the engine.
 */
#ifndef MSET_SRC_PAGE_TABLE_SHORTCUT_H
#define MSET_SRC_PAGE_TABLE_SHORTCUT_H

#include "page_table/check.h"

/* The entry for va, or NULL if it is in another table. */
static inline uint64_t *pt_short_entry(const struct mset_page_table *pt, uint64_t va) {
    const uint64_t at = va - pt->recent.va;
    return at < pt->recent.span ? &pt->recent.entries[at >> pt->recent.shift] : NULL;
}

static inline bool pt_one_page(const struct mset_page_table *pt, uint64_t addresses,
                               uint64_t size) {
    const uint64_t mask = pt_page_mask(pt);
    return (addresses & mask) == 0 && size == mask + 1;
}

static inline void pt_short_count(struct mset_page_table *pt, int pages) {
    pt->recent.table->used += (unsigned)pages;
    pt->statistics.leaves[0] += (uint64_t)pages;
    pt->version++;
}

/* A page where none is, with the flags that the last one had. */
static inline bool pt_short_map(struct mset_page_table *pt, uint64_t va, uint64_t pa, uint64_t size,
                                uint64_t flags) {
    uint64_t *const entry = pt_short_entry(pt, va);
    if (entry == NULL || *entry != 0 || !pt_one_page(pt, va | pa, size) || pa > pt->pa_last ||
        pt_own_flags(flags) != pt->recent.flags || pt->promote ||
        (!pt_gather_empty(pt) && pt->engine->breaks)) {
        return false;
    }
    *entry = pa >> pt->recent.address_shift | pt->recent.bits;
    pt_short_count(pt, 1);
    return true;
}

/* A valid page that is not the last one of its table, nor one of a group. */
static inline bool pt_short_unmap(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    uint64_t *const entry = pt_short_entry(pt, va);
    if (entry == NULL || !pt_one_page(pt, va, size) || (*entry & pt->engine->valid_bits) == 0 ||
        pt->recent.table->used == 1 || pt->recent.table->grouped != 0) {
        return false;
    }
    *entry = 0;
    pt->gather.leaf_levels |= 1;
    pt_gather_add(pt, va, va + (size - 1), size);
    pt_short_count(pt, -1);
    return true;
}

/* A leaf of level 0 like the last one, from va on. */
static inline bool pt_like_recent(const struct mset_page_table *pt, uint64_t entry, uint64_t va,
                                  struct mset_pt_run *run) {
    const struct pt_recent *const recent = &pt->recent;
    if ((entry & ~recent->address_bits) != recent->bits) {
        return false;
    }
    const uint64_t mask = pt_page_mask(pt), head = va & mask;
    const uint64_t pa = (entry & recent->address_bits) << pt->recent.address_shift;
    *run = (struct mset_pt_run){.va = va,
                                .pa = pa + head,
                                .size = mask + 1 - head,
                                .leaf_size = mask + 1,
                                .flags = recent->flags,
                                .present = true,
                                .accessed = recent->accessed,
                                .dirty = recent->dirty};
    return true;
}

static inline bool pt_short_query(const struct mset_page_table *pt, uint64_t va,
                                  struct mset_pt_run *run) {
    const uint64_t *const entry = pt_short_entry(pt, va);
    return entry != NULL && pt_like_recent(pt, *entry, va, run);
}

#endif
