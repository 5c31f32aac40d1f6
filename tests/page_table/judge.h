/*
 * judge.h - a page table of any format with the MMU model beside it: every call of the library is
 * followed by mmu_watch, a flush does exactly what the gather says, and every frame that goes back
 * is asked for in the model's caches.
 */
#ifndef MSET_TEST_PAGE_TABLE_JUDGE_H
#define MSET_TEST_PAGE_TABLE_JUDGE_H

#include <mset/formats.h>
#include <mset/frames.h>

#include "mmu_model/mmu_model.h"
#include "page_table/rights.h"
#include "page_table/spans.h"
#include "support/counting_allocator.h"
#include "support/rng.h"

struct judge;

/* Counts frames, refuses some, tells the judge of those that come back. */
struct judged_frames {
    struct mset_frames frames;
    struct mset_frames *under;
    struct judge *judge;
    uint64_t live, calls, refused;
    uint64_t fail_at; /* 0: never; this call and all after it */
};

struct judge {
    struct counting_allocator memory;
    struct mset_buddy *buddy;
    struct judged_frames source;
    unsigned char *storage;
    uint64_t base, bytes;
    struct mset_pt_config config;
    struct mset_page_table *pt;
    struct mmu_machine mmu;
    struct spans spans; /* what should be mapped */
};

/* `config` without frames and allocator. */
void judge_open(struct judge *judge, const struct mset_pt_config *config, uint64_t frames);
void judge_close(struct judge *judge);

/* After every call that may change the table. */
void judge_watch(struct judge *judge);
/* Invalidates what the gather says, audits, and tells the library. */
void judge_flush(struct judge *judge);
/* The processor reads or writes at va, which is in a span or not. */
void judge_touch(struct judge *judge, uint64_t va, bool write);
/* The tables hold the spans and nothing else; only some places are looked at, all bytes counted. */
void judge_check(struct judge *judge, struct rng *rng);
/* The same for another table with its own model. */
void judge_check_table(const struct judge *judge, const struct mset_page_table *pt,
                       struct mmu_machine *mmu);

uint64_t *judge_memory(void *context, uint64_t pa);

#endif
