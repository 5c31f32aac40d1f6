/*
 * page_table.h - what the parts of the page-table room share. See README.md for the map of the
 * room.
 *
 * Every hardware table has a book beside it (struct pt_table): where it is, how many of its
 * entries are in use, and, above level 0, the books of the tables its entries point at. So the
 * engine walks down by pointers, without translating physical addresses and without asking the
 * entry; works for formats whose table entries have not one bit to spare (LoongArch); and frees a
 * table the moment its count is zero. Price: 56 bytes per table, and 8 per entry of the tables
 * above level 0, which are one in 512.
 *
 *     pt_table (level 1)              hardware table
 *     +----------+                    +------------+
 *     | entries -+------------------->| leaf 2M    |
 *     | used = 2 |                    | empty      |
 *     | child[0] = NULL               | table -----+--> hardware table of level 0
 *     | child[1] = NULL               | ...        |           ^
 *     | child[2] +--> pt_table (level 0): entries -+-----------+
 *
 * A table that is taken out of the tree is retired: it waits in a list until the caller says that
 * no processor remembers it. An entry that must be broken before it is made is written without
 * its valid bit, and its table joins the list of the broken until then.
 *
 * Invariants (checked by mset_pt_validate)
 *   P1. used is the number of entries that are not empty; it is 0 in the root only.
 *   P2. child[i] is not NULL exactly when entry i points at a table, and that table is child[i]'s.
 *       children is the number of these; while it is 0, child[] says nothing.
 *   P3. An entry that is neither empty nor a table is a marker, or a leaf of a level that has
 *       leaves; a leaf that is not present still has its address.
 *   P4. The entries of a contiguous group are all grouped, and mean leaves that follow each other,
 *       aligned. grouped is the number of entries in groups.
 *   P5. A broken entry lies in [broken_from, broken_to) of its table, which is then in the list.
 *   P6. recent.table, where recent.span is not 0, is in the tree for the addresses it says.
 *   P7. statistics.tables, .leaves and .groups agree with what is there.
 */
#ifndef MSET_SRC_PAGE_TABLE_H
#define MSET_SRC_PAGE_TABLE_H

#include <mset/page_table.h>

#include "base/assert.h"
#include "base/memory.h"
#include "page_table/loops.h"
#include "page_table/session.h"

struct pt_table {
    uint64_t *entries;
    uint64_t pa;
    struct pt_table *next;        /* in a reserve, or in the list of the retired */
    struct pt_table *next_broken; /* in the list of the broken */
    unsigned level;
    unsigned used;
    unsigned grouped;
    unsigned children;
    unsigned broken_from, broken_to; /* from >= to: not in the list */
    struct pt_table *child[];        /* one per entry above level 0; none at level 0 */
};

/* Tables by level, as a list each. */
struct pt_tables {
    struct pt_table *first[MSET_PT_LEVELS];
};

/*
 * The table of level 0 that was changed last, and the present leaf of level 0 that was made last.
 * Where pages are handled one by one, the next one is mostly in the same table and of the same
 * kind: see shortcut.h.
 */
struct pt_recent {
    struct pt_table *table;
    uint64_t *entries; /* of the table */
    uint64_t va, span; /* the addresses it translates; span 0: there is none */
    uint64_t flags;    /* of the leaf; UINT64_MAX: there is none */
    uint64_t bits;     /* of the leaf, all but its address; UINT64_MAX as well */
    uint64_t address_bits;
    bool accessed, dirty;
    uint8_t shift, address_shift; /* of the format */
};

struct mset_page_table {
    const struct mset_pt_format *format;
    const struct mset_pt_engine *engine;
    struct pt_table *root;
    uint64_t base, span; /* addresses with (va - base) mod 2^64 <= span translate: where there are
                            two halves, the upper one comes first */
    uint64_t pa_last;    /* highest physical address of the machine */
    const struct pt_loops *loops;
    unsigned leaf_levels;  /* levels 0 .. leaf_levels - 1 may hold leaves */
    unsigned group_levels; /* bit n: contiguous groups at level n are in use */
    unsigned born;         /* marks that new present leaves have */
    bool bbm_level_2;
    bool promote;
    bool keep_marks;
    struct pt_recent recent;
    uint64_t version; /* changes with every call that changes leaves */
    struct mset_pt_statistics statistics;

