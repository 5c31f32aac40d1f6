/*
 * page_table.h - radix page tables: one engine, compiled once per hardware format.
 *
 * A page table maps pages of virtual addresses to physical ones by leaves. Leaves come in the
 * sizes of the format (x86-64: 4 KiB, 2 MiB, 1 GiB); the largest that fits is chosen by itself,
 * and a leaf is cut exactly when a boundary of a change falls inside it. The tables are the
 * hardware's own: the root address can be loaded into the register that wants it. The formats are
 * in formats.h.
 *
 *     struct mset_page_table *table;
 *     struct mset_pt_config config = { .format = &mset_pt_x86_64, .frames = frames };
 *     mset_pt_create(&config, &table);
 *     mset_pt_map(table, 0x40000000, 0x80000000, 0x40000000, MSET_READ | MSET_WRITE);
 *     mset_pt_unmap(table, 0x40001000, 0x1000, NULL, NULL);      (cuts the 1 GiB leaf)
 *     ... flush what mset_pt_get_gather() says ...
 *     mset_pt_flushed(table);
 *     mset_pt_destroy(table);
 *
 * Leaf sizes. Beside the leaves of each level a format may have contiguous groups: 16, 32 or 128
 * neighbouring entries that a processor may cache as one (AArch64's contiguous bit, RISC-V's
 * Svnapot). They are leaf sizes like the others here: chosen when they fit, undone when a boundary
 * falls inside.
 *
 * Ranges: (va, size) in bytes, multiples of the format's smallest page. MSET_INVALID_PARAM for
 * what is empty, misaligned, wraps, or leaves the addresses the table can translate (x86-64:
 * what is not canonical, or spans the hole in the middle). A range may end at 2^64.
 *
 * Flags: those of base.h. MSET_SHARED and MSET_CALLER_FLAGS are ignored; anything else that the
 * format cannot express is MSET_UNSUPPORTED. A leaf with none of MSET_ACCESS is not present for
 * the hardware but keeps its address and size (PROT_NONE): it counts as a mapping everywhere.
 *
 * Markers: MSET_PT_MARKER in place of flags maps leaves that are not present and have no address,
 * but a payload of MSET_PT_MARKER_BITS bits in its stead, the same in every page of the range
 * ("swapped out to ...", "fill on demand like ..."). Any alignment makes large leaves of them.
 * Protect leaves them as they are; all else treats them as the mappings they are.
 *
 * Failure: a call that does not return MSET_OK has changed nothing. What can fail does so before
 * the first change: the exact number of new tables is computed and taken first.
 *
 * Cost: k tables touched, n leaves: O(levels + k) plus about a store per leaf. Never a walk from
 * the root per page: a range is one walk (move: one for each run of like leaves). What may need
 * tables is preceded by a dry walk, over the tables at both ends of the range for unmap and
 * protect, over all that are there for the others. One page in the table that was changed last
 * costs no walk at all.
 *
 * Threads: one writer, or any number of readers (calls on const) at a time. Processors may
 * translate through the table meanwhile: new tables are filled first and linked last, by one
 * store, and an entry never holds anything but its old or its new value. See flushing for what they
 * may still have cached, and marks for those that they set meanwhile.
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

/* In place of flags: not present, and `pa` is a payload below 2^MSET_PT_MARKER_BITS. */
#define MSET_PT_MARKER UINT64_C(0x40)
#define MSET_PT_MARKER_BITS 32

