/* check.c - complaints and figures. */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>

bool check_that(struct check *check, bool holds, const char *complaint) {
    if (!holds && check->complaint == NULL) {
        check->complaint = complaint;
    }
    return holds;
}

void check_saw(struct check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is started above */
    (void)vsnprintf(check->figures, sizeof check->figures, format, arguments);
    va_end(arguments);
}
