/*
 * supply.h - where the subjects of these tests get frames and memory from: one count of requests
 * over all sources, of which the nth, or all from then on, can be refused.
 */
#ifndef MSET_TEST_CONFORMANCE_SUPPLY_H
#define MSET_TEST_CONFORMANCE_SUPPLY_H

#include <mset/frames.h>

struct supply {
    uint64_t requests; /* since supply_fail() */
    uint64_t fail_at;  /* 0: never */
    bool fail_on;
    uint64_t in_use; /* bytes, of frames and of memory */
};

void supply_fail(struct supply *supply, uint64_t nth, bool on);
/* Counts a request; false: it is refused. */
bool supply_request(struct supply *supply);

/* Frames of another source. */
struct supplied_frames {
    struct mset_frames frames;
    struct supply *supply;
    struct mset_frames *under;
};
void supplied_frames_init(struct supplied_frames *source, struct supply *supply,
                          struct mset_frames *under);

/* Memory of the C library. */
struct mset_allocator supplied_memory(struct supply *supply);

#endif
