/*
 * set.h - the memory set: which areas exist in an address space, and every way to change that.
 *
 * The model is MemorySet of the Rust crate memory_set: a set of non-overlapping areas keyed by
 * start address, changed by map, unmap and protect, each of which first tells the backends of
 * the areas it touches (backend.h) and then commits.
 *
 *     struct mset *set;
 *     mset_create(NULL, &set);
 *     struct mset_area area = { 0x400000, 0x8000, MSET_READ | MSET_WRITE, backend, 0 };
 *     mset_map(set, &area, MSET_MAP_FAIL, page_table);
 *     mset_unmap(set, 0x402000, 0x1000, page_table);      (cuts the area in two)
 *     mset_destroy(set);
 *
 * Ranges: (start, size) in bytes, multiples of the set's page size. Empty, misaligned or
 * wrapping ranges are MSET_INVALID_PARAM; a range may end at 2^64. No single area covers the
 * whole of 2^64 bytes (its size could not be told).
 *
 * Failure: a call that does not return MSET_OK has changed nothing: neither the set nor what stands
 * behind it. All memory is taken before the first change. Backends that can prepare (backend.h;
 * all ready ones can) have taken theirs too and do not fail; what others have done is undone if
 * one of them refuses. The exceptions are a backend that refuses an operation *and* its undoing
 * (see mset_last_failure()), and what an undoing cannot bring back (for the ready backends see
 * backends.h).
 *
 * Cost: n areas, k areas touched. find, overlaps: O(log n). map, unmap, protect: O(log n + k), and
 * O(log n) for each merge. move: O(k log n). find_free, map_free: O(log n) for page alignment; see
 * there.
 *
 * NULL for a set, a cursor or a place to answer to is never more than a wrong argument: what
 * returns a status says MSET_INVALID_PARAM, what asks finds nothing (false, 0, all zero). Builds
 * with asserts complain of a set that is used after mset_destroy().
 *
 * Threads: a set is used by one writer, or by any number of readers (calls on const) at a time.
 */
#ifndef MSET_SET_H
#define MSET_SET_H

#include "backend.h"
#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset;

/* Equal neighbours become one area, as in Linux; without it areas keep their identity. */
#define MSET_MERGE 0x1u

/* Zero in any field asks for the default, so `{0}` or a NULL pointer will do. */
struct mset_options {
    /* Copied. NULL: slabs (slabs.h) over mset_allocator_default(), of this set alone. */
    const struct mset_allocator *allocator;
    uint64_t page_size; /* power of two; 0: 4096; 1: byte-granular */
    unsigned flags;     /* MSET_MERGE */
    uint64_t guard;     /* bytes that MSET_GUARD keeps free; multiple of the page size */
    uint64_t max_areas; /* see mset_set_limits(); 0: no limit */
    uint64_t max_bytes;
};

/* MSET_NO_MEMORY, or MSET_INVALID_PARAM for options that make no sense. */
MSET_API mset_status mset_create(const struct mset_options *options, struct mset **set);

/*
 * Frees the set and drops its references to backends; an open plan is dropped; observers are told
 * that all areas are removed. Backends are not asked to unmap: call mset_clear() first if the page
 * table lives on. NULL is fine. Cursors are to be closed before (mset_cursor_close()).
 */
MSET_API void mset_destroy(struct mset *set);

/*
 * Operations that would leave more areas or mapped bytes than allowed, and more than there are
 * now, are MSET_OVER_LIMIT, judged by what there would be after merging. A limit may be set below
 * what is there: nothing goes, but nothing is added. 0: no limit. (Linux: vm.max_map_count,
 * RLIMIT_AS, which both fail with ENOMEM.)
 */
MSET_API mset_status mset_set_limits(struct mset *set, uint64_t max_areas, uint64_t max_bytes);

/* ---- changing the set --------------------------------------------------------------------- */

