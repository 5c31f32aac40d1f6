/* access.h - what the files that read and write guest memory share. */
#ifndef MSET_SRC_GUEST_ACCESS_H
#define MSET_SRC_GUEST_ACCESS_H

#include "guest.h"

/* A range that does not wrap; empty ones are fine. */
static inline bool access_range_ok(uint64_t address, uint64_t size) {
    return size == 0 || address + (size - 1) >= address;
}

/* mset_guest_translate, and no more bytes than wanted. */
static inline mset_status access_memory(struct mset_guest_cursor *cursor, uint64_t address,
                                        uint64_t access, uint64_t wanted, void **host,
                                        uint64_t *bytes) {
    const mset_status status = mset_guest_translate(cursor, address, access, host, bytes);
    if (status == MSET_OK && *bytes > wanted) {
        *bytes = wanted;
    }
    return status;
}

/* Memory has been written which the cursor still remembers: it has just been found. */
static inline void access_wrote(const struct mset_guest_cursor *cursor, uint64_t address,
                                uint64_t size) {
    const struct mset_guest *const guest = cursor->guest;
    const struct mset_guest_memo *const memos = cursor->memos;
    const bool which = address - memos[1].start < memos[1].readable;
    if (cursor->logged[which] && guest->wrote != NULL) {
        guest->wrote(guest->context, address, size);
    }
}

/* ---- io.c ---------------------------------------------------------------------------------- */

/* One call of a handler for the first bytes of a range: as many as fit, up to 8; *bytes of them. */
mset_status mset_io_read(const struct mset_guest *guest, uint64_t address, void *to, uint64_t size,
                         uint64_t *bytes);
mset_status mset_io_write(const struct mset_guest *guest, uint64_t address, const void *from,
                          uint64_t size, uint64_t *bytes);
/* One call with exactly this width. */
mset_status mset_io_load(const struct mset_guest *guest, uint64_t address, unsigned width,
                         uint64_t *value);
mset_status mset_io_store(const struct mset_guest *guest, uint64_t address, unsigned width,
                          uint64_t value);

#endif
