/*
 * test_bad_arguments.c - every call of page_table.h with arguments that are wrong by themselves,
 * for every format: the status is as documented, and nothing has changed. Under the sanitizers of
 * the debug preset this also says that nothing was computed that C does not define.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/every.h"

static struct every t;
static struct mset_page_table *other; /* for copies */

static void open_both(const struct mset_pt_format *format, bool upper) {
    struct mset_pt_config config = every_config(format);
    config.upper = upper;
    every_open(&t, &config);
    assert_int_equal(mset_pt_create(&t.judge.config, &other), MSET_OK);
    every_map_at(&t, 0, every_largest_entry(&t)->size, RW);
}

static void close_both(void) {
    mset_pt_destroy(other);
    every_close(&t);
}

/* ---- every call on a range ----------------------------------------------------------------- */

static void never_told(void *arg, const struct mset_pt_run *run) {
    (void)arg, (void)run;
    fail_msg("told of a run");
}

static bool never_shown(void *arg, const struct mset_pt_run *run) {
    never_told(arg, run);
    return true;
}

typedef mset_status (*range_call)(struct mset_page_table *pt, uint64_t va, uint64_t size);

static mset_status call_map(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_map(pt, va, t.pa, size, RW);
}

static mset_status call_map_marker(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_map(pt, va, 1, size, MSET_PT_MARKER);
}

static mset_status call_may_map(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_may_map(pt, va, t.pa, size, RW);
}

static mset_status call_replace(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_map_over(pt, va, t.pa, size, RW, MSET_PT_REPLACE, never_told, NULL);
}

static mset_status call_keep(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_map_over(pt, va, t.pa, size, RW, MSET_PT_KEEP, NULL, NULL);
}

static mset_status call_map_prepare(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_map_prepare(pt, va, t.pa, size, RW, MSET_PT_REPLACE, NULL);
}

static mset_status call_unmap(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_unmap(pt, va, size, NULL, NULL);
}

static mset_status call_unmap_told(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_unmap(pt, va, size, never_told, NULL);
}

static mset_status call_unmap_prepare(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_unmap_prepare(pt, va, size, NULL);
}

static mset_status call_protect(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_protect(pt, va, size, MSET_READ);
}

static mset_status call_protect_prepare(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_protect_prepare(pt, va, size, MSET_READ, NULL);
}

static mset_status call_move_from(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_move(pt, va, t.va + every_slot(&t, t.top), size);
}

static mset_status call_move_to(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_move(pt, t.va, va, size);
}

static mset_status call_move_prepare(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_move_prepare(pt, t.va, va, size, NULL);
}

static mset_status call_copy(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_copy(pt, other, va, size, true);
}

static mset_status call_copy_prepare(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_copy_prepare(pt, other, va, size, NULL);
}

static mset_status call_split(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_split(pt, va, size, t.page);
}

static mset_status call_split_prepare(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_split_prepare(pt, va, size, t.page, NULL);
}

static mset_status call_harvest(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_harvest(pt, va, size, MSET_PT_ACCESSED, never_shown, NULL);
}

static mset_status call_harvest_prepare(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_harvest_prepare(pt, va, size, NULL);
}

static mset_status call_next(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    struct mset_pt_run run;
    return mset_pt_next(pt, va, size, &run);
}

static mset_status call_walk(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    return mset_pt_walk(pt, va, size, never_shown, NULL);
}

static mset_status call_cursor(struct mset_page_table *pt, uint64_t va, uint64_t size) {
    struct mset_pt_cursor cursor;
    return mset_pt_cursor_init(&cursor, pt, va, size);
}

static const range_call range_calls[] = {
    call_map,
    call_map_marker,
    call_may_map,
    call_replace,
    call_keep,
    call_map_prepare,
    call_unmap,
    call_unmap_told,
    call_unmap_prepare,
    call_protect,
    call_protect_prepare,
    call_move_from,
    call_move_to,
    call_move_prepare,
    call_copy,
    call_copy_prepare,
    call_split,
    call_split_prepare,
    mset_pt_promote,
    call_harvest,
    call_harvest_prepare,
    call_next,
    call_walk,
    call_cursor,
};
enum { RANGE_CALLS = sizeof range_calls / sizeof *range_calls };

