/*
 * layers.c - the shown regions of each priority as a set: it keeps those of one priority apart, and
 * finds who is where.
 *
 * All old places are taken out before any new one is put in, so regions can trade places. What a
 * region has in its layer is in `layered`; so undoing knows how far it came.
 */
#include "guest.h"

/* The first layer that does not come before this priority. */
static size_t position(const struct mset_guest *guest, int priority) {
    size_t i = 0;
    while (i < guest->layer_count && guest->layers[i].priority > priority) {
        i++;
    }
    return i;
}

static struct mset *existing(const struct mset_guest *guest, int priority) {
    const size_t i = position(guest, priority);
    const bool found = i < guest->layer_count && guest->layers[i].priority == priority;
    return found ? guest->layers[i].set : NULL;
}

static bool reserve_layer(struct mset_guest *guest) {
    if (guest->layer_count < guest->layer_room) {
        return true;
    }
    const size_t room = guest->layer_room == 0 ? 4 : 2 * guest->layer_room;
    struct layer *const layers = guest_alloc(guest, room * sizeof *layers, _Alignof(struct layer));
    if (layers == NULL) {
        return false;
    }
    if (guest->layer_count != 0) {
        memcpy(layers, guest->layers, guest->layer_count * sizeof *layers);
    }
    guest_free(guest, guest->layers, guest->layer_room * sizeof *layers, _Alignof(struct layer));
    guest->layers = layers;
    guest->layer_room = room;
    return true;
}

static struct mset *layer_of(struct mset_guest *guest, int priority) {
    struct mset *set = existing(guest, priority);
    if (set != NULL || !reserve_layer(guest)) {
        return set;
    }
    set = mset_guest_new_set(guest, 0, guest->page_size);
    if (set != NULL) {
        const size_t i = position(guest, priority);
        memmove(&guest->layers[i + 1], &guest->layers[i],
                (guest->layer_count - i) * sizeof *guest->layers);
        guest->layers[i] = (struct layer){priority, set};
        guest->layer_count++;
    }
    return set;
}

static mset_status put(struct mset_region *region, const struct place *place, enum layered as) {
    struct mset *const set = layer_of(region->guest, place->priority);
    const struct mset_area area = {
        .start = place->start, .size = place->size, .backend = &region->backend};
    const mset_status status =
        set == NULL ? MSET_NO_MEMORY : mset_map(set, &area, MSET_MAP_FAIL, NULL);
    if (status == MSET_OK) {
        region->layered = as;
    }
    return status;
}

static mset_status take(struct mset_region *region) {
    const struct place *const place = region->layered == LAYERED_NOW ? &region->now : &region->next;
    struct mset *const set = existing(region->guest, place->priority);
    const mset_status status = mset_unmap_metadata(set, place->start, place->size);
    if (status == MSET_OK) { /* unreachable: taking out a whole area needs no memory */
        region->layered = LAYERED_NOT;
    }
    return status;
}

/* Of a region that is shown now. */
static bool stays(const struct mset_region *region) {
    const struct place *const now = &region->now, *const next = &region->next;
    return next->shown && next->start == now->start && next->size == now->size &&
           next->priority == now->priority;
}

mset_status mset_layers_apply(struct mset_guest *guest) {
    mset_status status = MSET_OK;
    struct mset_region *region;
    /* unreachable: taking out whole areas needs no memory */
    for (region = guest->changes; region != NULL && status == MSET_OK;
         region = region->next_changed) {
        if (region->layered == LAYERED_NOW && !stays(region)) {
            status = take(region);
        }
    }
    for (region = guest->changes; region != NULL && status == MSET_OK;
         region = region->next_changed) {
        if (region->layered == LAYERED_NOT && region->next.shown) {
            status = put(region, &region->next, LAYERED_NEXT);
        }
    }
    return status;
}

void mset_layers_undo(struct mset_guest *guest) {
    mset_status status = MSET_OK;
    struct mset_region *region;
    if (guest->layers_broken) {
        return;
    }
    /* unreachable: taking out whole areas needs no memory */
    for (region = guest->changes; region != NULL && status == MSET_OK;
         region = region->next_changed) {
        if (region->layered == LAYERED_NEXT) {
            status = take(region);
        }
    }
    for (region = guest->changes; region != NULL && status == MSET_OK;
         region = region->next_changed) {
        if (region->layered == LAYERED_NOT && region->now.shown) {
            status = put(region, &region->now, LAYERED_NOW);
        }
    }
    if (status != MSET_OK) {
        guest->layers_broken = true;
    }
}

static void destroy_all(struct mset_guest *guest) {
    for (size_t i = 0; i < guest->layer_count; i++) {
        mset_destroy(guest->layers[i].set);
    }
    guest->layer_count = 0;
}

mset_status mset_layers_repair(struct mset_guest *guest) {
    mset_status status = MSET_OK;
    struct mset_region *region;
    if (!guest->layers_broken) {
        return MSET_OK;
    }
    destroy_all(guest);
    for (region = guest->regions; region != NULL; region = region->following) {
        region->layered = LAYERED_NOT;
    }
    for (region = guest->regions; region != NULL && status == MSET_OK; region = region->following) {
        if (region->now.shown) {
            status = put(region, &region->now, LAYERED_NOW);
        }
    }
    guest->layers_broken = status != MSET_OK;
    return status;
}

/* After a commit: what was wanted is now there, and layers without regions go. */
void mset_layers_settle(struct mset_guest *guest) {
    size_t kept = 0;
    for (struct mset_region *region = guest->changes; region != NULL;
         region = region->next_changed) {
        if (region->layered == LAYERED_NEXT) {
            region->layered = LAYERED_NOW;
        }
    }
    for (size_t i = 0; i < guest->layer_count; i++) {
        if (mset_count(guest->layers[i].set) == 0) {
            mset_destroy(guest->layers[i].set);
        } else {
            guest->layers[kept++] = guest->layers[i];
        }
    }
    guest->layer_count = kept;
}

void mset_layers_destroy(struct mset_guest *guest) {
    destroy_all(guest);
    guest_free(guest, guest->layers, guest->layer_room * sizeof *guest->layers,
               _Alignof(struct layer));
}
