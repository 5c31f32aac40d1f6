/*
 * page_table.h - radix page tables: one engine, compiled once per hardware format.
 *
 * A page table maps pages of virtual addresses to physical ones by leaves. Leaves come in the
 * sizes of the format (x86-64: 4 KiB, 2 MiB, 1 GiB); the largest that fits is chosen by itself,
 * and a leaf is cut exactly when a boundary of a change falls inside it. The tables are the
 * hardware's own: the root address can be loaded into the register that wants it.
 *
 *     struct mset_page_table *table;
 *     struct mset_pt_config config = { .format = &mset_pt_x86_64, .frames = frames };
 *     mset_pt_create(&config, &table);
 *     mset_pt_map(table, 0x40000000, 0x80000000, 0x40000000, MSET_READ | MSET_WRITE);
 *     mset_pt_unmap(table, 0x40001000, 0x1000, NULL, NULL);      (cuts the 1 GiB leaf)
 *     mset_pt_destroy(table);
 *
 * Ranges: (va, size) in bytes, multiples of the format's smallest page. MSET_INVALID_PARAM for
 * what is empty, misaligned, wraps, or leaves the addresses the format can translate (x86-64:
 * what is not canonical, or spans the hole in the middle). A range may end at 2^64.
 *
 * Flags: those of base.h. MSET_SHARED and MSET_CALLER_FLAGS are ignored; anything else that the
 * format cannot express is MSET_UNSUPPORTED. A leaf with none of MSET_ACCESS is not present for
 * the hardware but keeps its address and size (PROT_NONE): it counts as a mapping everywhere.
 *
 * Failure: a call that does not return MSET_OK has changed nothing. What can fail does so before
 * the first change: the exact number of new tables is computed and taken first.
 *
 * Flushing: the engine changes memory only. Translations that a processor may have cached are
 * the caller's to flush: after unmap, protect, move, and after anything that cut a leaf. Tables
 * that became empty go back to the frame source at once, so on a live address space the
 * processors must be kept off (or stopped) from the beginning of such a call to the flush; entries
 * are changed by plain loads and stores, and a mark set in between would be lost. A new table is
 * filled first and linked last by one store: mapping is safe under a running processor.
 *
 * Cost: k tables touched, n leaves: O(levels + k) plus about a store per leaf. Never a walk from
 * the root per page: one walk for unmap, protect and query; map looks first whether the range is
 * empty, move also at what it will carry.
 *
 * Threads: one writer, or any number of readers (calls on const) at a time.
 */
#ifndef MSET_PAGE_TABLE_H
#define MSET_PAGE_TABLE_H

#include "base.h"
#include "frames.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_page_table;
struct mset_pt_engine;

/* Levels are counted from the bottom: level 0 holds the smallest leaves. */
#define MSET_PT_LEVELS 6

/* What a hardware format can do. Constant; made by the library only. */
struct mset_pt_format {
    const char *name;
    unsigned levels;     /* tables on the way to the smallest leaf */
    unsigned va_bits;    /* virtual addresses that differ in these low bits are told apart */
    unsigned pa_bits;    /* widest physical address */
    uint64_t leaf_sizes; /* the sizes of leaves, or-ed together (they are powers of two) */
    uint64_t flags;      /* what of base.h it can express */
    bool implied_read;   /* a present page is always readable: MSET_WRITE or MSET_EXEC without
                            MSET_READ is MSET_UNSUPPORTED */
    const struct mset_pt_engine *engine;
};

/*
 * x86-64, 4 levels (AMD64 manual volume 2, 5.3; Intel SDM volume 3A, 4.5). Needs EFER.NXE, and
 * CR0.WP where the kernel itself shall honour read-only pages.
 *
 * Memory types assume the PAT entries 0..3 to be write-back, write-combining, UC-, UC, as in
 * IA32_PAT = 0x0407050600070106:
 *     MSET_WRITE_BACK     entry 0                MSET_UNCACHED  entry 2 (PCD), UC-
 *     MSET_WRITE_COMBINE  entry 1 (PWT)          MSET_DEVICE    entry 3 (PCD and PWT), UC
 * With the value after reset (0x0007040600070406) entry 1 is write-through and so is
 * MSET_WRITE_COMBINE; the other three mean the same.
 */
MSET_API extern const struct mset_pt_format mset_pt_x86_64;

struct mset_pt_config {
    const struct mset_pt_format *format;
    struct mset_frames *frames;             /* for the tables; must have storage (virt) */
    const struct mset_allocator *allocator; /* for the books; NULL: mset_allocator_default() */
    uint64_t largest_leaf;                  /* one of the format's sizes; 0: its largest */
    unsigned pa_bits; /* width of physical addresses of the machine; 0: the format's */
};

/*
 * An empty table: one frame for the root. `frames` must outlive it; the allocator is copied.
 * MSET_INVALID_PARAM; MSET_NO_MEMORY; MSET_UNSUPPORTED when a frame has no storage or lies beyond
 * pa_bits (this can also come from every other call that needs tables).
 */
MSET_API mset_status mset_pt_create(const struct mset_pt_config *config,
                                    struct mset_page_table **table);

/* Gives back all tables. What the leaves point at is not touched. NULL is fine. */
MSET_API void mset_pt_destroy(struct mset_page_table *table);

/* ---- changing ----------------------------------------------------------------------------- */

