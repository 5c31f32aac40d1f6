/*
 * page_table.h - what the parts of the page-table room share.
 *
 *     page_table.c         the public calls: check arguments, pass on to the format's engine
 *     tables.c             tables come and go: reserve, release, destroy
 *     engine.h             the algorithms, written against a vocabulary of bit layout ...
 *       engine_plan.h        how many tables an operation needs
 *       engine_map.h  engine_unmap.h  engine_protect.h  engine_move.h  engine_walk.h
 *       engine_validate.h
 *     formats/x86_64.h     ... and one such vocabulary: nothing but bits
 *     formats/x86_64.c     the two compiled together: mset_pt_x86_64
 *
 * Every hardware table has a book beside it (struct pt_table): where it is, how many of its
 * entries are in use, and, above level 0, the books of the tables its entries point at. So the
 * engine walks down by pointers, without translating physical addresses and without asking the
 * entry; works for formats whose table entries have not one bit to spare (LoongArch); and frees a
 * table the moment its count is zero. Price: 40 bytes per table, and 8 per entry of the tables
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
 * Invariants (checked by mset_pt_validate)
 *   1. used is the number of entries that are not empty; it is 0 in the root only.
 *   2. child[i] is not NULL exactly when entry i points at a table, and that table is child[i]'s.
 *   3. An entry that is neither empty nor a table is a leaf of a level that has leaves; a leaf
 *      that is not present still has its address.
 *   4. statistics.tables and .leaves agree with what is there.
 */
#ifndef MSET_SRC_PAGE_TABLE_H
#define MSET_SRC_PAGE_TABLE_H

#include <mset/page_table.h>

#include "base/assert.h"
#include "base/memory.h"

struct pt_table {
    uint64_t *entries;
    uint64_t pa;
    struct pt_table *next; /* in a reserve */
    unsigned level;
    unsigned used;
    struct pt_table *child[]; /* one per entry above level 0; none at level 0 */
};

struct mset_page_table {
    const struct mset_pt_format *format;
    const struct mset_pt_engine *engine;
    struct mset_frames *frames;
    struct mset_allocator allocator;
    struct pt_table *root;
    uint64_t pa_last;     /* highest physical address of the machine */
    unsigned leaf_levels; /* levels 0 .. leaf_levels - 1 may hold leaves */
    struct mset_pt_statistics statistics;
};

/* ---- the engine of a format --------------------------------------------------------------- */

/* Told of a run inside one table; returns false to stop. */
typedef bool (*pt_visit)(void *arg, const struct mset_pt_run *run);

/* Ranges are checked before these are called, `last` is inclusive, flags hold nothing ignored. */
struct mset_pt_engine {
    uint8_t shift[MSET_PT_LEVELS];      /* log2 of the bytes one entry of a level stands for */
    uint8_t index_bits[MSET_PT_LEVELS]; /* log2 of the entries of a table of that level */
    /* The last address up to which one range may run from va; va can be translated if >= va. */
    uint64_t (*space_last)(uint64_t va);
    /* Makes an unused table of this level empty. */
    void (*clear)(struct pt_table *table);
    mset_status (*map)(struct mset_page_table *pt, uint64_t va, uint64_t last, uint64_t pa,
                       uint64_t flags);
    mset_status (*unmap)(struct mset_page_table *pt, uint64_t va, uint64_t last,
                         mset_pt_removed removed, void *arg);
    mset_status (*cut)(struct mset_page_table *pt, uint64_t va);
    mset_status (*protect)(struct mset_page_table *pt, uint64_t va, uint64_t last, uint64_t flags);
    mset_status (*move)(struct mset_page_table *pt, uint64_t from, uint64_t last, uint64_t to);
    bool (*find)(const struct mset_page_table *pt, uint64_t va, uint64_t want,
                 struct mset_pt_run *run);
    bool (*walk)(const struct mset_page_table *pt, uint64_t va, uint64_t last, pt_visit visit,
                 void *arg);
    const char *(*validate)(const struct mset_page_table *pt);
};

/* ---- tables.c ----------------------------------------------------------------------------- */

/* Tables an operation will need, counted by level, then taken all before the first change. */
struct pt_reserve {
    uint64_t need[MSET_PT_LEVELS];
    struct pt_table *ready[MSET_PT_LEVELS];
};

/* A table with unspecified entries and no children. */
mset_status mset_pt_table_new(struct mset_page_table *pt, unsigned level, struct pt_table **out);

/* Takes what `need` says, or nothing. */
mset_status mset_pt_reserve_fill(struct mset_page_table *pt, struct pt_reserve *reserve);

/* One table out of the reserve; the engine makes its entries. Cannot fail. */
struct pt_table *mset_pt_reserve_take(struct mset_page_table *pt, struct pt_reserve *reserve,
                                      unsigned level);

/* Was the reserve exact? */
bool mset_pt_reserve_spent(const struct pt_reserve *reserve);

/*
 * Every table that leaves the tree comes through here, already unlinked. Today it goes back to
 * the frame source at once; a gather of what has to be flushed first belongs here and in
 * pt_leaves_changed().
 */
void mset_pt_table_release(struct mset_page_table *pt, struct pt_table *table);

/* Frees the whole tree. */
void mset_pt_tables_destroy(struct mset_page_table *pt);

/*
 * Every translation that was there and no longer holds comes through here: in `count` slots of
 * `level` beginning at `va`, leaves were removed, given other flags, or replaced by a table; some
 * of the slots may have been empty. New leaves do not come here: nothing caches an empty entry.
 */
static inline void pt_leaves_changed(struct mset_page_table *pt, uint64_t va, uint64_t count,
                                     unsigned level) {
    (void)pt;
    (void)va;
    (void)count;
    (void)level;
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
    return a->va + a->size == b->va && a->pa + a->size == b->pa && a->flags == b->flags &&
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

#endif
