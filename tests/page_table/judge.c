/* judge.c - see judge.h. */
#include "page_table/judge.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- frames ------------------------------------------------------------------------------- */

static mset_status frames_alloc(struct mset_frames *frames, unsigned order, uint64_t *pa) {
    struct judged_frames *const source = (struct judged_frames *)(void *)frames;
    source->calls++;
    if (source->fail_at != 0 && source->calls >= source->fail_at) {
        source->refused++;
        return MSET_NO_MEMORY;
    }
    const mset_status status = mset_frames_alloc(source->under, order, pa);
    source->refused += status != MSET_OK;
    source->live += status == MSET_OK ? UINT64_C(1) << order : 0;
    return status;
}

static void frames_free(struct mset_frames *frames, uint64_t pa, unsigned order) {
    struct judged_frames *const source = (struct judged_frames *)(void *)frames;
    source->live -= UINT64_C(1) << order;
    if (source->judge != NULL && source->judge->mmu.architecture != NULL) {
        mmu_frame_freed(&source->judge->mmu, pa, MSET_PAGE_SIZE << order);
    }
    mset_frames_free(source->under, pa, order);
}

static void *frames_virt(struct mset_frames *frames, uint64_t pa) {
    struct judged_frames *const source = (struct judged_frames *)(void *)frames;
    return mset_frames_virt(source->under, pa);
}

static const struct mset_frames_ops frames_ops = {frames_alloc, frames_free, frames_virt};

uint64_t *judge_memory(void *context, uint64_t pa) {
    const struct judge *const judge = context;
    return pa >= judge->base && pa - judge->base < judge->bytes
               ? (uint64_t *)(void *)(judge->storage + (pa - judge->base))
               : NULL;
}

/* ---- life --------------------------------------------------------------------------------- */

static struct mmu_options options_of(const struct mset_pt_config *config) {
    const uint64_t sizes = config->leaf_sizes;
    return (struct mmu_options){.upper = config->upper,
                                .hardware_marks = config->hardware_marks,
                                .napot = (sizes & 0x10000) != 0,
                                .bbm_level_2 = config->bbm_level_2,
                                .pa_bits = config->pa_bits};
}

void judge_open(struct judge *judge, const struct mset_pt_config *config, uint64_t frames) {
    memset(judge, 0, sizeof *judge);
    counting_allocator_open(&judge->memory);
    judge->base = UINT64_C(0x40000000);
    judge->bytes = frames * MSET_PAGE_SIZE;
    judge->storage = aligned_alloc(MSET_PAGE_SIZE, judge->bytes);
    assert_non_null(judge->storage);
    memset(judge->storage, 0x5a, judge->bytes); /* frames come with rubbish in them */
    const struct mset_buddy_config region = {judge->base, judge->bytes, judge->storage,
                                             &judge->memory.base};
    assert_int_equal(mset_buddy_create(&region, &judge->buddy), MSET_OK);
    judge->source = (struct judged_frames){
        .frames = {&frames_ops}, .under = mset_buddy_frames(judge->buddy), .judge = judge};
    judge->config = *config;
    judge->config.frames = &judge->source.frames;
    judge->config.allocator = &judge->memory.base;
    assert_int_equal(mset_pt_create(&judge->config, &judge->pt), MSET_OK);
    const struct mmu_options options = options_of(config);
    assert_true(mmu_open(&judge->mmu, config->format->name, &options, mset_pt_root(judge->pt),
                         judge_memory, judge));
    judge_watch(judge);
}

void judge_close(struct judge *judge) {
    judge_flush(judge);
    mmu_close(&judge->mmu);
    judge->mmu.architecture = NULL;
    mset_pt_destroy(judge->pt);
    assert_int_equal(judge->source.live, 0);
    mset_buddy_destroy(judge->buddy);
    free(judge->storage);
    assert_null(counting_allocator_complaint(&judge->memory, true));
}

/* ---- after every call --------------------------------------------------------------------- */

