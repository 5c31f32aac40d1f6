/* pt_call.c - see pt_call.h. */
#include "page_table/pt_call.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- places --------------------------------------------------------------------------------- */

void spots_find(struct spots *spots, const struct judge *judge, bool top) {
    const struct mset_pt_config *const config = &judge->config;
    const struct mmu_architecture *const a = judge->mmu.architecture;
    const uint64_t sizes = config->format->leaf_sizes & ~config->format->optional_sizes;
    const uint64_t end = a->is_signed || config->upper ? 0 : UINT64_C(1) << a->va_bits;
    spots->page = sizes & -sizes;
    spots->slot_1 = spots->page * (spots->page / 8);
    spots->slot_2 = spots->slot_1 * (spots->page / 8);
    spots->group = spots->page * (spots->page == 0x4000 ? 128 : spots->page == 0x10000 ? 32 : 16);
    spots->window_size = 2 * spots->slot_2;
    spots->window = top || (end == 0 && !a->is_signed) ? end - spots->window_size : 0;
}

uint64_t spots_place(const struct spots *spots, unsigned n) {
    const uint64_t near[SPOTS] = {0,
                                  spots->slot_1,
                                  2 * spots->slot_1,
                                  3 * spots->slot_1,
                                  spots->slot_2 - spots->slot_1,
                                  spots->slot_2,
                                  spots->slot_2 + spots->slot_1};
    return spots->window + near[n];
}

size_t pt_call_flags(const struct judge *judge, const struct spots *spots, uint64_t *flags) {
    static const uint64_t all[] = {
        0,
        MSET_READ,
        MSET_READ | MSET_WRITE,
        MSET_READ | MSET_WRITE | MSET_USER,
        MSET_READ | MSET_EXEC | MSET_GLOBAL,
        MSET_READ | MSET_EXEC | MSET_USER,
        MSET_ACCESS,
        MSET_EXEC,
        MSET_WRITE | MSET_DEVICE,
        MSET_READ | MSET_WRITE | MSET_UNCACHED,
        MSET_READ | MSET_WRITE_COMBINE | MSET_SOFT_1,
        MSET_USER | MSET_DEVICE,
        MSET_READ | MSET_SOFT_0 | MSET_USER,
        MSET_READ | MSET_WRITE | MSET_DEVICE,
    };
    const struct mset_pt_format *const f = judge->config.format;
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const bool unread = (all[i] & MSET_READ) == 0 && (all[i] & f->implies_read) != 0;
        const bool type = (f->memory_types >> (all[i] >> 8 & 3) & 1) != 0;
        if ((all[i] & ~f->flags) == 0 && !unread && type) {
            flags[count++] = all[i];
        } else {
            assert_int_equal(mset_pt_map(judge->pt, spots->window, 0, spots->page, all[i]),
                             MSET_UNSUPPORTED);
        }
    }
    assert_true(count >= 4);
    return count;
}

/* ---- making it ------------------------------------------------------------------------------ */

static void add_removed(void *arg, const struct mset_pt_run *run) {
    *(uint64_t *)arg += run->size;
}

static bool add_marked(void *arg, const struct mset_pt_run *run) {
    assert_true(run->accessed || run->dirty);
    *(uint64_t *)arg += run->size;
    return true;
}

static mset_status prepare(struct mset_page_table *pt, const struct pt_call *call,
                           struct mset_pt_need *need) {
    switch (call->kind) {
    case PT_MAP:
        return mset_pt_map_prepare(pt, call->va, call->pa, call->size, call->flags, call->overlap,
                                   need);
    case PT_UNMAP:
        return mset_pt_unmap_prepare(pt, call->va, call->size, need);
    case PT_PROTECT:
        return mset_pt_protect_prepare(pt, call->va, call->size, call->flags, need);
    case PT_MOVE:
        return mset_pt_move_prepare(pt, call->va, call->to, call->size, need);
    case PT_CUT:
        return mset_pt_cut_prepare(pt, call->va, need);
    case PT_SPLIT:
        return mset_pt_split_prepare(pt, call->va, call->size, call->leaf, need);
    case PT_HARVEST:
        return mset_pt_harvest_prepare(pt, call->va, call->size, need);
    default:
        memset(need, 0, sizeof *need);
        return MSET_OK;
    }
}

