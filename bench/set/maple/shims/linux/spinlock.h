/* Stands in for <linux/spinlock.h>: one thread needs no locks. */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <linux/lockdep.h>

typedef struct {
    char unused;
} spinlock_t;

static inline void spin_lock_init(spinlock_t *lock) {
    (void)lock;
}

static inline void spin_lock(spinlock_t *lock) {
    (void)lock;
}

static inline void spin_unlock(spinlock_t *lock) {
    (void)lock;
}

/* Only for locks inside locks of the same kind. */
#define spin_lock_nested(lock, subclass) spin_lock(lock)

#endif
