/*
 * backend.h - what stands behind an area: the operations a mapping backend offers.
 *
 * The trait MappingBackend of the Rust crate memory_set, as a C object: embed `struct
 * mset_backend` as the first member of your own structure and point `ops` at a constant table.
 * An area whose backend is NULL is bookkeeping only: nobody is told about it.
 *
 * Who is told what, and when
 *
 * An operation is a list of steps, one for each piece: a piece is the part of one area that lies
 * inside the operation's range. First what is in the way is unmapped, then pieces are protected or
 * moved, then what is new is mapped. Each step is one call, each call comes exactly once:
 *
 *   1. Backends with `prepare` are asked for everything their steps will need, in the order in
 *      which the calls will come. If one refuses, those that agreed are told to abort, and the
 *      operation has not begun.
 *   2. Pieces are unmapped: in ascending address order, those of backends without `prepare`
 *      before those with, who do not refuse. So where one of the former refuses to unmap, protect,
 *      or move to an empty place, none of the latter has been called yet.
 *   3. Pieces are protected or moved, in the same order.
 *   4. The new area is mapped.
 *   5. The set changes, and observers are told (observe.h).
 *
 *   - `run` describes the piece with the area's present flags; run->offset is the offset of
 *     run->start. It is a copy: the backend may not keep the pointer.
 *   - Calls come before the set changes: during a call the set still shows the old state. A
 *     backend may look at the set, it must not change it.
 *   - `page_table` is what the caller gave to the operation; the set never looks at it.
 *
 * How a backend answers
 *
 *     0    done
 *   > 0    a mset_status (MSET_NO_MEMORY, ...): the operation returns it
 *   < 0    the backend's own code: the operation returns MSET_BAD_STATE
 *
 * In both cases mset_last_failure() reports the code. A call that answers other than 0 must have
 * changed nothing for its run. Then the steps prepared and not yet called are aborted, and those
 * called are undone in reverse order: unmap by map, map by unmap, protect by protect with the old
 * flags, move by move back. If an undo is refused as well, undoing ends there: the operation
 * returns MSET_BAD_STATE, whatever the code, the set describes what the backends confirmed, and the
 * failure says how far that goes.
 *
 * Every member of the table may be NULL: map, unmap, protect and fault then succeed without doing
 * anything, splitting and merging are allowed, references are not counted, and moving is an unmap
 * followed by a map. But an area whose backend has one of `prepare` and `abort` without the other
 * is MSET_INVALID_PARAM.
 *
 * Several backends over one page table of page_table.h: who changes a table on which others prepare
 * must prepare as well. His calls would else use up what they have put there, and theirs fail.
 */
#ifndef MSET_BACKEND_H
#define MSET_BACKEND_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_backend;

/*
 * A run of addresses with equal attributes. `size` is never 0 in what the library hands out.
 * `offset` is the backend's own coordinate of `start` (a file offset, a physical address, ...);
 * every address of the area has offset + (address - start), modulo 2^64, however it is cut.
 */
struct mset_area {
    uint64_t start;
    uint64_t size;
    uint64_t flags;
    struct mset_backend *backend; /* NULL: bookkeeping only */
    uint64_t offset;
};

enum mset_step_kind { MSET_STEP_MAP, MSET_STEP_UNMAP, MSET_STEP_PROTECT, MSET_STEP_MOVE };

/* A call to come. */
struct mset_step {
    enum mset_step_kind kind;
    struct mset_area run; /* as the call will get it */
    uint64_t new_flags;   /* PROTECT */
    uint64_t new_start;   /* MOVE */
    /* MAP, MOVE: all areas in the room, which holds the new place, will have been unmapped before
       the call. A size of 0: the new place is free now. */
    uint64_t room_start;
    uint64_t room_size;
};

struct mset_backend_ops {
    const char *name; /* shown in listings, may be NULL */

    /*
     * Takes everything the step's call will need, so that it cannot fail, and judges whether it is
     * possible at all; changes nothing that an access, or another backend, could see. Steps add up.
     * Each step prepared is ended by its call or by `abort`; what is aborted comes in reverse
     * order. Between prepare and the end the page table is changed by steps only.
     */
    int (*prepare)(struct mset_backend *backend, const struct mset_step *step, void *page_table);
    /* Gives back what was taken for the step. Cannot fail. */
    void (*abort)(struct mset_backend *backend, const struct mset_step *step, void *page_table);

    int (*map)(struct mset_backend *backend, const struct mset_area *run, void *page_table);
    int (*unmap)(struct mset_backend *backend, const struct mset_area *run, void *page_table);
    int (*protect)(struct mset_backend *backend, const struct mset_area *run, uint64_t new_flags,
                   void *page_table);
    /* Carry what is behind `run` to `new_start`, where nothing is mapped (mremap). */
    int (*move)(struct mset_backend *backend, const struct mset_area *run, uint64_t new_start,
                void *page_table);
    /*
     * A legal access (MSET_READ, MSET_WRITE or MSET_EXEC) at `address` found no translation, or
     * a stale one. After 0 the access can be repeated.
     */
    int (*fault)(struct mset_backend *backend, const struct mset_area *area, uint64_t address,
                 uint64_t access, void *page_table);

    /*
     * May the area be cut so that a new one begins at `at`? A refusal makes the operation that
     * wanted the cut fail with MSET_UNSUPPORTED before anything is changed.
     */
    bool (*may_split)(struct mset_backend *backend, const struct mset_area *area, uint64_t at);
    /*
     * May two neighbours with equal flags, this backend, and consecutive offsets become one
     * area? Asked only in sets that merge, when one of the two has just come to lie beside the
     * other, or would do so by an operation that is shown (plan.h) or judged by the set's limits;
     * so the answer must not depend on how large they are, nor on whether they are there yet.
     */
    bool (*may_merge)(struct mset_backend *backend, const struct mset_area *left,
                      const struct mset_area *right);

    /*
     * One reference per area: taken when an area with this backend comes into being (mapped,
     * or split off), dropped when it goes (removed, or merged away). Cannot fail.
     */
    void (*retain)(struct mset_backend *backend);
    void (*release)(struct mset_backend *backend);
};

struct mset_backend {
    const struct mset_backend_ops *ops;
};

#ifdef __cplusplus
}
#endif
#endif
