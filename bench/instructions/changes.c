/*
 * changes.c - a full address space that is cut up and put together again, at random places.
 *
 *     churn_1k, churn_100k  protect of 1..16 pages and map-replace of 1..32 in turn, over a tiled
 *                           universe whose number of areas stays near n    per call
 *     split                 protect of 1..16 pages in a merging set, flags of four values  per call
 *     punch                 unmap one page out of four huge areas, until there are n  per call
 *     mmap_churn            unmap an area, search 1..32 pages from the top, map there  per round
 */
#include "work.h"

#include <stdlib.h>

enum { calls = 20000 };

struct live {
    uint64_t first, count; /* pages */
};

struct space {
    struct mset *set;
    uint64_t n, pages;
    struct random random;
    uint64_t serial;   /* flags that no other area has */
    struct live *live; /* mmap_churn: all areas */
};

static struct space *begin(uint64_t n, uint64_t pages, unsigned flags) {
    struct space *const space = take(1, sizeof *space);
    *space = (struct space){new_set(flags), n, pages, {RANDOM_SEED}, 0, NULL};
    return space;
}

static void end(void *arg) {
    struct space *const space = arg;
    const uint64_t areas = mset_count(space->set);
    require(areas >= space->n * 4 / 5 && areas <= space->n * 6 / 5,
            "the number of areas is not what it should be");
    end_set(space->set);
    free(space->live);
    free(space);
}

/* ---- churn -------------------------------------------------------------------------------- */

static void protect_or_replace(struct space *space, uint64_t i) {
    const uint64_t count = 1 + random_below(&space->random, i % 2 == 0 ? 16 : 32);
    const uint64_t first = random_below(&space->random, space->pages - count);
    if (i % 2 == 0) {
        protect_pages(space->set, first, count, space->serial++);
    } else {
        map_pages(space->set, first, count, space->serial++, MSET_MAP_REPLACE);
    }
}

/* The universe starts at 8 boundaries in 39 pages, at which such calls make as many as they
   remove. */
static void *begin_churn(uint64_t n) {
    struct space *const space = begin(n, n * 39 / 8, 0);
    uint64_t first = 0;
    for (uint64_t at = 1; at <= space->pages; at++) {
        if (at == space->pages || random_below(&space->random, 39) < 8) {
            map_pages(space->set, first, at - first, space->serial++, MSET_MAP_FAIL);
            first = at;
        }
    }
    for (uint64_t i = 0; i < n; i++) {
        protect_or_replace(space, i);
    }
    return space;
}

static uint64_t churn(void *space) {
    for (uint64_t i = 0; i < calls; i++) {
        protect_or_replace(space, i);
    }
    return calls;
}

/* ---- split -------------------------------------------------------------------------------- */

static uint64_t split(void *arg) {
    struct space *const space = arg;
    for (uint64_t i = 0; i < calls; i++) {
        const uint64_t count = 1 + random_below(&space->random, 16);
        const uint64_t first = random_below(&space->random, space->pages - count);
        protect_pages(space->set, first, count, random_below(&space->random, 4));
    }
    return calls;
}

/* A call makes two boundaries, each real with probability 3/4, and clears those in its 8.5 pages:
   they balance at 1.5 boundaries in 8.5 pages. */
static void *begin_split(uint64_t n) {
    struct space *const space = begin(n, n * 17 / 3, MSET_MERGE);
    map_pages(space->set, 0, space->pages, 0, MSET_MAP_FAIL);
    for (uint64_t done = 0; done < 4 * n;) {
        done += split(space);
    }
    return space;
}

/* ---- punch -------------------------------------------------------------------------------- */

static void *begin_punch(uint64_t n) {
    struct space *const space = begin(n, n * 8, 0);
    for (uint64_t i = 0; i < 4; i++) {
        map_pages(space->set, i * n * 2, n * 2, MSET_READ, MSET_MAP_FAIL);
    }
    return space;
}

static uint64_t punch(void *arg) {
    struct space *const space = arg;
    uint64_t count = 0;
    while (mset_count(space->set) < space->n) {
        unmap_pages(space->set, random_below(&space->random, space->pages), 1);
        count++;
    }
    return count;
}

/* ---- mmap_churn --------------------------------------------------------------------------- */

static struct live place(struct space *space) {
    const uint64_t count = 1 + random_below(&space->random, 32);
    const struct mset_gap_request wish = {
        .size = count * page_bytes, .hi = UINT64_C(1) << 47, .flags = MSET_GAP_TOP_DOWN};
    struct mset_area area = {.flags = MSET_READ};
    require_ok(mset_map_free(space->set, &wish, &area, NULL));
    return (struct live){area.start / page_bytes, count};
}

static uint64_t mmap_churn(void *arg) {
    struct space *const space = arg;
    for (uint64_t i = 0; i < calls; i++) {
        struct live *const live = &space->live[random_below(&space->random, space->n)];
        unmap_pages(space->set, live->first, live->count);
        *live = place(space);
    }
    return calls;
}

static void *begin_mmap_churn(uint64_t n) {
    struct space *const space = begin(n, 0, 0);
    space->live = take(n, sizeof *space->live);
    for (uint64_t i = 0; i < n; i++) {
        space->live[i] = place(space);
    }
    for (uint64_t done = 0; done < 4 * n;) {
        done += mmap_churn(space);
    }
    return space;
}

const struct work change_works[5] = {
    {"churn_1k", begin_churn, churn, end, 1000},
    {"churn_100k", begin_churn, churn, end, 100000},
    {"split", begin_split, split, end, 10000},
    {"punch", begin_punch, punch, end, 10000},
    {"mmap_churn", begin_mmap_churn, mmap_churn, end, 10000},
};