static void refuse_range(uint64_t va, uint64_t size) {
    const struct every_state before = every_state(&t);
    for (unsigned i = 0; i < RANGE_CALLS; i++) {
        assert_int_equal(range_calls[i](t.pt, va, size), MSET_INVALID_PARAM);
    }
    every_unchanged(&t, &before);
}

static void refuse_misaligned(void) {
    refuse_range(t.va + 1, t.page);
    refuse_range(t.va + t.page / 2, t.page);
    refuse_range(t.va, t.page / 2);
    refuse_range(t.va, t.page + 1);
    refuse_range(t.va, UINT64_MAX);
    refuse_range(t.va + t.page - 8, 8);
}

static void refuse_empty_and_wrapping(void) {
    refuse_range(t.va, 0);
    refuse_range(0, 0);
    refuse_range(0 - t.page, 0);
    refuse_range(0 - t.page, 2 * t.page);
    refuse_range(0 - t.page, t.page + (UINT64_C(1) << 63));
    refuse_range(t.va, 0 - t.page); /* nearly 2^64 */
    refuse_range(t.va + t.page, 0 - t.page);
    refuse_range(t.page, 0 - t.page);
    refuse_range(UINT64_C(1) << 63, UINT64_C(1) << 63);
    refuse_range(t.va, UINT64_C(1) << 63);
}

/* Around the last address of the lower half. */
static void refuse_outside(uint64_t last) {
    refuse_range(last + 1, t.page);
    refuse_range(last + 1 - t.page, 2 * t.page);
    refuse_range(0, last + 1 + t.page);
    refuse_range(t.va, last + 1);
    refuse_range(0 - t.page, 2 * t.page);
    refuse_range(0 - t.page, 0 - t.page);
    refuse_range(UINT64_C(1) << 62, t.page); /* in no format */
    refuse_range(0 - (UINT64_C(1) << 62), t.page);
}

static void bad_ranges(const struct mset_pt_format *format) {
    open_both(format, false);
    refuse_misaligned();
    refuse_empty_and_wrapping();
    refuse_outside(format->low_last);
    if (format->high_first != 0 && !format->two_roots) { /* from half to half through the hole */
        const uint64_t low = format->low_last + 1 - t.page;
        refuse_range(format->high_first - t.page, t.page);
        refuse_range(format->high_first - t.page, 2 * t.page);
        refuse_range(low, format->high_first - low);
        refuse_range(low, format->high_first + t.page - low);
        refuse_range(0, 0 - t.page);
    }
    if (format->two_roots) {
        refuse_range(format->high_first, t.page);
    }
    if (format->two_roots || format->high_first == 0) {
        refuse_range(0 - t.page, t.page);
    }
    close_both();
}

static bool has_two_roots(const struct mset_pt_format *format) {
    return format->two_roots;
}

static void bad_ranges_of_the_upper_root(const struct mset_pt_format *format) {
    open_both(format, true);
    refuse_misaligned();
    refuse_range(0, t.page);
    refuse_range(format->low_last + 1 - t.page, t.page);
    refuse_range(format->high_first - t.page, t.page);
    refuse_range(format->high_first - t.page, 2 * t.page);
    refuse_range(0 - t.page, 2 * t.page);
    refuse_range(format->high_first, 0 - format->high_first + t.page);
    close_both();
}

