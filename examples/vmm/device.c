/* device.c - what happens at the device's registers. Other widths than its own it does not serve.
 */
#include "device.h"

static mset_status device_read(void *context, uint64_t offset, unsigned width, uint64_t *value) {
    struct device *const device = context;
    if (width != sizeof *value || offset > DEVICE_NUMBER) {
        return MSET_ACCESS_DENIED;
    }
    device->reads++;
    *value = offset == DEVICE_NUMBER ? device->number : DEVICE_ID;
    return MSET_OK;
}

static mset_status device_write(void *context, uint64_t offset, unsigned width, uint64_t value) {
    struct device *const device = context;
    if (width != sizeof value || offset != DEVICE_NUMBER) {
        return MSET_ACCESS_DENIED;
    }
    device->writes++;
    device->number = value;
    return MSET_OK;
}

const struct mset_region_io device_io = {device_read, device_write};
