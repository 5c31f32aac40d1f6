/* room.c - finding room for a region, and giving back what a range of RAM holds. */
#include "guest.h"

mset_status mset_guest_find_room(const struct mset_guest *guest,
                                 const struct mset_gap_request *wish, uint64_t *start) {
    if (guest == NULL || wish == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset_gap_request inside = *wish;
    /* 0 stands for 2^64 in both, so less is less here. */
    if (inside.hi - 1 > guest->last_address) {
        inside.hi = guest->last_address + 1;
    }
    return inside.lo > guest->last_address ? MSET_NOT_FOUND
                                           : mset_find_free(guest_live(guest)->set, &inside, start);
}

/* ---- discard --------------------------------------------------------------------------------- */

struct discarding {
    struct mset_guest *guest;
    struct span span;
    uint64_t next; /* address up to which all is well */
    mset_status status;
};

/* The part of an area that is meant. */
static struct mset_area part_of(const struct discarding *discarding, const struct mset_area *area) {
    struct span span = area_span(area);
    span.first = span.first < discarding->span.first ? discarding->span.first : span.first;
    span.last = span.last > discarding->span.last ? discarding->span.last : span.last;
    struct mset_area part = *area;
    part.start = span.first;
    part.size = span_size(&span);
    part.offset = mset_area_offset(area, span.first);
    return part;
}

static mset_status judge_part(const struct mset_guest *guest, const struct mset_area *part) {
    if ((part->flags & MSET_WRITE) == 0) {
        return MSET_ACCESS_DENIED;
    }
    if (((part->offset | part->size) & (guest->slot_page_size - 1)) != 0) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_region *const region = mset_region_of(part, part->start, NULL);
    const bool own = region->memory.wish.source != MSET_MEMORY_CALLER;
    return own && guest->host.discard != NULL ? MSET_OK : MSET_UNSUPPORTED;
}

static bool judge_area(void *arg, const struct mset_area *area) {
    struct discarding *const discarding = arg;
    const struct mset_area part = part_of(discarding, area);
    discarding->status =
        part.start == discarding->next ? judge_part(discarding->guest, &part) : MSET_NOT_FOUND;
    discarding->next = part.start + part.size;
    return discarding->status == MSET_OK;
}

static bool discard_area(void *arg, const struct mset_area *area) {
    struct discarding *const discarding = arg;
    struct mset_guest *const guest = discarding->guest;
    const struct mset_area part = part_of(discarding, area);
    uint64_t offset;
    const struct mset_region *const region = mset_region_of(&part, part.start, &offset);
    const int code = guest->host.discard(guest->host.context, &region->memory, offset, part.size);
    discarding->status = mset_guest_answer(guest, code, NULL);
    return discarding->status == MSET_OK;
}

mset_status mset_guest_discard(struct mset_guest *guest, uint64_t start, uint64_t size) {
    if (guest == NULL || !mset_region_range_ok(guest, start, size)) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status = mset_change_begin(guest);
    struct discarding discarding = {
        .guest = guest, .span = {start, start + (size - 1)}, .next = start};
    if (status != MSET_OK) {
        return status;
    }
    const struct mset *const view = guest_live(guest)->set;
    (void)mset_guest_visit(view, &discarding.span, judge_area, &discarding);
    if (discarding.status == MSET_OK && discarding.next != start + size) {
        discarding.status = MSET_NOT_FOUND;
    }
    if (discarding.status == MSET_OK) {
        (void)mset_guest_visit(view, &discarding.span, discard_area, &discarding);
    }
    return discarding.status;
}
