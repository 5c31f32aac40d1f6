/*
 * trace_text.h - traces written down in tests.
 */
#ifndef TESTS_REPLAY_TRACE_TEXT_H
#define TESTS_REPLAY_TRACE_TEXT_H

#include "replay.h"

/* Reads a trace; false with the reason in *trouble. The program must be freed if it worked. */
bool text_to_program(const char *text, struct program *program, struct trouble *trouble);

/*
 * Replays a trace and returns what the set holds at its moment, as `START-END PERM` lines with
 * the letter p or s, or the message of what went wrong. Valid until the next call.
 */
const char *text_to_areas(const char *text, enum machine_kind kind);

/* The addresses the trace has mapped, at its moment, as `START-END` lines. */
const char *text_to_known(const char *text);

/* The message with its line, as `LINE: text`; "" if nothing is wrong. */
const char *text_trouble(const char *text);

#endif