static mset_status run(struct mset_page_table *pt, const struct pt_call *call, uint64_t *told) {
    const mset_pt_removed removed = call->tell ? add_removed : NULL;
    switch (call->kind) {
    case PT_MAP:
        return mset_pt_map_over(pt, call->va, call->pa, call->size, call->flags, call->overlap,
                                removed, told);
    case PT_UNMAP:
        return mset_pt_unmap(pt, call->va, call->size, removed, told);
    case PT_PROTECT:
        return mset_pt_protect(pt, call->va, call->size, call->flags);
    case PT_MOVE:
        return mset_pt_move(pt, call->va, call->to, call->size);
    case PT_CUT:
        return mset_pt_cut(pt, call->va);
    case PT_SPLIT:
        return mset_pt_split(pt, call->va, call->size, call->leaf);
    case PT_HARVEST:
        return mset_pt_harvest(pt, call->va, call->size, MSET_PT_ACCESSED | MSET_PT_DIRTY,
                               call->tell ? add_marked : NULL, told);
    default:
        return mset_pt_promote(pt, call->va, call->size);
    }
}

/* A commit that was prepared cannot fail, uses up exactly what was prepared, and takes nothing. */
static mset_status run_prepared(struct judge *judge, const struct pt_call *call, uint64_t *told) {
    struct judged_frames *const source = &judge->source;
    struct mset_pt_need need;
    const uint64_t before = source->live;
    const mset_status status = prepare(judge->pt, call, &need);
    if (status != MSET_OK) {
        assert_int_equal(source->live, before);
        return status;
    }
    judge_watch(judge);
    source->calls = 0;
    source->fail_at = 1;
    const mset_status done = run(judge->pt, call, told);
    source->fail_at = 0;
    assert_int_equal(done, MSET_OK);
    assert_int_equal(source->calls, 0);
    const uint64_t live = source->live;
    mset_pt_prepare_drop(judge->pt);
    assert_int_equal(source->live, live);
    return MSET_OK;
}

static mset_status run_directly(struct judge *judge, const struct pt_call *call, uint64_t *told) {
    judge->source.calls = 0;
    judge->source.fail_at = call->fail_at;
    const mset_status status = run(judge->pt, call, told);
    judge->source.fail_at = 0;
    return status;
}

/* ---- what should come of it ----------------------------------------------------------------- */

static uint64_t last_of(const struct pt_call *call) {
    return call->va + (call->size - 1);
}

bool pt_call_meets(const struct spots *spots, const struct pt_call *call) {
    const uint64_t to_last = call->to + (call->size - 1);
    return call->kind == PT_MOVE &&
           (!(last_of(call) < call->to || to_last < call->va) ||
            call->size - 1 > spots->window + (spots->window_size - 1) - call->to);
}

static mset_status expect(const struct judge *judge, const struct pt_call *call) {
    const bool refuses = call->kind == PT_MAP && call->overlap == MSET_PT_REFUSE;
    const uint64_t place = call->kind == PT_MOVE ? call->to : call->va;
    const bool taken = (refuses || call->kind == PT_MOVE) &&
                       !spans_free(&judge->spans, place, place + (call->size - 1));
    return taken ? MSET_ALREADY_EXISTS : MSET_OK;
}

static uint64_t expect_told(const struct judge *judge, const struct pt_call *call) {
    const bool removes =
        call->kind == PT_UNMAP || (call->kind == PT_MAP && call->overlap == MSET_PT_REPLACE);
    return removes && call->tell ? spans_bytes(&judge->spans, call->va, last_of(call), false) : 0;
}

