/* atomic.c - loads and stores that are one access. */
#include "access.h"

static bool sound(uint64_t address, unsigned width) {
    return (width == 1 || width == 2 || width == 4 || width == 8) && (address & (width - 1)) == 0;
}

/* Whether the host's address is aligned as the guest's is depends on where the caller's regions lie
   and on the granularity; if it is not, there is no atomic access. */
static mset_status find_aligned(struct mset_guest_cursor *cursor, uint64_t address, unsigned width,
                                uint64_t access, void **host) {
    uint64_t bytes = 0;
    const mset_status status = mset_guest_translate(cursor, address, access, host, &bytes);
    if (status == MSET_OK && (bytes < width || ((uintptr_t)*host & (width - 1)) != 0)) {
        return MSET_UNSUPPORTED;
    }
    return status;
}

static uint64_t load(const void *host, unsigned width) {
    switch (width) {
    case 1:
        return __atomic_load_n((const uint8_t *)host, __ATOMIC_ACQUIRE);
    case 2:
        return __atomic_load_n((const uint16_t *)host, __ATOMIC_ACQUIRE);
    case 4:
        return __atomic_load_n((const uint32_t *)host, __ATOMIC_ACQUIRE);
    default:
        return __atomic_load_n((const uint64_t *)host, __ATOMIC_ACQUIRE);
    }
}

static void store(void *host, unsigned width, uint64_t value) {
    switch (width) {
    case 1:
        __atomic_store_n((uint8_t *)host, (uint8_t)value, __ATOMIC_RELEASE);
        break;
    case 2:
        __atomic_store_n((uint16_t *)host, (uint16_t)value, __ATOMIC_RELEASE);
        break;
    case 4:
        __atomic_store_n((uint32_t *)host, (uint32_t)value, __ATOMIC_RELEASE);
        break;
    default:
        __atomic_store_n((uint64_t *)host, value, __ATOMIC_RELEASE);
        break;
    }
}

mset_status mset_guest_load(struct mset_guest_cursor *cursor, uint64_t address, unsigned width,
                            uint64_t *value) {
    void *host;
    if (!sound(address, width)) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status = find_aligned(cursor, address, width, MSET_READ, &host);
    if (status == MSET_OK) {
        *value = load(host, width);
    }
    return status == MSET_ACCESS_DENIED ? mset_io_load(cursor->guest, address, width, value)
                                        : status;
}

mset_status mset_guest_store(struct mset_guest_cursor *cursor, uint64_t address, unsigned width,
                             uint64_t value) {
    void *host;
    if (!sound(address, width)) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status = find_aligned(cursor, address, width, MSET_WRITE, &host);
    if (status == MSET_OK) {
        store(host, width, value);
        access_wrote(cursor, address, width);
    }
    return status == MSET_ACCESS_DENIED ? mset_io_store(cursor->guest, address, width, value)
                                        : status;
}
