/* assert.c - what happens when an assertion fails. */
#include "assert.h"

#if MSET_DEBUG_LEVEL > 0

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>

void mset_assert_failed(const char *text, const char *file, int line) {
    (void)fprintf(stderr, "%s:%d: mset assertion failed: %s\n", file, line, text);
    abort();
}
#else
void mset_assert_failed(const char *text, const char *file, int line) {
    (void)text;
    (void)file;
    (void)line;
    __builtin_trap();
}
#endif

#else
/* ISO C wants something in every translation unit. */
typedef int mset_assert_nothing;
#endif
