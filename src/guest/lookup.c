/* lookup.c - from a guest's address to the host's, and what the cursor remembers of it. */
#include "access.h"

void mset_guest_cursor_init(struct mset_guest_cursor *cursor, struct mset_guest *guest) {
    *cursor = (struct mset_guest_cursor){.now = &guest->generation, .guest = guest};
}

mset_status mset_guest_lookup(struct mset_guest_cursor *cursor, uint64_t address, uint64_t access,
                              void **host, uint64_t *bytes) {
    /* Before the view: what is found in it is at least as new as this says. */
    const uint64_t generation = __atomic_load_n(cursor->now, __ATOMIC_ACQUIRE);
    struct mset_area area;
    if (!mset_view_find(guest_live(cursor->guest), address, &area)) {
        return MSET_NOT_FOUND;
    }
    if ((access & ~area.flags) != 0 || (area.flags & MSET_READ) == 0) {
        return MSET_ACCESS_DENIED;
    }
    unsigned char *const start = (unsigned char *)(uintptr_t)area.offset;
    cursor->generation = generation;
    cursor->start = area.start;
    cursor->size = area.size;
    cursor->access = area.flags;
    cursor->host = start;
    *host = start + (address - area.start);
    *bytes = area.size - (address - area.start);
    return MSET_OK;
}