enum mset_map_how {
    MSET_MAP_FAIL = 0,    /* MSET_ALREADY_EXISTS if anything lies in the range */
    MSET_MAP_REPLACE = 1, /* what lies in the range is unmapped first (MAP_FIXED) */
};

/*
 * To be added to `how` or `side`: MSET_ALREADY_EXISTS also if afterwards any other area, or the
 * rest of one that was cut, would lie less than the set's guard distance away from the new range.
 * (What is moved or grown does not count against itself.)
 */
#define MSET_GUARD 0x100u

/*
 * Adds an area. The structure is copied; the set takes a reference to the backend. `how`: an enum
 * mset_map_how, with MSET_GUARD where wanted.
 */
MSET_API mset_status mset_map(struct mset *set, const struct mset_area *area, unsigned how,
                              void *page_table);

/* Removes what lies in the range: whole areas, heads, tails, middles. A hole is fine. */
MSET_API mset_status mset_unmap(struct mset *set, uint64_t start, uint64_t size, void *page_table);

/* Unmaps everything. */
MSET_API mset_status mset_clear(struct mset *set, void *page_table);

/*
 * Asked once for each piece that lies in the range of mset_protect, in address order, before
 * anything is changed. `piece` holds the present flags. Returns true with new flags in *flags,
 * or false to leave the piece alone. Must not change the set.
 */
typedef bool (*mset_update_flags)(void *arg, const struct mset_area *piece, uint64_t *flags);

enum mset_holes {
    MSET_HOLES_SKIP = 0, /* only what is there changes */
    MSET_HOLES_FAIL = 1, /* MSET_NOT_FOUND unless areas cover the whole range, nobody is asked */
};

/*
 * Changes the flags of what lies in the range. (POSIX mprotect fails with ENOMEM at a hole, after
 * what lies before it may have changed; MSET_HOLES_FAIL is that, all or nothing.)
 */
MSET_API mset_status mset_protect(struct mset *set, uint64_t start, uint64_t size,
                                  enum mset_holes holes, mset_update_flags update, void *arg,
                                  void *page_table);

/*
 * Carries everything in [from, from + size) to the same distances from `to`: flags, backend and
 * offsets travel along, holes stay holes (mremap without the resizing: see mset_grow and
 * mset_shrink). The ranges may not overlap (MSET_INVALID_PARAM); an empty source is
 * MSET_NOT_FOUND; what lies in the destination is treated as `how` says.
 */
MSET_API mset_status mset_move(struct mset *set, uint64_t from, uint64_t size, uint64_t to,
                               unsigned how, void *page_table);

enum mset_side {
    MSET_LOW = 0, /* at the start of the area */
    MSET_HIGH = 1 /* at its end */
};

/*
 * Makes the area at `address` larger by `bytes` on one side. The backend maps the new part.
 * MSET_NOT_FOUND without such an area, MSET_ALREADY_EXISTS if the room is taken,
 * MSET_INVALID_PARAM if it would leave the address space. `side`: an enum mset_side, with
 * MSET_GUARD where wanted (the gap below a growing stack).
 */
MSET_API mset_status mset_grow(struct mset *set, uint64_t address, unsigned side, uint64_t bytes,
                               void *page_table);

/* Cuts `bytes` off one side of the area at `address`; something must be left of it. */
MSET_API mset_status mset_shrink(struct mset *set, uint64_t address, unsigned side, uint64_t bytes,
                                 void *page_table);

/*
 * Bookkeeping only, for callers that have changed the page table by themselves: the areas
 * change, references are taken and dropped, but no backend is asked to map or unmap.
 */
MSET_API mset_status mset_unmap_metadata(struct mset *set, uint64_t start, uint64_t size);
MSET_API mset_status mset_replace_metadata(struct mset *set, const struct mset_area *area);
/*
 * Fills an empty set (MSET_ALREADY_EXISTS if it is not) with `count` areas in ascending order,
 * which do not overlap; all or none. For maps that are restored or copied. Bookkeeping only, as
 * above. Cost: O(count), a few nanoseconds each: the tree is written from the bottom up, its nodes
 * full but for the last of each level.
 */
