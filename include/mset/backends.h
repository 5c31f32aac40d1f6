/*
 * backends.h - ready backends over a page table of page_table.h.
 *
 *     linear   addresses stand for the physical address in the area's offset
 *     eager    frames are taken when the area is mapped
 *     lazy     frames are taken one page at a time, at the first fault
 *
 * The `page_table` given to operations of the set is a `struct mset_page_table *`; NULL is
 * MSET_INVALID_PARAM. A backend object may serve many areas of many sets and page tables, one
 * thread at a time. It is yours: embed it or make it static; nothing is allocated for it and it
 * needs no clean-up. It must outlive the areas that use it.
 *
 * Flags: where the format cannot say "write or execute but do not read" (x86-64), a page with any
 * access gets MSET_READ as well, as Linux does it. What else the format cannot express is
 * MSET_UNSUPPORTED. The caller's flags and MSET_SHARED do not reach the page table.
 *
 * Frames: eager and lazy give back on unmap what they took. New frames are zeroed if they have
 * storage. A frame stays with its page, contents and all, through protect to PROT_NONE and back,
 * through cuts and through move.
 *
 * No leaf reaches across a boundary between areas. So only the ends of an operation's range can
 * need a new table, which is taken before anything else happens (backend.h: cut), and taking whole
 * areas out, mset_clear above all, needs no memory.
 *
 * Two things are not undone as they were. When a map or move with MSET_MAP_REPLACE has made room
 * and then finds no memory, what was there is mapped again: of eager and lazy areas with fresh
 * frames, not the old contents. And when a protect from PROT_NONE is undone, the frames that it
 * took stay with the area.
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
struct mset_eager {
    struct mset_backend backend;
    struct mset_frames *frames; /* for data; may be another source than that of the tables */
    uint64_t areas;
    uint64_t held; /* bytes of frames taken and not given back; read only */
};
MSET_API void mset_eager_init(struct mset_eager *eager, struct mset_frames *frames);

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
