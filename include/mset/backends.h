/*
 * backends.h - ready backends over a page table of page_table.h.
 *
 *     linear   addresses stand for the physical address in the area's offset
 *     eager    frames are taken when the area is mapped
 *     lazy     frames are taken one page at a time, at the first fault
 *
 * The `page_table` given to operations of the set is a `struct mset_page_table *`; NULL is
 * MSET_INVALID_PARAM. A backend object may serve many areas of many sets and page tables, one
 * thread at a time. It is yours: embed it or make it static; it needs no clean-up. It must outlive
 * the areas that use it.
 *
 * Flags: where the format cannot say "write or execute but do not read" (x86-64), a page with any
 * access gets MSET_READ as well, as Linux does it. What else the format cannot express is
 * MSET_UNSUPPORTED. The caller's flags and MSET_SHARED do not reach the page table.
 *
 * Frames: eager and lazy give back on unmap what they took. New frames are zeroed if they have
 * storage. A frame stays with its page, contents and all, through protect to PROT_NONE and back,
 * through cuts and through move.
 *
 * All three prepare (backend.h): tables and frames are taken before anything is changed, exactly as
 * many as will be used, and the step itself cannot fail. So an operation over areas of these
 * backends happens whole or leaves no trace. No leaf reaches across a boundary between areas, so
 * only the ends of an operation's range can need a new table, and taking whole areas out,
 * mset_clear above all, needs no memory.
 *
 * This holds as long as the page table has nothing in the range of an operation but what areas of
 * backends that prepare have put there: what somebody else has mapped, in a hole or behind an area
 * without a backend, is found when it is in the way, and that may be after areas were unmapped to
 * make room. With config.promote of the page table leaves do reach across areas; then a step may
 * take more tables than it needs, which stay in the table's stock, and unmapping a whole area may
 * need some. Markers (page_table.h) in an area are the caller's: a fault on one is
 * MSET_UNSUPPORTED, unmapping removes it.
 *
 * What cannot be brought back: when a map or move with MSET_MAP_REPLACE has unmapped areas of these
 * backends, and then a backend *without* prepare refuses what was to come in their place, they are
 * mapped again: eager and lazy areas with fresh frames, not the old contents.
 *
 * Flushing: frames go back to their source inside the call that unmaps them. Stop the processors
 * that use the page table, or give a source that holds frames back until the flush.
 *
 * fault(): a page that is there and allows the access is fine (0, a stale translation); one that
 * is there with other flags than the area's gets those; a missing one is filled. Whether the
 * access is legal has been judged by the area's flags alone: where the format implies reading, an
 * area with MSET_WRITE only still refuses a read that faults.
 */
#ifndef MSET_BACKENDS_H
#define MSET_BACKENDS_H

#include "backend.h"
#include "frames.h"
#include "page_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Physical address = the area's offset at that point. Leaves as large as alignment allows. */
struct mset_linear {
    struct mset_backend backend; /* &linear.backend goes into the area */
    uint64_t areas;              /* references held by sets; read only */
};
MSET_API void mset_linear_init(struct mset_linear *linear);

/*
 * Frames are there from the start, in blocks as large as the page table's leaves where alignment,
 * size and the frame source allow, else smaller. The area's offset is not used. An area without
 * access (PROT_NONE) takes no frames until protect gives it some.
 */
struct mset_frame_reservation;
struct mset_eager {
    struct mset_backend backend;
    struct mset_frames *frames; /* for data; may be another source than that of the tables */
    struct mset_allocator allocator;
    uint64_t areas;
    uint64_t held; /* bytes of frames taken and not given back; read only */
    struct mset_frame_reservation *first_reserved, *last_reserved; /* for steps to come */
};
/* The allocator, for lists of frames that wait to be mapped, is copied; NULL: the default. */
MSET_API void mset_eager_init(struct mset_eager *eager, struct mset_frames *frames,
                              const struct mset_allocator *allocator);

/* Nothing is there until a fault asks for it, then one page of the smallest size. */
struct mset_lazy {
    struct mset_backend backend;
    struct mset_frames *frames;
    uint64_t areas;
    uint64_t held;
};
MSET_API void mset_lazy_init(struct mset_lazy *lazy, struct mset_frames *frames);

#ifdef __cplusplus
}
#endif
#endif
