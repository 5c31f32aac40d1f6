/*
 * play.h - a string of bytes as a story of processes: what they do to their address spaces, what
 * their processors read and write, which request for memory fails. Told beside it is the simplest
 * truth there is: an array of pages for each process, with what is in them; a fork copies the
 * array.
 *
 * Any bytes are a story. The same bytes are the same story, so a fuzzer and a random test play the
 * same game, and a failure is seen again by its bytes.
 *
 * Compared after every step, for every page of the process that took it, and after every eighth for
 * all: area, flags and offset; that the page table shows the right contents, or nothing where there
 * is nothing yet; that frames owned, taken and counted add up; that a step which failed has left
 * everything as it was, numbers of frames, tables and bytes included.
 */
#ifndef MSET_TEST_ADDRESS_SPACE_PLAY_H
#define MSET_TEST_ADDRESS_SPACE_PLAY_H

#include "world.h"

struct play_result {
    const char *complaint;                  /* NULL: all is well; lives until the next play */
    uint64_t step;                          /* in which it was found */
    uint64_t steps, refused, forks, copies; /* copies: stores that made a frame of their own */
    uint64_t faults;                        /* requests for memory that were refused */
    char line[160];                         /* the last step, in words */
};

struct play_result play(const struct world_site *site, const uint8_t *bytes, size_t size);

#endif