static void no_table(const struct mset_pt_format *format) {
    open_both(format, false);
    for (unsigned i = 0; i < RANGE_CALLS; i++) {
        assert_int_equal(range_calls[i](NULL, t.va, t.page), MSET_INVALID_PARAM);
    }
    struct mset_pt_run run;
    assert_int_equal(mset_pt_cut(NULL, t.va), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_cut_prepare(NULL, t.va, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_mark(NULL, t.va, MSET_PT_ACCESSED), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_query(NULL, t.va, 0, &run), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_query(t.pt, t.va, 0, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_next(t.pt, t.va, t.page, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_walk(t.pt, t.va, t.page, NULL, NULL), MSET_INVALID_PARAM);
    struct mset_pt_cursor cursor;
    assert_int_equal(mset_pt_cursor_init(NULL, t.pt, t.va, t.page), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_cursor_init(&cursor, t.pt, t.va, t.page), MSET_OK);
    assert_false(mset_pt_cursor_next(&cursor, NULL));
    assert_false(mset_pt_cursor_next(NULL, &run));
    assert_true(mset_pt_cursor_next(&cursor, &run)); /* it has not moved */
    assert_true(run.va == t.va && run.size == t.page);
    mset_pt_destroy(NULL);
    close_both();
}

/* The ends themselves are fine. */
static void the_first_and_the_last_page_are_fine(const struct mset_pt_format *format) {
    const unsigned roots = format->two_roots ? 2 : 1;
    for (unsigned upper = 0; upper < roots; upper++) {
        open_both(format, upper != 0);
        const uint64_t first = upper ? format->high_first : 0;
        const uint64_t last = upper ? UINT64_MAX : format->low_last;
        every_map(&t, first, t.pa, t.page, RW);
        every_map(&t, last - t.page + 1, t.pa, t.page, RW);
        if (format->high_first != 0 && !format->two_roots) {
            every_map(&t, format->high_first, t.pa, t.page, RW);
            every_map(&t, 0 - t.page, t.pa, t.page, RW);
            every_unmap(&t, format->high_first, 0 - format->high_first);
        }
        every_check(&t);
        every_unmap(&t, first, last - first + 1);
        assert_int_equal(every_count(&t).tables[0], 0);
        close_both();
    }
}

/* ---- calls on an address
 * ------------------------------------------------------------------------- */

static void refuse_address(uint64_t va, bool any_byte) {
    const struct every_state before = every_state(&t);
    struct mset_pt_run run;
    assert_int_equal(mset_pt_cut(t.pt, va), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_cut_prepare(t.pt, va, NULL), MSET_INVALID_PARAM);
    if (!any_byte) {
        assert_int_equal(mset_pt_query(t.pt, va, 0, &run), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_query(t.pt, va, 1, &run), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_query(t.pt, va, UINT64_MAX, &run), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_mark(t.pt, va, MSET_PT_ACCESSED), MSET_INVALID_PARAM);
    }
    every_unchanged(&t, &before);
}

static void bad_addresses(const struct mset_pt_format *format) {
    open_both(format, false);
    refuse_address(t.va + 1, true);
    refuse_address(t.va + t.page / 2, true);
    refuse_address(format->low_last, true);
    refuse_address(format->low_last + 1, false);
    refuse_address(UINT64_C(1) << 62, false);
    refuse_address(0 - (UINT64_C(1) << 62), false);
    if (format->high_first != 0) {
        refuse_address(format->high_first - t.page, false);
    }
    if (format->high_first == 0 || format->two_roots) {
        refuse_address(0 - t.page, false);
    }
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(t.pt, format->low_last, UINT64_MAX, &run), MSET_NOT_FOUND);
    assert_int_equal(mset_pt_query(t.pt, t.va, UINT64_MAX, &run), MSET_OK);
    assert_int_equal(run.size, every_largest_entry(&t)->size);
    close_both();
}

/* ---- everything else
 * ----------------------------------------------------------------------------- */

static void refuse_map(uint64_t pa, uint64_t size, uint64_t flags, mset_status status) {
    const struct every_state before = every_state(&t);
    const uint64_t va = t.va + every_largest_entry(&t)->size;
    assert_int_equal(mset_pt_may_map(t.pt, va, pa, size, flags), status);
    assert_int_equal(mset_pt_map(t.pt, va, pa, size, flags), status);
    for (unsigned over = MSET_PT_REFUSE; over <= MSET_PT_KEEP; over++) {
        const enum mset_pt_overlap overlap = (enum mset_pt_overlap)over;
        assert_int_equal(mset_pt_map_over(t.pt, va, pa, size, flags, overlap, NULL, NULL), status);
        assert_int_equal(mset_pt_map_prepare(t.pt, va, pa, size, flags, overlap, NULL), status);
    }
    every_unchanged(&t, &before);
}

static void bad_physical_addresses(const struct mset_pt_format *format) {
    open_both(format, false);
    const uint64_t end = UINT64_C(1) << format->pa_bits;
    refuse_map(t.pa + 1, t.page, RW, MSET_INVALID_PARAM);
    refuse_map(t.pa + t.page / 2, t.page, RW, MSET_INVALID_PARAM);
    refuse_map(end, t.page, RW, MSET_INVALID_PARAM);
    refuse_map(end, t.page, 0, MSET_INVALID_PARAM);
    refuse_map(end - t.page, 2 * t.page, RW, MSET_INVALID_PARAM);
    refuse_map(0 - t.page, t.page, RW, MSET_INVALID_PARAM);
    refuse_map(0 - t.page, 2 * t.page, RW, MSET_INVALID_PARAM);
    refuse_map(UINT64_C(1) << MSET_PT_MARKER_BITS, t.page, MSET_PT_MARKER, MSET_INVALID_PARAM);
    refuse_map(UINT64_MAX, t.page, MSET_PT_MARKER, MSET_INVALID_PARAM);
    every_map(&t, t.va + 2 * t.kind[t.kinds - 1].size, end - t.page, t.page, RW);
    close_both();
}

/* Beside a page that was mapped just now, where the way is short. */
static void a_physical_address_behind_the_machine(const struct mset_pt_format *format) {
    struct mset_pt_config config = every_config(format);
    config.pa_bits = 40;
    every_open(&t, &config);
    const uint64_t end = UINT64_C(1) << 40;
    every_map(&t, t.va, end - 2 * t.page, t.page, RW);
    const struct every_state before = every_state(&t);
    assert_int_equal(mset_pt_map(t.pt, t.va + t.page, end, t.page, RW), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_map(t.pt, t.va + t.page, end - t.page, 2 * t.page, RW),
                     MSET_INVALID_PARAM);
    every_unchanged(&t, &before);
    every_map(&t, t.va + t.page, end - t.page, t.page, RW);
    every_close(&t);
}

static void refuse_flags(uint64_t flags) {
    const struct every_state before = every_state(&t);
    refuse_map(t.pa, t.page, flags, MSET_UNSUPPORTED);
    assert_int_equal(mset_pt_protect(t.pt, t.va, t.page, flags), MSET_UNSUPPORTED);
    assert_int_equal(mset_pt_protect_prepare(t.pt, t.va, t.page, flags, NULL), MSET_UNSUPPORTED);
    every_unchanged(&t, &before);
}

static void flags_that_cannot_be_expressed(const struct mset_pt_format *format) {
    open_both(format, false);
    const uint64_t ignored = MSET_SHARED | MSET_CALLER_FLAGS;
    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t flag = UINT64_C(1) << bit;
        if ((flag & (format->flags | ignored | MSET_MEMORY_TYPE)) == 0) {
            refuse_flags(RW | flag); /* a marker with access among them */
        }
    }
    for (unsigned type = 0; type < 4; type++) {
        if ((format->memory_types >> type & 1) == 0) {
            refuse_flags(RW | (uint64_t)type << 8);
        }
    }
    for (uint64_t access = 0; access <= MSET_ACCESS; access++) {
        if ((access & MSET_READ) == 0 && (access & format->implies_read) != 0) {
            refuse_flags(access);
        }
    }
    /* Protect knows no markers. */
    assert_int_equal(mset_pt_protect(t.pt, t.va, t.page, MSET_PT_MARKER), MSET_UNSUPPORTED);
    every_only(&t, every_largest_entry(&t), 1);
    close_both();
}

static void bad_sizes_of_leaves(const struct mset_pt_format *format) {
    open_both(format, false);
    const struct every_state before = every_state(&t);
    const uint64_t sizes = mset_pt_leaf_sizes(t.pt);
    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t size = UINT64_C(1) << bit;
        if ((sizes & size) == 0) {
            assert_int_equal(mset_pt_split(t.pt, t.va, t.page, size), MSET_INVALID_PARAM);
            assert_int_equal(mset_pt_split_prepare(t.pt, t.va, t.page, size, NULL),
                             MSET_INVALID_PARAM);
        }
    }
    const uint64_t odd[] = {0, 3 * t.page, sizes, t.page + 1, t.page - 1, UINT64_MAX};
    for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
        assert_int_equal(mset_pt_split(t.pt, t.va, t.page, odd[i]), MSET_INVALID_PARAM);
    }
    every_unchanged(&t, &before);
    close_both();
}