/*
 * Maps [va, va + size) to [pa, pa + size) with the largest leaves that alignment allows.
 * MSET_ALREADY_EXISTS if any leaf, present or not, lies in the range. MSET_INVALID_PARAM if pa is
 * misaligned or too wide.
 */
MSET_API mset_status mset_pt_map(struct mset_page_table *table, uint64_t va, uint64_t pa,
                                 uint64_t size, uint64_t flags);

/* What mset_pt_map would say if the range were empty and memory without end. */
MSET_API mset_status mset_pt_may_map(const struct mset_page_table *table, uint64_t va, uint64_t pa,
                                     uint64_t size, uint64_t flags);

/*
 * Makes `va` (a multiple of the smallest page) a boundary between leaves: a leaf that reaches
 * across it is replaced by smaller ones that mean the same. Later calls on ranges that begin or
 * end there need no tables for it. At most (levels - 1) tables; MSET_NO_MEMORY.
 */
MSET_API mset_status mset_pt_cut(struct mset_page_table *table, uint64_t va);

/*
 * Leaves of one size that follow each other in both address spaces and have the same flags.
 * Where a call looks at a range, runs are clipped to it.
 */
struct mset_pt_run {
    uint64_t va, pa, size;
    uint64_t leaf_size; /* of the leaves it is made of; a clipped run may be smaller than one */
    uint64_t flags;     /* as given to map or protect, less what is ignored there */
    bool present;       /* some of MSET_ACCESS */
    bool accessed;      /* the hardware has used at least one of the leaves */
    bool dirty;         /*   and written through one */
};

/*
 * Told what mset_pt_unmap removed, in ascending order, after it is gone from the tables. May not
 * use the page table. Frames may not be used for something else before the flush.
 */
typedef void (*mset_pt_removed)(void *arg, const struct mset_pt_run *run);

/*
 * Removes what lies in the range. Holes are fine. A leaf that sticks out is cut; this needs at
 * most (levels - 1) tables at each end, else nothing is allocated. `removed` may be NULL.
 */
MSET_API mset_status mset_pt_unmap(struct mset_page_table *table, uint64_t va, uint64_t size,
                                   mset_pt_removed removed, void *arg);

/*
 * Gives all leaves in the range these flags; addresses stay, also through a time without access.
 * Holes are skipped. A leaf that sticks out and changes is cut, as in unmap.
 */
MSET_API mset_status mset_pt_protect(struct mset_page_table *table, uint64_t va, uint64_t size,
                                     uint64_t flags);

/*
 * Carries all leaves in [from, from + size) to the same distances from `to`, with their flags,
 * accessed and dirty marks. Neighbours with equal ones become one large leaf where the alignment
 * of the new place allows. MSET_INVALID_PARAM if the ranges overlap; MSET_ALREADY_EXISTS unless the
 * new place is empty. An empty source is fine.
 */
MSET_API mset_status mset_pt_move(struct mset_page_table *table, uint64_t from, uint64_t to,
                                  uint64_t size);

/* ---- asking ------------------------------------------------------------------------------- */

/*
 * The run that begins at `va` (any byte) and stops at its end, but `want` bytes are enough:
 * run->size is at least min(want, what is contiguous) and may be more. `want` 0 looks at one leaf.
 * run->pa is where `va` is. MSET_NOT_FOUND in a hole. Cost: O(levels + leaves looked at).
 */
MSET_API mset_status mset_pt_query(const struct mset_page_table *table, uint64_t va, uint64_t want,
                                   struct mset_pt_run *run);

/*
 * The first run in [va, va + size), clipped to it, never larger than one table. MSET_NOT_FOUND if
 * there is none. The table may be changed between two calls. Cost: O(levels).
 */
MSET_API mset_status mset_pt_next(const struct mset_page_table *table, uint64_t va, uint64_t size,
                                  struct mset_pt_run *run);

/* Return false to stop. May not change the page table. */
typedef bool (*mset_pt_visit)(void *arg, const struct mset_pt_run *run);

/*
 * Shows all runs in the range in ascending order; runs are maximal. Stopping early is MSET_OK.
 * One walk.
 */
MSET_API mset_status mset_pt_walk(const struct mset_page_table *table, uint64_t va, uint64_t size,
                                  mset_pt_visit visit, void *arg);

/* Physical address of the root table, constant for the life of the page table. */
MSET_API uint64_t mset_pt_root(const struct mset_page_table *table);

MSET_API const struct mset_pt_format *mset_pt_get_format(const struct mset_page_table *table);

/* The sizes of leaves in use, or-ed together: the format's up to config.largest_leaf. */
MSET_API uint64_t mset_pt_leaf_sizes(const struct mset_page_table *table);

/* By level; a leaf at level n is the n-th smallest size. All are kept, not computed. */
struct mset_pt_statistics {
    uint64_t tables[MSET_PT_LEVELS]; /* the root included */
    uint64_t leaves[MSET_PT_LEVELS]; /* present or not */
    uint64_t splits;                 /* leaves replaced by a table since creation */
    uint64_t visits;                 /* tables entered by changing calls, failed ones included */
};
MSET_API void mset_pt_get_statistics(const struct mset_page_table *table,
                                     struct mset_pt_statistics *out);

/*
 * Checks every invariant of the tables and the books about them, reserved bits included: O(all
 * tables). Returns NULL, or what is wrong in one sentence.
 */
MSET_API const char *mset_pt_validate(const struct mset_page_table *table);

#ifdef __cplusplus
}
#endif
#endif
