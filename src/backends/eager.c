/*
 * eager.c - frames are taken when the area is mapped, in blocks as large as leaves can be.
 *
 * A step that needs frames and has not been prepared (an undo) is prepared by its call, then
 * fulfilled: there is one way to fill a range.
 *
 * Invariants
 *   1. A piece whose area has access is mapped without holes and present.
 *   2. A piece whose area has none (PROT_NONE) may have holes; what is mapped there is not present
 *      and keeps its frame.
 */
#include "backends/frame_reserve.h"

#include "base/assert.h"
#include "base/memory.h"

static struct mset_eager *eager_of(struct mset_backend *backend) {
    return (struct mset_eager *)(void *)backend;
}

static struct frame_pool pool_of(struct mset_backend *backend) {
    struct mset_eager *const eager = eager_of(backend);
    return (struct frame_pool){eager->frames, &eager->held};
}

static bool accessible(uint64_t flags) {
    return (flags & MSET_ACCESS) != 0;
}

/* Does the step take frames? Whoever protects an area that has access finds no holes. */
static bool fills(const struct mset_step *step) {
    return step->kind == MSET_STEP_MAP
               ? accessible(step->run.flags)
               : step->kind == MSET_STEP_PROTECT && !accessible(step->run.flags) &&
                     accessible(step->new_flags);
}

static uint64_t flags_after(const struct mset_page_table *table, const struct mset_step *step) {
    return leaf_flags(table, step->kind == MSET_STEP_PROTECT ? step->new_flags : step->run.flags);
}

/* ---- steps to come --------------------------------------------------------------------------- */

static mset_status prepare(struct mset_eager *eager, const struct mset_step *step,
                           struct mset_page_table *table) {
    mset_status status = step->kind == MSET_STEP_MAP ? mset_leaves_prepare_new(step, table)
                                                     : mset_leaves_prepare(step, table);
    if (status != MSET_OK || !fills(step)) {
        return status;
    }
    status = mset_leaves_tell_room(step, step->run.start, table);
    return status != MSET_OK
               ? status
               : mset_frame_reserve(eager, table, &step->run, flags_after(table, step),
                                    step->kind == MSET_STEP_PROTECT);
}

static int eager_prepare(struct mset_backend *backend, const struct mset_step *step,
                         void *page_table) {
    return mset_leaves_prepared(page_table, prepare(eager_of(backend), step, page_table));
}

static void eager_abort(struct mset_backend *backend, const struct mset_step *step,
                        void *page_table) {
    struct mset_eager *const eager = eager_of(backend);
    if (fills(step)) {
        mset_frame_cancel(eager, mset_frame_find(eager, page_table, &step->run));
    }
    mset_pt_prepare_drop(page_table);
}

/* What was prepared for the step, or is now; NULL: `status` says why not. */
static struct mset_frame_reservation *reserved(struct mset_eager *eager,
                                               const struct mset_step *step,
                                               struct mset_page_table *table, mset_status *status) {
    struct mset_frame_reservation *const before = mset_frame_find(eager, table, &step->run);
    *status = before != NULL ? MSET_OK : prepare(eager, step, table);
    if (*status != MSET_OK) {
        mset_pt_prepare_drop(table);
        return NULL;
    }
    return before != NULL ? before : mset_frame_find(eager, table, &step->run);
}

/* ---- the calls ----------------------------------------------------------------------------- */

static int eager_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    const struct mset_step step = {.kind = MSET_STEP_MAP, .run = *run};
    if (page_table == NULL) {
        return answer(MSET_INVALID_PARAM);
    }
    if (!fills(&step)) {
        return answer(mset_leaves_vacant(page_table, run));
    }
    mset_status status;
    struct mset_frame_reservation *const frames =
        reserved(eager_of(backend), &step, page_table, &status);
    return answer(frames == NULL ? status
                                 : mset_frame_fulfil(eager_of(backend), page_table, frames,
                                                     flags_after(page_table, &step)));
}

static int eager_unmap(struct mset_backend *backend, const struct mset_area *run,
                       void *page_table) {
    const struct frame_pool pool = pool_of(backend);
    return answer(mset_frame_pool_unmap(&pool, page_table, run->start, run->size));
}

static int eager_protect(struct mset_backend *backend, const struct mset_area *run,
                         uint64_t new_flags, void *page_table) {
    struct mset_page_table *const table = page_table;
    const struct mset_step step = {.kind = MSET_STEP_PROTECT, .run = *run, .new_flags = new_flags};
    if (table == NULL) {
        return answer(MSET_INVALID_PARAM);
    }
    if (!fills(&step)) {
        return answer(mset_leaves_set_flags(table, run, new_flags));
    }
    mset_status status;
    struct mset_frame_reservation *const frames =
        reserved(eager_of(backend), &step, table, &status);
    if (frames == NULL) {
        return answer(status);
    }
    /* From here on nothing is wanted that has not been prepared. */
    const uint64_t flags = flags_after(table, &step);
    status = mset_leaves_cut(table, run);
    MSET_ASSERT(status == MSET_OK);
    status = mset_frame_fulfil(eager_of(backend), table, frames, flags);
    return answer(status != MSET_OK ? status
                                    : mset_pt_protect(table, run->start, run->size, flags));
}

static int eager_fault(struct mset_backend *backend, const struct mset_area *area, uint64_t address,
                       uint64_t access, void *page_table) {
    const struct frame_pool pool = pool_of(backend);
    return answer(mset_frame_pool_fault(&pool, page_table, area, address, access));
}

static void eager_retain(struct mset_backend *backend) {
    eager_of(backend)->areas++;
}

static void eager_release(struct mset_backend *backend) {
    eager_of(backend)->areas--;
}

void mset_eager_init(struct mset_eager *eager, struct mset_frames *frames,
                     const struct mset_allocator *allocator) {
    static const struct mset_backend_ops ops = {
        .name = "eager",
        .prepare = eager_prepare,
        .abort = eager_abort,
        .map = eager_map,
        .unmap = eager_unmap,
        .protect = eager_protect,
        .move = mset_leaves_move,
        .fault = eager_fault,
        .retain = eager_retain,
        .release = eager_release,
    };
    if (eager == NULL) {
        return;
    }
    memset(eager, 0, sizeof *eager);
    eager->backend.ops = &ops;
    eager->frames = frames;
    allocator = mset_allocator_or_default(allocator);
    if (allocator != NULL) {
        eager->allocator = *allocator;
    }
}
