/* lazy.c - nothing is there until a fault asks for it. */
#include "backends/page_table_use.h"

static struct mset_lazy *lazy_of(struct mset_backend *backend) {
    return (struct mset_lazy *)(void *)backend;
}

static struct frame_pool pool_of(struct mset_backend *backend) {
    struct mset_lazy *const lazy = lazy_of(backend);
    return (struct frame_pool){lazy->frames, &lazy->held};
}

/* Nothing to do, but what no fault could ever fill is refused here and now. */
static int lazy_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    (void)backend;
    return answer(page_table == NULL ? MSET_INVALID_PARAM : mset_leaves_vacant(page_table, run));
}

static int lazy_prepare(struct mset_backend *backend, const struct mset_step *step,
                        void *page_table) {
    (void)backend;
    return mset_leaves_prepared(page_table, step->kind == MSET_STEP_MAP
                                                ? mset_leaves_prepare_new(step, page_table)
                                                : mset_leaves_prepare(step, page_table));
}

static int lazy_unmap(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    const struct frame_pool pool = pool_of(backend);
    return answer(mset_frame_pool_unmap(&pool, page_table, run->start, run->size));
}

static int lazy_fault(struct mset_backend *backend, const struct mset_area *area, uint64_t address,
                      uint64_t access, void *page_table) {
    const struct frame_pool pool = pool_of(backend);
    return answer(mset_frame_pool_fault(&pool, page_table, area, address, access));
}

static void lazy_retain(struct mset_backend *backend) {
    lazy_of(backend)->areas++;
}

static void lazy_release(struct mset_backend *backend) {
    lazy_of(backend)->areas--;
}

void mset_lazy_init(struct mset_lazy *lazy, struct mset_frames *frames) {
    static const struct mset_backend_ops ops = {
        .name = "lazy",
        .prepare = lazy_prepare,
        .abort = mset_leaves_abort,
        .map = lazy_map,
        .unmap = lazy_unmap,
        .protect = mset_leaves_protect,
        .move = mset_leaves_move,
        .fault = lazy_fault,
        .retain = lazy_retain,
        .release = lazy_release,
    };
    if (lazy == NULL) {
        return;
    }
    lazy->backend.ops = &ops;
    lazy->frames = frames;
    lazy->areas = 0;
    lazy->held = 0;
}