static void no_violation(const struct mmu_machine *mmu) {
    const char *const wrong = mmu_violation(mmu);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

void judge_watch(struct judge *judge) {
    mmu_watch(&judge->mmu);
    no_violation(&judge->mmu);
    const char *const wrong = mset_pt_validate(judge->pt);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

void judge_flush(struct judge *judge) {
    struct mset_pt_gather gather;
    mset_pt_get_gather(judge->pt, &gather);
    if (gather.leaf_size != 0) {
        mmu_invalidate(&judge->mmu, gather.start, gather.last, gather.leaf_size,
                       gather.table_levels);
    }
    mmu_audit(&judge->mmu);
    no_violation(&judge->mmu);
    mset_pt_flushed(judge->pt);
    judge_watch(judge);
    mmu_audit(&judge->mmu);
    no_violation(&judge->mmu);
    mset_pt_get_gather(judge->pt, &gather);
    assert_true(gather.leaf_size == 0 && gather.tables == 0 && gather.breaks == 0);
}

/* Stale or not, it may succeed only where something is or was mapped; so the answer is not looked
   at until after a flush. */
void judge_touch(struct judge *judge, uint64_t va, bool write) {
    uint64_t pa;
    const unsigned rights =
        write ? MMU_WRITE | MMU_USER_WRITE : MMU_READ | MMU_USER_READ | MMU_EXEC;
    (void)mmu_access(&judge->mmu, va, rights, &pa);
    no_violation(&judge->mmu);
}

/* ---- what should be there ------------------------------------------------------------------- */

static void check_leaf(const struct judge *judge, const struct span *span,
                       const struct mmu_leaf *leaf, uint64_t va) {
    assert_true(leaf->pa + (va - leaf->va) == span->pa + (va - span->start));
    assert_int_equal(leaf->could, rights_of(judge->config.format->name, span->flags));
    assert_int_equal(leaf->type, (span->flags & MSET_MEMORY_TYPE) >> 8);
    assert_true(leaf->global == ((span->flags & MSET_GLOBAL) != 0));
}

/* Broken entries are not there for the processor until the flush. */
static bool pending(const struct mset_page_table *pt) {
    struct mset_pt_gather gather;
    mset_pt_get_gather(pt, &gather);
    return gather.breaks != 0;
}

static void check_run(const struct span *span, const struct mset_pt_run *run, uint64_t va) {
    const bool marker = span->flags == MSET_PT_MARKER;
    assert_true(run->va == va && run->flags == span->flags);
    assert_true(run->pa == (marker ? span->pa : span->pa + (va - span->start)));
    assert_true(run->present == ((span->flags & MSET_ACCESS) != 0));
}

static void check_place(const struct judge *judge, const struct mset_page_table *pt,
                        struct mmu_machine *mmu, uint64_t va, bool broken) {
    const struct span *const span = spans_find(&judge->spans, va);
    struct mmu_leaf leaf;
    struct mset_pt_run run;
    const bool there = mmu_walk(mmu, va, &leaf);
    const mset_status status = mset_pt_query(pt, va, MSET_PAGE_SIZE, &run);
    if (span == NULL) {
        assert_false(there);
        assert_true(status == MSET_NOT_FOUND || !mmu_translates(mmu, va));
        return;
    }
    assert_int_equal(status, MSET_OK);
    check_run(span, &run, va);
    if ((span->flags & MSET_ACCESS) == 0) {
        assert_false(there);
    } else if (there) {
        check_leaf(judge, span, &leaf, va);
        assert_true(run.leaf_size == leaf.last - leaf.va + 1);
    } else {
        assert_true(broken);
    }
}

static bool add_size(void *arg, const struct mset_pt_run *run) {
    *(uint64_t *)arg += run->size;
    return true;
}

static void check_half(const struct judge *judge, const struct mset_page_table *pt, uint64_t va,
                       uint64_t last) {
    uint64_t walked = 0, stepped = 0;
    assert_int_equal(mset_pt_walk(pt, va, last - va + 1, add_size, &walked), MSET_OK);
    assert_true(walked == spans_bytes(&judge->spans, va, last, false));
    struct mset_pt_cursor cursor;
    struct mset_pt_run run;
    assert_int_equal(mset_pt_cursor_init(&cursor, pt, va, last - va + 1), MSET_OK);
    while (mset_pt_cursor_next(&cursor, &run)) {
        stepped += run.size;
    }
    assert_true(stepped == walked);
}

void judge_check_table(const struct judge *judge, const struct mset_page_table *pt,
                       struct mmu_machine *mmu) {
    const bool broken = pending(pt);
    for (size_t i = 0; i < judge->spans.count; i++) {
        const struct span *const span = &judge->spans.span[i];
        check_place(judge, pt, mmu, span->start, broken);
        check_place(judge, pt, mmu, span->last & ~(MSET_PAGE_SIZE - 1), broken);
        check_place(judge, pt, mmu, span->start - MSET_PAGE_SIZE, broken);
        check_place(judge, pt, mmu, span->last + 1, broken);
    }
    const unsigned bits = mmu->architecture->va_bits;
    if (mmu->architecture->is_signed) {
        check_half(judge, pt, 0, (UINT64_C(1) << (bits - 1)) - 1);
        check_half(judge, pt, UINT64_MAX << (bits - 1), UINT64_MAX);
    } else {
        const uint64_t first = mmu->options.upper ? UINT64_MAX << bits : 0;
        check_half(judge, pt, first, first | UINT64_MAX >> (64 - bits));
    }
    no_violation(mmu);
}

void judge_check(struct judge *judge, struct rng *rng) {
    const struct mmu_leaf *leaves;
    const size_t count = mmu_leaves(&judge->mmu, &leaves);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += leaves[i].last - leaves[i].va + 1;
    }
    const uint64_t expected = spans_bytes(&judge->spans, 0, UINT64_MAX, true);
    const bool broken = pending(judge->pt);
    assert_true(bytes == expected || (broken && bytes < expected));
    judge_check_table(judge, judge->pt, &judge->mmu);
    for (size_t i = 0; i < judge->spans.count && i < 8; i++) { /* inside */
        const struct span *const span = &judge->spans.span[rng_below(rng, judge->spans.count)];
        const uint64_t va = span->start + rng_below(rng, span->last - span->start + 1);
        check_place(judge, judge->pt, &judge->mmu, va & ~(MSET_PAGE_SIZE - 1), broken);
    }
}