/* What a hardware format can do. Constant; made by the library only. */
struct mset_pt_format {
    const char *name;        /* "x86-64", "aarch64-16k", "sv39x4", ... */
    unsigned levels;         /* tables on the way to the smallest leaf */
    unsigned va_bits;        /* virtual addresses that differ in these low bits are told apart */
    uint64_t low_last;       /* [0, low_last] can be translated ... */
    uint64_t high_first;     /* ... and [high_first, 2^64), if this is not 0 */
    unsigned pa_bits;        /* widest physical address */
    uint64_t leaf_sizes;     /* the sizes of leaves, or-ed together (they are powers of two) */
    uint64_t optional_sizes; /* those of them that not every machine has */
    uint64_t flags;          /* what of base.h it can express; for memory types see the next */
    unsigned memory_types;   /* bit n: memory type n << 8 of base.h can be expressed */
    uint64_t implies_read;   /* those of MSET_ACCESS that cannot be had without MSET_READ: asking
                                for one is MSET_UNSUPPORTED */
    bool two_roots;          /* the upper half of addresses has a root of its own (config.upper) */
    bool marks_optional;     /* see config.hardware_marks */
    const struct mset_pt_engine *engine;
};

struct mset_pt_config {
    const struct mset_pt_format *format;
    struct mset_frames *frames;             /* for the tables; must have storage (virt) */
    const struct mset_allocator *allocator; /* for the books; NULL: mset_allocator_default() */
    /* The sizes the machine has, or-ed: the smallest and any others of the format's, but of the
       sizes of whole entries none may be left out below the largest, and a group counts only beside
       the entries it is made of. 0: all but optional ones, so say which where an x86 processor is
       without 1 GiB leaves (CPUID pdpe1gb; for EPT its capability bit 17). */
    uint64_t leaf_sizes;
    unsigned pa_bits; /* width of physical addresses of the machine; 0: the format's */
    bool upper;       /* the root of the upper half, where there are two (AArch64: TTBR1) */
    /* The processor sets accessed and dirty marks by itself (AArch64: FEAT_HAFDBS switched on;
       RISC-V: Svadu; LoongArch: page-table walker). Leaves are then born without. If not, and a
       missing mark would fault, they are born with them. Formats without choice ignore it. */
    bool hardware_marks;
    bool bbm_level_2; /* AArch64 with FEAT_BBM level 2: the size of a live leaf may be changed */
    bool promote;     /* map and protect promote by themselves, see mset_pt_promote() */
    bool keep_marks;  /* no mark that a processor sets while a call runs is lost, see marks */
};

/*
 * An empty table: one frame (or block) for the root. `frames` must outlive it; the allocator is
 * copied. MSET_INVALID_PARAM; MSET_NO_MEMORY; MSET_UNSUPPORTED when a frame has no storage or lies
 * beyond pa_bits (this can also come from every other call that needs tables).
 */
MSET_API mset_status mset_pt_create(const struct mset_pt_config *config,
                                    struct mset_page_table **table);

/* Gives back all tables, those that waited for a flush as well. What the leaves point at is not
   touched. No processor may use the table any more. NULL is fine. */
MSET_API void mset_pt_destroy(struct mset_page_table *table);

/* ---- changing ----------------------------------------------------------------------------- */

/*
 * Maps [va, va + size) to [pa, pa + size) with the largest leaves that alignment allows.
 * MSET_ALREADY_EXISTS if any leaf, present or not, lies in the range. MSET_INVALID_PARAM if pa is
 * misaligned or too wide. For `flags` MSET_PT_MARKER, pa is a payload.
 */
MSET_API mset_status mset_pt_map(struct mset_page_table *table, uint64_t va, uint64_t pa,
                                 uint64_t size, uint64_t flags);

/* What mset_pt_map would say if the range were empty and memory without end. */
MSET_API mset_status mset_pt_may_map(const struct mset_page_table *table, uint64_t va, uint64_t pa,
                                     uint64_t size, uint64_t flags);

/*
 * Leaves of one size that follow each other in both address spaces and have the same flags.
 * Where a call looks at a range, runs are clipped to it.
 */
struct mset_pt_run {
    uint64_t va;
    uint64_t pa; /* of a marker: its payload */
    uint64_t size;
    uint64_t leaf_size; /* of the leaves it is made of; a clipped run may be smaller than one */
    uint64_t flags;     /* as given to map or protect, less what is ignored there */
    bool present;       /* some of MSET_ACCESS */
    bool accessed;      /* the hardware has used at least one of the leaves */
    bool dirty;         /*   and written through one */
};

