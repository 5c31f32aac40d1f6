/* slots.c - areas of a flat view as memory slots: whole pages of it. */
#include "guest.h"

enum { FIRST_ROOM = 16 };

mset_status mset_slots_reserve(const struct mset_guest *guest, struct slot_list *list,
                               size_t room) {
    if (room <= list->room) {
        return MSET_OK;
    }
    struct mset_slot *const slots =
        guest_alloc(guest, room * sizeof *slots, _Alignof(struct mset_slot));
    if (slots == NULL) {
        return MSET_NO_MEMORY;
    }
    if (list->count != 0) {
        memcpy(slots, list->slots, list->count * sizeof *slots);
    }
    guest_free(guest, list->slots, list->room * sizeof *slots, _Alignof(struct mset_slot));
    list->slots = slots;
    list->room = room;
    return MSET_OK;
}

void mset_slots_free(const struct mset_guest *guest, struct slot_list *list) {
    guest_free(guest, list->slots, list->room * sizeof *list->slots, _Alignof(struct mset_slot));
    *list = (struct slot_list){0};
}

/* False if the area is no memory, or fills no page, or lies askew on the host. */
static bool slot_of(const struct mset_guest *guest, const struct mset_area *area,
                    struct mset_slot *slot) {
    const uint64_t below = guest->slot_page_size - 1;
    const uint64_t skipped = (0 - area->start) & below;
    if ((area->flags & MSET_READ) == 0 || ((area->start ^ area->offset) & below) != 0 ||
        area->size <= skipped || ((area->size - skipped) & ~below) == 0) {
        return false;
    }
    *slot = (struct mset_slot){.start = area->start + skipped,
                               .size = (area->size - skipped) & ~below,
                               .host = (void *)(uintptr_t)(area->offset + skipped),
                               .region = (struct mset_region *)area->backend,
                               .read_only = (area->flags & MSET_WRITE) == 0,
                               .logged = (area->flags & MSET_GUEST_LOGGED) != 0};
    return true;
}

struct gathering {
    const struct mset_guest *guest;
    struct slot_list *list;
    mset_status status;
};

/* An area that reaches from one span to the next comes twice. */
static bool gather_area(void *arg, const struct mset_area *area) {
    struct gathering *const gathering = arg;
    struct slot_list *const list = gathering->list;
    struct mset_slot slot;
    if (!slot_of(gathering->guest, area, &slot) ||
        (list->count != 0 && list->slots[list->count - 1].start >= slot.start)) {
        return true;
    }
    if (list->count == list->room) {
        gathering->status = mset_slots_reserve(gathering->guest, list,
                                               list->room == 0 ? FIRST_ROOM : 2 * list->room);
    }
    if (gathering->status == MSET_OK) {
        list->slots[list->count++] = slot;
    }
    return gathering->status == MSET_OK;
}

/* An area that only touches the range may have been joined to what was in it, or be now. */
static struct span widened(const struct mset_guest *guest, const struct mset_area *range) {
    struct span span = area_span(range);
    span.first -= span.first == 0 ? 0 : guest->page_size;
    span.last += span.last == UINT64_MAX ? 0 : guest->page_size;
    return span;
}

mset_status mset_slots_gather(const struct mset_guest *guest, const struct mset *view,
                              const struct mset *dirty, struct slot_list *list) {
    struct gathering gathering = {guest, list, MSET_OK};
    const struct span all = {0, UINT64_MAX};
    struct mset_cursor cursor;
    struct mset_area range;
    if (dirty == NULL) {
        (void)mset_guest_visit(view, &all, gather_area, &gathering);
        return gathering.status;
    }
    for (mset_cursor_all(&cursor, dirty);
         gathering.status == MSET_OK && mset_cursor_next(&cursor, &range);) {
        const struct span span = widened(guest, &range);
        (void)mset_guest_visit(view, &span, gather_area, &gathering);
    }
    mset_cursor_close(&cursor);
    return gathering.status;
}
