/* Stands in for <linux/container_of.h>. */
#ifndef SHIM_LINUX_CONTAINER_OF_H
#define SHIM_LINUX_CONTAINER_OF_H

#include <stddef.h>

#define container_of(member_pointer, type, member) \
    ((type *)((char *)(member_pointer)-offsetof(type, member)))

#endif