/*
 * Told what was removed, in ascending order, after it is gone from the tables. May not use the
 * page table. Frames may not be used for something else before the flush.
 */
typedef void (*mset_pt_removed)(void *arg, const struct mset_pt_run *run);

/* What mset_pt_map_over does with leaves that are in the range already. */
enum mset_pt_overlap {
    MSET_PT_REFUSE,  /* MSET_ALREADY_EXISTS, as mset_pt_map */
    MSET_PT_REPLACE, /* they are removed; one walk removes and maps */
    MSET_PT_KEEP,    /* they stay, and only holes are filled */
};

/* As mset_pt_map. `removed` is told what MSET_PT_REPLACE removed; NULL is fine. */
MSET_API mset_status mset_pt_map_over(struct mset_page_table *table, uint64_t va, uint64_t pa,
                                      uint64_t size, uint64_t flags, enum mset_pt_overlap overlap,
                                      mset_pt_removed removed, void *arg);

/*
 * Removes what lies in the range. Holes are fine. A leaf that sticks out is cut; this needs at
 * most (levels - 1) tables at each end, else nothing is allocated. `removed` may be NULL.
 */
MSET_API mset_status mset_pt_unmap(struct mset_page_table *table, uint64_t va, uint64_t size,
                                   mset_pt_removed removed, void *arg);

/*
 * Gives all leaves in the range these flags; addresses stay, also through a time without access.
 * Holes and markers are skipped. A leaf that sticks out and changes is cut, as in unmap.
 */
MSET_API mset_status mset_pt_protect(struct mset_page_table *table, uint64_t va, uint64_t size,
                                     uint64_t flags);

/*
 * Carries all leaves in [from, from + size) to the same distances from `to`, with their flags,
 * accessed and dirty marks, and as large as they were where the alignment of the new place allows.
 * MSET_INVALID_PARAM if the ranges overlap; MSET_ALREADY_EXISTS unless the new place is empty. An
 * empty source is fine.
 */
MSET_API mset_status mset_pt_move(struct mset_page_table *table, uint64_t from, uint64_t to,
                                  uint64_t size);

/*
 * Copies the leaves of a range, as they are, to the same addresses of another table (fork).
 * Both tables must have the same format, leaf sizes, pa_bits and half (MSET_INVALID_PARAM), and
 * `to` must be empty there (MSET_ALREADY_EXISTS). With `write_protect`, leaves lose MSET_WRITE in
 * both. Leaves that stick out of the range are cut in `from`. One walk over both.
 */
MSET_API mset_status mset_pt_copy(struct mset_page_table *from, struct mset_page_table *to,
                                  uint64_t va, uint64_t size, bool write_protect);

/*
 * Makes `va` (a multiple of the smallest page) a boundary between leaves: a leaf that reaches
 * across it is replaced by smaller ones that mean the same. Later calls on ranges that begin or
 * end there need no tables for it. At most (levels - 1) tables; MSET_NO_MEMORY.
 */
MSET_API mset_status mset_pt_cut(struct mset_page_table *table, uint64_t va);

/*
 * Replaces every leaf in the range that is larger than `leaf_size`, one of the table's sizes, by
 * leaves of that size. Those that stick out are split as a whole; of a contiguous group, the
 * entries that the range touches.
 */
MSET_API mset_status mset_pt_split(struct mset_page_table *table, uint64_t va, uint64_t size,
                                   uint64_t leaf_size);

/*
 * Makes leaves as large as they can be, wherever all entries of a table (or a group) that the range
 * touches line up: the same flags, addresses without a gap, aligned. A large leaf has the marks of
 * all it stands for. The range may be larger than what is mapped. Cannot fail but for its
 * arguments. With config.promote, map and protect do so by themselves around what they change; then
 * a leaf may reach across what was mapped by several calls, and any unmapping may need tables.
 */
