/*
 * lines.c - cuts a stream of bytes into lines.
 *
 * Whole lines inside a piece are passed on where they lie; only what is left at the end of a
 * piece is copied and waits for the rest.
 */
#include "lines.h"

#include "array.h"

void lines_init(struct lines *lines, line_sink sink, void *arg) {
    *lines = (struct lines){.sink = sink, .arg = arg};
}

void lines_free(struct lines *lines) {
    free(lines->held);
    lines->held = NULL;
    lines->size = lines->capacity = 0;
}

static bool hold(struct lines *lines, struct text part, struct trouble *trouble) {
    if (part.size == 0) {
        return true;
    }
    if (part.size > LINE_LIMIT - lines->size) {
        return trouble_set(trouble, lines->number + 1, "line too long");
    }
    const size_t needed = lines->size + part.size;
    char *held = array_reserve(lines->held, &lines->capacity, needed, 1);
    if (held == NULL) {
        return trouble_no_memory(trouble, lines->number + 1);
    }
    lines->held = held;
    memcpy(held + lines->size, part.at, part.size);
    lines->size = needed;
    return true;
}

static bool pass_on(struct lines *lines, struct text line, struct trouble *trouble) {
    if (lines->number == UINT32_MAX) {
        return trouble_set(trouble, 0, "too many lines");
    }
    lines->number++;
    if (line.size > LINE_LIMIT) {
        return trouble_set(trouble, lines->number, "line too long");
    }
    if (text_has(line, '\0')) {
        return trouble_set(trouble, lines->number, "not text: the line has a zero byte");
    }
    return lines->sink(lines->arg, line, lines->number, trouble);
}

static bool end_of_line(struct lines *lines, struct text part, struct trouble *trouble) {
    if (lines->size == 0) {
        return pass_on(lines, part, trouble);
    }
    if (!hold(lines, part, trouble)) {
        return false;
    }
    const struct text line = {lines->held, lines->size};
    lines->size = 0;
    return pass_on(lines, line, trouble);
}

bool lines_feed(struct lines *lines, const char *bytes, size_t size, struct trouble *trouble) {
    struct text rest = {bytes, size};
    while (rest.size != 0) {
        const char *end = memchr(rest.at, '\n', rest.size);
        if (end == NULL) {
            return hold(lines, rest, trouble);
        }
        if (!end_of_line(lines, text_next(&rest, '\n'), trouble)) {
            return false;
        }
    }
    return true;
}

bool lines_finish(struct lines *lines, struct trouble *trouble) {
    if (lines->size != 0) {
        return trouble_set(trouble, lines->number + 1, "the last line is cut off");
    }
    return true;
}
