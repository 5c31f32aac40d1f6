/*
 * address_space.h - an address space: areas, the page table that shows them to the hardware, and
 * the frames behind them, as one thing that is always in step.
 *
 *     struct mset_counted pages;                        one for all that fork from each other
 *     mset_counted_init(&pages, data_frames, NULL);
 *
 *     const struct mset_space_config config = {
 *         .table = {.format = &mset_pt_x86_64, .frames = table_frames}, .pages = &pages,
 *         .flush = shoot_down, .context = process};
 *     struct mset_space *space, *child;
 *     mset_space_create(&config, &space);
 *     mset_space_map_alloc(space, 0x400000, 0x8000, MSET_READ | MSET_WRITE, 0, MSET_MAP_FAIL);
 *     mset_space_write(space, 0x400123, text, size, NULL);    (two pages get frames)
 *     mset_space_clone(space, other_process, &child);         (fork)
 *     status = mset_space_fault(space, address, MSET_WRITE);  (the page is copied)
 *     load the register with mset_space_root(space)
 *     mset_space_destroy(child); mset_space_destroy(space);
 *
 * What ArceOS' axmm and axaddrspace offer over the Rust crate memory_set; see the table at the end.
 * A user address space, a kernel's own, or a guest-physical one (stage 2): that is up to the format
 * in config.table.
 *
 * Two kinds of areas
 *
 *   linear   addresses stand for physical ones: devices, the kernel's view of memory, a guest's
 *            RAM. The frames are the caller's. A clone sees the same ones.
 *   alloc    private memory, copied on write, of frames from config.pages: backend cow of cow.h.
 *            Pages are made at the first fault, or all at once (MSET_POPULATE,
 *            mset_space_populate). MSET_SHARED is MSET_UNSUPPORTED: what several spaces write to is
 *            a linear area here.
 *
 * Ranges: (start, size) in bytes, multiples of the smallest page of the table, inside the window of
 * the space (config.start, config.size); else MSET_INVALID_PARAM, as for what is empty or wraps.
 *
 * Flags are those of base.h; bits 32..63 are the caller's and travel with the area (an area's file,
 * say; the place in the file is its offset, which every cut keeps right). See backends.h for what a
 * page table cannot withhold.
 * MSET_USER says who may, and is the processor's to judge, not mset_space_fault()'s: a kernel that
 * has areas of its own in the window refuses faults of user mode there itself (examples/kernel).
 *
 * Failure: what does not return MSET_OK has changed nothing, but for mset_space_read, _write and
 * slices, which say how far they came. All memory is taken before the first change.
 *
 *     MSET_NOT_FOUND      no area there (ENOMEM of mprotect; EFAULT, SEGV_MAPERR of an access)
 *     MSET_ACCESS_DENIED  the area does not allow it (EACCES; SEGV_ACCERR)
 *     MSET_ALREADY_EXISTS the range is taken (EEXIST, MAP_FIXED_NOREPLACE)
 *     MSET_NO_MEMORY      allocator or frame source had nothing left (ENOMEM, or the OOM killer)
 *     MSET_OVER_LIMIT     config.max_areas, config.max_bytes (ENOMEM)
 *     MSET_BAD_STATE      config.fill failed with a code of its own: mset_space_last_failure()
 *                         (SIGBUS)
 *
 * Flushing: when a call returns, all that processors may not remember has been flushed.
 * config.flush is called before a frame is given up, or an old owner of a shared page lets go of
 * it, and at the end of calls that took rights away or tables down. Calls that only add call it
 * never (but where the format breaks before it makes, a leaf that is cut).
 *
 * Ownership: the space owns its areas, tables and one share of each frame. config.pages, the
 * sources and allocators must outlive it.
 *
 * Threads: a space is used by one writer, or any number of readers (calls on const) at a time; the
 * processors that translate through its table need not stop. Faults are writers. Spaces with the
 * same config.pages share its counts and frames, so they need one lock among them for all calls
 * that are not on const, and for mset_space_validate.
 *
 * Cost: that of the set and of the page table (set.h, page_table.h), plus what is said below.
 */
