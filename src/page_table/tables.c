/*
 * tables.c - tables come and go.
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
    memset(table, 0, bytes);
    table->level = level;
    const mset_status status = take_frame(pt, table);
    if (status != MSET_OK) {
        free_book(pt, table);
        return status;
    }
    *out = table;
    return MSET_OK;
}

static void reserve_drop(struct mset_page_table *pt, struct pt_reserve *reserve) {
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        while (reserve->ready[level] != NULL) {
            struct pt_table *const table = reserve->ready[level];
            reserve->ready[level] = table->next;
            free_table(pt, table);
        }
    }
}

mset_status mset_pt_reserve_fill(struct mset_page_table *pt, struct pt_reserve *reserve) {
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        for (uint64_t i = 0; i < reserve->need[level]; i++) {
            struct pt_table *table;
            const mset_status status = mset_pt_table_new(pt, level, &table);
            if (status != MSET_OK) {
                reserve_drop(pt, reserve);
                return status;
            }
            table->next = reserve->ready[level];
            reserve->ready[level] = table;
        }
    }
    return MSET_OK;
}

struct pt_table *mset_pt_reserve_take(struct mset_page_table *pt, struct pt_reserve *reserve,
                                      unsigned level) {
    struct pt_table *const table = reserve->ready[level];
    MSET_ASSERT(table != NULL);
    reserve->ready[level] = table->next;
    table->next = NULL;
    pt->statistics.tables[level]++;
    return table;
}

bool mset_pt_reserve_spent(const struct pt_reserve *reserve) {
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        if (reserve->ready[level] != NULL) {
            return false;
        }
    }
    return true;
}

void mset_pt_table_release(struct mset_page_table *pt, struct pt_table *table) {
    pt->statistics.tables[table->level]--;
    free_table(pt, table);
}

/* Depth is bounded by MSET_PT_LEVELS. */
static void destroy_below(struct mset_page_table *pt, struct pt_table *table) {
    for (size_t i = 0; table->level > 0 && i < entry_count(pt, table->level); i++) {
        if (table->child[i] != NULL) {
            destroy_below(pt, table->child[i]);
        }
    }
    free_table(pt, table);
}

void mset_pt_tables_destroy(struct mset_page_table *pt) {
    destroy_below(pt, pt->root);
}
