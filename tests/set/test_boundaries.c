/*
 * test_boundaries.c - both sides of every boundary: the first page, the top page of 2^64, ranges
 * that wrap, are empty or misaligned, other page sizes, bad arguments, and sizes that cannot be
 * told.
 */
#include "scene.h"

#define TOP_PAGE (UINT64_C(0) - PAGE)
#define HALF (UINT64_C(1) << 63)

static struct mset *new_set(uint64_t page_size, unsigned flags) {
    const struct mset_options options = {.page_size = page_size, .flags = flags};
    struct mset *set = NULL;
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    return set;
}

static mset_status map_plain(struct mset *set, uint64_t start, uint64_t size) {
    const struct mset_area area = {start, size, R, NULL, start};
    return mset_map(set, &area, MSET_MAP_FAIL, NULL);
}

static void assert_found(const struct mset *set, uint64_t address, uint64_t start, uint64_t size) {
    struct mset_area area = {0};
    assert_true(mset_find(set, address, &area));
    assert_int_equal(area.start, start);
    assert_int_equal(area.size, size);
    assert_int_equal(area.offset, start);
}

static void assert_sane(const struct mset *set) {
    const char *wrong = mset_validate(set);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static bool set_write(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    *flags = piece->flags | MSET_WRITE;
    return true;
}

/* ---- ends of the address space ------------------------------------------------------------- */

static void test_first_page(void **state) {
    (void)state;
    struct mset *set = new_set(0, 0);
    assert_int_equal(map_plain(set, 0, PAGE), MSET_OK);
    assert_found(set, 0, 0, PAGE);
    assert_found(set, PAGE - 1, 0, PAGE);
    assert_false(mset_find(set, PAGE, NULL));
    assert_true(mset_overlaps(set, 0, 1));
    assert_false(mset_overlaps(set, PAGE, PAGE));
    assert_int_equal(mset_grow(set, 0, MSET_LOW, PAGE, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_grow(set, 0, MSET_HIGH, PAGE, NULL), MSET_OK);
    assert_int_equal(mset_unmap(set, 0, PAGE, NULL), MSET_OK);
    assert_false(mset_find(set, 0, NULL));
    assert_found(set, PAGE, PAGE, PAGE);
    assert_sane(set);
    mset_destroy(set);
}

static void test_top_page(void **state) {
    (void)state;
    struct mset *set = new_set(0, 0);
    struct mset_area area;
    assert_int_equal(map_plain(set, TOP_PAGE, PAGE), MSET_OK);
    assert_found(set, TOP_PAGE, TOP_PAGE, PAGE);
    assert_found(set, UINT64_MAX, TOP_PAGE, PAGE);
    assert_false(mset_find(set, TOP_PAGE - 1, NULL));
    assert_true(mset_overlaps(set, UINT64_MAX, 1));
    assert_false(mset_overlaps(set, TOP_PAGE - PAGE, PAGE));
    assert_true(mset_find(set, UINT64_MAX, &area));
    assert_int_equal(mset_area_end(&area), 0);
    assert_true(mset_area_contains(&area, UINT64_MAX));
    assert_false(mset_area_contains(&area, 0));
    assert_int_equal(map_plain(set, TOP_PAGE, PAGE), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_grow(set, UINT64_MAX, MSET_HIGH, PAGE, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_grow(set, UINT64_MAX, MSET_LOW, PAGE, NULL), MSET_OK);
    assert_int_equal(mset_protect(set, TOP_PAGE, PAGE, MSET_HOLES_SKIP, set_write, NULL, NULL),
                     MSET_OK);
    assert_int_equal(mset_count(set), 2);
    assert_int_equal(mset_unmap(set, TOP_PAGE, PAGE, NULL), MSET_OK);
    assert_found(set, TOP_PAGE - 1, TOP_PAGE - PAGE, PAGE);
    assert_sane(set);
    mset_destroy(set);
}

static void test_areas_that_end_at_two_to_the_64(void **state) {
    (void)state;
    const struct twin_options options = {.base = 0 - 8 * PAGE, .page_size = PAGE, .pages = 8};
    struct twin twin;
    twin_open(&twin, &options);
    struct operation all = map(0, 8, R, RECORDER_FULL, MSET_MAP_FAIL);
    all.start = all.offset = options.base;
    struct operation last = unmap(0, 1);
    last.start = TOP_PAGE;
    struct operation down = move(0, 1, 0, MSET_MAP_REPLACE);
    down.start = TOP_PAGE - PAGE;
    down.to = options.base;
    struct operation up = move(0, 2, 0, MSET_MAP_REPLACE);
    up.start = options.base;
    up.to = TOP_PAGE - PAGE;
    expect(&twin, MSET_OK, all);
    expect(&twin, MSET_OK, last);
    expect(&twin, MSET_OK, down);
    expect(&twin, MSET_OK, up);
    expect(&twin, MSET_OK, last);
    expect(&twin, MSET_OK, clear());
    scene_close(&twin);
}

static void test_move_between_the_ends(void **state) {
    (void)state;
    struct mset *set = new_set(0, MSET_MERGE);
    assert_int_equal(map_plain(set, 0, PAGE), MSET_OK);
    assert_int_equal(mset_move(set, 0, PAGE, TOP_PAGE, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_false(mset_find(set, 0, NULL));
    struct mset_area area;
    assert_true(mset_find(set, TOP_PAGE, &area));
    assert_int_equal(area.offset, 0);
    assert_int_equal(mset_move(set, TOP_PAGE, PAGE, 0, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_found(set, 0, 0, PAGE);
    assert_int_equal(mset_move(set, 0, 2 * PAGE, TOP_PAGE, MSET_MAP_FAIL, NULL),
                     MSET_INVALID_PARAM); /* the destination wraps */
    assert_sane(set);
    mset_destroy(set);
}

/* ---- the whole space ----------------------------------------------------------------------- */

static void test_largest_area(void **state) {
    (void)state;
    struct mset *set = new_set(0, 0);
    assert_int_equal(map_plain(set, 0, 0 - PAGE), MSET_OK); /* all but one page */
    assert_found(set, TOP_PAGE - 1, 0, 0 - PAGE);
    assert_int_equal(mset_mapped_bytes(set), 0 - PAGE);
    assert_int_equal(mset_grow(set, 0, MSET_HIGH, PAGE, NULL), MSET_INVALID_PARAM);
    assert_int_equal(map_plain(set, TOP_PAGE, PAGE), MSET_OK);
    assert_int_equal(mset_count(set), 2);
    assert_int_equal(mset_mapped_bytes(set), 0); /* 2^64, as declared */
    assert_int_equal(mset_unmap(set, HALF, HALF, NULL), MSET_OK);
    assert_found(set, HALF - 1, 0, HALF);
    assert_sane(set);
    mset_destroy(set);
}

/* Equal neighbours that together cover 2^64 bytes stay two. */
static void test_merge_never_covers_everything(void **state) {
    (void)state;
    static const uint64_t cuts[] = {PAGE, HALF, TOP_PAGE};
    for (size_t i = 0; i < 3; i++) {
        for (int order = 0; order < 2; order++) {
            struct mset *set = new_set(0, MSET_MERGE);
            const uint64_t cut = cuts[i];
            assert_int_equal(order == 0 ? map_plain(set, 0, cut) : map_plain(set, cut, 0 - cut),
                             MSET_OK);
            assert_int_equal(order == 0 ? map_plain(set, cut, 0 - cut) : map_plain(set, 0, cut),
                             MSET_OK);
            assert_int_equal(mset_count(set), 2);
            assert_found(set, 0, 0, cut);
            assert_found(set, UINT64_MAX, cut, 0 - cut);
            assert_int_equal(
                mset_find_free(set, &(struct mset_gap_request){.size = PAGE}, &(uint64_t){0}),
                MSET_NOT_FOUND);
            assert_sane(set);
            mset_destroy(set);
        }
    }
}

/* The middle of three would join both sides: one seam must stay, whichever it is. */
static void test_closing_the_last_hole_of_the_space(void **state) {
    (void)state;
    struct mset *set = new_set(0, MSET_MERGE);
    struct mset_area low, high;
    assert_int_equal(map_plain(set, 0, HALF), MSET_OK);
    assert_int_equal(map_plain(set, HALF + PAGE, HALF - PAGE), MSET_OK);
    assert_int_equal(map_plain(set, HALF, PAGE), MSET_OK);
    assert_int_equal(mset_count(set), 2);
    assert_true(mset_find(set, 0, &low));
    assert_true(mset_find(set, UINT64_MAX, &high));
    assert_int_equal(low.start + low.size, high.start);
    assert_int_equal(low.size + high.size, 0);
    assert_sane(set);
    assert_int_equal(mset_protect(set, HALF, PAGE, MSET_HOLES_SKIP, set_write, NULL, NULL),
                     MSET_OK);
    assert_int_equal(mset_count(set), 3);
    assert_int_equal(mset_clear(set, NULL), MSET_OK);
    assert_int_equal(mset_count(set), 0);
    assert_sane(set);
    mset_destroy(set);
}

/* Growing and protecting lead to the same limit. */
static void test_other_ways_to_cover_everything(void **state) {
    (void)state;
    struct mset *set = new_set(0, MSET_MERGE);
    const struct mset_area high = {HALF, HALF, RW, NULL, HALF};
    assert_int_equal(map_plain(set, 0, HALF), MSET_OK);
    assert_int_equal(mset_map(set, &high, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_int_equal(mset_protect(set, 0, HALF, MSET_HOLES_SKIP, set_write, NULL, NULL), MSET_OK);
    assert_int_equal(mset_count(set), 2);
    assert_int_equal(mset_shrink(set, 0, MSET_HIGH, PAGE, NULL), MSET_OK);
    assert_int_equal(mset_grow(set, 0, MSET_HIGH, PAGE, NULL), MSET_OK);
    assert_int_equal(mset_count(set), 2);
    assert_int_equal(mset_shrink(set, 0, MSET_LOW, PAGE, NULL), MSET_OK);
    assert_sane(set); /* whether the seam is looked at again is the library's affair */
    mset_destroy(set);
}

/* ---- bad ranges ---------------------------------------------------------------------------- */

struct bad_range {
    uint64_t start, size;
};

static const struct bad_range bad_ranges[] = {
    {AT(0), 0}, /* empty */
    {0, 0},
    {TOP_PAGE, 0},
    {AT(0) + 1, PAGE}, /* misaligned start */
    {AT(0), PAGE + 1}, /* misaligned size */
    {AT(0), PAGE - 1},
    {AT(0) + 8, PAGE - 8},
    {TOP_PAGE, 2 * PAGE}, /* wrapping */
    {AT(0), 0 - AT(0) + PAGE},

    {UINT64_MAX, 1},
    {1, UINT64_MAX},
};

static void assert_all_refuse(struct mset *set, uint64_t start, uint64_t size) {
    const struct mset_area area = {start, size, R, NULL, 0};
    struct mset_cursor cursor;
    const mset_status bad = MSET_INVALID_PARAM;
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), bad);
    assert_int_equal(mset_map(set, &area, MSET_MAP_REPLACE, NULL), bad);
    assert_int_equal(mset_unmap(set, start, size, NULL), bad);
    assert_int_equal(mset_protect(set, start, size, MSET_HOLES_SKIP, set_write, NULL, NULL), bad);
    assert_int_equal(mset_move(set, start, size, AT(100), MSET_MAP_FAIL, NULL), bad);
    assert_int_equal(mset_unmap_metadata(set, start, size), bad);
    assert_int_equal(mset_replace_metadata(set, &area), bad);
    assert_int_equal(mset_cursor_range(&cursor, set, start, size), bad);
}

static void test_bad_ranges(void **state) {
    (void)state;
    struct mset *set = new_set(0, 0);
    assert_int_equal(map_plain(set, AT(0), 4 * PAGE), MSET_OK);
    for (size_t i = 0; i < sizeof bad_ranges / sizeof *bad_ranges; i++) {
        assert_all_refuse(set, bad_ranges[i].start, bad_ranges[i].size);
    }
    assert_int_equal(mset_count(set), 1);
    assert_found(set, AT(0), AT(0), 4 * PAGE);
    mset_destroy(set);
}

static void test_bad_destinations_and_amounts(void **state) {
    (void)state;
    struct mset *set = new_set(0, 0);
    const mset_status bad = MSET_INVALID_PARAM;
    assert_int_equal(map_plain(set, AT(0), 4 * PAGE), MSET_OK);
    assert_int_equal(mset_move(set, AT(0), PAGE, AT(8) + 1, MSET_MAP_FAIL, NULL), bad);
    assert_int_equal(mset_move(set, AT(0), 2 * PAGE, TOP_PAGE, MSET_MAP_FAIL, NULL), bad);
    assert_int_equal(mset_move(set, AT(0), 2 * PAGE, AT(0), MSET_MAP_REPLACE, NULL), bad);
    assert_int_equal(mset_move(set, AT(0), 2 * PAGE, AT(1), MSET_MAP_REPLACE, NULL), bad);
    assert_int_equal(mset_move(set, AT(1), 2 * PAGE, AT(0), MSET_MAP_REPLACE, NULL), bad);
    for (enum mset_side side = MSET_LOW; side <= MSET_HIGH; side++) {
        assert_int_equal(mset_grow(set, AT(0), side, 0, NULL), bad);
        assert_int_equal(mset_grow(set, AT(0), side, 1, NULL), bad);
        assert_int_equal(mset_grow(set, AT(0), side, 0 - PAGE, NULL), bad);
        assert_int_equal(mset_grow(set, AT(5), side, PAGE, NULL), MSET_NOT_FOUND);
        assert_int_equal(mset_shrink(set, AT(0), side, 0, NULL), bad);
        assert_int_equal(mset_shrink(set, AT(0), side, PAGE - 1, NULL), bad);
        assert_int_equal(mset_shrink(set, AT(0), side, 4 * PAGE, NULL), bad);
        assert_int_equal(mset_shrink(set, AT(0), side, 0 - PAGE, NULL), bad);
        assert_int_equal(mset_shrink(set, AT(5), side, PAGE, NULL), MSET_NOT_FOUND);
    }
    assert_found(set, AT(0), AT(0), 4 * PAGE);
    mset_destroy(set);
}

static void test_overlaps_counts_bytes(void **state) {
    (void)state;
    struct mset *set = new_set(0, 0);
    assert_int_equal(map_plain(set, AT(1), 2 * PAGE), MSET_OK);
    assert_false(mset_overlaps(set, AT(1), 0));         /* empty, inside an area */
    assert_false(mset_overlaps(set, AT(2), 0 - AT(1))); /* wraps over everything */
    assert_false(mset_overlaps(set, AT(0), PAGE));
    assert_true(mset_overlaps(set, AT(0), PAGE + 1));
    assert_true(mset_overlaps(set, AT(3) - 1, 1));
    assert_false(mset_overlaps(set, AT(3), UINT64_MAX - AT(3) + 1)); /* up to 2^64 */
    assert_true(mset_overlaps(set, 0, UINT64_MAX));
    mset_destroy(set);
}

/* ---- bad arguments of other kinds ---------------------------------------------------------- */

static void test_null_and_unknown_arguments(void **state) {
    (void)state;
    struct mset *set = new_set(0, 0);
    const struct mset_area area = {AT(0), PAGE, R, NULL, 0};
    const mset_status bad = MSET_INVALID_PARAM;
    assert_int_equal(map_plain(set, AT(0), PAGE), MSET_OK);
    assert_int_equal(mset_map(set, NULL, MSET_MAP_FAIL, NULL), bad);
    assert_int_equal(mset_map(set, &area, (enum mset_map_how)2, NULL), bad);
    assert_int_equal(mset_move(set, AT(0), PAGE, AT(1), (enum mset_map_how)2, NULL), bad);
    assert_int_equal(mset_protect(set, AT(0), PAGE, MSET_HOLES_SKIP, NULL, NULL, NULL), bad);
    assert_int_equal(mset_replace_metadata(set, NULL), bad);
    assert_int_equal(mset_grow(set, AT(0), (enum mset_side)2, PAGE, NULL), bad);
    assert_int_equal(mset_shrink(set, AT(0), (enum mset_side)2, PAGE, NULL), bad);
    assert_int_equal(mset_fault(set, AT(0), 0, NULL), bad);
    assert_int_equal(mset_fault(set, AT(0), MSET_USER, NULL), bad);
    assert_int_equal(mset_cursor_range(NULL, set, AT(0), PAGE), bad);
    mset_destroy(set);
    mset_destroy(NULL);
}

static void test_null_sets(void **state) {
    (void)state;
    const struct mset_area area = {AT(0), PAGE, R, NULL, 0};
    const mset_status bad = MSET_INVALID_PARAM;
    struct mset_cursor cursor;
    assert_int_equal(mset_create(NULL, NULL), bad);
    assert_int_equal(mset_map(NULL, &area, MSET_MAP_FAIL, NULL), bad);
    assert_int_equal(mset_unmap(NULL, AT(0), PAGE, NULL), bad);
    assert_int_equal(mset_clear(NULL, NULL), bad);
    assert_int_equal(mset_protect(NULL, AT(0), PAGE, MSET_HOLES_SKIP, set_write, NULL, NULL), bad);
    assert_int_equal(mset_move(NULL, AT(0), PAGE, AT(1), MSET_MAP_FAIL, NULL), bad);
    assert_int_equal(mset_grow(NULL, AT(0), MSET_LOW, PAGE, NULL), bad);
    assert_int_equal(mset_shrink(NULL, AT(0), MSET_LOW, PAGE, NULL), bad);
    assert_int_equal(mset_unmap_metadata(NULL, AT(0), PAGE), bad);
    assert_int_equal(mset_replace_metadata(NULL, &area), bad);
    assert_int_equal(mset_fault(NULL, AT(0), MSET_READ, NULL), bad);
    assert_int_equal(mset_cursor_range(&cursor, NULL, AT(0), PAGE), bad);
}

static void test_options(void **state) {
    (void)state;
    struct mset *set = NULL;
    const struct mset_allocator *good = mset_allocator_default();
    const struct mset_allocator no_alloc = {NULL, good->free, good->context};
    const struct mset_allocator no_free = {good->alloc, NULL, good->context};
    const struct mset_options bad[] = {
        {.page_size = 3},       {.page_size = PAGE + 1},      {.page_size = UINT64_MAX},
        {.flags = 2},           {.flags = MSET_MERGE | 0x80}, {.allocator = &no_alloc},
        {.allocator = &no_free}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(mset_create(&bad[i], &set), MSET_INVALID_PARAM);
    }
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_page_size(set), PAGE);
    assert_int_equal(mset_count(set), 0);
    assert_int_equal(mset_last_failure(set).code, 0);
    mset_destroy(set);
    assert_int_equal(mset_create(&(struct mset_options){0}, &set), MSET_OK);
    assert_int_equal(mset_page_size(set), PAGE);
    mset_destroy(set);
}

/* ---- page sizes ---------------------------------------------------------------------------- */

static void test_page_size_one(void **state) {
    (void)state;
    struct mset *set = new_set(1, 0);
    assert_int_equal(mset_page_size(set), 1);
    assert_int_equal(map_plain(set, 3, 5), MSET_OK);
    assert_found(set, 7, 3, 5);
    assert_false(mset_find(set, 8, NULL));
    assert_int_equal(mset_unmap(set, 5, 1, NULL), MSET_OK);
    assert_found(set, 4, 3, 2);
    assert_found(set, 6, 6, 2);
    assert_int_equal(map_plain(set, UINT64_MAX, 1), MSET_OK);
    assert_found(set, UINT64_MAX, UINT64_MAX, 1);
    assert_int_equal(map_plain(set, 8, UINT64_MAX - 8), MSET_OK);
    assert_int_equal(mset_count(set), 4);
    assert_sane(set);
    mset_destroy(set);
}

static void test_largest_area_of_bytes(void **state) {
    (void)state;
    struct mset *set = new_set(1, 0);
    assert_int_equal(map_plain(set, 1, UINT64_MAX - 1), MSET_OK);
    assert_int_equal(mset_grow(set, 1, MSET_HIGH, 1, NULL), MSET_OK);
    assert_found(set, UINT64_MAX, 1, UINT64_MAX);
    assert_int_equal(mset_grow(set, 1, MSET_LOW, 1, NULL), MSET_INVALID_PARAM); /* 2^64 */
    assert_int_equal(mset_shrink(set, 1, MSET_HIGH, UINT64_MAX - 1, NULL), MSET_OK);
    assert_found(set, 1, 1, 1);
    assert_sane(set);
    mset_destroy(set);
}

static void test_largest_page_size(void **state) {
    (void)state;
    struct mset *set = new_set(HALF, MSET_MERGE);
    assert_int_equal(map_plain(set, 0, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(map_plain(set, 0, HALF), MSET_OK);
    assert_int_equal(map_plain(set, HALF, HALF), MSET_OK);
    assert_int_equal(mset_count(set), 2);
    assert_int_equal(mset_unmap(set, 0, HALF, NULL), MSET_OK);
    assert_found(set, HALF, HALF, HALF);
    assert_sane(set);
    mset_destroy(set);
}

/* Backend offsets are numbers modulo 2^64 that follow the addresses. */
static void test_offsets_wrap(void **state) {
    (void)state;
    struct mset *set = new_set(0, MSET_MERGE);
    struct mset_area area = {AT(0), 4 * PAGE, R, NULL, 0 - 2 * PAGE};
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_int_equal(mset_unmap(set, AT(1), 2 * PAGE, NULL), MSET_OK);
    assert_true(mset_find(set, AT(3), &area));
    assert_int_equal(area.offset, PAGE);
    area.start = AT(4);
    area.offset = 2 * PAGE;
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_int_equal(mset_count(set), 2); /* merged */
    assert_int_equal(mset_grow(set, AT(0), MSET_LOW, PAGE, NULL), MSET_OK);
    assert_true(mset_find(set, AT(0), &area));
    assert_int_equal(area.offset, 0 - 3 * PAGE);
    mset_destroy(set);
}

/* ---- counters ------------------------------------------------------------------------------ */

static bool set_read(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    (void)piece;
    *flags = R;
    return true;
}

static void assert_counters(const struct mset *set, uint64_t areas, uint64_t splits,
                            uint64_t merges) {
    struct mset_statistics statistics;
    mset_get_statistics(set, &statistics);
    assert_int_equal(statistics.areas, areas);
    assert_int_equal(statistics.splits, splits);
    assert_int_equal(statistics.merges, merges);
    assert_int_equal(statistics.height == 0, areas == 0);
    assert_true(areas == 0 || statistics.node_bytes != 0);
}

static void test_statistics(void **state) {
    (void)state;
    struct mset *set = new_set(0, MSET_MERGE);
    assert_counters(set, 0, 0, 0);
    assert_int_equal(map_plain(set, AT(0), 12 * PAGE), MSET_OK);
    assert_counters(set, 1, 0, 0);
    assert_int_equal(mset_unmap(set, AT(0), PAGE, NULL), MSET_OK); /* a head: no split */
    assert_counters(set, 1, 0, 0);
    assert_int_equal(mset_unmap(set, AT(4), PAGE, NULL), MSET_OK);
    assert_counters(set, 2, 1, 0);
    assert_int_equal(mset_protect(set, AT(7), PAGE, MSET_HOLES_SKIP, set_write, NULL, NULL),
                     MSET_OK);
    assert_counters(set, 4, 3, 0);
    assert_int_equal(mset_protect(set, AT(7), PAGE, MSET_HOLES_SKIP, set_read, NULL, NULL),
                     MSET_OK);
    assert_counters(set, 2, 3, 2);
    assert_int_equal(mset_clear(set, NULL), MSET_OK);
    assert_counters(set, 0, 3, 2);
    assert_int_equal(mset_mapped_bytes(set), 0);
    mset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_page),
        cmocka_unit_test(test_top_page),
        cmocka_unit_test(test_areas_that_end_at_two_to_the_64),
        cmocka_unit_test(test_move_between_the_ends),
        cmocka_unit_test(test_largest_area),
        cmocka_unit_test(test_merge_never_covers_everything),
        cmocka_unit_test(test_closing_the_last_hole_of_the_space),
        cmocka_unit_test(test_other_ways_to_cover_everything),
        cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_bad_destinations_and_amounts),
        cmocka_unit_test(test_overlaps_counts_bytes),
        cmocka_unit_test(test_null_and_unknown_arguments),
        cmocka_unit_test(test_null_sets),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_page_size_one),
        cmocka_unit_test(test_largest_area_of_bytes),
        cmocka_unit_test(test_largest_page_size),
        cmocka_unit_test(test_offsets_wrap),
        cmocka_unit_test(test_statistics),
    };
    return cmocka_run_group_tests_name("set, boundaries", tests, NULL, NULL);
}
