/*
 * cow_fault.c - a legal access to one page did not pass.
 *
 *     there?    write?   other owners?
 *     no                                fill a frame, map it with the area's flags
 *     yes       no                      the area's flags, without MSET_WRITE if there are others
 *     yes       yes      yes            copy, replace, flush, give up the old frame
 *     yes       yes      no             the last owner keeps the frame: the area's flags
 *
 * The old frame is given up after the flush: another processor of this address space may still read
 * it by an old translation, and must not see what its last owner then writes.
 */
#include "backends/cow.h"

#include "base/memory.h"

/* A page that faulted. */
struct faulting {
    struct mset_cow *cow;
    struct mset_page_table *table;
    const struct mset_area *area;
    uint64_t page, size;
    uint64_t flags;         /* of a leaf of the area */
    struct mset_pt_run run; /* what is there; run.pa is where the page is */
};

static unsigned page_order(const struct faulting *f) {
    return (unsigned)__builtin_ctzll(f->size / MSET_PAGE_SIZE);
}

static int fill_missing(const struct faulting *f) {
    const struct frame_pool pool = cow_pool(f->cow);
    uint64_t pa;
    const mset_status status = mset_frame_pool_take(&pool, page_order(f), &pa);
    if (status != MSET_OK) {
        return answer(status);
    }
    int code = mset_cow_fill(f->cow, f->area, f->page, pa, f->size, f->size);
    if (code == 0) {
        code = answer(mset_pt_map(f->table, f->page, pa, f->size, f->flags));
    }
    if (code != 0) {
        mset_frame_pool_give(&pool, pa, f->size);
    }
    return code;
}

/* ---- copying ------------------------------------------------------------------------------- */

/* Frames without storage, which are addresses only, have nothing to copy. */
static void copy_contents(const struct faulting *f, uint64_t to) {
    struct mset_frames *const frames = f->cow->pages.frames;
    const void *const old = mset_frames_virt(frames, f->run.pa);
    void *const fresh = mset_frames_virt(frames, to);
    if (old != NULL && fresh != NULL) {
        memcpy(fresh, old, f->size);
    }
}

static mset_status copy_shared(const struct faulting *f) {
    const struct frame_pool pool = cow_pool(f->cow);
    uint64_t fresh;
    mset_status status = mset_frames_alloc(pool.frames, page_order(f), &fresh);
    if (status != MSET_OK) {
        return status;
    }
    *pool.held += f->size;
    copy_contents(f, fresh);
    status =
        mset_pt_map_over(f->table, f->page, fresh, f->size, f->flags, MSET_PT_REPLACE, NULL, NULL);
    if (status == MSET_OK) {
        cow_flush(f->cow, f->table);
    }
    mset_frame_pool_give(&pool, status == MSET_OK ? f->run.pa : fresh, f->size);
    return status;
}

/* ---- the same frame, other flags ----------------------------------------------------------- */

/* All of the leaf, so that it need not be cut, if that is right for all of it. */
static mset_status set_leaf_flags(const struct faulting *f, bool shared) {
    const uint64_t leaf = f->page & ~(f->run.leaf_size - 1);
    const uint64_t pa = f->run.pa - (f->page - leaf);
    if (shared) {
        return mset_pt_protect(f->table, f->page, f->size, f->flags & ~MSET_WRITE);
    }
    return mset_counted_is_shared(f->cow->counted, pa, f->run.leaf_size)
               ? mset_pt_protect(f->table, f->page, f->size, f->flags)
               : mset_pt_protect(f->table, leaf, f->run.leaf_size, f->flags);
}

static mset_status repair(const struct faulting *f, uint64_t access) {
    const bool shared = mset_counted_is_shared(f->cow->counted, f->run.pa, f->size);
    if (shared && (access & MSET_WRITE) != 0) {
        return copy_shared(f);
    }
    return f->run.flags == (shared ? f->flags & ~MSET_WRITE : f->flags)
               ? mset_page_mark(f->table, f->page, access)
               : set_leaf_flags(f, shared);
}

int mset_cow_fault(struct mset_backend *backend, const struct mset_area *area, uint64_t address,
                   uint64_t access, void *page_table) {
    struct faulting f = {.cow = cow_of(backend), .table = page_table, .area = area};
    if (f.table == NULL) {
        return answer(MSET_INVALID_PARAM);
    }
    f.size = page_size_of(f.table);
    f.page = address & ~(f.size - 1);
    f.flags = leaf_flags(f.table, area->flags);
    if (mset_pt_query(f.table, f.page, 0, &f.run) != MSET_OK) {
        return fill_missing(&f);
    }
    return answer(f.run.flags == MSET_PT_MARKER ? MSET_UNSUPPORTED : repair(&f, access));
}
