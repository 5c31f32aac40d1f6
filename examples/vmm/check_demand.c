/*
 * check_demand.c - an area without pages: each page the guest touches faults once, gets a frame of
 * the pool that is zero, and is its own; no such frame is one that a page table lies in. What is
 * given back faults again.
 */
#include "check.h"

#include <inttypes.h>

#include "layout.h"

enum { PAGES = DEMAND_SIZE / PAGE };

static const uint64_t demand_seed = 0xdead;

/* The pages as the monitor finds them: by the page tables, then by the memory map. */
static bool contents_are(struct work *work, uint64_t size, uint64_t seed) {
    struct machine *const machine = work->machine;
    for (uint64_t i = 0; i < size / sizeof(uint64_t); i++) {
        struct mset_pt_run run;
        uint64_t word;
        if (mset_pt_query(machine->tables.table, DEMAND_VA + i * sizeof word, 0, &run) != MSET_OK ||
            mset_guest_load(&machine->memory.cursor, run.pa, sizeof word, &word) != MSET_OK ||
            word != mixed(seed + i)) {
            return false;
        }
    }
    return true;
}

static void check_frames(struct check *check, struct work *work, struct tables_census *census) {
    struct tables *const tables = &work->machine->tables;
    struct mset_pt_statistics books;
    struct mset_buddy_statistics pool;
    tables_count(tables, &work->machine->memory, census);
    mset_pt_get_statistics(tables->table, &books);
    mset_buddy_get_statistics(tables->buddy, &pool);
    uint64_t in_books = 0;
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        in_books += books.tables[level];
    }
    check_that(check, census->strangers == 0, "a frame is used twice, or was never taken");
    check_that(check, census->tables == in_books,
               "there are more or fewer tables than the books say");
    check_that(check, census->pages == PAGES, "there are more or fewer pages than faults");
    check_that(check, pool.used_frames == census->tables + census->pages,
               "frames are taken that nobody uses");
    check_that(check, tables_validate(tables) == NULL, "set, tables or pool are damaged");
}

void check_demand(struct check *check, struct work *work) {
    struct tables *const tables = &work->machine->tables;
    const uint64_t before = tables->faults;
    struct mailbox touch = {
        .command = COMMAND_TOUCH, .address = DEMAND_VA, .size = DEMAND_SIZE, .seed = demand_seed};
    struct tables_census census;
    check_that(check, work_do(work, &touch), "the guest could not touch its pages");
    check_that(check, touch.right == PAGES && touch.wrong == 0, "a new page was not zero");
    const uint64_t faults = tables->faults - before;
    check_that(check, faults == PAGES, "not every page has faulted once");
    check_that(check, contents_are(work, DEMAND_SIZE, demand_seed),
               "the guest's words are not where they should be");
    check_frames(check, work, &census);
    check_saw(check,
              "%" PRIu64 " faults for %u pages, zero at first, contents right; %" PRIu64
              " frames of tables and %" PRIu64 " of pages, none of them both",
              faults, PAGES, census.tables, census.pages);
}

static uint64_t frames_taken(const struct tables *tables) {
    struct mset_buddy_statistics pool;
    mset_buddy_get_statistics(tables->buddy, &pool);
    return pool.used_frames;
}

/* The second half is given back, and comes again when it is touched; the first half stays. */
void check_discard(struct check *check, struct work *work) {
    struct tables *const tables = &work->machine->tables;
    const uint64_t half = DEMAND_SIZE / 2, before = tables->faults, taken = frames_taken(tables);
    struct mailbox touch = {
        .command = COMMAND_TOUCH, .address = DEMAND_VA + half, .size = half, .seed = 7};
    struct tables_census census;
    check_that(check, tables_discard(tables, DEMAND_VA + half, half) == MSET_OK,
               "pages could not be given back");
    const uint64_t left = frames_taken(tables);
    check_that(check, machine_flush(work->machine), "translations could not be flushed");
    check_that(check, taken - left >= PAGES / 2, "frames were not given back");
    check_that(check, work_do(work, &touch), "the guest could not touch its pages");
    check_that(check, touch.right == PAGES / 2 && touch.wrong == 0, "a new page was not zero");
    check_that(check, tables->faults - before == PAGES / 2, "not every page has faulted again");
    check_that(check, contents_are(work, half, demand_seed), "what stayed has changed");
    check_frames(check, work, &census);
    check_saw(check,
              "%" PRIu64 " frames given back, then %" PRIu64
              " faults for %d pages, zero again; %" PRIu64 " frames of tables and %" PRIu64
              " of pages, none of them both",
              taken - left, tables->faults - before, PAGES / 2, census.tables, census.pages);
}
