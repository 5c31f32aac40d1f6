/* table_births.c - see table_births.h. */
#include "kit/table_births.h"

#include <cmocka.h>

/* ---- tables that cannot be made ------------------------------------------------------------- */

static void *storage_nowhere(struct mset_frames *frames, uint64_t pa) {
    (void)frames;
    (void)pa;
    return NULL;
}

static void refused(const struct mset_pt_config *config, mset_status expected) {
    struct mset_page_table *table = NULL;
    assert_int_equal(mset_pt_create(config, &table), expected);
    assert_null(table);
}

/* The nth request for memory, or for a frame, fails. */
static void no_memory(struct judge *judge, unsigned nth) {
    enum { REQUESTS = 2 }; /* the table's own, and its root's book; then its root */
    if (nth <= REQUESTS) {
        counting_allocator_fail(&judge->memory, nth, true);
    } else {
        judge->source.calls = 0;
        judge->source.fail_at = 1;
    }
    refused(&judge->config, MSET_NO_MEMORY);
    counting_allocator_fail(&judge->memory, 0, false);
    judge->source.fail_at = 0;
}

/* Frames without storage; frames that the machine cannot address. */
static void no_frames(struct judge *judge, unsigned n) {
    struct mset_pt_config config = judge->config;
    const struct mset_frames_ops *const usual = judge->source.frames.ops;
    const struct mset_frames_ops nowhere = {usual->alloc, usual->free, storage_nowhere};
    if (n == 0) {
        judge->source.frames.ops = &nowhere;
    } else {
        config.pa_bits = 30; /* the judge's storage begins there */
    }
    refused(&config, MSET_UNSUPPORTED);
    judge->source.frames.ops = usual;
}

/* ---- tables that can --------------------------------------------------------------------------
 */

/* NULL: there are no frames left. */
static struct mset_page_table *make(struct judge *judge, const struct mset_pt_config *config) {
    struct mset_page_table *table = NULL;
    judge->source.refused = 0;
    const mset_status status = mset_pt_create(config, &table);
    if (status != MSET_OK) {
        assert_true(status == MSET_NO_MEMORY && judge->source.refused != 0);
        return NULL;
    }
    return table;
}

/* With the default allocator, that lives and works like any other. */
static void by_default(struct judge *judge, uint64_t va, uint64_t page) {
    struct mset_pt_config config = judge->config;
    struct mset_pt_run run;
    config.allocator = NULL;
    struct mset_page_table *const table = make(judge, &config);
    if (table == NULL) {
        return;
    }
    const mset_status status = mset_pt_map(table, va, page, page, MSET_READ);
    if (status == MSET_OK) {
        assert_int_equal(mset_pt_query(table, va, 0, &run), MSET_OK);
        assert_true(run.pa == page && run.size == page);
    } else {
        assert_true(status == MSET_NO_MEMORY && judge->source.refused != 0);
    }
    assert_null(mset_pt_validate(table));
    mset_pt_destroy(table);
}

/* ---- tables that are unlike it ----------------------------------------------------------------
 */

static const struct mset_pt_format *other_format(const struct mset_pt_format *format) {
    const struct mset_pt_format *const first = mset_pt_format_at(0);
    return first != format ? first : mset_pt_format_at(1);
}

/* The same sizes of leaves but for groups, or all the format has where groups are none of them. */
static uint64_t other_groups(const struct judge *judge, const struct spots *spots) {
    const uint64_t all = judge->config.format->leaf_sizes, now = mset_pt_leaf_sizes(judge->pt);
    return (now & spots->group) != 0 ? now & ~spots->group : now | (spots->group & all);
}

static bool make_unlike(const struct judge *judge, const struct spots *spots, unsigned n,
                        struct mset_pt_config *config) {
    *config = judge->config;
    switch (n) {
    case 0:
        *config = (struct mset_pt_config){.format = other_format(judge->config.format),
                                          .frames = judge->config.frames,
                                          .allocator = judge->config.allocator};
        break;
    case 1:
        config->leaf_sizes = spots->page;
        break;
    case 2:
        config->leaf_sizes = other_groups(judge, spots);
        break;
    case 3:
        config->pa_bits = 45;
        break;
    default:
        config->upper = config->format->two_roots && !config->upper;
        return config->upper != judge->config.upper;
    }
    return n != 1 && n != 2 ? true : config->leaf_sizes != mset_pt_leaf_sizes(judge->pt);
}

/* Neither to it nor from it; nor, between two that are alike, a range that is none. */
static void unlike(struct judge *judge, const struct spots *spots, uint64_t va, uint64_t size,
                   unsigned n) {
    enum { ALIKE = 5 };
    struct mset_pt_config config = judge->config;
    if (n != ALIKE && !make_unlike(judge, spots, n, &config)) {
        return; /* there is no other */
    }
    struct mset_page_table *const other = make(judge, &config), *const pt = judge->pt;
    if (other == NULL) {
        return;
    }
    size += n == ALIKE ? spots->page / 2 : 0;
    assert_int_equal(mset_pt_copy(pt, other, va, size, true), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_copy(other, pt, va, size, false), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_copy_prepare(pt, other, va, size, NULL), MSET_INVALID_PARAM);
    mset_pt_destroy(other);
}

void table_birth(struct judge *judge, const struct spots *spots, uint64_t va, uint64_t size,
                 unsigned n) {
    enum { MEMORY = 3, FRAMES = MEMORY + 2, UNLIKE = FRAMES + 6 };
    if (n < MEMORY) {
        no_memory(judge, n + 1);
    } else if (n < FRAMES) {
        no_frames(judge, n - MEMORY);
    } else if (n < UNLIKE) {
        unlike(judge, spots, va, size, n - FRAMES);
    } else {
        by_default(judge, va, spots->page);
    }
}

/* ---- nothing ----------------------------------------------------------------------------------
 */

void table_nothing(const struct judge *judge) {
    const struct mset_pt_format *const format = judge->config.format;
    struct mset_pt_statistics statistics = {.splits = 1};
    struct mset_pt_gather gather = {.tables = 1};
    struct mset_pt_cursor cursor;
    struct mset_pt_run run;
    mset_pt_get_statistics(NULL, &statistics);
    mset_pt_get_statistics(judge->pt, NULL);
    mset_pt_get_gather(NULL, &gather);
    mset_pt_get_gather(judge->pt, NULL);
    mset_pt_flushed(NULL);
    mset_pt_prepare_drop(NULL);
    mset_pt_destroy(NULL);
    assert_true(statistics.splits == 0 && gather.tables == 0 && gather.leaf_size == 0);
    assert_true(mset_pt_root(NULL) == 0 && mset_pt_leaf_sizes(NULL) == 0);
    assert_null(mset_pt_get_format(NULL));
    assert_non_null(mset_pt_validate(NULL));
    assert_false(mset_pt_cursor_next(NULL, &run));
    assert_int_equal(mset_pt_cursor_init(&cursor, judge->pt, 0 - MSET_PAGE_SIZE, 0),
                     MSET_INVALID_PARAM);
    assert_null(mset_pt_format_find(NULL));
    assert_null(mset_pt_format_find("no format"));
    assert_null(mset_pt_format_at(SIZE_MAX));
    assert_ptr_equal(mset_pt_format_find(format->name), format);
    assert_ptr_equal(mset_pt_get_format(judge->pt), format);
}
