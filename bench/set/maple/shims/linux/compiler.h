/* Stands in for <linux/compiler.h>: names for what gcc and clang can be told. */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#include <features.h> /* defines __always_inline as well; ours comes after it */

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define noinline __attribute__((noinline))
#define noinline_for_stack noinline
#define __maybe_unused __attribute__((unused))
#define fallthrough __attribute__((fallthrough))
#define barrier() __asm__ volatile("" ::: "memory")

/* For checkers that the kernel runs over its source, and for its linker. */
#define __rcu
#define __must_hold(lock)
#define __init

#endif
