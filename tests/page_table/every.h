/*
 * every.h - one test for every format: a page table with the MMU model beside it, and what a test
 * must know of a format to ask all of them the same.
 *
 * The calls here are those of the library that must succeed: the model watches after each, and what
 * should be mapped is kept in the judge's spans. every_check() compares.
 */
#ifndef MSET_TEST_PAGE_TABLE_EVERY_H
#define MSET_TEST_PAGE_TABLE_EVERY_H

#include "page_table/judge.h"

#define RW (MSET_READ | MSET_WRITE)

/* One size of leaves. */
struct leaf_kind {
    uint64_t size;
    unsigned level;
    unsigned count; /* entries: 1, or those of a group */
};

struct every {
    struct judge judge;
    struct mset_page_table *pt; /* the judge's */
    const struct mset_pt_format *format;
    bool breaks;  /* break before make */
    unsigned top; /* level of the root */
    uint64_t page;
    uint64_t va, pa; /* where to map: multiples of the largest leaf, with room behind them */
    unsigned kinds;
    struct leaf_kind kind[2 * MMU_LEVELS]; /* from the smallest */
};

/* All leaf sizes of the format, marks by hardware, nothing promoted by itself. */
struct mset_pt_config every_config(const struct mset_pt_format *format);
void every_open(struct every *t, const struct mset_pt_config *config);
/* With so many frames for tables. */
void every_open_with(struct every *t, const struct mset_pt_config *config, uint64_t frames);
void every_close(struct every *t);

/* log2 of the bytes that an entry of a level stands for. */
unsigned every_shift(const struct every *t, unsigned level);
uint64_t every_slot(const struct every *t, unsigned level);
/* Entries of a table. */
uint64_t every_entries(const struct every *t, unsigned level);
/* Frames of a table. */
uint64_t every_frames(const struct every *t, unsigned level);
/* The largest kind that is one entry. */
const struct leaf_kind *every_largest_entry(const struct every *t);

void every_map(struct every *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
/* t->va + from to t->pa + from. */
void every_map_at(struct every *t, uint64_t from, uint64_t size, uint64_t flags);
void every_unmap(struct every *t, uint64_t va, uint64_t size);
void every_protect(struct every *t, uint64_t va, uint64_t size, uint64_t flags);
void every_promote(struct every *t, uint64_t va, uint64_t size);
void every_split(struct every *t, uint64_t va, uint64_t size, uint64_t leaf_size);
void every_mark(struct every *t, uint64_t va, unsigned marks);
void every_flush(struct every *t);
/* The tables hold the spans and nothing else. */
void every_check(struct every *t);

struct mset_pt_statistics every_count(const struct every *t);
struct mset_pt_gather every_gather(const struct every *t);
/* Asserts that nothing waits for a flush. */
void every_nothing_stale(const struct every *t);
/* The leaf at va; asserts that there is one. */
struct mset_pt_run every_leaf(const struct every *t, uint64_t va);
/* Asserts that all leaves there are make up n leaves of this kind. */
void every_only(const struct every *t, const struct leaf_kind *kind, uint64_t n);
/* Asserts that statistics but for visits, gather and frames are as they were. */
struct every_state {
    struct mset_pt_statistics count;
    struct mset_pt_gather gather;
    uint64_t live;
};
struct every_state every_state(const struct every *t);
void every_unchanged(const struct every *t, const struct every_state *before);

/* Runs each test with each format that `wanted` (NULL: all) says yes to. */
struct every_test {
    const char *name;
    void (*run)(const struct mset_pt_format *format);
    bool (*wanted)(const struct mset_pt_format *format);
};
int every_run(const char *group, const struct every_test *tests, size_t count);

bool every_has_groups(const struct mset_pt_format *format);
bool every_has_breaks(const struct mset_pt_format *format);

#endif
