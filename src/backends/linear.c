/* linear.c - addresses that stand for physical ones: the area's offset is the physical address. */
#include "backends/page_table_use.h"

static struct mset_linear *linear_of(struct mset_backend *backend) {
    return (struct mset_linear *)(void *)backend;
}

static mset_status prepare_map(const struct mset_step *step, struct mset_page_table *table) {
    const struct mset_area *const run = &step->run;
    mset_status status = mset_leaves_prepare_new(step, table);
    status = status == MSET_OK ? mset_leaves_tell_room(step, run->start, table) : status;
    return status != MSET_OK
               ? status
               : mset_pt_map_prepare(table, run->start, run->offset, run->size,
                                     leaf_flags(table, run->flags), MSET_PT_REFUSE, NULL);
}

static int linear_prepare(struct mset_backend *backend, const struct mset_step *step,
                          void *page_table) {
    (void)backend;
    return mset_leaves_prepared(page_table, step->kind == MSET_STEP_MAP
                                                ? prepare_map(step, page_table)
                                                : mset_leaves_prepare(step, page_table));
}

static int linear_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    (void)backend;
    struct mset_page_table *const table = page_table;
    if (table == NULL) {
        return answer(MSET_INVALID_PARAM);
    }
    return answer(
        mset_pt_map(table, run->start, run->offset, run->size, leaf_flags(table, run->flags)));
}

static int linear_unmap(struct mset_backend *backend, const struct mset_area *run,
                        void *page_table) {
    (void)backend;
    return answer(mset_pt_unmap(page_table, run->start, run->size, NULL, NULL));
}

static int linear_fault(struct mset_backend *backend, const struct mset_area *area,
                        uint64_t address, uint64_t access, void *page_table) {
    (void)backend;
    struct mset_page_table *const table = page_table;
    if (table == NULL) {
        return answer(MSET_INVALID_PARAM);
    }
    const uint64_t size = page_size_of(table), page = address & ~(size - 1);
    const uint64_t flags = leaf_flags(table, area->flags);
    switch (mset_page_look(table, page, area->flags)) {
    case PAGE_MISSING:
        return answer(mset_pt_map(table, page, area->offset + (page - area->start), size, flags));
    case PAGE_STALE:
        return answer(mset_pt_protect(table, page, size, flags));
    case PAGE_MARKED:
        return answer(MSET_UNSUPPORTED);
    default:
        return answer(mset_page_mark(table, page, access));
    }
}

static void linear_retain(struct mset_backend *backend) {
    linear_of(backend)->areas++;
}

static void linear_release(struct mset_backend *backend) {
    linear_of(backend)->areas--;
}

void mset_linear_init(struct mset_linear *linear) {
    static const struct mset_backend_ops ops = {
        .name = "linear",
        .prepare = linear_prepare,
        .abort = mset_leaves_abort,
        .map = linear_map,
        .unmap = linear_unmap,
        .protect = mset_leaves_protect,
        .move = mset_leaves_move,
        .fault = linear_fault,
        .retain = linear_retain,
        .release = linear_release,
    };
    if (linear == NULL) {
        return;
    }
    linear->backend.ops = &ops;
    linear->areas = 0;
}
