/*
 * lines.h - cuts a stream of bytes that comes in pieces of any size into lines.
 */
#ifndef REPLAY_LINES_H
#define REPLAY_LINES_H

#include "text.h"
#include "trouble.h"

/* Longer lines are refused: it bounds the memory that a hostile input can ask for. */
#define LINE_LIMIT ((size_t)1 << 20)

/* Told each line without its newline; returns false to stop, with the reason in *trouble. */
typedef bool (*line_sink)(void *arg, struct text line, uint32_t number, struct trouble *trouble);

struct lines {
    line_sink sink;
    void *arg;
    char *held; /* the beginning of a line whose end has not come yet */
    size_t size, capacity;
    uint32_t number; /* lines so far */
};

void lines_init(struct lines *lines, line_sink sink, void *arg);
void lines_free(struct lines *lines);

bool lines_feed(struct lines *lines, const char *bytes, size_t size, struct trouble *trouble);

/* A last line without a newline was cut off: what is left of it may look right and be wrong. */
bool lines_finish(struct lines *lines, struct trouble *trouble);

#endif