static void bad_marks_moves_and_overlaps(const struct mset_pt_format *format) {
    open_both(format, false);
    const struct every_state before = every_state(&t);
    struct mset_page_table *const pt = t.pt;
    const uint64_t va = t.va;
    static const unsigned marks[] = {0, 4, 8, MSET_PT_ACCESSED | 4, ~0u};
    for (unsigned i = 0; i < sizeof marks / sizeof *marks; i++) {
        assert_int_equal(mset_pt_harvest(pt, va, t.page, marks[i], never_shown, NULL),
                         MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_mark(pt, va, marks[i]), MSET_INVALID_PARAM);
    }
    assert_int_equal(mset_pt_move(pt, va, va, t.page), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_move(pt, va, va + t.page, 2 * t.page), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_move(pt, va + t.page, va, 2 * t.page), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_move_prepare(pt, va, va, t.page, NULL), MSET_INVALID_PARAM);
    const enum mset_pt_overlap unknown = (enum mset_pt_overlap)3;
    const uint64_t free_va = va + every_largest_entry(&t)->size;
    assert_int_equal(mset_pt_map_over(pt, free_va, t.pa, t.page, RW, unknown, NULL, NULL),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_map_prepare(pt, free_va, t.pa, t.page, RW, unknown, NULL),
                     MSET_INVALID_PARAM);
    every_unchanged(&t, &before);
    close_both();
}

