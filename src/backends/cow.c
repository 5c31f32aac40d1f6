/*
 * cow.c - copy on write: the table of calls. See cow.h of this room.
 *
 * Most is done by an eager backend over the counted frames (struct mset_cow has one): it reserves
 * frames for maps that populate, and gives frames up on unmap. What is different about frames with
 * several owners is in cow_fault.c and cow_protect.c.
 */
#include "backends/cow.h"

#include "base/memory.h"

/* Only a map that was prepared with frames is in the list of the reserved. */
static bool has_frames(const struct mset_cow *cow, const struct mset_area *run,
                       const struct mset_page_table *table) {
    return mset_frame_find(&cow->pages, table, run) != NULL;
}

static int cow_prepare(struct mset_backend *backend, const struct mset_step *step,
                       void *page_table) {
    struct mset_cow *const cow = cow_of(backend);
    if (step->kind != MSET_STEP_MAP) {
        return mset_leaves_prepared(page_table, mset_leaves_prepare(step, page_table));
    }
    return cow->populate
               ? mset_cow_prepare_populated(cow, step, page_table)
               : mset_leaves_prepared(page_table, mset_leaves_prepare_new(step, page_table));
}

static void cow_abort(struct mset_backend *backend, const struct mset_step *step,
                      void *page_table) {
    struct mset_cow *const cow = cow_of(backend);
    if (step->kind == MSET_STEP_MAP && has_frames(cow, &step->run, page_table)) {
        cow->pages.backend.ops->abort(&cow->pages.backend, step, page_table);
    } else {
        mset_leaves_abort(backend, step, page_table);
    }
}

/* What has no frames by now gets them page by page. */
static int cow_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    struct mset_cow *const cow = cow_of(backend);
    if (has_frames(cow, run, page_table)) {
        return cow->pages.backend.ops->map(&cow->pages.backend, run, page_table);
    }
    return answer(page_table == NULL ? MSET_INVALID_PARAM : mset_leaves_vacant(page_table, run));
}

/*
 * First nobody can reach the frames any more: a leaf without access keeps its address, so the table
 * itself is the list of what will be given up after the flush, and no memory is needed for one.
 */
static mset_status hide(const struct mset_cow *cow, const struct mset_area *run,
                        struct mset_page_table *table) {
    if (cow->flush == NULL) {
        return MSET_OK;
    }
    const mset_status status = mset_pt_protect(table, run->start, run->size, 0);
    if (status == MSET_OK) {
        cow_flush(cow, table);
    }
    return status;
}

static int cow_unmap(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    struct mset_cow *const cow = cow_of(backend);
    const mset_status status = hide(cow, run, page_table);
    return status != MSET_OK ? answer(status)
                             : cow->pages.backend.ops->unmap(&cow->pages.backend, run, page_table);
}

static void cow_retain(struct mset_backend *backend) {
    cow_of(backend)->areas++;
}

static void cow_release(struct mset_backend *backend) {
    cow_of(backend)->areas--;
}

void mset_cow_init(struct mset_cow *cow, struct mset_counted *counted,
                   const struct mset_allocator *allocator) {
    static const struct mset_backend_ops ops = {
        .name = "cow",
        .prepare = cow_prepare,
        .abort = cow_abort,
        .map = cow_map,
        .unmap = cow_unmap,
        .protect = mset_cow_protect,
        .move = mset_leaves_move,
        .fault = mset_cow_fault,
        .retain = cow_retain,
        .release = cow_release,
    };
    if (cow == NULL || counted == NULL) {
        return;
    }
    memset(cow, 0, sizeof *cow);
    cow->backend.ops = &ops;
    cow->counted = counted;
    mset_eager_init(&cow->pages, &counted->frames, allocator);
}
