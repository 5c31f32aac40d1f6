/*
 * access.c - read, write, fill and copy: piece by piece, memory directly and the rest by handlers.
 * Every piece is looked up again, because a handler may have changed the map.
 */
#include "access.h"

static void report(uint64_t *done, uint64_t bytes) {
    if (done != NULL) {
        *done = bytes;
    }
}

static mset_status read_piece(struct mset_guest_cursor *cursor, uint64_t address, void *to,
                              uint64_t size, uint64_t *bytes) {
    void *host;
    const mset_status status = access_memory(cursor, address, MSET_READ, size, &host, bytes);
    if (status == MSET_OK) {
        memmove(to, host, (size_t)*bytes); /* `to` may be guest memory, too */
    }
    return status == MSET_ACCESS_DENIED ? mset_io_read(cursor->guest, address, to, size, bytes)
                                        : status;
}

static mset_status write_piece(struct mset_guest_cursor *cursor, uint64_t address, const void *from,
                               uint64_t size, uint64_t *bytes) {
    void *host;
    const mset_status status = access_memory(cursor, address, MSET_WRITE, size, &host, bytes);
    if (status == MSET_OK) {
        memmove(host, from, (size_t)*bytes); /* `from` may be guest memory, too */
        access_wrote(cursor, address, *bytes);
    }
    return status == MSET_ACCESS_DENIED ? mset_io_write(cursor->guest, address, from, size, bytes)
                                        : status;
}

mset_status mset_guest_read(struct mset_guest_cursor *cursor, uint64_t address, void *to,
                            uint64_t size, uint64_t *done) {
    unsigned char *const out = to;
    uint64_t at = 0, bytes = 0;
    mset_status status = access_range_ok(address, size) ? MSET_OK : MSET_INVALID_PARAM;
    while (status == MSET_OK && at < size) {
        status = read_piece(cursor, address + at, out + at, size - at, &bytes);
        at += status == MSET_OK ? bytes : 0;
    }
    report(done, at);
    return status;
}

mset_status mset_guest_write(struct mset_guest_cursor *cursor, uint64_t address, const void *from,
                             uint64_t size, uint64_t *done) {
    const unsigned char *const in = from;
    uint64_t at = 0, bytes = 0;
    mset_status status = access_range_ok(address, size) ? MSET_OK : MSET_INVALID_PARAM;
    while (status == MSET_OK && at < size) {
        status = write_piece(cursor, address + at, in + at, size - at, &bytes);
        at += status == MSET_OK ? bytes : 0;
    }
    report(done, at);
    return status;
}

static mset_status fill_piece(struct mset_guest_cursor *cursor, uint64_t address,
                              unsigned char byte, uint64_t size, uint64_t *bytes) {
    void *host;
    const mset_status status = access_memory(cursor, address, MSET_WRITE, size, &host, bytes);
    if (status == MSET_OK) {
        memset(host, byte, (size_t)*bytes);
        access_wrote(cursor, address, *bytes);
    }
    if (status == MSET_ACCESS_DENIED) {
        unsigned char few[8];
        memset(few, byte, sizeof few);
        return mset_io_write(cursor->guest, address, few, size, bytes);
    }
    return status;
}

mset_status mset_guest_fill(struct mset_guest_cursor *cursor, uint64_t address, unsigned char byte,
                            uint64_t size, uint64_t *done) {
    uint64_t at = 0, bytes = 0;
    mset_status status = access_range_ok(address, size) ? MSET_OK : MSET_INVALID_PARAM;
    while (status == MSET_OK && at < size) {
        status = fill_piece(cursor, address + at, byte, size - at, &bytes);
        at += status == MSET_OK ? bytes : 0;
    }
    report(done, at);
    return status;
}

/* ---- copy ------------------------------------------------------------------------------------ */

static bool ranges_overlap(uint64_t a, uint64_t b, uint64_t size) {
    return size != 0 && (a - b < size || b - a < size);
}

/*
 * One piece. Only what is memory on both sides is copied directly: a handler might take away the
 * memory on the other side. So the rest goes through a few bytes of our own.
 */
static mset_status copy_piece(struct mset_guest_cursor *cursor, uint64_t to, uint64_t from,
                              uint64_t size, uint64_t *bytes) {
    void *there, *here;
    if (access_memory(cursor, from, MSET_READ, size, &here, bytes) == MSET_OK &&
        access_memory(cursor, to, MSET_WRITE, *bytes, &there, bytes) == MSET_OK) {
        memmove(there, here, (size_t)*bytes);
        access_wrote(cursor, to, *bytes);
        return MSET_OK;
    }
    unsigned char few[8];
    const uint64_t aligned = sizeof few - (to & (sizeof few - 1));
    *bytes = 0;
    const mset_status status =
        read_piece(cursor, from, few, size < aligned ? size : aligned, bytes);
    return status == MSET_OK ? mset_guest_write(cursor, to, few, *bytes, bytes) : status;
}

mset_status mset_guest_copy(struct mset_guest_cursor *cursor, uint64_t to, uint64_t from,
                            uint64_t size, uint64_t *done) {
    uint64_t at = 0, bytes = 0;
    const bool sound =
        access_range_ok(to, size) && access_range_ok(from, size) && !ranges_overlap(to, from, size);
    mset_status status = sound ? MSET_OK : MSET_INVALID_PARAM;
    while (status == MSET_OK && at < size) {
        status = copy_piece(cursor, to + at, from + at, size - at, &bytes);
        at += bytes;
    }
    report(done, at);
    return status;
}
