/*
 * page_tables.c - ranges of an x86-64 page table, mapped, changed and unmapped, with the flush that
 * each change wants.
 *
 *     pt_map_unmap  1..1024 small pages at a random place of an otherwise empty GiB     per round
 *     pt_mixed      one to a thousand small pages of a table of 1 GiB leaves that promotes by
 *                   itself: read-only and back, then unmapped and mapped again; leaves are cut
 *                   twice and grow together twice                                       per round
 */
#include "work.h"

#include <mset/formats.h>
#include <mset/frames.h>
#include <mset/page_table.h>

#include <stdlib.h>

enum { gib = 1 << 30, most_pages = 1024, read_write = MSET_READ | MSET_WRITE };
static const uint64_t memory_size = 16 << 20; /* for tables */

struct tables {
    void *memory;
    struct mset_buddy *buddy;
    struct mset_page_table *table;
    struct random random;
    uint64_t rounds;
    uint64_t used; /* tables, before */
};

static uint64_t used_tables(const struct tables *tables) {
    struct mset_pt_statistics statistics;
    uint64_t sum = 0;
    mset_pt_get_statistics(tables->table, &statistics);
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        sum += statistics.tables[level];
    }
    return sum;
}

static struct tables *begin(uint64_t rounds, bool promote) {
    struct tables *const tables = take(1, sizeof *tables);
    tables->memory = aligned_alloc(page_bytes, memory_size);
    require(tables->memory != NULL, "no memory");
    const struct mset_buddy_config ram = {.size = memory_size, .memory = tables->memory};
    require_ok(mset_buddy_create(&ram, &tables->buddy));
    const struct mset_pt_config config = {
        .format = &mset_pt_x86_64, .frames = mset_buddy_frames(tables->buddy), .promote = promote};
    require_ok(mset_pt_create(&config, &tables->table));
    tables->random.state = RANDOM_SEED;
    tables->rounds = rounds;
    return tables;
}

/* As many tables as before: what was cut has grown together, what was mapped is gone. */
static void end(void *arg) {
    struct tables *const tables = arg;
    const char *const wrong = mset_pt_validate(tables->table);
    require(wrong == NULL, wrong);
    require(used_tables(tables) == tables->used, "tables have been left behind");
    mset_pt_destroy(tables->table);
    mset_buddy_destroy(tables->buddy);
    free(tables->memory);
    free(tables);
}

static void flush(struct tables *tables) {
    struct mset_pt_gather gather;
    mset_pt_get_gather(tables->table, &gather);
    mset_pt_flushed(tables->table);
}

static uint64_t random_page(struct tables *tables) {
    return random_below(&tables->random, gib / page_bytes - most_pages) * page_bytes;
}

static uint64_t random_size(struct tables *tables) {
    return (1 + random_below(&tables->random, most_pages)) * page_bytes;
}

/* ---- map and unmap ------------------------------------------------------------------------ */

static void *begin_empty(uint64_t rounds) {
    struct tables *const tables = begin(rounds, false);
    tables->used = used_tables(tables);
    return tables;
}

/* Physical addresses are off by one page, so that no larger leaf fits. */
static uint64_t map_unmap(void *arg) {
    struct tables *const tables = arg;
    for (uint64_t i = 0; i < tables->rounds; i++) {
        const uint64_t va = random_page(tables), size = random_size(tables);
        require_ok(mset_pt_map(tables->table, va, va + page_bytes, size, read_write));
        require_ok(mset_pt_unmap(tables->table, va, size, NULL, NULL));
        flush(tables);
    }
    return tables->rounds;
}

/* ---- cut and grow together ---------------------------------------------------------------- */

static void *begin_large(uint64_t rounds) {
    struct tables *const tables = begin(rounds, true);
    require_ok(mset_pt_map(tables->table, 0, gib, 4 * (uint64_t)gib, read_write));
    tables->used = used_tables(tables);
    return tables;
}

static void protect(struct tables *tables, uint64_t va, uint64_t size, uint64_t flags) {
    require_ok(mset_pt_protect(tables->table, va, size, flags));
    flush(tables);
}

static uint64_t mixed(void *arg) {
    struct tables *const tables = arg;
    for (uint64_t i = 0; i < tables->rounds; i++) {
        const uint64_t va = random_page(tables), size = random_size(tables);
        protect(tables, va, size, MSET_READ);
        protect(tables, va, size, read_write);
        require_ok(mset_pt_unmap(tables->table, va, size, NULL, NULL));
        flush(tables);
        require_ok(mset_pt_map(tables->table, va, va + gib, size, read_write));
        flush(tables);
    }
    return tables->rounds;
}

const struct work page_table_works[2] = {
    {"pt_map_unmap", begin_empty, map_unmap, end, 20000},
    {"pt_mixed", begin_large, mixed, end, 2000},
};