static void model(struct spans *spans, const struct pt_call *call) {
    const uint64_t last = last_of(call);
    const struct span span = {call->va, last, call->flags, call->pa};
    switch (call->kind) {
    case PT_MAP:
        if (call->overlap == MSET_PT_KEEP) {
            spans_fill(spans, span);
        } else {
            spans_put(spans, span);
        }
        break;
    case PT_UNMAP:
        spans_remove(spans, call->va, last);
        break;
    case PT_PROTECT:
        spans_protect(spans, call->va, last, call->flags);
        break;
    case PT_MOVE:
        spans_move(spans, call->va, last, call->to);
        break;
    default:
        break;
    }
}

/* Nothing becomes stale by what fails, nor by a fresh map. */
static void judge_gather(const struct judge *judge, const struct pt_call *call, mset_status status,
                         const struct mset_pt_gather *before) {
    const bool fresh =
        call->kind == PT_MAP && call->overlap == MSET_PT_REFUSE && !judge->config.promote;
    struct mset_pt_gather after;
    mset_pt_get_gather(judge->pt, &after);
    if (status != MSET_OK || fresh) {
        assert_true(after.leaf_size == before->leaf_size && after.tables == before->tables);
    }
}

void pt_call_make(struct judge *judge, const struct spots *spots, const struct pt_call *call) {
    const mset_status expected = expect(judge, call);
    const uint64_t expected_told = expect_told(judge, call);
    struct mset_pt_gather before;
    uint64_t told = 0;
    assert_false(pt_call_meets(spots, call));
    mset_pt_get_gather(judge->pt, &before);
    judge->source.refused = 0;
    const mset_status status =
        call->prepared ? run_prepared(judge, call, &told) : run_directly(judge, call, &told);
    if (status != MSET_NO_MEMORY || judge->source.refused == 0) {
        assert_int_equal(status, expected);
    }
    judge_watch(judge);
    if (status == MSET_OK) {
        assert_true(call->kind == PT_HARVEST || told == expected_told);
        model(&judge->spans, call);
    }
    judge_gather(judge, call, status, &before);
}

/* ---- fork ----------------------------------------------------------------------------------- */

/* The spans with [va, last] only. */
static void only(struct spans *spans, uint64_t va, uint64_t last) {
    if (va != 0) {
        spans_remove(spans, 0, va - 1);
    }
    if (last != UINT64_MAX) {
        spans_remove(spans, last + 1, UINT64_MAX);
    }
}

static void protect_part(struct spans *spans, uint64_t va, uint64_t last) {
    const struct spans all = *spans;
    for (size_t i = 0; i < all.count; i++) {
        const struct span *const span = &all.span[i];
        const uint64_t from = span->start > va ? span->start : va;
        const uint64_t to = span->last < last ? span->last : last;
        if (from <= to && span->flags != MSET_PT_MARKER) {
            spans_protect(spans, from, to, span->flags & ~MSET_WRITE);
        }
    }
}

static void judge_child(struct judge *judge, const struct mset_page_table *child, uint64_t va,
                        uint64_t last) {
    const struct spans all = judge->spans;
    struct mmu_machine mmu;
    only(&judge->spans, va, last);
    assert_true(mmu_open(&mmu, judge->config.format->name, &judge->mmu.options, mset_pt_root(child),
                         judge_memory, judge));
    mmu_watch(&mmu);
    assert_null(mset_pt_validate(child));
    judge_check_table(judge, child, &mmu);
    mmu_close(&mmu);
    judge->spans = all;
}

void pt_call_copy(struct judge *judge, uint64_t va, uint64_t size, bool write_protect) {
    struct mset_page_table *child;
    struct mset_pt_need need;
    judge->source.refused = 0;
    mset_status status = mset_pt_create(&judge->config, &child);
    if (status == MSET_OK) {
        status = mset_pt_copy_prepare(judge->pt, child, va, size, &need);
        if (status != MSET_OK) {
            mset_pt_destroy(child);
        }
    }
    if (status != MSET_OK) {
        assert_true(status == MSET_NO_MEMORY && judge->source.refused != 0);
        return;
    }
    judge->source.calls = 0;
    judge->source.fail_at = 1;
    assert_int_equal(mset_pt_copy(judge->pt, child, va, size, write_protect), MSET_OK);
    judge->source.fail_at = 0;
    judge_watch(judge);
    if (write_protect) {
        protect_part(&judge->spans, va, va + (size - 1));
    }
    judge_child(judge, child, va, va + (size - 1));
    mset_pt_destroy(child);
}