MSET_API mset_status mset_pt_promote(struct mset_page_table *table, uint64_t va, uint64_t size);

/* ---- marks: accessed and dirty --------------------------------------------------------------
 *
 * Processors set marks whenever they like, also while a call changes the same leaves. What they
 * mark during mset_pt_harvest or mset_pt_mark is never lost. During the other calls it may be,
 * unless config.keep_marks says otherwise: protect, copy, and unmap with `removed` then change
 * valid leaves one by one with atomic operations, and what promote, move and the opening of a group
 * make of several leaves has all the marks there can be. Who ignores marks, or keeps processors
 * away during a change, is faster without.
 */

#define MSET_PT_ACCESSED 1u
#define MSET_PT_DIRTY 2u

/* Return false to stop. May not change the page table. */
typedef bool (*mset_pt_visit)(void *arg, const struct mset_pt_run *run);

/*
 * Clears the given marks of present leaves and shows the runs that had one of them, in ascending
 * order; runs are of leaves whose marks are the same, of all that were set. `visit` may be NULL and
 * returning false changes nothing. Leaves that stick out of the range are cut first. Entries are
 * changed by atomic operations: no mark that a processor sets in between is lost. Clearing needs
 * a flush before the next harvest can be trusted.
 */
MSET_API mset_status mset_pt_harvest(struct mset_page_table *table, uint64_t va, uint64_t size,
                                     unsigned marks, mset_pt_visit visit, void *arg);

/* Sets marks of the present leaf at `va` (any byte), in a group of all its entries: for processors
   that leave it to the fault handler. MSET_NOT_FOUND where there is none. MSET_PT_DIRTY is for
   leaves with MSET_WRITE, else MSET_ACCESS_DENIED. Where the format has config.hardware_marks, a
   new mark goes into the gather: the processor that faulted may remember the leaf without it. */
MSET_API mset_status mset_pt_mark(struct mset_page_table *table, uint64_t va, unsigned marks);

/* ---- reserve ------------------------------------------------------------------------------ */

/* Tables by level. */
struct mset_pt_need {
    uint64_t tables[MSET_PT_LEVELS];
};

/*
 * What the call of the same name would need: judges the arguments and the present state, takes
 * exactly that many tables into the stock of the page table, and says how many (`need` may be
 * NULL). If the next call that changes leaves is the one announced, it cannot fail, and takes from
 * the stock what was put there for it. Processors that set marks meanwhile are no change. The
 * status is the one the call would give; anything but MSET_OK has taken nothing, and leaves the
 * stock and the session as they were. For mset_pt_copy, `need` counts both tables.
 *
 * A session is all prepares of a table since a call last changed its leaves (any call but prepares,
 * mset_pt_mark and mset_pt_flushed, that returned MSET_OK) or mset_pt_prepare_drop(). They announce
 * calls that will be made one after the other, in this order, and then none of these can fail:
 *
 *     mset_pt_unmap_prepare(table, 0x200000, 0x1ff000, NULL);    its pieces, in any order
 *     mset_pt_unmap_prepare(table, 0x3ff000, 0x1000, NULL);
 *     mset_pt_prepare_room(table, 0x200000, 0x200000);           by now there will be room
 *     mset_pt_map_prepare(table, 0x200000, pa, 0x100000, ...);   ascending
 *     mset_pt_map_prepare(table, 0x300000, pa2, 0x100000, ...);
 *     mset_pt_unmap(...); mset_pt_unmap(...); mset_pt_map(...); mset_pt_map(...);
 *
 * They take together exactly what the calls will (then the stock is empty again), if they are
 *   - unmaps, without a leaf that reaches from one of them into another: it is counted for both, so
 *     neighbours [a, b) and [b, c) add up exactly when no leaf reaches across b. Those that are in
 *     no room are taken to be one range, from the lowest to the highest;
 *   - then maps in ascending order, or moves whose sources and new places ascend, if nothing lies
 *     between the sources that stays. A leaf may reach from one source into the next, or into the
 *     room.
 * Else, and with config.promote, where leaves may come to reach across what is moved later, the sum
 * of unmaps, maps and moves is a bound: tables may be left over, none are missing. No prepare sees
 * what an earlier call is going to put anywhere, and only a room makes a place empty: until then
 * what is to be unmapped or moved away is still in the way. The other prepares count alone, from
 * the present state, and those after them see nothing of what they announce.
 */
