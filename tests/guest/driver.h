/* driver.h - what the two halves of the driver share: drive.c changes maps, drive_access.c uses
 * them. */
#ifndef MSET_TEST_GUEST_DRIVER_H
#define MSET_TEST_GUEST_DRIVER_H

#include "drive.h"
#include "world.h"

struct driver {
    const uint8_t *data;
    size_t size, at;
    struct world *world;
    struct drive_result *result;
};

/* 0 when the bytes have come to their end. */
static inline uint8_t drive_byte(struct driver *driver) {
    return driver->at < driver->size ? driver->data[driver->at++] : 0;
}

static inline uint64_t drive_below(struct driver *driver, uint64_t bound) {
    return drive_byte(driver) % bound;
}

/* One call that does not change the map; `which` picks it. */
void drive_access(struct driver *driver, unsigned which);

#endif
