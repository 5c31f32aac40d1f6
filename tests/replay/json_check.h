/*
 * json_check.h - is a text one JSON value (RFC 8259)?
 */
#ifndef TESTS_REPLAY_JSON_CHECK_H
#define TESTS_REPLAY_JSON_CHECK_H

#include <stdbool.h>

bool json_is_valid(const char *text);

#endif
