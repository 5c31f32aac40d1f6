/*
 * json_check.c - a checker for JSON after the grammar of RFC 8259, one function for each rule.
 * Each takes the place where its thing must begin and returns the place behind it, or NULL.
 */
#include "json_check.h"

#include <stddef.h>
#include <string.h>

static const char *value(const char *at, unsigned depth);

static const char *blanks(const char *at) {
    return at + strspn(at, " \t\r\n");
}

static const char *word(const char *at, const char *wanted) {
    const size_t size = strlen(wanted);
    return strncmp(at, wanted, size) == 0 ? at + size : NULL;
}

static const char *escape(const char *at) {
    if (*at == 'u') {
        return strspn(at + 1, "0123456789abcdefABCDEF") >= 4 ? at + 5 : NULL;
    }
    return *at != 0 && strchr("\"\\/bfnrt", *at) != NULL ? at + 1 : NULL;
}

static const char *string(const char *at) {
    if (*at++ != '"') {
        return NULL;
    }
    while (*at != '"') {
        if ((unsigned char)*at < 0x20) { /* the end of the text too */
            return NULL;
        }
        at = *at == '\\' ? escape(at + 1) : at + 1;
        if (at == NULL) {
            return NULL;
        }
    }
    return at + 1;
}

static const char *digits(const char *at) {
    const size_t size = strspn(at, "0123456789");
    return size == 0 ? NULL : at + size;
}

static const char *number(const char *at) {
    at += *at == '-';
    const char *end = digits(at);
    if (end == NULL || (*at == '0' && end != at + 1)) {
        return NULL;
    }
    if (*end == '.') {
        end = digits(end + 1);
    }
    if (end != NULL && (*end == 'e' || *end == 'E')) {
        end++;
        end = digits(end + (*end == '+' || *end == '-'));
    }
    return end;
}

static const char *member(const char *at, unsigned depth) {
    at = string(blanks(at));
    at = at == NULL ? NULL : blanks(at);
    return at == NULL || *at != ':' ? NULL : value(at + 1, depth);
}

/* What stands between brackets, after the opening one. */
static const char *items(const char *at, char closing, unsigned depth) {
    at = blanks(at);
    if (*at == closing) {
        return at + 1;
    }
    for (;;) {
        at = closing == '}' ? member(at, depth) : value(at, depth);
        if (at == NULL) {
            return NULL;
        }
        at = blanks(at);
        if (*at == closing) {
            return at + 1;
        }
        if (*at++ != ',') {
            return NULL;
        }
    }
}

static const char *value(const char *at, unsigned depth) {
    at = blanks(at);
    if (depth == 0) {
        return NULL;
    }
    switch (*at) {
    case '{':
        return items(at + 1, '}', depth - 1);
    case '[':
        return items(at + 1, ']', depth - 1);
    case '"':
        return string(at);
    case 't':
        return word(at, "true");
    case 'f':
        return word(at, "false");
    case 'n':
        return word(at, "null");
    default:
        return number(at);
    }
}

bool json_is_valid(const char *text) {
    const char *end = value(text, 32);
    return end != NULL && *blanks(end) == 0;
}
