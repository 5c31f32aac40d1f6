/*
 * change.c - what can be changed about a region: each call writes the place that is wanted and
 * leaves the rest to the commit, which comes at once unless a transaction is open.
 */
#include "guest.h"

void mset_change_note(struct mset_region *region) {
    struct mset_guest *const guest = region->guest;
    if (!region->changed) {
        region->changed = true;
        region->next_changed = guest->changes;
        guest->changes = region;
    }
}

mset_status mset_guest_add(struct mset_guest *guest, const struct mset_region_config *config,
                           struct mset_region **out) {
    struct mset_region *region = NULL;
    if (guest == NULL || config == NULL || out == NULL) {
        return MSET_INVALID_PARAM;
    }
    mset_status status = mset_change_begin(guest);
    if (status == MSET_OK) {
        status = mset_region_make(guest, config, &region);
    }
    if (status != MSET_OK) {
        return status;
    }
    mset_change_note(region);
    status = mset_change_end(guest);
    if (status == MSET_OK) {
        *out = region;
    }
    return status;
}

/* May this region be changed now? Then `place`, where it is to be so far, is what to change. */
static mset_status begin(struct mset_guest *guest, const struct mset_region *region,
                         struct place *place) {
    if (guest == NULL || region == NULL || region->guest != guest || region->dying) {
        return MSET_INVALID_PARAM;
    }
    *place = region->next;
    return mset_change_begin(guest);
}

static mset_status change(struct mset_region *region, const struct place *wanted) {
    region->next = *wanted;
    mset_change_note(region);
    return mset_change_end(region->guest);
}

static bool has_aliases(const struct mset_region *region) {
    const struct mset_region *alias = region->aliases;
    while (alias != NULL && alias->dying) {
        alias = alias->next_alias;
    }
    return alias != NULL;
}

mset_status mset_guest_remove(struct mset_guest *guest, struct mset_region *region) {
    struct place place;
    const mset_status status = begin(guest, region, &place);
    if (status != MSET_OK) {
        return status;
    }
    if (has_aliases(region)) {
        return MSET_BAD_STATE;
    }
    place.shown = false;
    region->dying = true;
    return change(region, &place);
}

mset_status mset_guest_move(struct mset_guest *guest, struct mset_region *region, uint64_t start) {
    struct place place;
    const mset_status status = begin(guest, region, &place);
    if (status != MSET_OK) {
        return status;
    }
    place.start = start;
    return mset_region_range_ok(guest, start, place.size) ? change(region, &place)
                                                          : MSET_INVALID_PARAM;
}

/* The part of the region that its aliases show. */
static uint64_t shown_by_aliases(const struct mset_region *region) {
    uint64_t size = 0;
    for (const struct mset_region *alias = region->aliases; alias != NULL;
         alias = alias->next_alias) {
        const uint64_t end = alias->next.target_offset + alias->next.size;
        size = !alias->dying && end > size ? end : size;
    }
    return size;
}

static mset_status judge_size(const struct mset_region *region, uint64_t size) {
    if (!mset_region_range_ok(region->guest, region->next.start, size)) {
        return MSET_INVALID_PARAM;
    }
    if (mset_region_has_memory(region) && size > region->memory.size) {
        return MSET_OVER_LIMIT;
    }
    if (region->target != NULL && size > region->target->next.size - region->next.target_offset) {
        return MSET_INVALID_PARAM;
    }
    return size < shown_by_aliases(region) ? MSET_BAD_STATE : MSET_OK;
}

mset_status mset_guest_resize(struct mset_guest *guest, struct mset_region *region, uint64_t size) {
    struct place place;
    mset_status status = begin(guest, region, &place);
    if (status == MSET_OK) {
        status = judge_size(region, size);
    }
    if (status != MSET_OK) {
        return status;
    }
    place.size = size;
    return change(region, &place);
}

mset_status mset_guest_show(struct mset_guest *guest, struct mset_region *region, bool shown) {
    struct place place;
    const mset_status status = begin(guest, region, &place);
    if (status != MSET_OK) {
        return status;
    }
    place.shown = shown;
    return change(region, &place);
}

mset_status mset_guest_set_priority(struct mset_guest *guest, struct mset_region *region,
                                    int priority) {
    struct place place;
    const mset_status status = begin(guest, region, &place);
    if (status != MSET_OK) {
        return status;
    }
    place.priority = priority;
    return change(region, &place);
}

mset_status mset_guest_set_read_only(struct mset_guest *guest, struct mset_region *region,
                                     bool read_only) {
    struct place place;
    const mset_status status = begin(guest, region, &place);
    if (status != MSET_OK) {
        return status;
    }
    if (!mset_region_has_memory(region) && region->kind != MSET_REGION_ALIAS) {
        return MSET_UNSUPPORTED;
    }
    place.read_only = read_only;
    return change(region, &place);
}

static mset_status log_all(struct mset_guest *guest, bool logged) {
    const mset_status status = guest == NULL ? MSET_INVALID_PARAM : mset_change_begin(guest);
    if (status != MSET_OK) {
        return status;
    }
    for (struct mset_region *region = guest->regions; region != NULL; region = region->following) {
        if (mset_region_has_memory(region) && !region->dying && region->next.logged != logged) {
            region->next.logged = logged;
            mset_change_note(region);
        }
    }
    return mset_change_end(guest);
}

mset_status mset_guest_set_logged(struct mset_guest *guest, struct mset_region *region,
                                  bool logged) {
    if (region == NULL) {
        return log_all(guest, logged);
    }
    struct place place;
    const mset_status status = begin(guest, region, &place);
    if (status != MSET_OK) {
        return status;
    }
    if (!mset_region_has_memory(region)) {
        return MSET_UNSUPPORTED;
    }
    place.logged = logged;
    return change(region, &place);
}

mset_status mset_guest_redirect(struct mset_guest *guest, struct mset_region *region,
                                uint64_t target_offset) {
    struct place place;
    const mset_status status = begin(guest, region, &place);
    if (status != MSET_OK) {
        return status;
    }
    if (region->target == NULL) {
        return MSET_UNSUPPORTED;
    }
    place.target_offset = target_offset;
    const uint64_t room = region->target->next.size;
    if ((target_offset & (guest->page_size - 1)) != 0 || target_offset > room ||
        place.size > room - target_offset) {
        return MSET_INVALID_PARAM;
    }
    return change(region, &place);
}