/* The first part has come and gone: its neighbour in each table stays, and keeps the table. */
static void copy_and_unmap(struct judge *judge, struct mset_page_table *child, uint64_t va,
                           uint64_t part) {
    if (mset_pt_copy(judge->pt, child, va, part, false) != MSET_OK) {
        assert_true(judge->source.refused != 0);
        return;
    }
    if (!spans_free(&judge->spans, va, va + (part - 1))) {
        assert_int_equal(mset_pt_copy(judge->pt, child, va, part, true), MSET_ALREADY_EXISTS);
    }
    judge_child(judge, child, va, va + (part - 1));
    const mset_status status = mset_pt_unmap(child, va, part, NULL, NULL);
    assert_true(status == MSET_OK || (status == MSET_NO_MEMORY && judge->source.refused != 0));
}

void pt_call_copy_again(struct judge *judge, uint64_t va, uint64_t size, uint64_t part,
                        uint64_t fail_at) {
    struct mset_page_table *child;
    judge->source.refused = 0;
    if (mset_pt_create(&judge->config, &child) != MSET_OK) {
        assert_true(judge->source.refused != 0);
        return;
    }
    copy_and_unmap(judge, child, va, part);
    judge_watch(judge);
    judge->source.calls = 0;
    judge->source.fail_at = fail_at;
    const mset_status status = mset_pt_copy(judge->pt, child, va, size, false);
    judge->source.fail_at = 0;
    judge_watch(judge);
    if (status == MSET_OK) {
        judge_child(judge, child, va, va + (size - 1));
    } else {
        assert_true(status == MSET_NO_MEMORY && judge->source.refused != 0);
        assert_null(mset_pt_validate(child));
    }
    mset_pt_destroy(child);
}

/* ---- as text -------------------------------------------------------------------------------- */

const char *pt_call_text(const struct pt_call *c, char *text, size_t size) {
    static const char *const overlaps[] = {"MSET_PT_REFUSE", "MSET_PT_REPLACE", "MSET_PT_KEEP"};
    static const char *const names[PT_KINDS] = {"map", "unmap", "protect", "move",
                                                "cut", "split", "harvest", "promote"};
    char rest[160];
    switch (c->kind) {
    case PT_MAP:
        (void)snprintf(text, size,
                       "mset_pt_map_over(pt, %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
                       ", %s, removed, arg);",
                       c->va, c->pa, c->size, c->flags, overlaps[c->overlap]);
        return text;
    case PT_MOVE:
        (void)snprintf(rest, sizeof rest, ", %#" PRIx64 ", %#" PRIx64, c->to, c->size);
        break;
    case PT_CUT:
        rest[0] = '\0';
        break;
    case PT_UNMAP:
        (void)snprintf(rest, sizeof rest, ", %#" PRIx64 ", removed, arg", c->size);
        break;
    case PT_HARVEST:
        (void)snprintf(rest, sizeof rest,
                       ", %#" PRIx64 ", MSET_PT_ACCESSED | MSET_PT_DIRTY, visit, arg", c->size);
        break;
    case PT_PROMOTE:
        (void)snprintf(rest, sizeof rest, ", %#" PRIx64, c->size);
        break;
    default:
        (void)snprintf(rest, sizeof rest, ", %#" PRIx64 ", %#" PRIx64, c->size,
                       c->kind == PT_SPLIT ? c->leaf : c->flags);
        break;
    }
    (void)snprintf(text, size, "mset_pt_%s(pt, %#" PRIx64 "%s);", names[c->kind], c->va, rest);
    return text;
}
