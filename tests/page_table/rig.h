/*
 * rig.h - a page table to test: memory for its tables that can run out, and a slow walker that
 * looks at that memory.
 */
#ifndef MSET_TEST_PAGE_TABLE_RIG_H
#define MSET_TEST_PAGE_TABLE_RIG_H

#include <mset/formats.h>
#include <mset/frames.h>

#include "page_table/slow_walker.h"
#include "support/counting_allocator.h"

#define KIB UINT64_C(0x400)
#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)
#define PAGE MSET_PAGE_SIZE

/* A frame source that counts, and refuses the n-th request or all from then on. */
struct failing_frames {
    struct mset_frames frames;
    struct mset_frames *under;
    uint64_t calls;
    uint64_t fail_at; /* 0: never */
    bool fail_on;
    unsigned largest_order; /* above it: MSET_NO_MEMORY, not counted */
    uint64_t live;          /* frames handed out */
};

void failing_frames_init(struct failing_frames *source, struct mset_frames *under);
void failing_frames_fail(struct failing_frames *source, uint64_t nth, bool on);

struct rig {
    struct counting_allocator memory;
    struct mset_buddy *buddy;
    struct failing_frames source;
    unsigned char *storage;
    uint64_t base, bytes; /* physical, of the storage */
    struct mset_page_table *pt;
    struct slow_memory view;
};

/* `frames` are for tables. No leaves above `largest_leaf`; 0: all. Asserts that it worked. */
void rig_open(struct rig *rig, uint64_t frames, uint64_t largest_leaf);
/* Destroys the table and asserts that every frame and every byte came back. */
void rig_close(struct rig *rig);

/* Frames in use once everything is flushed. */
uint64_t rig_live(struct rig *rig);

struct slow_answer rig_look(const struct rig *rig, uint64_t va);
/* The entry of `level` on the way to va, read as hardware would; the tables must be there. */
uint64_t rig_entry(const struct rig *rig, unsigned level, uint64_t va);
/* Asserts that the table is valid. */
void rig_validate(const struct rig *rig);
struct mset_pt_statistics rig_count(const struct rig *rig);

/* A copy of all table memory, and whether it is still the same. */
unsigned char *rig_image(const struct rig *rig);
bool rig_unchanged(const struct rig *rig, const unsigned char *image);

#endif