    struct mset_pt_gather gather; /* tables and breaks are made up by the getter */
    struct pt_table *retired;     /* out of the tree, still in the processors' memory */
    uint64_t retired_tables;
    struct pt_table *broken;
    struct pt_tables stock;    /* prepared, not used yet */
    struct pt_session session; /* see pt_session_now() */

    struct mset_frames *frames;
    struct mset_allocator allocator;
};

/* What was said since the last call that changed leaves. */
static inline struct pt_session pt_session_now(const struct mset_page_table *pt) {
    struct pt_session session = pt->session;
    if (session.version != pt->version) {
        pt_session_begin(&session, pt->version);
    }
    return session;
}

/* ---- the engine of a format --------------------------------------------------------------- */

/* Told of a run inside one table; returns false to stop. */
typedef bool (*pt_visit)(void *arg, const struct mset_pt_run *run);

/* How to map. */
struct pt_map_how {
    enum mset_pt_overlap overlap;
    mset_pt_removed removed;
    void *arg;
    struct mset_pt_need *need; /* not NULL: only prepare */
};

/*
 * Ranges are checked before these are called, `last` is inclusive, flags hold nothing ignored. A
 * call that gets a `need` only prepares: it fills the stock and stores what it took.
 */
struct mset_pt_engine {
    uint8_t shift[MSET_PT_LEVELS];      /* log2 of the bytes one entry of a level stands for */
    uint8_t index_bits[MSET_PT_LEVELS]; /* log2 of the entries of a table of that level */
    uint8_t group_bits[MSET_PT_LEVELS]; /* log2 of the entries of a group, 0: none */
    uint8_t base_levels;                /* levels that have leaves */
    bool breaks;                        /* break before make */
    uint8_t address_shift;              /* of a valid leaf, which has its address as it is */
    uint64_t valid_bits;                /* one of them: a processor may use the entry */
    /* Makes an unused table empty. */
    void (*clear)(struct pt_table *table);
    mset_status (*map)(struct mset_page_table *pt, uint64_t va, uint64_t last, uint64_t pa,
                       uint64_t flags, const struct pt_map_how *how);
    mset_status (*unmap)(struct mset_page_table *pt, uint64_t va, uint64_t last,
                         mset_pt_removed removed, void *arg, struct mset_pt_need *need);
    mset_status (*cut)(struct mset_page_table *pt, uint64_t va, struct mset_pt_need *need);
    mset_status (*protect)(struct mset_page_table *pt, uint64_t va, uint64_t last, uint64_t flags,
                           struct mset_pt_need *need);
    mset_status (*move)(struct mset_page_table *pt, uint64_t from, uint64_t last, uint64_t to,
                        struct mset_pt_need *need);
    mset_status (*copy)(struct mset_page_table *from, struct mset_page_table *to, uint64_t va,
                        uint64_t last, bool write_protect, struct mset_pt_need *need);
    /* Down to leaves of this level; in groups, if they are to be. */
    mset_status (*split)(struct mset_page_table *pt, uint64_t va, uint64_t last, unsigned level,
                         bool grouped, struct mset_pt_need *need);
    void (*promote)(struct mset_page_table *pt, uint64_t va, uint64_t last);
    mset_status (*harvest)(struct mset_page_table *pt, uint64_t va, uint64_t last, unsigned marks,
                           pt_visit visit, void *arg, struct mset_pt_need *need);
    mset_status (*mark)(struct mset_page_table *pt, uint64_t va, unsigned marks);
    /* Counts broken entries; mends them if told so. */
    uint64_t (*broken)(struct mset_page_table *pt, bool mend);
    bool (*look)(const struct mset_page_table *pt, uint64_t va, struct mset_pt_run *run);
    bool (*find)(const struct mset_page_table *pt, uint64_t va, uint64_t want,
                 struct mset_pt_run *run);
    bool (*walk)(const struct mset_page_table *pt, uint64_t va, uint64_t last, pt_visit visit,
                 void *arg);
    bool (*step)(struct mset_pt_cursor *cursor, struct mset_pt_run *run);
    const char *(*validate)(const struct mset_page_table *pt);
};

/* ---- tables.c ----------------------------------------------------------------------------- */

/* Tables an operation will need, counted by level, then taken all before the first change. */
struct pt_reserve {
    struct mset_pt_need need;
    struct pt_tables ready;
    uint64_t stocked[MSET_PT_LEVELS]; /* how many of them came out of the stock */
};

