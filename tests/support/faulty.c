/* faulty.c - see faulty.h. */
#include "faulty.h"

void fault_point_set(struct fault_point *point, uint64_t at, bool on) {
    point->at = at;
    point->on = on;
    point->requests = 0;
    point->hit = 0;
}

static bool fails(struct fault_point *point) {
    point->requests++;
    const bool hit = point->at != 0 &&
                     (point->requests == point->at || (point->on && point->requests > point->at));
    point->hit += hit;
    point->injected += hit;
    return hit;
}

/* ---- memory --------------------------------------------------------------------------------- */

static void *faulty_alloc(void *context, size_t size, size_t align) {
    struct faulty_allocator *const memory = context;
    return fails(memory->point) ? NULL : memory->under->alloc(memory->under->context, size, align);
}

static void faulty_free(void *context, void *freed, size_t size, size_t align) {
    struct faulty_allocator *const memory = context;
    memory->under->free(memory->under->context, freed, size, align);
}

void faulty_allocator_init(struct faulty_allocator *memory, const struct mset_allocator *under,
                           struct fault_point *point) {
    memory->base = (struct mset_allocator){faulty_alloc, faulty_free, memory};
    memory->under = under;
    memory->point = point;
}

static struct faulty_frames *frames_of(struct mset_frames *frames) {
    return (struct faulty_frames *)(void *)frames;
}

static mset_status take(struct mset_frames *base, unsigned order, uint64_t *pa) {
    struct faulty_frames *const frames = frames_of(base);
    if (order > frames->largest_order || fails(frames->point)) {
        return MSET_NO_MEMORY;
    }
    const mset_status status = mset_frames_alloc(frames->under, order, pa);
    frames->live += status == MSET_OK ? UINT64_C(1) << order : 0;
    return status;
}

static void give(struct mset_frames *base, uint64_t pa, unsigned order) {
    frames_of(base)->live -= UINT64_C(1) << order;
    mset_frames_free(frames_of(base)->under, pa, order);
}

static void *virt(struct mset_frames *base, uint64_t pa) {
    return mset_frames_virt(frames_of(base)->under, pa);
}

void faulty_frames_init(struct faulty_frames *frames, struct mset_frames *under,
                        struct fault_point *point) {
    static const struct mset_frames_ops ops = {take, give, virt};
    *frames =
        (struct faulty_frames){.base = {&ops}, .under = under, .point = point, .largest_order = 63};
}

/* ---- backends ------------------------------------------------------------------------------- */

static struct faulty_backend *backend_of(struct mset_backend *backend) {
    return (struct faulty_backend *)(void *)backend;
}

static int faulty_map(struct mset_backend *base, const struct mset_area *run, void *page_table) {
    struct faulty_backend *const backend = backend_of(base);
    (void)page_table;
    return fails(backend->point)
               ? FAULTY_CODE
               : backend->under->ops->map(backend->under, run, backend->page_table);
}

static int faulty_unmap(struct mset_backend *base, const struct mset_area *run, void *page_table) {
    struct faulty_backend *const backend = backend_of(base);
    (void)page_table;
    return fails(backend->point)
               ? FAULTY_CODE
               : backend->under->ops->unmap(backend->under, run, backend->page_table);
}

static int faulty_protect(struct mset_backend *base, const struct mset_area *run,
                          uint64_t new_flags, void *page_table) {
    struct faulty_backend *const backend = backend_of(base);
    (void)page_table;
    return fails(backend->point)
               ? FAULTY_CODE
               : backend->under->ops->protect(backend->under, run, new_flags, backend->page_table);
}

static int faulty_move(struct mset_backend *base, const struct mset_area *run, uint64_t new_start,
                       void *page_table) {
    struct faulty_backend *const backend = backend_of(base);
    (void)page_table;
    return fails(backend->point)
               ? FAULTY_CODE
               : backend->under->ops->move(backend->under, run, new_start, backend->page_table);
}

static int faulty_fault(struct mset_backend *base, const struct mset_area *area, uint64_t address,
                        uint64_t access, void *page_table) {
    struct faulty_backend *const backend = backend_of(base);
    (void)page_table;
    return fails(backend->point) ? FAULTY_CODE
                                 : backend->under->ops->fault(backend->under, area, address, access,
                                                              backend->page_table);
}

static void faulty_retain(struct mset_backend *base) {
    backend_of(base)->references++;
}

static void faulty_release(struct mset_backend *base) {
    backend_of(base)->references--;
}

void faulty_backend_init(struct faulty_backend *backend, struct mset_backend *under,
                         void *page_table, struct fault_point *point, bool moves) {
    static const struct mset_backend_ops mover = {
        .name = "faulty",
        .map = faulty_map,
        .unmap = faulty_unmap,
        .protect = faulty_protect,
        .move = faulty_move,
        .fault = faulty_fault,
        .retain = faulty_retain,
        .release = faulty_release,
    };
    static const struct mset_backend_ops mapper = {
        .name = "faulty, by mapping",
        .map = faulty_map,
        .unmap = faulty_unmap,
        .protect = faulty_protect,
        .fault = faulty_fault,
        .retain = faulty_retain,
        .release = faulty_release,
    };
    *backend = (struct faulty_backend){.base = {moves ? &mover : &mapper},
                                       .under = under,
                                       .page_table = page_table,
                                       .point = point};
}
