/* Stands in for <linux/rcupdate.h>: one thread, so nobody reads while something is freed. */
#ifndef SHIM_LINUX_RCUPDATE_H
#define SHIM_LINUX_RCUPDATE_H

#include <linux/lockdep.h>
#include <linux/types.h>

static inline void rcu_read_lock(void) {}

static inline void rcu_read_unlock(void) {}

static inline void call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head)) {
    function(head);
}

#define rcu_dereference_check(pointer, held) (pointer)
#define rcu_dereference_protected(pointer, held) (pointer)
#define rcu_assign_pointer(pointer, value) ((pointer) = (value))

#endif
