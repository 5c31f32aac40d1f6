/*
 * dump.c - the areas as lines of /proc/PID/maps.
 *
 *     7f0000000000-7f0000002000 rw-p 00001000 00:00 0                          name
 *     start        end          perm offset   dev   inode                      column 73
 */
#include "set.h"

#include "../base/memory.h"

/* No line is longer: two addresses, an offset, fixed text, and a name that is cut off. */
enum { LINE = 256, NAME_COLUMN = 73 };

struct line {
    char text[LINE];
    size_t length;
};

static void put_char(struct line *line, char c) {
    if (line->length < LINE) {
        line->text[line->length++] = c;
    }
}

static void put_text(struct line *line, const char *text) {
    while (*text != '\0' && line->length < LINE - 1) {
        put_char(line, *text++);
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
        while (line->length < NAME_COLUMN) {
            put_char(line, ' ');
        }
        put_text(line, area->backend->ops->name);
    }
    put_char(line, '\n');
}

bool mset_dump(const struct mset *set, mset_write_text write, void *arg) {
    struct mset_cursor cursor;
    struct mset_area area;
    mset_cursor_all(&cursor, set);
    while (mset_cursor_next(&cursor, &area)) {
        struct line line;
        line.length = 0;
        put_area(&line, &area);
        if (!write(arg, line.text, line.length)) {
            return false;
        }
    }
    return true;
}
