/* table_abuse.c - see table_abuse.h. */
#include "kit/table_abuse.h"

static bool stop(void *arg, const struct mset_pt_run *run) {
    (void)arg;
    (void)run;
    return false;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static mset_status wrong_argument(struct mset_page_table *pt, uint64_t page, uint64_t va,
                                  uint64_t size, unsigned n) {
    switch (n) {
    case 0:
        return mset_pt_unmap(pt, va + page / 2, page, NULL, NULL);
    case 1:
        return mset_pt_protect(pt, va, 0, MSET_READ);
    case 2:
        return mset_pt_map(pt, va, page / 4, page, MSET_READ);
    case 3:
        return mset_pt_map(pt, va, UINT64_C(1) << 46, page, MSET_READ);
    case 4:
        return mset_pt_map_prepare(pt, va, 0, page / 2, MSET_READ, MSET_PT_KEEP, NULL);
    case 5:
        return mset_pt_move(pt, va, va + size - page, size);
    case 6:
        return mset_pt_harvest(pt, va, page + 1, MSET_PT_ACCESSED, NULL, NULL);
    case 7:
        return mset_pt_split(pt, va, page, page / 2);
    case 8:
        return mset_pt_cut(pt, va + 1);
    case 9:
        return mset_pt_protect(pt, va, page, MSET_READ | UINT64_C(0x80));
    case 10:
        return mset_pt_promote(pt, va, page / 2);
    case 11:
        return mset_pt_unmap_prepare(pt, va, 0 - va - page / 2, NULL);
    case 12:
        return mset_pt_prepare_room(pt, va + 1, page);
    case 13:
        return mset_pt_map(pt, UINT64_C(1) << 62, 0, page, MSET_READ);
    case 14:
        return mset_pt_map(pt, va, UINT64_C(1) << 32, page, MSET_PT_MARKER);
    default:
        return mset_pt_harvest(pt, va, page, 0, NULL, NULL);
    }
}

/* Ranges that wrap around, lie where nothing is translated, or are none; what is half right. */
static mset_status wrong_range(struct mset_page_table *pt, const struct spots *spots, uint64_t va,
                               uint64_t size, unsigned n) {
    const uint64_t page = spots->page, nowhere = UINT64_C(1) << 62;
    struct mset_pt_cursor cursor;
    struct mset_pt_run run;
    switch (n) {
    case 0:
        return mset_pt_unmap(pt, 0 - page, 2 * page, NULL, NULL);
    case 1:
        return mset_pt_map(pt, va, (UINT64_C(1) << 46) - page, 2 * page, MSET_READ);
    case 2:
        return mset_pt_move(pt, nowhere, va, page);
    case 3:
        return mset_pt_move(pt, va, nowhere, page);
    case 4:
        return mset_pt_split(pt, va, size, page | spots->slot_1);
    case 5:
        return mset_pt_split(pt, va + page / 2, page, page);
    case 6:
        return mset_pt_harvest(pt, va, size, 8, stop, NULL);
    case 7:
        return mset_pt_mark(pt, nowhere, MSET_PT_ACCESSED);
    case 8:
        return mset_pt_mark(pt, va, MSET_PT_DIRTY << 4);
    case 9:
        return mset_pt_query(pt, nowhere, size, &run);
    case 10:
        return mset_pt_next(pt, va + 1, size, &run);
    case 11:
        return mset_pt_walk(pt, va, 0, stop, NULL);
    case 12:
        return mset_pt_cursor_init(&cursor, pt, va, size + 1);
    case 13:
        return mset_pt_map_prepare(pt, va, 0, page, MSET_READ, (enum mset_pt_overlap)3, NULL);
    case 14:
        return mset_pt_may_map(pt, va, page / 2, size, MSET_READ);
    default:
        return mset_pt_protect_prepare(pt, nowhere, page, MSET_READ, NULL);
    }
}

/* ---- nothing where something should be ------------------------------------------------------ */

static mset_status no_table(struct mset_page_table *pt, uint64_t page, uint64_t va, unsigned n) {
    struct mset_pt_cursor cursor;
    struct mset_pt_run run;
    switch (n) {
    case 0:
        return mset_pt_map(NULL, va, 0, page, MSET_READ);
    case 1:
        return mset_pt_unmap(NULL, va, page, NULL, NULL);
    case 2:
        return mset_pt_protect(NULL, va, page, MSET_READ);
    case 3:
        return mset_pt_move(NULL, va, va + page, page);
    case 4:
        return mset_pt_copy(NULL, pt, va, page, false);
    case 5:
        return mset_pt_copy(pt, NULL, va, page, false);
    case 6:
        return mset_pt_copy(pt, pt, va, page, false);
    case 7:
        return mset_pt_cut(NULL, va);
    case 8:
        return mset_pt_split(NULL, va, page, page);
    case 9:
        return mset_pt_promote(NULL, va, page);
    case 10:
        return mset_pt_harvest(NULL, va, page, MSET_PT_DIRTY, stop, NULL);
    case 11:
        return mset_pt_mark(NULL, va, MSET_PT_ACCESSED);
    case 12:
        return mset_pt_prepare_room(NULL, va, page);
    case 13:
        return mset_pt_query(NULL, va, 0, &run);
    case 14:
        return mset_pt_query(pt, va, 0, NULL);
    case 15:
        return mset_pt_next(NULL, va, page, &run);
    case 16:
        return mset_pt_next(pt, va, page, NULL);
    case 17:
        return mset_pt_walk(pt, va, page, NULL, NULL);
    case 18:
        return mset_pt_walk(NULL, va, page, stop, NULL);
    case 19:
        return mset_pt_cursor_init(&cursor, NULL, va, page);
    case 20:
        return mset_pt_cursor_init(NULL, pt, va, page);
    default:
        return mset_pt_may_map(NULL, va, 0, page, MSET_READ);
    }
}

/* ---- machines that cannot be ---------------------------------------------------------------- */

static mset_status no_machine(const struct judge *judge, const struct spots *spots, unsigned n) {
    const uint64_t page = spots->page;
    struct mset_page_table *table;
    struct mset_pt_config config = judge->config;
    switch (n) {
    case 0:
        return mset_pt_create(NULL, &table);
    case 1:
        return mset_pt_create(&config, NULL);
    case 2:
        config.format = NULL;
        break;
    case 3:
        config.frames = NULL;
        break;
    case 4:
        config.leaf_sizes = page | page << 1;
        break;
    case 5:
        config.leaf_sizes = config.format->leaf_sizes & ~page;
        break;
    case 6:
        config.pa_bits = 60;
        break;
    case 7: /* a size in the middle is left out, where the largest is a leaf at all */
        config.leaf_sizes = page | spots->slot_2;
        break;
    case 8: /* nothing but groups, where there are any */
        config.leaf_sizes = spots->group;
        break;
    default:
        config.upper = true;
        config.pa_bits = config.format->two_roots ? 60 : 0;
        break;
    }
    return mset_pt_create(&config, &table);
}

mset_status table_abuse(struct judge *judge, const struct spots *spots, uint64_t va, uint64_t size,
                        unsigned n) {
    enum { ARGUMENTS = 16, TABLES = 22, RANGES = 16 };
    struct mset_page_table *const pt = judge->pt;
    if (n < ARGUMENTS) {
        return wrong_argument(pt, spots->page, va, size, n);
    }
    n -= ARGUMENTS;
    if (n < TABLES) {
        return no_table(pt, spots->page, va, n);
    }
    n -= TABLES;
    if (n < 2) {
        return n == 0 ? mset_pt_map_over(pt, va, 0, spots->page, MSET_READ, (enum mset_pt_overlap)3,
                                         NULL, NULL)
                      : mset_pt_mark(pt, va, 0);
    }
    n -= 2;
    return n < RANGES ? wrong_range(pt, spots, va, size, n) : no_machine(judge, spots, n - RANGES);
}