/* A table with unspecified entries and no children. */
mset_status mset_pt_table_new(struct mset_page_table *pt, unsigned level, struct pt_table **out);

/*
 * Takes what reserve->need says, or nothing; first from the stock. If `prepared` is not NULL the
 * tables go into the stock instead, all of them new, and `prepared` says how many.
 */
mset_status mset_pt_reserve_fill(struct mset_page_table *pt, struct pt_reserve *reserve,
                                 struct mset_pt_need *prepared);

/* Takes back what mset_pt_reserve_fill() did, or, if `prepared`, did to the stock. */
void mset_pt_reserve_drop(struct mset_page_table *pt, struct pt_reserve *reserve, bool prepared);

/* One table out of the reserve; the engine makes its entries. Cannot fail. */
struct pt_table *mset_pt_reserve_take(struct mset_page_table *pt, struct pt_reserve *reserve,
                                      unsigned level);

/* Was the reserve exact? */
bool mset_pt_reserve_spent(const struct pt_reserve *reserve);

/* Every table that leaves the tree comes through here, already unlinked. */
void mset_pt_table_retire(struct mset_page_table *pt, struct pt_table *table);

/* Frees what was retired. */
void mset_pt_tables_free_retired(struct mset_page_table *pt);

/* Frees what is in the stock. */
void mset_pt_tables_free_stock(struct mset_page_table *pt);

/* Frees everything. */
void mset_pt_tables_destroy(struct mset_page_table *pt);

/* ---- what is stale ------------------------------------------------------------------------- */

/* Something in [va, last] is stale; leaves of `stride` bytes were the smallest. */
static inline void pt_gather_add(struct mset_page_table *pt, uint64_t va, uint64_t last,
                                 uint64_t stride) {
    struct mset_pt_gather *const gather = &pt->gather;
    gather->start = va < gather->start ? va : gather->start;
    gather->last = last > gather->last ? last : gather->last;
    gather->leaf_size = stride < gather->leaf_size ? stride : gather->leaf_size;
}

static inline void pt_gather_reset(struct mset_page_table *pt) {
    pt->gather = (struct mset_pt_gather){.start = UINT64_MAX, .leaf_size = UINT64_MAX};
}

static inline bool pt_gather_empty(const struct mset_page_table *pt) {
    return pt->gather.leaf_size == UINT64_MAX;
}

/* An empty one, which is {2^64 - 1, 0}, overlaps nothing. */
static inline bool pt_gather_overlaps(const struct mset_page_table *pt, uint64_t va,
                                      uint64_t last) {
    return va <= pt->gather.last && last >= pt->gather.start;
}

/* ---- joining runs ------------------------------------------------------------------------- */

/* Joins runs that follow each other, so that table boundaries cannot be seen from outside. */
struct pt_joiner {
    struct mset_pt_run run; /* size 0: none */
    pt_visit visit;
    void *arg;
    bool stopped;
};

static inline bool pt_runs_join(const struct mset_pt_run *a, const struct mset_pt_run *b) {
    const uint64_t follows = a->flags == MSET_PT_MARKER ? a->pa : a->pa + a->size;
    return a->va + a->size == b->va && follows == b->pa && a->flags == b->flags &&
           a->leaf_size == b->leaf_size;
}

static inline void pt_join_flush(struct pt_joiner *joiner) {
    if (joiner->run.size != 0 && !joiner->stopped) {
        joiner->stopped = !joiner->visit(joiner->arg, &joiner->run);
    }
    joiner->run.size = 0;
}

/* A pt_visit; arg is the joiner. */
static inline bool pt_join_add(void *arg, const struct mset_pt_run *run) {
    struct pt_joiner *const joiner = arg;
    struct mset_pt_run *const have = &joiner->run;
    if (have->size != 0 && pt_runs_join(have, run)) {
        have->size += run->size;
        have->accessed |= run->accessed;
        have->dirty |= run->dirty;
        return true;
    }
    pt_join_flush(joiner);
    *have = *run;
    return !joiner->stopped;
}

/* The same, but a run ends also where marks differ. */
static inline bool pt_join_marked(void *arg, const struct mset_pt_run *run) {
    struct pt_joiner *const joiner = arg;
    if (joiner->run.accessed != run->accessed || joiner->run.dirty != run->dirty) {
        pt_join_flush(joiner);
    }
    return pt_join_add(joiner, run);
}

#endif
