/*
 * text.h - a piece of a line that is looked at but not owned, and the few questions asked of it.
 *
 * The reader takes bytes from strangers, so nothing here expects a terminating zero.
 */
#ifndef REPLAY_TEXT_H
#define REPLAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at;
    size_t size;
};

static inline struct text text_of(const char *string) {
    return (struct text){string, strlen(string)};
}

static inline bool text_is(struct text text, const char *string) {
    return text.size == strlen(string) && memcmp(text.at, string, text.size) == 0;
}

static inline bool text_starts(struct text text, const char *prefix) {
    const size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.at, prefix, size) == 0;
}

static inline bool text_ends(struct text text, const char *suffix) {
    const size_t size = strlen(suffix);
    return text.size >= size && memcmp(text.at + text.size - size, suffix, size) == 0;
}

/* Without its first `count` bytes. */
static inline struct text text_from(struct text text, size_t count) {
    return (struct text){text.at + count, text.size - count};
}

static inline struct text text_first(struct text text, size_t count) {
    return (struct text){text.at, count};
}

static inline struct text text_trim(struct text text) {
    while (text.size != 0 && text.at[0] == ' ') {
        text = text_from(text, 1);
    }
    while (text.size != 0 && text.at[text.size - 1] == ' ') {
        text.size--;
    }
    return text;
}

static inline bool text_has(struct text text, char c) {
    return text.size != 0 && text.at != NULL && memchr(text.at, c, text.size) != NULL;
}

/* Where `wanted` first occurs, or text.size. */
static inline size_t text_find(struct text text, const char *wanted) {
    const size_t size = strlen(wanted);
    for (size_t at = 0; at + size <= text.size; at++) {
        if (memcmp(text.at + at, wanted, size) == 0) {
            return at;
        }
    }
    return text.size;
}

/* Cuts what lies before the first `separator` off the front, the separator too. */
static inline struct text text_next(struct text *rest, char separator) {
    const char *end =
        rest->size == 0 ? NULL : (const char *)memchr(rest->at, separator, rest->size);
    const size_t size = end == NULL ? rest->size : (size_t)(end - rest->at);
    const struct text word = text_first(*rest, size);
    *rest = text_from(*rest, end == NULL ? size : size + 1);
    return word;
}

static inline bool text_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or 16. */
static inline unsigned text_hex_digit(char c) {
    if (text_is_digit(c)) {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a') + 10;
    }
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

/*
 * The longest number at the front, of digits in `base` (10 or 16), cut off. False if there is
 * none or it needs more than 64 bits.
 */
static inline bool text_take_digits(struct text *rest, unsigned base, uint64_t *value) {
    size_t used = 0;
    uint64_t sum = 0;
    for (; used < rest->size; used++) {
        const unsigned digit = text_hex_digit(rest->at[used]);
        if (digit >= base) {
            break;
        }
        if (sum > (UINT64_MAX - digit) / base) {
            return false;
        }
        sum = sum * base + digit;
    }
    *rest = text_from(*rest, used);
    *value = sum;
    return used != 0;
}

/* The same for decimal or 0x-hexadecimal. */
static inline bool text_take_number(struct text *rest, uint64_t *value) {
    if (text_starts(*rest, "0x")) {
        *rest = text_from(*rest, 2);
        return text_take_digits(rest, 16, value);
    }
    return text_take_digits(rest, 10, value);
}

#endif
