/*
 * cow_protect.c - other flags for a range, as far as the owners of its frames allow.
 *
 * Without MSET_WRITE, or where nothing is shared, it is one call. Else one for each stretch of
 * leaves that all have frames with other owners, or all have not:
 *
 *     leaves     |  |  |s |s |s |  |      2M      |     2M  s   |       s: a frame is shared
 *     MSET_WRITE |- yes|-- no --|------ yes ------|---- no -----|
 */
#include "backends/cow.h"

#include "base/assert.h"

static bool leaf_shared(const struct mset_cow *cow, const struct mset_pt_run *run, uint64_t at) {
    return run->flags != MSET_PT_MARKER &&
           mset_counted_is_shared(cow->counted, run->pa + at, run->leaf_size);
}

/* How many bytes at the start of the run, which is made of whole leaves, are alike. */
static uint64_t stretch(const struct mset_cow *cow, const struct mset_pt_run *run, bool *shared) {
    uint64_t size = run->leaf_size;
    *shared = leaf_shared(cow, run, 0);
    while (size < run->size && leaf_shared(cow, run, size) == *shared) {
        size += run->leaf_size;
    }
    return size;
}

/* No leaf reaches across the ends of the range and the flags are possible, so nothing can fail. */
static void protect_each(const struct mset_cow *cow, struct mset_page_table *table, uint64_t start,
                         uint64_t size, uint64_t flags) {
    struct mset_pt_run run;
    while (size != 0 && mset_pt_next(table, start, size, &run) == MSET_OK) {
        bool shared;
        const uint64_t alike = stretch(cow, &run, &shared);
        const mset_status status =
            mset_pt_protect(table, run.va, alike, shared ? flags & ~MSET_WRITE : flags);
        MSET_ASSERT(status == MSET_OK);
        (void)status;
        size -= run.va - start + alike;
        start = run.va + alike;
    }
}

static mset_status set_flags(const struct mset_cow *cow, struct mset_page_table *table,
                             const struct mset_area *run, uint64_t new_flags) {
    const uint64_t flags = leaf_flags(table, new_flags);
    if ((flags & MSET_WRITE) == 0 || cow->counted->extra == 0) {
        return mset_leaves_set_flags(table, run, new_flags);
    }
    mset_status status = mset_pt_may_map(table, run->start, 0, page_size_of(table), flags);
    status = status == MSET_OK ? mset_leaves_cut(table, run) : status;
    if (status == MSET_OK) {
        protect_each(cow, table, run->start, run->size, flags);
    }
    return status;
}

int mset_cow_protect(struct mset_backend *backend, const struct mset_area *run, uint64_t new_flags,
                     void *page_table) {
    return answer(page_table == NULL ? MSET_INVALID_PARAM
                                     : set_flags(cow_of(backend), page_table, run, new_flags));
}