MSET_API mset_status mset_pt_map_prepare(struct mset_page_table *table, uint64_t va, uint64_t pa,
                                         uint64_t size, uint64_t flags,
                                         enum mset_pt_overlap overlap, struct mset_pt_need *need);
MSET_API mset_status mset_pt_unmap_prepare(struct mset_page_table *table, uint64_t va,
                                           uint64_t size, struct mset_pt_need *need);
MSET_API mset_status mset_pt_protect_prepare(struct mset_page_table *table, uint64_t va,
                                             uint64_t size, uint64_t flags,
                                             struct mset_pt_need *need);
MSET_API mset_status mset_pt_move_prepare(struct mset_page_table *table, uint64_t from, uint64_t to,
                                          uint64_t size, struct mset_pt_need *need);
MSET_API mset_status mset_pt_copy_prepare(struct mset_page_table *from, struct mset_page_table *to,
                                          uint64_t va, uint64_t size, struct mset_pt_need *need);
MSET_API mset_status mset_pt_cut_prepare(struct mset_page_table *table, uint64_t va,
                                         struct mset_pt_need *need);
MSET_API mset_status mset_pt_split_prepare(struct mset_page_table *table, uint64_t va,
                                           uint64_t size, uint64_t leaf_size,
                                           struct mset_pt_need *need);
MSET_API mset_status mset_pt_harvest_prepare(struct mset_page_table *table, uint64_t va,
                                             uint64_t size, struct mset_pt_need *need);

/*
 * What lies in [va, va + size) will have been unmapped before the calls prepared from here on, by
 * calls of mset_pt_unmap that together cover it and no more, and that were or will be prepared by
 * mset_pt_unmap_prepare; their order does not matter. mset_pt_map_prepare and mset_pt_move_prepare,
 * for the new place, then find no leaves there, and count as after this unmapping: tables that it
 * empties are needed anew, those that keep an entry outside of the room are not, nor are those into
 * which a leaf that sticks out will have been cut. A map or a move may fill a part of the room
 * only, or reach out of it; a move's source should not lie in it. Takes nothing into the stock.
 * A session has one room, and forgets it when it ends: another one widens it, if they touch or
 * no leaf lies between, else MSET_ALREADY_EXISTS. Announce it before maps and moves: what those
 * before it share with those after it is counted for both. MSET_INVALID_PARAM: see Ranges.
 */
MSET_API mset_status mset_pt_prepare_room(struct mset_page_table *table, uint64_t va,
                                          uint64_t size);

/* Gives back what was prepared and not used, and ends the session. */
MSET_API void mset_pt_prepare_drop(struct mset_page_table *table);

/* ---- flushing ----------------------------------------------------------------------------- */

/*
 * The engine changes memory only; what processors may still have cached is written down in the
 * table's gather, and sums up over calls until mset_pt_flushed(). A fresh mapping adds nothing,
 * nor does splitting a leaf into equal ones where that is safe.
 *
 *     mset_pt_unmap(table, ...);  mset_pt_protect(table, ...);        any number of calls
 *     mset_pt_get_gather(table, &gather);
 *     if (gather.leaf_size != 0) { invalidate start..last on all processors, wait for them; }
 *     mset_pt_flushed(table);                           tables are freed, breaks are mended
 *
 * Break before make (AArch64; Arm ARM D8.16): where a valid entry must not be replaced by
 * another valid one (a split, a promotion, another address or memory type), the new entry is
 * written without its valid bit and counted in `breaks`; mset_pt_flushed() sets the bit. Until
 * then accesses there fault, while everything here treats the leaf as the one it will be. So are
 * fresh mappings between gather.start and gather.last.
 */