MSET_API mset_status mset_load_metadata(struct mset *set, const struct mset_area *areas,
                                        uint64_t count);

/*
 * Decides whether an access is legal and has the backend make it possible. `access` is one or
 * more of MSET_READ, MSET_WRITE, MSET_EXEC. MSET_NOT_FOUND: no area there (SEGV_MAPERR).
 * MSET_ACCESS_DENIED: the area does not allow it (SEGV_ACCERR).
 */
MSET_API mset_status mset_fault(struct mset *set, uint64_t address, uint64_t access,
                                void *page_table);

/*
 * What the most recent changing call on this set has to say about a refusal by a backend. Every
 * call that changes areas, and mset_fault(), begins by forgetting it.
 *
 * `done` is empty unless an undo was refused as well. Then the call has returned MSET_BAD_STATE,
 * and the set shows what the backends have confirmed: the steps of the operation (backend.h) up to
 * the one whose undoing was refused are done, all others are not. `done` covers the pieces of those
 * steps. Pieces of backends with and without `prepare` may alternate in there; then those with,
 * which come last, may be in their old state. After mset_map and mset_move it is what was unmapped
 * to make room if that is all, and after mset_move else in addresses of the source: those pieces
 * are at the destination, which was emptied. (A last piece whose backend cannot move may have been
 * unmapped here and not mapped there; then it is gone from the set.)
 */
struct mset_failure {
    int code;         /* the backend's answer; 0: no backend refused */
    uint64_t address; /* start of the piece it refused; the address given to mset_fault */
    uint64_t done_start;
    uint64_t done_size;
};
MSET_API struct mset_failure mset_last_failure(const struct mset *set);

/* ---- asking ------------------------------------------------------------------------------- */

/* The area that holds `address`. `out` may be NULL. */
MSET_API bool mset_find(const struct mset *set, uint64_t address, struct mset_area *out);

/* Does any area share a byte with the range? An empty or wrapping range overlaps nothing. */
MSET_API bool mset_overlaps(const struct mset *set, uint64_t start, uint64_t size);

#define MSET_GAP_TOP_DOWN 0x1u /* highest fit instead of lowest */
#define MSET_GAP_HINT 0x2u     /* look at `hint` first */

/*
 * A wish for free room. The answer is the lowest (top-down: the highest) start such that
 * [start, start + size) lies inside [lo, hi), overlaps no area, stays `guard` bytes away from
 * every area on either side, and start is a multiple of `align`.
 *
 * With MSET_GAP_HINT it is the lowest such start >= hint, and only if there is none the lowest
 * of all (top-down: the highest <= hint, then the highest of all). The hint need not be aligned.
 */
struct mset_gap_request {
    uint64_t size;  /* bytes, multiple of the page size */
    uint64_t align; /* power of two; 0: the page size */
    uint64_t lo;    /* first address allowed */
    uint64_t hi;    /* first address no longer allowed; 0: 2^64 */
    uint64_t hint;  /* used with MSET_GAP_HINT */
    uint64_t guard; /* bytes kept free beside every neighbour */
    unsigned flags; /* MSET_GAP_* */
};

/*
 * Exactly the answer of a brute-force search. MSET_NOT_FOUND if there is no room. Who is going to
 * map there asks mset_map_free() instead.
 * Cost: O(log n) when every gap that is long enough fits; gaps that are long enough but hold
 * no aligned start are visited one by one.
 */
MSET_API mset_status mset_find_free(const struct mset *set, const struct mset_gap_request *wish,
                                    uint64_t *start);

/*
 * Adds an area where mset_find_free finds room for it (mmap without an address): flags, backend and
 * offset are those of `area`, the size is that of the request, and `area` receives where it is now.
 * After a failure `area` is as it was: MSET_NOT_FOUND without room, or what mset_map reports. The
 * guard distance is that of the request. Cheaper than the two calls: one search for both.
 */