#ifndef MSET_ADDRESS_SPACE_H
#define MSET_ADDRESS_SPACE_H

#include "cow.h"
#include "set.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_space;

/* Zero in a field that is not a pointer asks for the default. */
struct mset_space_config {
    /* As for mset_pt_create(), which judges it. `promote` must be off (MSET_UNSUPPORTED): leaves
       across areas would make unmapping need memory. */
    struct mset_pt_config table;
    struct mset_counted *pages;             /* where alloc areas get frames from */
    const struct mset_allocator *allocator; /* NULL: mset_allocator_default(); copied */

    /* The window; size 0: all that the table can translate, its lower half if there are two. */
    uint64_t start, size;
    uint64_t guard, max_areas, max_bytes; /* as in struct mset_options */

    /* All (optional), called with `context`. None of them may use the space. */

    /* Has all processors forget what the gather says (page_table.h) and waits until they have. */
    void (*flush)(void *context, const struct mset_pt_gather *gather);
    /* What a new page of an alloc area contains: see struct mset_cow. */
    int (*fill)(void *context, const struct mset_area *area, uint64_t address, void *page,
                uint64_t size);
    /* Where the page at `pa` of a linear area can be read and written; NULL: it cannot. */
    void *(*linear_memory)(void *context, uint64_t pa);
    void *context;
};

/*
 * An empty space. MSET_INVALID_PARAM: NULL, or a window that is misaligned or reaches beyond what
 * the table translates. Else what mset_pt_create() and mset_create() say.
 */
MSET_API mset_status mset_space_create(const struct mset_space_config *config,
                                       struct mset_space **space);

/* Gives up everything. No processor may use the table any more; nothing is flushed. Needs no
   memory, cannot fail. NULL is fine. */
MSET_API void mset_space_destroy(struct mset_space *space);

/*
 * A space with the same areas and contents (fork), with the same config but for `context`. Linear
 * areas show the same memory in both. No page is copied: frames of alloc areas get one more owner,
 * and their leaves become read-only in both tables, in one walk over both; who writes first gets a
 * copy then, who is the last owner keeps the frame. Flushes `space` once. On failure `space` is as
 * it was, its leaves as writable as before. Also MSET_OVER_LIMIT (2^32 owners of a frame).
 * Cost: O(areas + tables), a few ns per leaf, and for each 2 MiB of large leaves a vector loop over
 * 512 counts (mset-fork prints both).
 */
MSET_API mset_status mset_space_clone(struct mset_space *space, void *context,
                                      struct mset_space **clone);

/* ---- mapping ------------------------------------------------------------------------------- */

/* To be added to `how` of mset_space_map_alloc: all pages are made now (MAP_POPULATE), or nothing.
 */
#define MSET_POPULATE 0x200u

/*
 * Maps addresses to [pa, pa + size), in leaves as large as alignment allows. `how` as in
 * mset_map(): MSET_MAP_FAIL or MSET_MAP_REPLACE, MSET_GUARD.
 */
MSET_API mset_status mset_space_map_linear(struct mset_space *space, uint64_t start, uint64_t size,
                                           uint64_t pa, uint64_t flags, unsigned how);

/*
 * Private memory that reads as zero, or as config.fill says. `offset` is for config.fill and 0
 * elsewhere; neighbours become one area if flags are equal and offsets follow each other. An area
 * without access is not populated, as in Linux.
 */
MSET_API mset_status mset_space_map_alloc(struct mset_space *space, uint64_t start, uint64_t size,
                                          uint64_t flags, uint64_t offset, unsigned how);

/* Removes what lies in the range (munmap). A hole is fine. Of whole areas it needs no memory. */
MSET_API mset_status mset_space_unmap(struct mset_space *space, uint64_t start, uint64_t size);

/* Unmaps everything (exec). Needs no memory and cannot fail. */
MSET_API void mset_space_clear(struct mset_space *space);

