/*
 * input.h - bytes of a file, plain or compressed with xz, in pieces.
 */
#ifndef REPLAY_INPUT_H
#define REPLAY_INPUT_H

#include <stddef.h>

#include "trouble.h"

/* Told each piece of the contents; returns false to stop, with the reason in *trouble. */
typedef bool (*input_sink)(void *arg, const char *bytes, size_t size, struct trouble *trouble);

/*
 * Passes the contents of `path` to `sink`. What is named *.xz, or begins like an xz file, is
 * decompressed and must be whole and sound up to its last byte. Memory: a fixed buffer, and at
 * most 256 MiB for the decompressor.
 */
bool input_read(const char *path, input_sink sink, void *arg, struct trouble *trouble);

#endif
