/* Stands in for <linux/bug.h>. A benchmark of something broken is worth nothing: it ends here,
   where a kernel would go on after a warning. */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <stdbool.h>
#include <stdlib.h>

#include <linux/compiler.h>

static inline void BUG_ON(bool broken) {
    if (unlikely(broken)) {
        abort();
    }
}

static inline bool WARN_ON(bool broken) {
    BUG_ON(broken);
    return false;
}

static inline bool WARN_ON_ONCE(bool broken) {
    return WARN_ON(broken);
}

#endif
