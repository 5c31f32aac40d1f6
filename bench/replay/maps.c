/*
 * maps.c - listings of areas, read and compared.
 *
 *     7f913f396000-7f913f3bc000 r--p 00000000 fe:00 332383      /libc.so.6
 *
 * Only addresses and permissions are used; the rest of a line must look as it should.
 *
 * Two listings are compared by walking both at once over the addresses that count. At each step
 * the walk goes to the nearest place where anything can change; steps that disagree in the same
 * way and follow each other are one difference, so that how areas are cut does not matter.
 */
#include "maps.h"

#include "array.h"

static bool read_line(void *arg, struct text line, uint32_t number, struct trouble *trouble);

void maps_init(struct maps *maps) {
    *maps = (struct maps){0};
    lines_init(&maps->lines, read_line, maps);
}

void maps_free(struct maps *maps) {
    lines_free(&maps->lines);
    free(maps->at);
    *maps = (struct maps){0};
}

bool maps_append(struct maps *maps, struct maps_area area) {
    struct maps_area *last = maps->count == 0 ? NULL : &maps->at[maps->count - 1];
    if (last != NULL && last->end == area.start && last->access == area.access) {
        last->end = area.end;
        return true;
    }
    struct maps_area *at = array_reserve(maps->at, &maps->capacity, maps->count + 1, sizeof *at);
    if (at == NULL) {
        return false;
    }
    maps->at = at;
    at[maps->count++] = area;
    return true;
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool take_char(struct text *rest, char c) {
    if (rest->size == 0 || rest->at[0] != c) {
        return false;
    }
    *rest = text_from(*rest, 1);
    return true;
}

static bool take_access(struct text *rest, unsigned *access) {
    static const char letters[] = "rwx";
    *access = MAPS_MAPPED;
    for (unsigned at = 0; at < 3; at++) {
        if (take_char(rest, letters[at])) {
            *access |= 1u << at;
        } else if (!take_char(rest, '-')) {
            return false;
        }
    }
    if (take_char(rest, 's')) {
        *access |= MAPS_SHARED;
        return true;
    }
    return take_char(rest, 'p');
}

/* ` offset major:minor inode`, and then nothing or blanks and a name. */
static bool take_file(struct text *rest) {
    uint64_t unused;
    return take_char(rest, ' ') && text_take_digits(rest, 16, &unused) && take_char(rest, ' ') &&
           text_take_digits(rest, 16, &unused) && take_char(rest, ':') &&
           text_take_digits(rest, 16, &unused) && take_char(rest, ' ') &&
           text_take_digits(rest, 10, &unused) && (rest->size == 0 || take_char(rest, ' '));
}

static bool read_line(void *arg, struct text line, uint32_t number, struct trouble *trouble) {
    struct maps *maps = arg;
    struct maps_area area;
    if (!text_take_digits(&line, 16, &area.start) || !take_char(&line, '-') ||
        !text_take_digits(&line, 16, &area.end) || !take_char(&line, ' ') ||
        !take_access(&line, &area.access) || !take_file(&line)) {
        return trouble_set(trouble, number, "malformed line");
    }
    const uint64_t least = maps->count == 0 ? 0 : maps->at[maps->count - 1].end;
    if (area.start >= area.end || area.start < least) {
        return trouble_set(trouble, number, "areas must be ascending");
    }
    return maps_append(maps, area) || trouble_no_memory(trouble, number);
}

bool maps_feed(struct maps *maps, const char *bytes, size_t size, struct trouble *trouble) {
    return lines_feed(&maps->lines, bytes, size, trouble);
}

bool maps_finish(struct maps *maps, struct trouble *trouble) {
    if (!lines_finish(&maps->lines, trouble)) {
        return false;
    }
    return maps->lines.number != 0 || trouble_set(trouble, 0, "empty: not a listing of areas");
}

const char *maps_access_text(unsigned access, char text[5]) {
    if ((access & MAPS_MAPPED) == 0) {
        return memcpy(text, "none", 5);
    }
    text[0] = (access & MAPS_READ) != 0 ? 'r' : '-';
    text[1] = (access & MAPS_WRITE) != 0 ? 'w' : '-';
    text[2] = (access & MAPS_EXEC) != 0 ? 'x' : '-';
    text[3] = (access & MAPS_SHARED) != 0 ? 's' : 'p';
    text[4] = 0;
    return text;
}

/* ---- comparing ---------------------------------------------------------------------------- */

/* What a listing says from `address` on, and up to where; *at only ever goes forward. */
static unsigned look(const struct maps *maps, size_t *at, uint64_t address, uint64_t *until) {
    while (*at < maps->count && maps->at[*at].end <= address) {
        (*at)++;
    }
    if (*at == maps->count) {
        return 0;
    }
    const struct maps_area *area = &maps->at[*at];
    const bool inside = area->start <= address;
    const uint64_t change = inside ? area->end : area->start;
    *until = change < *until ? change : *until;
    return inside ? area->access : 0;
}

struct comparison {
    struct maps_difference now; /* start == end: none is open */
    uint64_t found;
    maps_report report;
    void *arg;
};

static void close_difference(struct comparison *comparison) {
    if (comparison->now.start != comparison->now.end) {
        comparison->found++;
        comparison->report(comparison->arg, &comparison->now);
    }
    comparison->now.start = comparison->now.end = 0;
}

static void step(struct comparison *comparison, const struct maps_difference *piece) {
    struct maps_difference *now = &comparison->now;
    const bool goes_on = now->start != now->end && now->end == piece->start &&
                         now->left == piece->left && now->right == piece->right;
    if (goes_on) {
        now->end = piece->end;
        return;
    }
    close_difference(comparison);
    if (piece->left != piece->right) {
        *now = *piece;
    }
}

uint64_t maps_compare(const struct maps *left, const struct maps *right, const struct ranges *where,
                      maps_report report, void *arg) {
    struct comparison comparison = {.report = report, .arg = arg};
    size_t in_left = 0, in_right = 0;
    for (size_t at = 0; at < where->count; at++) {
        struct maps_difference piece = {.start = where->at[at].start};
        for (; piece.start < where->at[at].end; piece.start = piece.end) {
            piece.end = where->at[at].end;
            piece.left = look(left, &in_left, piece.start, &piece.end);
            piece.right = look(right, &in_right, piece.start, &piece.end);
            step(&comparison, &piece);
        }
    }
    close_difference(&comparison);
    return comparison.found;
}
