/* target.c - see target.h. */
#include "target.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fuzz_judge(const char *wrong) {
    if (wrong != NULL) {
        (void)fflush(stdout);
        (void)fprintf(stderr, "FAULT: %s\n", wrong);
        abort();
    }
}

bool fuzz_prints(void) {
    static int prints = -1;
    if (prints < 0) {
        const char *const asked = getenv("MSET_FUZZ_PRINT");
        prints = asked != NULL && asked[0] != '\0' && asked[0] != '0';
    }
    return prints != 0;
}

void fuzz_print(const char *format, ...) {
    va_list arguments;
    if (!fuzz_prints()) {
        return;
    }
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is started above */
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)fflush(stdout);
}
