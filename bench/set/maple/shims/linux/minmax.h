/* Stands in for <linux/minmax.h>. Macros, since callers have variables of these names. All that
   asks compares unsigned numbers. */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

static inline unsigned long shim_lower(unsigned long a, unsigned long b) {
    return a < b ? a : b;
}

static inline unsigned long shim_higher(unsigned long a, unsigned long b) {
    return a > b ? a : b;
}

#define min(a, b) shim_lower(a, b)
#define max(a, b) shim_higher(a, b)

#endif
