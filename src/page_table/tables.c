/*
 * tables.c - tables come and go.
 *
 *     frames --> reserve --> (stock) --> tree --> retired --> frames
 *
 * An operation counts the tables it will need, takes them all here, and only then begins to
 * change anything; so this file is the only place of the room that can run out of memory.
 */
#include "page_table/page_table.h"

enum { FRAME_SHIFT = 12, ENTRY_SHIFT = 3 };

static size_t entry_count(const struct mset_page_table *pt, unsigned level) {
    return (size_t)1 << pt->engine->index_bits[level];
}

static size_t book_bytes(const struct mset_page_table *pt, unsigned level) {
    const size_t children = level == 0 ? 0 : entry_count(pt, level);
    return sizeof(struct pt_table) + children * sizeof(struct pt_table *);
}

/* A table smaller than a frame gets a frame of its own. */
static unsigned table_order(const struct mset_page_table *pt, unsigned level) {
    const unsigned bits = pt->engine->index_bits[level] + (unsigned)ENTRY_SHIFT;
    return bits > FRAME_SHIFT ? bits - (unsigned)FRAME_SHIFT : 0;
}

static mset_status take_frame(struct mset_page_table *pt, struct pt_table *table) {
    const unsigned order = table_order(pt, table->level);
    const mset_status status = mset_frames_alloc(pt->frames, order, &table->pa);
    if (status != MSET_OK) {
        return status;
    }
    table->entries = mset_frames_virt(pt->frames, table->pa);
    const uint64_t last = table->pa + (MSET_PAGE_SIZE << order) - 1;
    if (table->entries == NULL || last > pt->pa_last) {
        mset_frames_free(pt->frames, table->pa, order);
        return MSET_UNSUPPORTED;
    }
    return MSET_OK;
}

static void free_book(struct mset_page_table *pt, struct pt_table *table) {
    pt->allocator.free(pt->allocator.context, table, book_bytes(pt, table->level),
                       _Alignof(struct pt_table));
}

static void free_table(struct mset_page_table *pt, struct pt_table *table) {
    mset_frames_free(pt->frames, table->pa, table_order(pt, table->level));
    free_book(pt, table);
}

mset_status mset_pt_table_new(struct mset_page_table *pt, unsigned level, struct pt_table **out) {
    const size_t bytes = book_bytes(pt, level);
    struct pt_table *const table =
        pt->allocator.alloc(pt->allocator.context, bytes, _Alignof(struct pt_table));
    if (table == NULL) {
        return MSET_NO_MEMORY;
    }
    memset(table, 0, sizeof *table); /* without children, child[] says nothing */
    table->level = level;
    const mset_status status = take_frame(pt, table);
    if (status != MSET_OK) {
        free_book(pt, table);
        return status;
    }
    *out = table;
    return MSET_OK;
}

/* ---- lists by level ----------------------------------------------------------------------- */

static void push(struct pt_tables *tables, struct pt_table *table) {
    table->next = tables->first[table->level];
    tables->first[table->level] = table;
}

static struct pt_table *pop(struct pt_tables *tables, unsigned level) {
    struct pt_table *const table = tables->first[level];
    if (table != NULL) {
        tables->first[level] = table->next;
        table->next = NULL;
    }
    return table;
}

static void free_tables(struct mset_page_table *pt, struct pt_tables *tables) {
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        for (struct pt_table *table; (table = pop(tables, level)) != NULL;) {
            free_table(pt, table);
        }
    }
}

/* Moves up to n tables of a level. Returns how many. */
static uint64_t move_some(struct pt_tables *to, struct pt_tables *from, unsigned level,
                          uint64_t n) {
    uint64_t moved = 0;
    for (struct pt_table *table; moved < n && (table = pop(from, level)) != NULL; moved++) {
        push(to, table);
    }
    return moved;
}

static mset_status add_new(struct mset_page_table *pt, struct pt_tables *tables, unsigned level,
                           uint64_t n) {
    for (; n > 0; n--) {
        struct pt_table *table;
        const mset_status status = mset_pt_table_new(pt, level, &table);
        if (status != MSET_OK) {
            return status;
        }
        push(tables, table);
    }
    return MSET_OK;
}

/* ---- reserve ------------------------------------------------------------------------------ */

mset_status mset_pt_reserve_fill(struct mset_page_table *pt, struct pt_reserve *reserve,
                                 struct mset_pt_need *prepared) {
    mset_status status = MSET_OK;
    for (unsigned level = 0; level < MSET_PT_LEVELS && status == MSET_OK; level++) {
        const uint64_t n = reserve->need.tables[level];
        if (prepared == NULL) {
            reserve->stocked[level] = move_some(&reserve->ready, &pt->stock, level, n);
        }
        status = add_new(pt, &reserve->ready, level, n - reserve->stocked[level]);
    }
    if (status != MSET_OK) {
        mset_pt_reserve_drop(pt, reserve, false);
    } else if (prepared != NULL) {
        for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
            (void)move_some(&pt->stock, &reserve->ready, level, UINT64_MAX);
        }
        *prepared = reserve->need;
    }
    return status;
}

void mset_pt_reserve_drop(struct mset_page_table *pt, struct pt_reserve *reserve, bool prepared) {
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        if (prepared) {
            (void)move_some(&reserve->ready, &pt->stock, level, reserve->need.tables[level]);
        } else {
            (void)move_some(&pt->stock, &reserve->ready, level, reserve->stocked[level]);
        }
    }
    free_tables(pt, &reserve->ready);
}

struct pt_table *mset_pt_reserve_take(struct mset_page_table *pt, struct pt_reserve *reserve,
                                      unsigned level) {
    struct pt_table *const table = pop(&reserve->ready, level);
    MSET_ASSERT(table != NULL);
    pt->statistics.tables[level]++;
    return table;
}

bool mset_pt_reserve_spent(const struct pt_reserve *reserve) {
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        if (reserve->ready.first[level] != NULL) { /* unreachable: a reserve is exact */
            return false;
        }
    }
    return true;
}

/* ---- the other end ------------------------------------------------------------------------ */

void mset_pt_table_retire(struct mset_page_table *pt, struct pt_table *table) {
    pt->statistics.tables[table->level]--;
    pt->retired_tables++;
    table->broken_from = table->broken_to = 0; /* nobody mends what nobody reaches */
    if (table == pt->recent.table) {
        pt->recent.span = 0;
    }
    table->next = pt->retired;
    pt->retired = table;
}

void mset_pt_tables_free_retired(struct mset_page_table *pt) {
    for (struct pt_table *table; (table = pt->retired) != NULL;) {
        pt->retired = table->next;
        free_table(pt, table);
    }
    pt->retired_tables = 0;
}

void mset_pt_tables_free_stock(struct mset_page_table *pt) {
    free_tables(pt, &pt->stock);
}

/* Depth is bounded by MSET_PT_LEVELS. */
static void destroy_below(struct mset_page_table *pt, struct pt_table *table) {
    for (size_t i = 0; table->children > 0 && i < entry_count(pt, table->level); i++) {
        if (table->child[i] != NULL) {
            destroy_below(pt, table->child[i]);
        }
    }
    free_table(pt, table);
}

void mset_pt_tables_destroy(struct mset_page_table *pt) {
    mset_pt_tables_free_retired(pt);
    mset_pt_tables_free_stock(pt);
    destroy_below(pt, pt->root);
}