struct mset_pt_gather {
    uint64_t leaf_size;    /* smallest leaf among what is stale, of groups their entries: the stride
                              of a flush; 0: nothing is stale, and all else is 0 as well */
    uint64_t start, last;  /* all stale addresses lie in here, both included */
    unsigned leaf_levels;  /* bit n: leaves of level n were changed. No hint for invalidation by
                              level: a leaf that was split without a flush may still be cached */
    unsigned table_levels; /* bit n: entries of level n that pointed at tables were changed, so that
                              table pointers cached on the way to start..last are stale as well
                              (RISC-V: SFENCE.VMA without an address) */
    uint64_t tables;       /* tables to be freed by mset_pt_flushed() */
    uint64_t breaks;       /* entries to be made valid by mset_pt_flushed() */
};
MSET_API void mset_pt_get_gather(const struct mset_page_table *table,
                                 struct mset_pt_gather *gather);

/* The caller's word that all processors have forgotten what the gather says. Frees the tables
   that waited, mends breaks, empties the gather. Cost: O(tables + entries), of the tables with
   breaks those from the first to the last one broken. */
MSET_API void mset_pt_flushed(struct mset_page_table *table);

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
 * there is none. The table may be changed between two calls. Cost: O(levels + entries looked at).
 */
MSET_API mset_status mset_pt_next(const struct mset_page_table *table, uint64_t va, uint64_t size,
                                  struct mset_pt_run *run);

/*
 * Shows all runs in the range in ascending order; runs are maximal. Stopping early is MSET_OK.
 * One walk.
 */
MSET_API mset_status mset_pt_walk(const struct mset_page_table *table, uint64_t va, uint64_t size,
                                  mset_pt_visit visit, void *arg);

/*
 * A walk that the caller drives. Fields are the library's. It remembers the table it is in, so
 * a step costs O(1) until the table is changed, and O(levels) after.
 */
struct mset_pt_cursor {
    const struct mset_page_table *table;
    uint64_t va, last; /* what is left of the range */
    bool done;
    uint64_t version;
    const void *place;
    unsigned level;
};
MSET_API mset_status mset_pt_cursor_init(struct mset_pt_cursor *cursor,
                                         const struct mset_page_table *table, uint64_t va,
                                         uint64_t size);
/* The next run, never larger than one table; false at the end. The table may be changed between
   two calls, but not destroyed. */
MSET_API bool mset_pt_cursor_next(struct mset_pt_cursor *cursor, struct mset_pt_run *run);

/* Physical address of the root table, constant for the life of the page table. */
MSET_API uint64_t mset_pt_root(const struct mset_page_table *table);

MSET_API const struct mset_pt_format *mset_pt_get_format(const struct mset_page_table *table);

/* The sizes of leaves in use, or-ed together: see config.leaf_sizes. */
MSET_API uint64_t mset_pt_leaf_sizes(const struct mset_page_table *table);

/* By level; a leaf at level n is an entry that maps, present or not. All are kept, not computed. */
struct mset_pt_statistics {
    uint64_t tables[MSET_PT_LEVELS]; /* the root included, waiting for a flush not */
    uint64_t leaves[MSET_PT_LEVELS]; /* those in groups included */
    uint64_t groups[MSET_PT_LEVELS]; /* contiguous groups */
    uint64_t splits;                 /* leaves replaced by a table since creation */
    uint64_t promotions;             /* tables replaced by a leaf since creation */
    uint64_t visits;                 /* tables walked by changing calls, failed ones included */
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
