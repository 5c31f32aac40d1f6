/* slices.c - a range as pieces of host memory. */
#include "access.h"

/* Adds a piece, or makes the last one longer; false if there is no room. */
static bool append(struct mset_slice *out, size_t room, size_t *count, void *host, uint64_t size) {
    if (*count != 0) {
        struct mset_slice *const last = &out[*count - 1];
        if ((unsigned char *)last->host + last->size == (unsigned char *)host) {
            last->size += size;
            return true;
        }
    }
    if (*count == room) {
        return false;
    }
    out[(*count)++] = (struct mset_slice){host, size};
    return true;
}

mset_status mset_guest_slices(struct mset_guest_cursor *cursor, uint64_t address, uint64_t size,
                              uint64_t access, struct mset_slice *out, size_t room, size_t *count,
                              uint64_t *done) {
    uint64_t at = 0;
    mset_status status = access_range_ok(address, size) ? MSET_OK : MSET_INVALID_PARAM;
    *count = 0;
    while (status == MSET_OK && at < size) {
        void *host;
        uint64_t bytes;
        status = access_memory(cursor, address + at, access, size - at, &host, &bytes);
        if (status == MSET_OK && !append(out, room, count, host, bytes)) {
            status = MSET_OVER_LIMIT;
        }
        at += status == MSET_OK ? bytes : 0;
    }
    if (done != NULL) {
        *done = at;
    }
    return status;
}

mset_status mset_guest_wrote(struct mset_guest_cursor *cursor, uint64_t address, uint64_t size) {
    uint64_t at = 0;
    mset_status status = access_range_ok(address, size) ? MSET_OK : MSET_INVALID_PARAM;
    while (status == MSET_OK && at < size) {
        void *host;
        uint64_t bytes;
        status = access_memory(cursor, address + at, MSET_WRITE, size - at, &host, &bytes);
        if (status == MSET_OK) {
            access_wrote(cursor, address + at, bytes);
            at += bytes;
        }
    }
    return status;
}
