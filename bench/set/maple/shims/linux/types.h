/* Stands in for <linux/types.h>. */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned int gfp_t; /* how to allocate: no matter here, see slab.h */

/* What waits until no reader can see it any more: see rcupdate.h. */
struct rcu_head {
    struct rcu_head *next;
    void (*function)(struct rcu_head *head);
};

#endif
