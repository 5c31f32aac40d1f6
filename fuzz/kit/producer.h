/*
 * producer.h - the bytes of a fuzzer's input as choices and sizes, and the way back.
 *
 *     front                                                  end
 *     | choice | choice | choice | ...  ->  <- ... | size | size |
 *
 * What decides which way the test goes is taken from the front, a byte each; numbers are taken from
 * the end, as many bytes as they can need. So a mutation of one does not shift the other. Whoever
 * asks beyond the last byte is given zeros.
 *
 * The same calls write: a producer made by producer_write() appends each value it is asked for in
 * place of reading one. So the function that reads a structure from an input also makes the input
 * that stands for a structure, and seeds can be made of what unit tests do. Every function returns
 * the value read, or the value it was given to write.
 */
#ifndef MSET_FUZZ_KIT_PRODUCER_H
#define MSET_FUZZ_KIT_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRODUCER_MOST = 4096 }; /* bytes that can be written, of each kind */

struct producer {
    const uint8_t *data; /* reading: what is left is [data, data + size) */
    size_t size;
    bool writes;
    bool failed; /* writing: a value cannot be expressed, or there are too many */
    size_t choices, sizes;
    uint8_t choice[PRODUCER_MOST], number[PRODUCER_MOST]; /* what was written, in order */
};

void producer_read(struct producer *producer, const uint8_t *data, size_t size);
void producer_write(struct producer *producer);

/* Reading: is anything left? */
bool producer_more(const struct producer *producer);

/* 0 .. count - 1; count is at most 256. */
unsigned producer_choice(struct producer *producer, unsigned value, unsigned count);
/* One of a list. */
uint64_t producer_pick(struct producer *producer, uint64_t value, const uint64_t *list,
                       size_t count);
/* least .. most. */
uint64_t producer_size(struct producer *producer, uint64_t value, uint64_t least, uint64_t most);

/* The input that was written, `choices + sizes` bytes. */
void producer_written(const struct producer *producer, uint8_t *data);

#endif