static void refuse_config(const struct mset_pt_config *config) {
    struct mset_page_table *pt = NULL;
    const uint64_t live = t.judge.source.live;
    assert_int_equal(mset_pt_create(config, &pt), MSET_INVALID_PARAM);
    assert_null(pt);
    assert_int_equal(t.judge.source.live, live);
}

static void bad_configurations(const struct mset_pt_format *format) {
    open_both(format, false);
    const struct mset_pt_config good = t.judge.config;
    struct mset_pt_config bad = good;
    refuse_config(NULL);
    assert_int_equal(mset_pt_create(&good, NULL), MSET_INVALID_PARAM);
    bad.format = NULL;
    refuse_config(&bad);
    bad = good;
    bad.frames = NULL;
    refuse_config(&bad);
    bad = good;
    bad.pa_bits = format->pa_bits + 1;
    refuse_config(&bad);
    bad.pa_bits = UINT32_MAX;
    refuse_config(&bad);
    bad = good;
    bad.leaf_sizes &= ~t.page; /* without the smallest */
    refuse_config(&bad);
    bad.leaf_sizes = good.leaf_sizes | t.page >> 1;
    refuse_config(&bad);
    bad.leaf_sizes = good.leaf_sizes | UINT64_C(1) << 63;
    refuse_config(&bad);
    bad.leaf_sizes = t.page | every_largest_entry(&t)->size; /* with a gap, if there are three */
    if (every_largest_entry(&t)->level > 1) {
        refuse_config(&bad);
    }
    bad = good;
    bad.upper = true;
    if (!format->two_roots) {
        refuse_config(&bad);
    }
    close_both();
}

#define ALL(test) \
    { #test, test, NULL }

int main(void) {
    static const struct every_test tests[] = {
        ALL(bad_ranges),
        {"bad_ranges_of_the_upper_root", bad_ranges_of_the_upper_root, has_two_roots},
        ALL(no_table),
        ALL(the_first_and_the_last_page_are_fine),
        ALL(bad_addresses),
        ALL(bad_physical_addresses),
        ALL(a_physical_address_behind_the_machine),
        ALL(flags_that_cannot_be_expressed),
        ALL(bad_sizes_of_leaves),
        ALL(bad_marks_moves_and_overlaps),
        ALL(bad_configurations),
    };
    return every_run("bad arguments", tests, sizeof tests / sizeof *tests);
}
