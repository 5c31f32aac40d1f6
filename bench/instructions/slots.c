/*
 * slots.c - areas that lie apart, looked up, walked over and built: area i begins 0..15 pages into
 * slot i of 64 pages and ends 32..47 pages into it.
 *
 *     find_hit         a random page of a random area, by address    per find
 *     find_miss        a random page between areas                   per find
 *     iterate          all areas by a cursor                         per area
 *     build_ascending  all areas mapped in order                     per area
 */
#include "work.h"

#include <stdlib.h>

enum { finds = 200000, slot_pages = 64 };

struct slots {
    struct mset *set;
    uint64_t n;
    struct random random;
    uint64_t *places; /* what is to be found: addresses */
    uint64_t found;
};

static void add_slot(struct slots *slots, uint64_t slot) {
    const uint64_t start = random_below(&slots->random, 16);
    const uint64_t end = 32 + random_below(&slots->random, 16);
    map_pages(slots->set, slot * slot_pages + start, end - start, MSET_READ, MSET_MAP_FAIL);
}

static void *begin_empty(uint64_t n) {
    struct slots *const slots = take(1, sizeof *slots);
    *slots = (struct slots){.set = new_set(0), .n = n, .random = {RANDOM_SEED}};
    return slots;
}

/* In random order, so that nodes are as full as they are in life. */
static struct slots *begin_full(uint64_t n) {
    struct slots *const slots = begin_empty(n);
    uint64_t *const order = take(n, sizeof *order);
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t other = random_below(&slots->random, i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    for (uint64_t i = 0; i < n; i++) {
        add_slot(slots, order[i]);
    }
    free(order);
    return slots;
}

static void choose_places(struct slots *slots, uint64_t first_page) {
    slots->places = take(finds, sizeof *slots->places);
    for (uint64_t i = 0; i < finds; i++) {
        const uint64_t slot = random_below(&slots->random, slots->n);
        const uint64_t in_slot = first_page + random_below(&slots->random, 16);
        slots->places[i] = (slot * slot_pages + in_slot) * page_bytes;
    }
}

static void *begin_hit(uint64_t n) {
    struct slots *const slots = begin_full(n);
    choose_places(slots, 16);
    return slots;
}

static void *begin_miss(uint64_t n) {
    struct slots *const slots = begin_full(n);
    choose_places(slots, 48);
    return slots;
}

static void *begin_walk(uint64_t n) {
    return begin_full(n);
}

static uint64_t find_all(void *arg) {
    struct slots *const slots = arg;
    struct mset_area area;
    for (uint64_t i = 0; i < finds; i++) {
        slots->found += mset_find(slots->set, slots->places[i], &area);
    }
    return finds;
}

static uint64_t iterate(void *arg) {
    struct slots *const slots = arg;
    struct mset_cursor cursor;
    struct mset_area area;
    for (mset_cursor_all(&cursor, slots->set); mset_cursor_next(&cursor, &area);) {
        slots->found++;
    }
    return slots->found;
}

static uint64_t build(void *arg) {
    struct slots *const slots = arg;
    for (uint64_t i = 0; i < slots->n; i++) {
        add_slot(slots, i);
    }
    return slots->n;
}

static void end(struct slots *slots, uint64_t found) {
    require(slots->found == found, "an area was not found, or one that is not there was");
    require(mset_count(slots->set) == slots->n, "areas are missing");
    end_set(slots->set);
    free(slots->places);
    free(slots);
}

static void end_hit(void *slots) {
    end(slots, finds);
}

static void end_none(void *slots) {
    end(slots, 0);
}

static void end_walk(void *arg) {
    struct slots *const slots = arg;
    end(slots, slots->n);
}

const struct work slot_works[4] = {
    {"find_hit", begin_hit, find_all, end_hit, 10000},
    {"find_miss", begin_miss, find_all, end_none, 10000},
    {"iterate", begin_walk, iterate, end_walk, 100000},
    {"build_ascending", begin_empty, build, end_none, 20000},
};
