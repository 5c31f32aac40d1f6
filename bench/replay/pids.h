/*
 * pids.h - a table from process (thread) numbers to small structures: open addressing.
 */
#ifndef REPLAY_PIDS_H
#define REPLAY_PIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More are refused: it bounds the memory that a hostile input can ask for. */
#define PIDS_LIMIT ((size_t)1 << 20)

struct pids {
    uint32_t *keys; /* 0: free */
    unsigned char *values;
    size_t value_size, slots, used;
};

void pids_init(struct pids *pids, size_t value_size);
void pids_free(struct pids *pids);

/* The structure of `pid`, or NULL. Valid until the next pids_add. */
void *pids_find(const struct pids *pids, uint32_t pid);

/* The same, made of zero bytes if it is new; NULL without memory or beyond the limit. */
void *pids_add(struct pids *pids, uint32_t pid);

/* Steps through all of them: *at starts at 0; NULL at the end. */
void *pids_next(const struct pids *pids, size_t *at);

#endif
