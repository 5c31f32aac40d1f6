/*
 * trouble.h - what went wrong, and in which line.
 */
#ifndef REPLAY_TROUBLE_H
#define REPLAY_TROUBLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct trouble {
    uint32_t line; /* counted from 1; 0: about the file as a whole */
    char text[160];
};

/* Always false, so that a failing function can end with `return trouble_set(...)`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline bool
trouble_set(struct trouble *trouble, uint32_t line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
    va_end(arguments);
    trouble->line = line;
    return false;
}

static inline bool trouble_no_memory(struct trouble *trouble, uint32_t line) {
    return trouble_set(trouble, line, "not enough memory");
}

/* `FILE:LINE: text`, or `FILE: text` for the file as a whole. */
static inline void trouble_print(const struct trouble *trouble, const char *path, FILE *to) {
    if (trouble->line != 0) {
        fprintf(to, "%s:%lu: %s\n", path, (unsigned long)trouble->line, trouble->text);
    } else {
        fprintf(to, "%s: %s\n", path, trouble->text);
    }
}

#endif