/*
 * Changes the access (MSET_READ, MSET_WRITE, MSET_EXEC) of what lies in the range, no other flag
 * (mprotect). MSET_HOLES_FAIL: MSET_NOT_FOUND unless areas cover the range, and nothing has changed
 * (POSIX leaves that open, Linux changes what lies before the hole). A page whose frame has other
 * owners does not become writable by this: the write fault copies it. Never needs frames for data.
 */
MSET_API mset_status mset_space_protect(struct mset_space *space, uint64_t start, uint64_t size,
                                        uint64_t access, enum mset_holes holes);

/*
 * Carries areas and pages, shared ones included, to another place: mset_move() (mremap with
 * MREMAP_FIXED, of the same size). `how` as in mset_map().
 */
MSET_API mset_status mset_space_move(struct mset_space *space, uint64_t from, uint64_t size,
                                     uint64_t to, unsigned how);

/* Makes the area at `address` larger: mset_grow() (brk, stacks). New pages come by fault. */
MSET_API mset_status mset_space_grow(struct mset_space *space, uint64_t address, unsigned side,
                                     uint64_t bytes);

/* ---- pages --------------------------------------------------------------------------------- */

/*
 * Makes all pages of the range that are not there (MADV_POPULATE_READ); shared ones stay shared.
 * All or none. MSET_NOT_FOUND at a hole, MSET_ACCESS_DENIED in an area without access, as madvise
 * has ENOMEM and EFAULT.
 */
MSET_API mset_status mset_space_populate(struct mset_space *space, uint64_t start, uint64_t size);

/*
 * Gives up the pages of the range; areas stay, and the next access finds a new page
 * (MADV_DONTNEED). Other owners keep what they see. MSET_UNSUPPORTED if a linear area is in the
 * range (EINVAL). With MSET_HOLES_FAIL, MSET_NOT_FOUND at a hole.
 */
MSET_API mset_status mset_space_discard(struct mset_space *space, uint64_t start, uint64_t size,
                                        enum mset_holes holes);

/*
 * A processor faulted: is the access legal, and if so, make it possible. MSET_OK: repeat it.
 * `access` is one or more of MSET_READ, MSET_WRITE, MSET_EXEC. MSET_NOT_FOUND and
 * MSET_ACCESS_DENIED are never mixed up. One page, but a large leaf of which all frames have one
 * owner is made writable as a whole.
 */
MSET_API mset_status mset_space_fault(struct mset_space *space, uint64_t address, uint64_t access);

/* ---- access to contents -------------------------------------------------------------------- */

/* What the page table says about an address. */
struct mset_space_place {
    uint64_t pa;    /* of the very byte */
    uint64_t size;  /* bytes from there on that follow each other in physical memory, with the same
                       flags, and lie in the same area: never beyond what is mapped */
    uint64_t flags; /* of the leaf: what would pass now */
};

/*
 * Looks, and makes nothing: MSET_NOT_FOUND if no page is there (yet), MSET_ACCESS_DENIED if its
 * leaf does not allow `access` (yet: it may have to be copied first). mset_space_fault() says
 * whether it could be. `access` 0: whatever is there, also without access. `want` bytes are
 * enough: place->size is at least min(want, what there is); 0: as much as one leaf.
 */
MSET_API mset_status mset_space_translate(const struct mset_space *space, uint64_t address,
                                          uint64_t access, uint64_t want,
                                          struct mset_space_place *place);

/* A piece of memory behind a range, for zero-copy. Good until the next change of the space. */
struct mset_space_slice {
    void *memory;
    uint64_t address, pa, size;
};

/*
 * Walks over the memory behind [address, address + size), any bytes, across pages and areas, as if
 * a processor made the access: pages are made, or copied before they are written. Slices are as
 * long as memory follows each other. Fields are the library's, but for status.
 */
struct mset_space_slices {
    struct mset_space *space;
    uint64_t address, left; /* what is left of the range */
    uint64_t access;
    mset_status status; /* why it ended: MSET_OK at the end of the range; MSET_UNSUPPORTED: memory
                           without storage (config.linear_memory); or as mset_space_fault() */
};
/* MSET_INVALID_PARAM: NULL, no access or more than there is, or a range that wraps. An empty range
   is fine. The slices may be looked at in any case; then there are none. */
