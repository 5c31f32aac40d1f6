/* every.c - see every.h. */
#include "page_table/every.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- life --------------------------------------------------------------------------------- */

struct mset_pt_config every_config(const struct mset_pt_format *format) {
    return (struct mset_pt_config){
        .format = format, .leaf_sizes = format->leaf_sizes, .hardware_marks = true};
}

/* The model knows what an entry stands for; what lies between two levels is a group. */
static void find_kinds(struct every *t, uint64_t sizes) {
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((sizes >> bit & 1) == 0) {
            continue;
        }
        unsigned level = 0;
        while (level + 1 <= t->top && every_shift(t, level + 1) <= bit) {
            level++;
        }
        t->kind[t->kinds++] =
            (struct leaf_kind){UINT64_C(1) << bit, level, 1u << (bit - every_shift(t, level))};
    }
}

void every_open(struct every *t, const struct mset_pt_config *config) {
    every_open_with(t, config, 2048);
}

void every_open_with(struct every *t, const struct mset_pt_config *config, uint64_t frames) {
    memset(t, 0, sizeof *t);
    judge_open(&t->judge, config, frames);
    t->pt = t->judge.pt;
    t->format = config->format;
    t->breaks = t->judge.mmu.architecture->must_break;
    t->top = t->format->levels - 1;
    find_kinds(t, mset_pt_leaf_sizes(t->pt));
    t->page = t->kind[0].size;
    const uint64_t largest = t->format->leaf_sizes;
    const uint64_t room = UINT64_C(1) << (63 - __builtin_clzll(largest));
    t->va = (config->upper ? t->format->high_first : 0) + 2 * room;
    t->pa = 3 * room;
}

void every_close(struct every *t) {
    every_check(t);
    judge_close(&t->judge);
}

unsigned every_shift(const struct every *t, unsigned level) {
    return t->judge.mmu.architecture->shift[level];
}

uint64_t every_slot(const struct every *t, unsigned level) {
    return UINT64_C(1) << every_shift(t, level);
}

uint64_t every_entries(const struct every *t, unsigned level) {
    return UINT64_C(1) << t->judge.mmu.architecture->bits[level];
}

uint64_t every_frames(const struct every *t, unsigned level) {
    const uint64_t bytes = every_entries(t, level) * 8;
    return bytes > MSET_PAGE_SIZE ? bytes / MSET_PAGE_SIZE : 1;
}

const struct leaf_kind *every_largest_entry(const struct every *t) {
    unsigned k = t->kinds - 1;
    while (t->kind[k].count > 1) {
        k--;
    }
    return &t->kind[k];
}

/* ---- calls that must succeed ---------------------------------------------------------------- */

void every_map(struct every *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_map(t->pt, va, pa, size, flags), MSET_OK);
    spans_put(&t->judge.spans, (struct span){va, va + (size - 1), flags, pa});
    judge_watch(&t->judge);
}

void every_map_at(struct every *t, uint64_t from, uint64_t size, uint64_t flags) {
    every_map(t, t->va + from, t->pa + from, size, flags);
}

void every_unmap(struct every *t, uint64_t va, uint64_t size) {
    assert_int_equal(mset_pt_unmap(t->pt, va, size, NULL, NULL), MSET_OK);
    spans_remove(&t->judge.spans, va, va + (size - 1));
    judge_watch(&t->judge);
}

void every_protect(struct every *t, uint64_t va, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_protect(t->pt, va, size, flags), MSET_OK);
    spans_protect(&t->judge.spans, va, va + (size - 1), flags);
    judge_watch(&t->judge);
}

void every_promote(struct every *t, uint64_t va, uint64_t size) {
    assert_int_equal(mset_pt_promote(t->pt, va, size), MSET_OK);
    judge_watch(&t->judge);
}

void every_split(struct every *t, uint64_t va, uint64_t size, uint64_t leaf_size) {
    assert_int_equal(mset_pt_split(t->pt, va, size, leaf_size), MSET_OK);
    judge_watch(&t->judge);
}

void every_mark(struct every *t, uint64_t va, unsigned marks) {
    assert_int_equal(mset_pt_mark(t->pt, va, marks), MSET_OK);
    judge_watch(&t->judge);
}

void every_flush(struct every *t) {
    judge_flush(&t->judge);
}

void every_check(struct every *t) {
    struct rng rng = {1};
    judge_check(&t->judge, &rng);
}

/* ---- what is there -------------------------------------------------------------------------- */

struct mset_pt_statistics every_count(const struct every *t) {
    struct mset_pt_statistics now;
    mset_pt_get_statistics(t->pt, &now);
    return now;
}

struct mset_pt_gather every_gather(const struct every *t) {
    struct mset_pt_gather now;
    memset(&now, 0xff, sizeof now);
    mset_pt_get_gather(t->pt, &now);
    return now;
}

void every_nothing_stale(const struct every *t) {
    const struct mset_pt_gather now = every_gather(t);
    assert_true(now.leaf_size == 0 && now.start == 0 && now.last == 0);
    assert_true(now.leaf_levels == 0 && now.table_levels == 0);
    assert_true(now.tables == 0 && now.breaks == 0);
}

struct mset_pt_run every_leaf(const struct every *t, uint64_t va) {
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(t->pt, va, 0, &run), MSET_OK);
    return run;
}

void every_only(const struct every *t, const struct leaf_kind *kind, uint64_t n) {
    const struct mset_pt_statistics now = every_count(t);
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        const uint64_t leaves = level == kind->level ? n * kind->count : 0;
        assert_int_equal(now.leaves[level], leaves);
        assert_int_equal(now.groups[level], kind->count > 1 && level == kind->level ? n : 0);
    }
}

struct every_state every_state(const struct every *t) {
    return (struct every_state){every_count(t), every_gather(t), t->judge.source.live};
}

void every_unchanged(const struct every *t, const struct every_state *before) {
    const struct every_state now = every_state(t);
    const struct mset_pt_statistics *const a = &before->count, *const b = &now.count;
    const struct mset_pt_gather *const c = &before->gather, *const d = &now.gather;
    assert_memory_equal(a->tables, b->tables, sizeof a->tables);
    assert_memory_equal(a->leaves, b->leaves, sizeof a->leaves);
    assert_memory_equal(a->groups, b->groups, sizeof a->groups);
    assert_true(a->splits == b->splits && a->promotions == b->promotions);
    assert_true(c->leaf_size == d->leaf_size && c->start == d->start && c->last == d->last);
    assert_true(c->leaf_levels == d->leaf_levels && c->table_levels == d->table_levels);
    assert_true(c->tables == d->tables && c->breaks == d->breaks);
    assert_true(before->live == now.live);
}

/* ---- what a format is like --------------------------------------------------------------------
 */

bool every_has_groups(const struct mset_pt_format *format) {
    const bool riscv = strncmp(format->name, "sv", 2) == 0;
    return riscv || every_has_breaks(format);
}

bool every_has_breaks(const struct mset_pt_format *format) {
    return strncmp(format->name, "aarch64", 7) == 0;
}
