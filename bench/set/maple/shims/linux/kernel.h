/* Stands in for <linux/kernel.h>: what kernel code takes for granted. */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define DIV_ROUND_UP(n, by) (((n) + (by)-1) / (by))

/* What is not allowed to happen makes the benchmark end (bug.h), so there is nothing to add. */
static inline void pr_err(const char *format, ...) {
    (void)format;
}

#endif