MSET_API mset_status mset_space_slices_init(struct mset_space_slices *slices,
                                            struct mset_space *space, uint64_t address,
                                            uint64_t size, uint64_t access);
MSET_API bool mset_space_slices_next(struct mset_space_slices *slices,
                                     struct mset_space_slice *slice);

/*
 * Copies `size` bytes out of, or into, the space. Stops where it cannot go on and says why; *done
 * (may be NULL) is how many bytes were copied. The area has to allow it: a loader maps writable,
 * writes, and protects.
 */
MSET_API mset_status mset_space_read(struct mset_space *space, uint64_t address, void *to,
                                     uint64_t size, uint64_t *done);
MSET_API mset_status mset_space_write(struct mset_space *space, uint64_t address, const void *from,
                                      uint64_t size, uint64_t *done);

/* ---- asking -------------------------------------------------------------------------------- */

/* mset_find_free() inside the window: lo and hi are narrowed to it. */
MSET_API mset_status mset_space_find_free(const struct mset_space *space,
                                          const struct mset_gap_request *wish, uint64_t *start);

/* For cursors, mset_find(), mset_dump() and whatever else asks. */
MSET_API const struct mset *mset_space_set(const struct mset_space *space);
MSET_API const struct mset_page_table *mset_space_table(const struct mset_space *space);
/* Is it an alloc area of this space? */
MSET_API bool mset_space_is_alloc(const struct mset_space *space, const struct mset_area *area);

/* Physical address of the root table, for the register; constant for the life of the space. */
MSET_API uint64_t mset_space_root(const struct mset_space *space);

/* Bytes of frames that the space owns, shared ones in full (RSS). O(1). */
MSET_API uint64_t mset_space_resident(const struct mset_space *space);

MSET_API struct mset_failure mset_space_last_failure(const struct mset_space *space);

/*
 * Checks set and table, that each leaf lies in an area and allows no more than it, that those of
 * linear areas are where they belong, and that no leaf is writable that has a frame with other
 * owners: O(areas + leaves). Returns NULL, or what is wrong in one sentence.
 */
MSET_API const char *mset_space_validate(const struct mset_space *space);

/*
 * From ArceOS
 *
 *     axmm / axaddrspace AddrSpace        here
 *     new_empty(base, size)               mset_space_create()
 *     map_linear(va, pa, size, flags)     mset_space_map_linear()
 *     map_alloc(va, size, flags, populate) mset_space_map_alloc(), MSET_POPULATE
 *     unmap(va, size), clear()            mset_space_unmap(), mset_space_clear()
 *     protect(va, size, flags)            mset_space_protect()
 *     handle_page_fault(va, access)       mset_space_fault(); a status instead of a bool
 *     translate(va)                       mset_space_translate()
 *     translate_and_get_limit(va)         mset_space_translate(): place.size is what remains
 *     translated_byte_buffer(va, len)     mset_space_slices_init(), mset_space_slices_next()
 *     read(va, buf), write(va, buf)       mset_space_read(), mset_space_write()
 *     find_free_area(hint, size, limit)   mset_space_find_free()
 *     areas_in_range(va, size)            mset_cursor_range() on mset_space_set()
 *     can_access_range(va, size, flags)   mset_cursor_range() on mset_space_set()
 *     populate_area(va, size)             mset_space_populate()
 *     discard_range(va, size)             mset_space_discard()
 *     move_pages(from, to, size)          mset_space_move()
 *     extend_area(va, more)               mset_space_grow()
 *     try_clone(), clone_or_err()         mset_space_clone()
 *     page_table_root()                   mset_space_root()
 *     Backend::Linear                     a linear area
 *     Backend::Alloc, Backend::Cow        an alloc area; file and offset: config.fill
 */

#ifdef __cplusplus
}
#endif
#endif
