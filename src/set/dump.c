/*
 * dump.c - the areas as lines of /proc/PID/maps.
 *
 *     7f0000000000-7f0000002000 rw-p 00001000 00:00 0                          name
 *     start        end          perm offset   dev   inode                      column 73
 */
#include "set.h"

enum { BUFFER = 128, NAME_COLUMN = 73 };

/* Text on its way out: handed on when the buffer is full and at the end of a line. */
struct line {
    mset_write_text write;
    void *arg;
    bool stopped;
    size_t column;
    size_t length;
    char text[BUFFER];
};

/* There is something: at least the end of the line. */
static void flush(struct line *line) {
    if (!line->stopped) {
        line->stopped = !line->write(line->arg, line->text, line->length);
    }
    line->length = 0;
}

static void put_char(struct line *line, char c) {
    if (line->length == BUFFER) {
        flush(line);
    }
    line->text[line->length++] = c;
    line->column++;
}

static void put_text(struct line *line, const char *text) {
    while (*text != '\0') {
        put_char(line, *text++);
    }
}

/* A newline would end the line: the kernel writes it as an octal escape, and so do we. */
static void put_name(struct line *line, const char *name) {
    while (line->column < NAME_COLUMN) {
        put_char(line, ' ');
    }
    for (; *name != '\0'; name++) {
        if (*name == '\n') {
            put_text(line, "\\012");
        } else {
            put_char(line, *name);
        }
    }
}

/* Lower-case hexadecimal, at least eight digits as the kernel writes it. */
static void put_hex(struct line *line, uint64_t value) {
    for (unsigned digit = 16; digit-- > 0;) {
        const uint64_t rest = value >> (4 * digit);
        if (digit < 8 || rest != 0) {
            put_char(line, "0123456789abcdef"[rest & 15]);
        }
    }
}

static void put_area(struct line *line, const struct mset_area *area) {
    const uint64_t end = mset_area_end(area);
    put_hex(line, area->start);
    put_char(line, '-');
    if (end == 0) {
        put_text(line, "10000000000000000"); /* 2^64 */
    } else {
        put_hex(line, end);
    }
    put_char(line, ' ');
    put_char(line, (area->flags & MSET_READ) != 0 ? 'r' : '-');
    put_char(line, (area->flags & MSET_WRITE) != 0 ? 'w' : '-');
    put_char(line, (area->flags & MSET_EXEC) != 0 ? 'x' : '-');
    put_char(line, (area->flags & MSET_SHARED) != 0 ? 's' : 'p');
    put_char(line, ' ');
    put_hex(line, area->offset);
    put_text(line, " 00:00 0 ");
    if (area->backend != NULL && area->backend->ops->name != NULL) {
        put_name(line, area->backend->ops->name);
    }
    put_char(line, '\n');
    flush(line);
}

bool mset_dump(const struct mset *set, mset_write_text write, void *arg) {
    struct line line = {.write = write, .arg = arg};
    struct mset_cursor cursor;
    struct mset_area area;
    if (!mset_given(set) || write == NULL) {
        return false;
    }
    mset_cursor_all(&cursor, set);
    while (!line.stopped && mset_cursor_next(&cursor, &area)) {
        line.column = 0;
        put_area(&line, &area);
    }
    mset_cursor_close(&cursor);
    return !line.stopped;
}
