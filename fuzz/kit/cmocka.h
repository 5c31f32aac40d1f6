/*
 * cmocka.h - stands in for cmocka where the judges of tests/ are built for fuzzing: the same words,
 * but what fails aborts, which every engine takes for a crash, and nothing has to be installed.
 * Only what those files use.
 */
#ifndef MSET_FUZZ_KIT_CMOCKA_H
#define MSET_FUZZ_KIT_CMOCKA_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

/* A failure with its place; "a != b" with both values. */
static inline void fuzz_assert(bool holds, const char *what, const char *file, int line) {
    if (!holds) {
        char wrong[256];
        (void)snprintf(wrong, sizeof wrong, "%s:%d: %s", file, line, what);
        fuzz_judge(wrong);
        abort(); /* not reached, as those who read programs cannot know */
    }
}

static inline void fuzz_assert_equal(uint64_t a, uint64_t b, const char *what, const char *file,
                                     int line) {
    if (a != b) {
        char wrong[256];
        (void)snprintf(wrong, sizeof wrong, "%s:%d: %s: %#" PRIx64 " and %#" PRIx64, file, line,
                       what, a, b);
        fuzz_judge(wrong);
    }
}

static inline void fuzz_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void fuzz_fail(const char *format, ...) {
    char wrong[768];
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is started above */
    (void)vsnprintf(wrong, sizeof wrong, format, arguments);
    va_end(arguments);
    fuzz_judge(wrong);
}

#define assert_true(holds) fuzz_assert((holds), #holds, __FILE__, __LINE__)
#define assert_false(holds) fuzz_assert(!(holds), "not " #holds, __FILE__, __LINE__)
#define assert_null(p) fuzz_assert((p) == NULL, #p " is NULL", __FILE__, __LINE__)
#define assert_non_null(p) fuzz_assert((p) != NULL, #p " is not NULL", __FILE__, __LINE__)
#define assert_int_equal(a, b) \
    fuzz_assert_equal((uint64_t)(a), (uint64_t)(b), #a " is " #b, __FILE__, __LINE__)
#define assert_ptr_equal(a, b) fuzz_assert((a) == (b), #a " is " #b, __FILE__, __LINE__)
#define assert_memory_equal(a, b, size) \
    fuzz_assert(memcmp((a), (b), (size)) == 0, #a " is like " #b, __FILE__, __LINE__)
#define fail_msg(...) fuzz_fail(__VA_ARGS__)

#endif
