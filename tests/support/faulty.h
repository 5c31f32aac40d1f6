/*
 * faulty.h - an allocator, a frame source and a backend that fail when they are told to.
 *
 * All of them count at one fault point, so that "the n-th request" means the n-th of an operation,
 * whoever it goes to.
 */
#ifndef MSET_TEST_SUPPORT_FAULTY_H
#define MSET_TEST_SUPPORT_FAULTY_H

#include <mset/backend.h>
#include <mset/frames.h>

struct fault_point {
    uint64_t at;       /* the request that fails, from 1; 0: none */
    bool on;           /* and all after it */
    uint64_t requests; /* since the last fault_point_set() */
    uint64_t hit;      /* of these, how many failed */
    uint64_t injected; /* ever */
};

void fault_point_set(struct fault_point *point, uint64_t at, bool on);

/* ---- memory --------------------------------------------------------------------------------- */

struct faulty_allocator {
    struct mset_allocator base; /* what the library gets */
    const struct mset_allocator *under;
    struct fault_point *point;
};

void faulty_allocator_init(struct faulty_allocator *memory, const struct mset_allocator *under,
                           struct fault_point *point);

struct faulty_frames {
    struct mset_frames base;
    struct mset_frames *under;
    struct fault_point *point;
    unsigned largest_order; /* above it there is nothing, which is no request */
    uint64_t live;          /* frames handed out */
};

void faulty_frames_init(struct faulty_frames *frames, struct mset_frames *under,
                        struct fault_point *point);

/* ---- backends ------------------------------------------------------------------------------- */

#define FAULTY_CODE (-77)

/*
 * Does what another backend does, over a page table of its own; but it does not prepare, and each
 * of its calls may be refused.
 */
struct faulty_backend {
    struct mset_backend base;
    struct mset_backend *under;
    void *page_table;
    struct fault_point *point;
    uint64_t references;
};

/* Without `moves` it has no move, so that pieces are unmapped and mapped. */
void faulty_backend_init(struct faulty_backend *backend, struct mset_backend *under,
                         void *page_table, struct fault_point *point, bool moves);

#endif
