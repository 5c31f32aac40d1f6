/*
 * cow_fill.c - frames for many pages at once. They are filled before anything is mapped, because
 * filling may fail: until then they are a reservation (frame_reserve.h) that can be cancelled.
 */
#include "backends/cow.h"

#include "base/assert.h"

int mset_cow_fill(const struct mset_cow *cow, const struct mset_area *area, uint64_t va,
                  uint64_t pa, uint64_t size, uint64_t page_size) {
    int code = 0;
    for (uint64_t at = 0; cow->fill != NULL && at < size && code == 0; at += page_size) {
        void *const page = mset_frames_virt(cow->pages.frames, pa + at);
        if (page != NULL) {
            code = cow->fill(cow->context, area, va + at, page, page_size);
        }
    }
    return code;
}

static int fill_reserved(const struct mset_cow *cow, const struct mset_area *run,
                         const struct mset_page_table *table) {
    const struct mset_frame_reservation *const frames = mset_frame_find(&cow->pages, table, run);
    int code = 0;
    for (size_t i = 0; frames != NULL && i < frames->count && code == 0; i++) {
        const struct extent *const e = &frames->extents[i];
        code = mset_cow_fill(cow, run, e->va, e->pa, e->size, page_size_of(table));
    }
    return code;
}

/* ---- a map --------------------------------------------------------------------------------- */

int mset_cow_prepare_populated(struct mset_cow *cow, const struct mset_step *step,
                               struct mset_page_table *table) {
    struct mset_backend *const eager = &cow->pages.backend;
    int code = eager->ops->prepare(eager, step, table);
    if (code != 0) {
        return code;
    }
    code = fill_reserved(cow, &step->run, table);
    if (code != 0) {
        eager->ops->abort(eager, step, table);
    }
    return code;
}

/* ---- holes --------------------------------------------------------------------------------- */

int mset_cow_reserve_holes(struct mset_cow *cow, const struct mset_area *run,
                           struct mset_page_table *table) {
    const mset_status status =
        mset_frame_reserve(&cow->pages, table, run, leaf_flags(table, run->flags), true);
    if (status != MSET_OK) {
        return answer(status);
    }
    const int code = fill_reserved(cow, run, table);
    if (code != 0) {
        mset_cow_cancel_holes(cow, run, table);
    }
    return code;
}

void mset_cow_fulfil_holes(struct mset_cow *cow, const struct mset_area *run,
                           struct mset_page_table *table) {
    const mset_status status =
        mset_frame_fulfil(&cow->pages, table, mset_frame_find(&cow->pages, table, run),
                          leaf_flags(table, run->flags));
    MSET_ASSERT(status == MSET_OK);
    (void)status;
}

void mset_cow_cancel_holes(struct mset_cow *cow, const struct mset_area *run,
                           struct mset_page_table *table) {
    mset_frame_cancel(&cow->pages, mset_frame_find(&cow->pages, table, run));
}
