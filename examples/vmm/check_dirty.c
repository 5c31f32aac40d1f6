/*
 * check_dirty.c - the guest writes to pseudo-random places in three regions, while the monitor
 * collects dirty pages and splits and merges one of their slots. All collections together are
 * exactly the pages the guest wrote to, and then there are none.
 */
#include "check.h"

#include <inttypes.h>
#include <string.h>

#include "layout.h"

enum { ROUNDS = 25, MOST_WRITES = 4000000, WORDS = LOW_SIZE / PAGE / 64 };

struct tally {
    uint64_t pages, writes, collections, splits;
};

/* A bit for each page of a block. */
struct bitmap {
    uint64_t words[WORDS];
};

/* A part of a block. */
struct part {
    const struct block *block;
    uint64_t offset, size;
};

static void note_writes(struct bitmap *pages, const struct part *part,
                        const struct mailbox *scatter) {
    for (uint64_t i = 0; i < scatter->right; i++) {
        const uint64_t word = scattered(scatter->seed, i, scatter->size / sizeof(uint64_t));
        const uint64_t page = part->offset / PAGE + word / PAGE_WORDS;
        pages->words[page / 64] |= UINT64_C(1) << page % 64;
    }
}

static uint64_t count_pages(const struct bitmap *pages) {
    uint64_t count = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        count += (uint64_t)__builtin_popcountll(pages->words[i]);
    }
    return count;
}

static void collect(struct check *check, struct work *work, const struct part *part,
                    struct bitmap *pages) {
    check_that(check,
               mset_kvm_collect_dirty(work->machine->memory.kvm, part->block->pa, part->block->size,
                                      pages->words) == MSET_OK,
               "a collection was refused");
}

/* What happens while the guest writes. */
static void disturb(struct check *check, struct work *work, const struct part *part,
                    struct bitmap *pages, struct tally *tally) {
    struct memory *const memory = &work->machine->memory;
    for (unsigned i = 0; i < ROUNDS && check->complaint == NULL; i++) {
        check_that(check, memory_show(memory, memory->hole, true, NULL) == MSET_OK, "no split");
        collect(check, work, part, pages);
        check_that(check, memory_show(memory, memory->hole, false, NULL) == MSET_OK, "no merge");
        if (!work_rises(work)) {
            break; /* it has done all its writes, or cannot go on: then it does not end well */
        }
        tally->collections++;
        tally->splits++;
    }
}

static void write_part(struct check *check, struct work *work, const struct part *part,
                       struct tally *tally) {
    struct bitmap written = {{0}}, collected = {{0}}, again = {{0}};
    struct mailbox scatter = {.command = COMMAND_SCATTER,
                              .address = part->block->va + part->offset,
                              .size = part->size,
                              .seed = mixed(part->block->pa + part->offset),
                              .count = MOST_WRITES};
    check_that(check, work_begin(work, &scatter), "the guest does not run");
    disturb(check, work, part, &collected, tally);
    check_that(check, work_end(work, &scatter), "the guest does not end");
    work_scattered(part->block, &scatter);
    note_writes(&written, part, &scatter);
    collect(check, work, part, &collected);
    check_that(check, memcmp(&collected, &written, sizeof written) == 0,
               "the pages collected are not those that the guest wrote to");
    collect(check, work, part, &again);
    check_that(check, count_pages(&again) == 0, "a page was collected again");
    tally->pages += count_pages(&written);
    tally->writes += scatter.right;
    tally->collections++;
}

static void set_logged(struct check *check, struct work *work, bool logged) {
    for (unsigned i = 0; i < BLOCKS; i++) {
        check_that(check,
                   mset_guest_set_logged(work->machine->memory.guest, work->blocks[i].region,
                                         logged) == MSET_OK,
                   "logging could not be switched");
    }
}

void check_dirty(struct check *check, struct work *work) {
    const struct block *const low = &work->blocks[LOW_BLOCK], *const high = low + HIGH_BLOCK,
                              *const video = low + VIDEO_BLOCK;
    const uint64_t behind = HOLE + HOLE_SIZE - LOW;
    const struct part parts[] = {{low, 8 * MIB, HOLE - LOW - 8 * MIB},
                                 {low, behind, low->size - behind},
                                 {high, 0, high->size},
                                 {video, 0, video->size}};
    struct tally tally = {0};
    set_logged(check, work, true);
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        write_part(check, work, &parts[i], &tally);
    }
    set_logged(check, work, false);
    check_that(check, tally.splits > 0, "nothing has happened while the guest was writing");
    check_saw(check,
              "%" PRIu64 " writes to %" PRIu64 " pages in %d regions: exactly these in %" PRIu64
              " collections over %" PRIu64 " splits and merges, then none",
              tally.writes, tally.pages, BLOCKS, tally.collections, tally.splits);
}
