/* rights.c - see rights.h. */
#include "page_table/rights.h"

#include <stdbool.h>
#include <string.h>

#include <mset/base.h>

static bool starts(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

unsigned rights_of(const char *format, uint64_t flags) {
    const unsigned access =
        (flags & MSET_READ ? 1u : 0) | (flags & MSET_WRITE ? 2u : 0) | (flags & MSET_EXEC ? 4u : 0);
    const bool user = (flags & MSET_USER) != 0;
    const bool second = starts(format, "npt") || starts(format, "ept") ||
                        starts(format, "aarch64-s2") || strstr(format, "x4") != NULL;
    if (second) {
        return access << 3 | access;
    }
    if (!user) {
        return access << 3;
    }
    const bool apart = starts(format, "aarch64") || starts(format, "sv"); /* the kernel must not */
    return (apart ? access & 3 : access) << 3 | access;
}
