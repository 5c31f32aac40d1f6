/*
 * resolve.c - from layers to the flat view, in one range.
 *
 *     priority 2           |-a-|                      looking from x: layer 2 has nothing at x, so
 *     priority 1     |--b--------|     |--c--|        the answer ends before a; layer 1 has b at x:
 *                      x                              the answer is b, up to a's start.
 *     flat view      |--b--|-a-|b|     |--c--|
 */
#include "guest.h"

static bool keep_first(void *arg, const struct mset_area *area) {
    struct mset_area *const first = arg;
    *first = *area;
    return false;
}

struct sight mset_guest_look(const struct mset_guest *guest, const struct span *span) {
    struct span rest = *span;
    for (size_t i = 0; i < guest->layer_count; i++) {
        struct mset_area area;
        if (mset_guest_visit(guest->layers[i].set, &rest, keep_first, &area)) {
            continue; /* nothing there */
        }
        if (area.start <= rest.first) {
            const uint64_t last = area_span(&area).last;
            return (struct sight){last < rest.last ? last : rest.last,
                                  (struct mset_region *)area.backend};
        }
        rest.last = area.start - 1;
    }
    return (struct sight){rest.last, NULL};
}

static uint64_t flags_of(const struct mset_region *region, bool read_only) {
    const bool rom = read_only || region->next.read_only;
    if (!mset_region_has_memory(region)) {
        return (uint64_t)region->kind << 32;
    }
    if (rom) {
        return (uint64_t)MSET_REGION_ROM << 32 | MSET_READ | MSET_EXEC;
    }
    return (uint64_t)MSET_REGION_RAM << 32 | MSET_READ | MSET_WRITE | MSET_EXEC |
           (region->next.logged ? MSET_GUEST_LOGGED : 0);
}

struct mset_area mset_guest_area(const struct mset_region *region, const struct span *run) {
    uint64_t offset = run->first - region->next.start;
    bool read_only = false;
    while (region->target != NULL) {
        offset += region->next.target_offset;
        read_only = read_only || region->next.read_only;
        region = region->target;
    }
    return (struct mset_area){.start = run->first,
                              .size = span_size(run),
                              .flags = flags_of(region, read_only),
                              /* The set hands it back as it is. */
                              .backend = (struct mset_backend *)&region->backend,
                              .offset = (uintptr_t)region->memory.host + offset};
}

mset_status mset_guest_refresh(const struct mset_guest *guest, struct mset *view,
                               const struct span *span) {
    struct span rest = *span;
    for (;;) {
        const struct sight sight = mset_guest_look(guest, &rest);
        const struct span run = {rest.first, sight.last};
        mset_status status;
        if (sight.region == NULL) {
            status = mset_unmap_metadata(view, run.first, span_size(&run));
        } else {
            const struct mset_area area = mset_guest_area(sight.region, &run);
            status = mset_replace_metadata(view, &area);
        }
        if (status != MSET_OK || run.last == span->last) {
            return status;
        }
        rest.first = run.last + 1;
    }
}
