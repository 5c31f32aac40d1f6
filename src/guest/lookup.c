/* lookup.c - from a guest's address to the host's, and what the cursor remembers of it. */
#include "access.h"

void mset_guest_cursor_init(struct mset_guest_cursor *cursor, struct mset_guest *guest) {
    *cursor = (struct mset_guest_cursor){.now = &guest->generation, .guest = guest};
}

static void remember(struct mset_guest_cursor *cursor, uint64_t generation,
                     const struct mset_area *area, unsigned char *host) {
    const uint64_t writable = (area->flags & MSET_WRITE) != 0 ? area->size : 0;
    if (cursor->generation != generation) { /* what it knew may not be true any more */
        cursor->generation = generation;
        cursor->memos[0].readable = cursor->memos[1].readable = 0;
        cursor->memos[0].writable = cursor->memos[1].writable = 0;
    }
    cursor->memos[cursor->older] =
        (struct mset_guest_memo){area->start, area->size, writable, host};
    cursor->logged[cursor->older] = (area->flags & MSET_GUEST_LOGGED) != 0;
    cursor->older = 1 - cursor->older;
}

mset_status mset_guest_lookup(struct mset_guest_cursor *cursor, uint64_t address, uint64_t access,
                              void **host, uint64_t *bytes) {
    /* Before the view: what is found in it is at least as new as this says. */
    const uint64_t generation = __atomic_load_n(cursor->now, __ATOMIC_ACQUIRE);
    struct mset_area room;
    const struct mset_area *const area = mset_view_find(guest_live(cursor->guest), address, &room);
    if (area == NULL) {
        return MSET_NOT_FOUND;
    }
    if ((access & ~area->flags) != 0 || (area->flags & MSET_READ) == 0) {
        return MSET_ACCESS_DENIED;
    }
    unsigned char *const start = (unsigned char *)(uintptr_t)area->offset;
    remember(cursor, generation, area, start);
    *host = start + (address - area->start);
    *bytes = area->size - (address - area->start);
    return MSET_OK;
}
