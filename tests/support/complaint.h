/*
 * complaint.h - the first thing that was wrong, as text: what follows from it would only hide it.
 */
#ifndef MSET_TEST_SUPPORT_COMPLAINT_H
#define MSET_TEST_SUPPORT_COMPLAINT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Into `text`, unless there is one: "" is none. */
static inline void complaint_keep(char *text, size_t size, const char *format, va_list arguments) {
    if (text[0] == '\0') {
        /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): callers have started it */
        (void)vsnprintf(text, size, format, arguments);
    }
}

#endif
