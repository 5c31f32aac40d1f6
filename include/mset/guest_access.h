/*
 * guest_access.h - reading and writing guest-physical memory.
 *
 *     struct mset_guest_cursor cursor;
 *     mset_guest_cursor_init(&cursor, guest);              (one per thread, costs nothing)
 *     mset_guest_read(&cursor, address, &header, sizeof header, NULL);
 *     mset_guest_translate(&cursor, address, MSET_WRITE, &host, &bytes);
 *
 * Addresses and sizes may come from the guest: all are checked. A range that wraps around 2^64 is
 * MSET_INVALID_PARAM and nothing is touched. Else an access goes from its start upwards, across
 * areas, and stops at the first byte that does not allow it: MSET_NOT_FOUND (nothing there),
 * MSET_ACCESS_DENIED (reserved; ROM or MMIO without a handler for it), or what a handler says.
 * `done` then tells how many bytes were served, all of them for MSET_OK; it may be NULL. A size of
 * 0 is MSET_OK.
 *
 * MMIO: handlers get aligned pieces of 8, 4, 2 or 1 bytes, as large as possible. Writes to ROM go
 * to its write handler in the same way.
 *
 * The cursor remembers the two memory areas used last, so the next access to one of them is a few
 * compares. It is used by one thread at a time and holds nothing: let it go when you like, but not
 * use it after mset_guest_destroy(). For threads see guest.h. The bytes themselves are shared with
 * the guest, which may change them meanwhile: read once, then judge.
 */
#ifndef MSET_GUEST_ACCESS_H
#define MSET_GUEST_ACCESS_H

#include "guest.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_guest_memo {
    uint64_t start;
    uint64_t readable;   /* bytes from start on; 0: nothing remembered */
    uint64_t writable;   /* as many, or 0 */
    unsigned char *host; /* of start */
};

/* Yours to place, the library's to fill in. Two areas are remembered: source and target of a copy,
   ring and buffers of a queue. */
struct mset_guest_cursor {
    const uint64_t *now; /* the guest's generation */
    uint64_t generation; /* when the memos were true */
    struct mset_guest_memo memos[2];
    bool logged[2];
    unsigned older; /* the one to be replaced next */
    struct mset_guest *guest;
};

MSET_API void mset_guest_cursor_init(struct mset_guest_cursor *cursor, struct mset_guest *guest);

MSET_API mset_status mset_guest_lookup(struct mset_guest_cursor *cursor, uint64_t address,
                                       uint64_t access, void **host, uint64_t *bytes);

/*
 * The host address of a byte, and how many bytes follow it, itself included, before the area of the
 * flat view ends. `access`: MSET_READ, MSET_WRITE or both; memory that does not allow it, and all
 * that is no memory, is MSET_ACCESS_DENIED. For neither the pointer may not be followed. What is
 * written through it is told to nobody: see mset_guest_wrote().
 */
static inline mset_status mset_guest_translate(struct mset_guest_cursor *cursor, uint64_t address,
                                               uint64_t access, void **host, uint64_t *bytes) {
    /* Which of the two is not a branch, so there is nothing to be guessed wrong. */
    const struct mset_guest_memo *const memos = cursor->memos;
    const struct mset_guest_memo *const memo =
        memos + (address - memos[1].start < memos[1].readable);
    const uint64_t at = address - memo->start;
    const uint64_t size = (access & MSET_WRITE) != 0 ? memo->writable : memo->readable;
    if (at < size && cursor->generation == __atomic_load_n(cursor->now, __ATOMIC_ACQUIRE)) {
        *host = memo->host + at;
        *bytes = size - at;
        return MSET_OK;
    }
    return mset_guest_lookup(cursor, address, access, host, bytes);
}

/* What is read into, or written from, may be guest memory, too, and overlap. */
MSET_API mset_status mset_guest_read(struct mset_guest_cursor *cursor, uint64_t address, void *to,
                                     uint64_t size, uint64_t *done);
MSET_API mset_status mset_guest_write(struct mset_guest_cursor *cursor, uint64_t address,
                                      const void *from, uint64_t size, uint64_t *done);
MSET_API mset_status mset_guest_fill(struct mset_guest_cursor *cursor, uint64_t address,
                                     unsigned char byte, uint64_t size, uint64_t *done);
/*
 * From guest memory to guest memory. The ranges may not overlap (MSET_INVALID_PARAM). If the same
 * memory is seen in both under different addresses, what it holds then is not specified.
 */
MSET_API mset_status mset_guest_copy(struct mset_guest_cursor *cursor, uint64_t to, uint64_t from,
                                     uint64_t size, uint64_t *done);

/*
 * One access of 1, 2, 4 or 8 bytes at a multiple of its width (else MSET_INVALID_PARAM), in the
 * host's byte order: a load with acquire, a store with release semantics, or one call of a handler.
 */
MSET_API mset_status mset_guest_load(struct mset_guest_cursor *cursor, uint64_t address,
                                     unsigned width, uint64_t *value);
MSET_API mset_status mset_guest_store(struct mset_guest_cursor *cursor, uint64_t address,
                                      unsigned width, uint64_t value);

/* A contiguous piece of host memory; laid out as a struct iovec on hosts with pointers of 64 bits.
 */
struct mset_slice {
    void *host;
    uint64_t size;
};

/*
 * The pieces that make up a range of memory, in order; neighbours that are contiguous on the host
 * are one. At most `room` of them go to `out`, *count tells how many. When there was no room for
 * all: MSET_OVER_LIMIT, and `done` tells where to go on.
 */
MSET_API mset_status mset_guest_slices(struct mset_guest_cursor *cursor, uint64_t address,
                                       uint64_t size, uint64_t access, struct mset_slice *out,
                                       size_t room, size_t *count, uint64_t *done);

/* Tells options.wrote of what was written through pointers, where memory is logged. */
MSET_API mset_status mset_guest_wrote(struct mset_guest_cursor *cursor, uint64_t address,
                                      uint64_t size);

#ifdef __cplusplus
}
#endif
#endif
