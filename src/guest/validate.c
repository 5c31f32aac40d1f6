/* validate.c - the invariants of guest.h, numbered as there. */
#include "guest.h"

static bool same_area(const struct mset_area *a, const struct mset_area *b) {
    return a->start == b->start && a->size == b->size && a->flags == b->flags &&
           a->backend == b->backend && a->offset == b->offset;
}

static bool same_sets(const struct mset *a, const struct mset *b) {
    struct mset_cursor of_a, of_b;
    struct mset_area in_a, in_b;
    bool same = mset_count(a) == mset_count(b);
    mset_cursor_all(&of_a, a);
    mset_cursor_all(&of_b, b);
    while (same && mset_cursor_next(&of_a, &in_a)) {
        (void)mset_cursor_next(&of_b, &in_b); /* there are as many */
        same = same_area(&in_a, &in_b);
    }
    mset_cursor_close(&of_a);
    mset_cursor_close(&of_b);
    return same;
}

/* G1, second half: what an area shows is what there is to be seen in all of it. */
static bool area_is_true(void *arg, const struct mset_area *area) {
    const struct mset_guest *const guest = arg;
    struct span rest = area_span(area);
    const uint64_t last = rest.last;
    for (;;) {
        const struct sight sight = mset_guest_look(guest, &rest);
        if (sight.region == NULL) {
            return false;
        }
        const struct span run = {rest.first, sight.last};
        const struct mset_area part = mset_guest_area(sight.region, &run);
        if (part.backend != area->backend || part.flags != area->flags ||
            part.offset != mset_area_offset(area, run.first)) {
            return false;
        }
        if (run.last == last) {
            return true;
        }
        rest.first = run.last + 1;
    }
}

static bool is_mapped(void *arg, const struct mset_area *area) {
    const struct mset *const view = arg;
    struct mset_area seen;
    uint64_t at = area->start, left = area->size;
    while (left != 0 && mset_find(view, at, &seen)) {
        const uint64_t bytes = seen.size - (at - seen.start);
        at += bytes;
        left = bytes < left ? left - bytes : 0;
    }
    return left == 0;
}

static const char *validate_views(struct mset_guest *guest) {
    const struct span all = {0, UINT64_MAX};
    struct view few = *guest_live(guest);
    for (unsigned i = 0; i < 2; i++) {
        const char *const wrong =
            guest->views[i].set == NULL ? NULL : mset_validate(guest->views[i].set);
        if (wrong != NULL) {
            return wrong;
        }
    }
    if (!guest->layers_broken && !mset_guest_visit(few.set, &all, area_is_true, guest)) {
        return "the flat view shows what is not there";
    }
    if (mset_spare_there(guest) && !same_sets(few.set, guest_spare(guest)->set)) {
        return "the two flat views differ";
    }
    mset_view_gather_few(&few);
    if (few.few_count != guest_live(guest)->few_count ||
        memcmp(few.few_first, guest_live(guest)->few_first, sizeof few.few_first) != 0) {
        return "the short list of areas is not that of the flat view";
    }
    return NULL;
}

static const char *validate_layers(const struct mset_guest *guest) {
    const struct span all = {0, UINT64_MAX};
    uint64_t layered = 0, shown = 0;
    for (size_t i = 0; i < guest->layer_count && !guest->layers_broken; i++) {
        struct mset *const set = guest->layers[i].set;
        const char *const wrong = mset_validate(set);
        if (wrong != NULL) {
            return wrong;
        }
        if (i != 0 && guest->layers[i].priority >= guest->layers[i - 1].priority) {
            return "layers are not in the order of their priorities";
        }
        if (!mset_guest_visit(set, &all, is_mapped, guest_live(guest)->set)) {
            return "a region is not in the flat view";
        }
        layered += mset_count(set);
    }
    for (const struct mset_region *region = guest->regions; region != NULL;
         region = region->following) {
        shown += region->now.shown;
    }
    return guest->layers_broken || layered == shown ? NULL : "layers hold other regions than shown";
}

static const char *validate_region(const struct mset_guest *guest,
                                   const struct mset_region *region) {
    struct mset_area area;
    const struct place *const now = &region->now;
    if (region->target != NULL && (now->target_offset > region->target->now.size ||
                                   now->size > region->target->now.size - now->target_offset)) {
        return "an alias sticks out of its target";
    }
    if (!now->shown || guest->layers_broken) {
        return NULL;
    }
    for (size_t i = 0; i < guest->layer_count; i++) {
        if (guest->layers[i].priority == now->priority &&
            mset_find(guest->layers[i].set, now->start, &area) && area.start == now->start &&
            area.size == now->size && area.backend == &region->backend) {
            return NULL;
        }
    }
    return "a region is not in its layer";
}

const char *mset_guest_validate(const struct mset_guest *given) {
    /* The public promise is that nothing changes; finding the spare wants the whole guest. */
    struct mset_guest *const guest = (struct mset_guest *)given;
    const char *wrong = guest->open ? NULL : validate_views(guest);
    if (wrong == NULL && !guest->open) {
        wrong = validate_layers(guest);
    }
    for (const struct mset_region *region = guest->regions;
         region != NULL && wrong == NULL && !guest->open; region = region->following) {
        wrong = validate_region(guest, region);
    }
    return wrong;
}
