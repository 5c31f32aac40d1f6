/* supply.c - see supply.h. */
#include "supply.h"

void supply_fail(struct supply *supply, uint64_t nth, bool on) {
    supply->requests = 0;
    supply->fail_at = nth;
    supply->fail_on = on;
}

bool supply_request(struct supply *supply) {
    supply->requests++;
    return supply->fail_at == 0 || supply->requests < supply->fail_at ||
           (supply->requests > supply->fail_at && !supply->fail_on);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static struct supplied_frames *source_of(struct mset_frames *frames) {
    return (struct supplied_frames *)(void *)frames;
}

static mset_status frames_alloc(struct mset_frames *frames, unsigned order, uint64_t *pa) {
    const struct supplied_frames *const source = source_of(frames);
    if (!supply_request(source->supply)) {
        return MSET_NO_MEMORY;
    }
    const mset_status status = mset_frames_alloc(source->under, order, pa);
    source->supply->in_use += status == MSET_OK ? MSET_PAGE_SIZE << order : 0;
    return status;
}

static void frames_free(struct mset_frames *frames, uint64_t pa, unsigned order) {
    const struct supplied_frames *const source = source_of(frames);
    source->supply->in_use -= MSET_PAGE_SIZE << order;
    mset_frames_free(source->under, pa, order);
}

static void *frames_virt(struct mset_frames *frames, uint64_t pa) {
    return mset_frames_virt(source_of(frames)->under, pa);
}

void supplied_frames_init(struct supplied_frames *source, struct supply *supply,
                          struct mset_frames *under) {
    static const struct mset_frames_ops ops = {frames_alloc, frames_free, frames_virt};
    *source = (struct supplied_frames){{&ops}, supply, under};
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void *memory_alloc(void *context, size_t size, size_t align) {
    struct supply *const supply = context;
    const struct mset_allocator *const under = mset_allocator_default();
    void *const memory = supply_request(supply) ? under->alloc(under->context, size, align) : NULL;
    supply->in_use += memory == NULL ? 0 : size;
    return memory;
}

static void memory_free(void *context, void *memory, size_t size, size_t align) {
    struct supply *const supply = context;
    const struct mset_allocator *const under = mset_allocator_default();
    supply->in_use -= memory == NULL ? 0 : size;
    under->free(under->context, memory, size, align);
}

struct mset_allocator supplied_memory(struct supply *supply) {
    return (struct mset_allocator){memory_alloc, memory_free, supply};
}
