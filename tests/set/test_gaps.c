/*
 * test_gaps.c - mset_find_free against brute force (page_model_gap.c), and literal cases for every
 * field of the wish.
 */
#include "scene.h"
#include "support/scale.h"

#define LAST_PAGE (0 - PAGE)

/* ---- literal cases ------------------------------------------------------------------------- */

static void expect_gap(const struct twin *twin, struct mset_gap_request wish, uint64_t answer) {
    uint64_t start = 1, modelled = 1;
    assert_int_equal(mset_find_free(twin->set, &wish, &start), MSET_OK);
    assert_int_equal(start, answer);
    assert_int_equal(model_find_free_by_edges(&twin->model, &wish, &modelled), MSET_OK);
    assert_int_equal(modelled, answer);
}

static void expect_no_gap(const struct twin *twin, struct mset_gap_request wish,
                          mset_status status) {
    uint64_t start = 1;
    assert_int_equal(mset_find_free(twin->set, &wish, &start), status);
    assert_int_equal(start, 1); /* untouched */
    assert_int_equal(model_find_free_by_edges(&twin->model, &wish, &start), status);
}

/* Areas at pages 2..3, 6, and 9..15 of 16. */
static void open_with_gaps(struct twin *twin) {
    scene_open(twin, 16, false);
    expect(twin, MSET_OK, map(2, 2, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(6, 1, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(twin, MSET_OK, map(9, 7, RW, RECORDER_FULL, MSET_MAP_FAIL));
}

static void test_lowest_and_highest_fit(void **state) {
    (void)state;
    struct twin twin;
    open_with_gaps(&twin);
    const struct mset_gap_request up = {.size = 2 * PAGE, .lo = AT(0), .hi = AT(16)};
    struct mset_gap_request down = up;
    down.flags = MSET_GAP_TOP_DOWN;
    expect_gap(&twin, up, AT(0));
    expect_gap(&twin, down, AT(7));
    struct mset_gap_request inner = up;
    inner.lo = AT(1);
    expect_gap(&twin, inner, AT(4)); /* one page free at 1 is not enough */
    inner.size = 3 * PAGE;
    expect_no_gap(&twin, inner, MSET_NOT_FOUND);
    inner.hi = 0; /* everything up to 2^64 */
    expect_gap(&twin, inner, AT(16));
    inner.flags = MSET_GAP_TOP_DOWN;
    expect_gap(&twin, inner, 0 - 3 * PAGE);
    scene_close(&twin);
}

static void test_limits_are_kept_on_both_ends(void **state) {
    (void)state;
    struct twin twin;
    open_with_gaps(&twin);
    /* The gap 4..5 reaches beyond the limit; so does the one above it. */
    expect_no_gap(&twin, (struct mset_gap_request){.size = 2 * PAGE, .lo = AT(1), .hi = AT(5)},
                  MSET_NOT_FOUND);
    expect_gap(&twin, (struct mset_gap_request){.size = PAGE, .lo = AT(2), .hi = AT(5)}, AT(4));
    expect_gap(&twin,
               (struct mset_gap_request){
                   .size = PAGE, .lo = AT(2), .hi = AT(5), .flags = MSET_GAP_TOP_DOWN},
               AT(4));
    /* Bounds that are no page addresses: the answer lies inside all the same. */
    expect_gap(&twin, (struct mset_gap_request){.size = PAGE, .lo = AT(4) + 1, .hi = AT(9)}, AT(5));
    expect_gap(&twin,
               (struct mset_gap_request){
                   .size = PAGE, .lo = AT(4), .hi = AT(6) - 1, .flags = MSET_GAP_TOP_DOWN},
               AT(4));
    scene_close(&twin);
}

static void test_aligned_answers_do_not_overlap(void **state) {
    (void)state;
    struct twin twin;
    open_with_gaps(&twin);
    struct mset_gap_request wish = {.size = PAGE, .align = 4 * PAGE, .lo = AT(1), .hi = AT(16)};
    expect_gap(&twin, wish, AT(4));
    wish.lo = AT(5); /* 8 is free, and 4-aligned */
    expect_gap(&twin, wish, AT(8));
    wish.size = 2 * PAGE; /* but 9 is not free */
    expect_no_gap(&twin, wish, MSET_NOT_FOUND);
    wish.hi = 0;
    expect_gap(&twin, wish, AT(16));
    wish.align = UINT64_C(1) << 63;
    expect_gap(&twin, wish, UINT64_C(1) << 63);
    scene_close(&twin);
}

static void test_alignment_below_the_page_is_the_page(void **state) {
    (void)state;
    struct twin twin;
    open_with_gaps(&twin);
    expect_gap(&twin,
               (struct mset_gap_request){.size = PAGE, .align = 16, .lo = AT(1) + 8, .hi = AT(8)},
               AT(4));
    scene_close(&twin);
}

static void test_hint_then_all(void **state) {
    (void)state;
    struct twin twin;
    open_with_gaps(&twin);
    struct mset_gap_request wish = {
        .size = PAGE, .lo = AT(0), .hi = AT(16), .hint = AT(3), .flags = MSET_GAP_HINT};
    expect_gap(&twin, wish, AT(4));
    wish.hint = AT(4) + 5; /* need not be aligned */
    expect_gap(&twin, wish, AT(5));
    wish.hint = AT(9); /* nothing from there on: the lowest of all, below the hint */
    expect_gap(&twin, wish, AT(0));
    wish.hint = UINT64_MAX;
    expect_gap(&twin, wish, AT(0));
    wish.hint = 0; /* below lo */
    expect_gap(&twin, wish, AT(0));
    wish.flags |= MSET_GAP_TOP_DOWN;
    wish.hint = AT(6);
    expect_gap(&twin, wish, AT(5));
    wish.lo = AT(2);
    wish.hint = AT(3); /* nothing down from there: the highest of all */
    expect_gap(&twin, wish, AT(8));
    scene_close(&twin);
}

static void test_guard_keeps_away_from_areas_only(void **state) {
    (void)state;
    struct twin twin;
    open_with_gaps(&twin);
    struct mset_gap_request wish = {.size = PAGE, .guard = PAGE, .lo = AT(0), .hi = AT(16)};
    expect_gap(&twin, wish, AT(0)); /* page 1 stays free; below lo nothing need be */
    wish.lo = AT(1);
    expect_no_gap(&twin, wish, MSET_NOT_FOUND); /* every other gap is too short */
    wish.hi = 0;
    expect_gap(&twin, wish, AT(17));
    wish.guard = 1; /* a byte is enough to lose the pages beside areas */
    expect_gap(&twin, wish, AT(17));
    wish.guard = UINT64_MAX; /* no address is that far from an area */
    expect_no_gap(&twin, wish, MSET_NOT_FOUND);
    wish.flags = MSET_GAP_TOP_DOWN;
    expect_no_gap(&twin, wish, MSET_NOT_FOUND);
    scene_close(&twin);
}

static void test_empty_set_is_one_gap(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 4, false);
    expect_gap(&twin, (struct mset_gap_request){.size = PAGE, .guard = UINT64_MAX}, 0);
    expect_gap(&twin, (struct mset_gap_request){.size = PAGE, .flags = MSET_GAP_TOP_DOWN},
               LAST_PAGE);
    expect_gap(&twin, (struct mset_gap_request){.size = 0 - PAGE}, 0);
    expect_gap(&twin, (struct mset_gap_request){.size = 0 - PAGE, .flags = MSET_GAP_TOP_DOWN},
               PAGE);
    expect_no_gap(&twin, (struct mset_gap_request){.size = 0 - PAGE, .lo = PAGE + 1},
                  MSET_NOT_FOUND);
    scene_close(&twin);
}

static void test_bad_wishes(void **state) {
    (void)state;
    struct twin twin;
    uint64_t start = 1;
    open_with_gaps(&twin);
    const struct mset_gap_request good = {.size = PAGE};
    struct mset_gap_request bad = good;
    bad.size = 0;
    expect_no_gap(&twin, bad, MSET_INVALID_PARAM);
    bad.size = PAGE + 1;
    expect_no_gap(&twin, bad, MSET_INVALID_PARAM);
    bad = good;
    bad.align = 3 * PAGE;
    expect_no_gap(&twin, bad, MSET_INVALID_PARAM);
    bad = good;
    bad.flags = 4;
    expect_no_gap(&twin, bad, MSET_INVALID_PARAM);
    assert_int_equal(mset_find_free(twin.set, NULL, &start), MSET_INVALID_PARAM);
    assert_int_equal(mset_find_free(twin.set, &good, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_find_free(NULL, &good, &start), MSET_INVALID_PARAM);
    bad = good; /* bounds in the wrong order are an empty range; narrow ones are just narrow */
    bad.lo = AT(4);
    bad.hi = AT(4);
    expect_no_gap(&twin, bad, MSET_INVALID_PARAM);
    bad.hi = AT(3);
    expect_no_gap(&twin, bad, MSET_INVALID_PARAM);
    bad.hi = AT(5) - 1;
    expect_no_gap(&twin, bad, MSET_NOT_FOUND);
    scene_close(&twin);
}

/* ---- against brute force ------------------------------------------------------------------- */

static uint64_t near(const struct twin *twin, struct rng *rng) {
    const uint64_t page = twin->options.page_size;
    const uint64_t slack = rng_chance(rng, 30) ? rng_below(rng, page) : 0;
    return twin->options.base + rng_below(rng, twin->options.pages) * page + slack;
}

static struct mset_gap_request random_wish(const struct twin *twin, struct rng *rng) {
    const uint64_t page = twin->options.page_size;
    struct mset_gap_request wish = {.size =
                                        (1 + rng_below(rng, rng_chance(rng, 80) ? 5 : 60)) * page};
    const uint64_t end = twin->options.base + twin->options.pages * page; /* may be 0 */
    wish.lo = rng_chance(rng, 50) ? near(twin, rng) : twin->options.base;
    wish.hi = rng_chance(rng, 50) ? near(twin, rng) : end;
    wish.align = rng_chance(rng, 50) ? 0 : page << rng_below(rng, 6);
    wish.guard = rng_chance(rng, 60) ? 0 : rng_below(rng, 4 * page);
    wish.hint = near(twin, rng);
    wish.flags = (unsigned)rng_below(rng, 4);
    if (rng_chance(rng, 25)) { /* beyond the universe; only the edges can tell */
        wish.lo = rng_chance(rng, 50) ? 0 : wish.lo;
        wish.hi = rng_chance(rng, 50) ? 0 : wish.hi;
        wish.hint = rng_chance(rng, 50) ? rng_next(rng) : wish.hint;
        wish.align = rng_chance(rng, 30) ? UINT64_C(1) << rng_below(rng, 64) : wish.align;
        wish.size = rng_chance(rng, 10) ? rng_next(rng) / page * page : wish.size;
    }
    return wish;
}

static bool inside_universe(const struct twin *twin, const struct mset_gap_request *wish) {
    const uint64_t end = twin->options.base + twin->options.pages * twin->options.page_size;
    return wish->lo >= twin->options.base &&
           (wish->hi == 0 ? end == 0 : end == 0 || wish->hi <= end);
}

static void print_wish(const struct mset_gap_request *wish) {
    (void)fprintf(stderr,
                  "    { .size = %#llx, .align = %#llx, .lo = %#llx, .hi = %#llx, .hint = %#llx, "
                  ".guard = %#llx, .flags = %u }\n",
                  (unsigned long long)wish->size, (unsigned long long)wish->align,
                  (unsigned long long)wish->lo, (unsigned long long)wish->hi,
                  (unsigned long long)wish->hint, (unsigned long long)wish->guard, wish->flags);
}

/* The two models agree where both can tell, and the library with them. */
static void compare_gap(const struct twin *twin, const struct mset_gap_request *wish) {
    uint64_t got = 1, want = 1, edges = 1;
    const mset_status status = mset_find_free(twin->set, wish, &got);
    const mset_status expected = model_find_free_by_edges(&twin->model, wish, &edges);
    if (inside_universe(twin, wish)) {
        const mset_status brute = model_find_free(&twin->model, wish, &want);
        if (brute != expected || want != edges) {
            print_wish(wish);
            fail_msg("the models disagree: %d %#llx, %d %#llx", brute, (unsigned long long)want,
                     expected, (unsigned long long)edges);
        }
    }
    if (status != expected || got != edges) {
        print_wish(wish);
        twin_print_history(twin);
        fail_msg("model \"%s\" %#llx, library \"%s\" %#llx", mset_status_text(expected),
                 (unsigned long long)edges, mset_status_text(status), (unsigned long long)got);
    }
}

static void fill_at_random(struct twin *twin, unsigned fill, size_t longest, uint64_t steps,
                           struct rng *rng) {
    const struct operation_mix mix = {.base = twin->options.base,
                                      .page_size = twin->options.page_size,
                                      .pages = twin->options.pages,
                                      .longest = longest,
                                      .fill = fill,
                                      .backends = 2};
    for (uint64_t i = 0; i < steps; i++) {
        const struct operation operation = operation_random(&mix, rng);
        if (twin_can_judge(twin, &operation) && operation.kind != OP_CLEAR) {
            agree(twin, twin_apply(twin, &operation));
        }
    }
}

static void compare_gaps(const struct twin_options *options, unsigned fill, uint64_t seed) {
    struct twin twin;
    struct rng rng = {seed};
    twin_open(&twin, options);
    for (uint64_t round = 0; round < test_scaled(1500); round++) {
        fill_at_random(&twin, fill, 12, 1 + rng_below(&rng, 40), &rng);
        for (int i = 0; i < 25; i++) {
            const struct mset_gap_request wish = random_wish(&twin, &rng);
            compare_gap(&twin, &wish);
        }
    }
    agree(&twin, twin_close(&twin));
}

static void test_random_sets(void **state) {
    (void)state;
    static const struct twin_options places[] = {
        {.base = AT(0), .page_size = PAGE, .pages = 200},
        {.base = 0, .page_size = PAGE, .pages = 200, .merge = true},
        {.base = 0 - 200 * PAGE, .page_size = PAGE, .pages = 200, .merge = true},
        {.base = 5, .page_size = 1, .pages = 200},
        {.base = 0, .page_size = UINT64_C(1) << 57, .pages = 128}, /* the whole address space */
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        compare_gaps(&places[i], 35, 100 + i); /* mostly free */
        compare_gaps(&places[i], 65, 200 + i); /* dense */
        compare_gaps(&places[i], 85, 300 + i); /* nearly full */
    }
}

/* All bounds, sizes and flags, with this alignment and guard and some hints. */
static void compare_all_wishes(const struct twin *twin, uint64_t align, uint64_t guard) {
    struct mset_gap_request wish = {.align = align, .guard = guard};
    for (unsigned lo = 0; lo < 8; lo++) {
        for (unsigned hi = lo + 1; hi <= 8; hi++) {
            for (unsigned i = 0; i < 4 * 4; i++) {
                wish.lo = AT(lo);
                wish.hi = AT(hi);
                wish.size = (1 + i / 4) * PAGE;
                wish.flags = i % 4;
                wish.hint = AT(lo + (hi - lo) / 2);
                compare_gap(twin, &wish);
            }
        }
    }
}

static void fill_pattern(struct twin *twin, unsigned pattern) {
    agree(twin, twin_reset(twin));
    for (size_t page = 0; page < 8; page++) {
        if ((pattern >> page & 1) != 0) {
            const struct operation one = map(page, 1, R, RECORDER_SILENT, MSET_MAP_FAIL);
            agree(twin, twin_apply(twin, &one));
        }
    }
}

static void test_all_patterns_of_eight_pages(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    const unsigned step = test_scale() >= 50 ? 1 : test_scale() >= 5 ? 13 : 97;
    for (unsigned pattern = 0; pattern < 256; pattern += step) {
        fill_pattern(&twin, pattern);
        for (unsigned i = 0; i < 3 * 3; i++) {
            compare_all_wishes(&twin, PAGE << i % 3, i / 3 * PAGE);
        }
    }
    scene_close(&twin);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lowest_and_highest_fit),
        cmocka_unit_test(test_limits_are_kept_on_both_ends),
        cmocka_unit_test(test_aligned_answers_do_not_overlap),
        cmocka_unit_test(test_alignment_below_the_page_is_the_page),
        cmocka_unit_test(test_hint_then_all),
        cmocka_unit_test(test_guard_keeps_away_from_areas_only),
        cmocka_unit_test(test_empty_set_is_one_gap),
        cmocka_unit_test(test_bad_wishes),
        cmocka_unit_test(test_random_sets),
        cmocka_unit_test(test_all_patterns_of_eight_pages),
    };
    return cmocka_run_group_tests_name("set, free room", tests, NULL, NULL);
}
