/*
 * work.h - one fixed workload: what is set up before, what is counted, and what must hold after.
 *
 * The clock is never read and all seeds are fixed, so that two runs of one program execute the same
 * instructions.
 */
#ifndef MSET_BENCH_INSTRUCTIONS_WORK_H
#define MSET_BENCH_INSTRUCTIONS_WORK_H

#include <mset/set.h>

#include <stdbool.h>
#include <stdint.h>

struct work {
    const char *name;
    void *(*begin)(uint64_t n); /* not counted */
    uint64_t (*run)(void *);    /* counted; returns how many operations it was */
    void (*end)(void *);        /* not counted; ends the program if the outcome is wrong */
    uint64_t n;
};

extern const struct work slot_works[4], change_works[5], page_table_works[2];

/* Calls `run`: what happens in here is counted. */
uint64_t measured(const struct work *work, void *state);

enum { page_bytes = 4096 };

/* What does not hold ends the program: a count of failing calls says nothing. */
void require(bool holds, const char *what);
void require_ok(mset_status status);
/* Memory that is there. */
void *take(uint64_t count, uint64_t size);

struct mset *new_set(unsigned flags);
/* Validates the set and destroys it. */
void end_set(struct mset *set);
/* In pages, without a backend. */
void map_pages(struct mset *set, uint64_t first, uint64_t count, uint64_t flags, unsigned how);
void unmap_pages(struct mset *set, uint64_t first, uint64_t count);
void protect_pages(struct mset *set, uint64_t first, uint64_t count, uint64_t flags);

/* xorshift64 */
#define RANDOM_SEED UINT64_C(0x9e3779b97f4a7c15)
struct random {
    uint64_t state;
};
static inline uint64_t random_next(struct random *random) {
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return random->state;
}
/* Below `bound`, which is less than 2^32. */
static inline uint64_t random_below(struct random *random, uint64_t bound) {
    return ((random_next(random) >> 32) * bound) >> 32;
}

#endif
