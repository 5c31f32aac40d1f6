/*
 * assert.h - three tiers of assertions, chosen by MSET_DEBUG_LEVEL at compile time.
 *
 *     level 1  MSET_ASSERT            cheap: arguments and results
 *     level 2  MSET_ASSERT_INTERNAL   invariants around every step of an algorithm
 *     level 3  MSET_ASSERT_EXPENSIVE  whole-structure checks
 *
 * These are macros because they must vanish, and must show the text of the expression.
 */
#ifndef MSET_SRC_ASSERT_H
#define MSET_SRC_ASSERT_H

#ifndef MSET_DEBUG_LEVEL
#define MSET_DEBUG_LEVEL 0
#endif

#if MSET_DEBUG_LEVEL > 0
/* Hosted: prints and aborts. Freestanding: traps, there is nobody to print to. */
_Noreturn void mset_assert_failed(const char *text, const char *file, int line);
#define MSET_CHECK_(x) ((x) ? (void)0 : mset_assert_failed(#x, __FILE__, __LINE__))
#endif

#if MSET_DEBUG_LEVEL >= 1
#define MSET_ASSERT(x) MSET_CHECK_(x)
#else
#define MSET_ASSERT(x) ((void)sizeof(x))
#endif

#if MSET_DEBUG_LEVEL >= 2
#define MSET_ASSERT_INTERNAL(x) MSET_CHECK_(x)
#else
#define MSET_ASSERT_INTERNAL(x) ((void)sizeof(x))
#endif

#if MSET_DEBUG_LEVEL >= 3
#define MSET_ASSERT_EXPENSIVE(x) MSET_CHECK_(x)
#else
#define MSET_ASSERT_EXPENSIVE(x) ((void)sizeof(x))
#endif

#endif
