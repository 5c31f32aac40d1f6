/*
 * device.h - a device with two registers of 8 bytes: at 0 its name, read-only; at 8 a number that
 * it keeps.
 */
#ifndef VMM_DEVICE_H
#define VMM_DEVICE_H

#include <stdint.h>

#include <mset/guest.h>

#define DEVICE_ID UINT64_C(0x6d7365742d766d6d) /* "mset-vmm" */
#define DEVICE_NUMBER 8

struct device {
    uint64_t number;
    uint64_t reads, writes;
};

/* The context is the struct device. */
extern const struct mset_region_io device_io;

#endif