MSET_API mset_status mset_map_free(struct mset *set, const struct mset_gap_request *wish,
                                   struct mset_area *area, void *page_table);

MSET_API uint64_t mset_count(const struct mset *set);        /* areas; O(1) */
MSET_API uint64_t mset_mapped_bytes(const struct mset *set); /* modulo 2^64; O(1) */
MSET_API uint64_t mset_page_size(const struct mset *set);

struct mset_statistics {
    uint64_t areas;
    uint64_t mapped_bytes;
    uint64_t splits;     /* areas cut off another since creation */
    uint64_t merges;     /* areas absorbed by a neighbour since creation */
    uint64_t node_bytes; /* memory of the area tree, spare nodes included */
    unsigned height;     /* levels of the area tree; 0: empty */
};
MSET_API void mset_get_statistics(const struct mset *set, struct mset_statistics *out);

/* ---- areas -------------------------------------------------------------------------------- */

/* One past the last byte; 0 when the area ends at 2^64. */
static inline uint64_t mset_area_end(const struct mset_area *area) {
    return area->start + area->size;
}

static inline bool mset_area_contains(const struct mset_area *area, uint64_t address) {
    return address - area->start < area->size;
}

/* The backend's coordinate of an address of the area. */
static inline uint64_t mset_area_offset(const struct mset_area *area, uint64_t address) {
    return area->offset + (address - area->start);
}

/* ---- cursor ------------------------------------------------------------------------------- */

/*
 * A place in the set that can step both ways over the areas that touch a range. It starts
 * outside: the first `next` gives the lowest area, the first `prev` the highest; stepping over
 * either end returns false and is outside again. A step costs O(1) amortised.
 *
 * Changing the set does not break a cursor: the next step is taken from the addresses of the
 * area last returned. A cursor owns no memory. While it is inside it counts as live: it may not
 * outlive its set, and builds with asserts complain when a set with live cursors is destroyed. So
 * close one that is left before its end; one that has stepped outside is closed.
 */
struct mset_cursor {
    const struct mset *set;
    uint64_t lo, last;          /* the range, inclusive */
    uint64_t at_first, at_last; /* the area last returned */
    uint64_t version;           /* of the set when `path` was made */
    bool inside;                /* is there an area last returned? */
    uint8_t slot[24];
    const void *node[24];
};

MSET_API void mset_cursor_all(struct mset_cursor *cursor, const struct mset *set);
/* Over the areas that touch the range (they may stick out). MSET_INVALID_PARAM as elsewhere. */
MSET_API mset_status mset_cursor_range(struct mset_cursor *cursor, const struct mset *set,
                                       uint64_t start, uint64_t size);
MSET_API bool mset_cursor_next(struct mset_cursor *cursor, struct mset_area *out);
MSET_API bool mset_cursor_prev(struct mset_cursor *cursor, struct mset_area *out);
/*
 * As many steps of mset_cursor_next as `out` has `room` for, or as there are; how many were taken.
 * 0: there was none, and the cursor is outside; without `out` or `room` it stays where it is. The
 * fast way over many areas.
 */
MSET_API size_t mset_cursor_next_many(struct mset_cursor *cursor, struct mset_area *out,
                                      size_t room);
/* Goes outside. The cursor can be used again. */
MSET_API void mset_cursor_close(struct mset_cursor *cursor);

/* ---- looking inside ----------------------------------------------------------------------- */

/*
 * Checks every invariant of the set and its tree: O(n). Returns NULL, or what is wrong in one
 * sentence.
 */
MSET_API const char *mset_validate(const struct mset *set);

/*
 * Writes the areas as lines of /proc/PID/maps (proc(5)): start-end, rwx and s or p, offset, a
 * device and inode of zero, and the backend's name. `write` returns false to stop. Returns false
 * if it was stopped.
 */
typedef bool (*mset_write_text)(void *arg, const char *text, size_t length);
MSET_API bool mset_dump(const struct mset *set, mset_write_text write, void *arg);

#ifdef __cplusplus
}
#endif
#endif
