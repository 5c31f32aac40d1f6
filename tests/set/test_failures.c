/*
 * test_failures.c - everything that can say no, at every position.
 *
 *   backends   For many prepared sets and every letter of the full alphabet: each prepare and each
 *              call to a backend in turn is refused, with codes below and above zero. Nothing
 *              changes, the code arrives, what was prepared is aborted, the undoing is told in
 *              reverse (all of which the twin compares).
 *   undo       The same, and one of the undo calls is refused too: the steps up to that one are
 *              done, all others are not.
 *   memory     Each allocation in turn fails, alone or with all after it: MSET_NO_MEMORY, no
 *              backend is called, nothing changes, nothing leaks.
 *   seams      Backends that object to cuts and merges.
 */
#include <stdlib.h>

#include "alphabet.h"
#include "scene.h"
#include "support/scale.h"

/* ---- prepared sets ------------------------------------------------------------------------- */

/* Areas of `width` pages every `stride` pages, of these backends in turn. */
struct pattern {
    size_t pages, width, stride, backends;
    enum recorder_kind backend[4];
};

static const struct pattern patterns[] = {
    {6, 6, 6, 1, {RECORDER_FULL}},
    {6, 6, 6, 1, {RECORDER_PREPARED}},
    {6, 2, 2, 2, {RECORDER_FULL, RECORDER_NO_MOVE}},
    {6, 1, 1, 3, {RECORDER_FULL, RECORDER_NO_MOVE, RECORDER_SILENT}},
    {6, 1, 2, 2, {RECORDER_FULL, RECORDER_NO_MOVE}},
    {7, 2, 3, 2, {RECORDER_FULL, RECORDER_NO_MOVE}},
    {6, 3, 3, 2, {RECORDER_FULL, RECORDER_NO_MOVE}},
    {6, 1, 1, 2, {RECORDER_PREPARED, RECORDER_NO_MOVE}},
    {6, 2, 2, 3, {RECORDER_PREPARED, RECORDER_FULL, RECORDER_PREPARED_NO_MOVE}},
    {7, 1, 1, 4, {RECORDER_PREPARED_NO_MOVE, RECORDER_SILENT, RECORDER_PREPARED, RECORDER_NONE}},
};

static void prepare(struct twin *twin, const struct pattern *pattern) {
    agree(twin, twin_reset(twin));
    for (size_t page = 0; page + pattern->width <= pattern->pages; page += pattern->stride) {
        const size_t turn = page / pattern->stride % pattern->backends;
        const struct operation one = {.kind = OP_MAP,
                                      .start = model_address(&twin->model, page),
                                      .size = pattern->width * twin->options.page_size,
                                      .flags = turn == 0 ? R : RW,
                                      .offset = model_address(&twin->model, page),
                                      .backend = pattern->backend[turn]};
        agree(twin, twin_apply(twin, &one));
    }
}

/* Plain and merging, with pages and with bytes, at the bottom, in the middle and at the top. */
static struct twin_options variant(const struct pattern *pattern, size_t i) {
    const uint64_t page_size = i / 2 % 2 != 0 ? 1 : PAGE;
    const uint64_t base[] = {SCENE_BASE, 0, 0 - pattern->pages * page_size};
    return (struct twin_options){
        .base = base[i % 3], .page_size = page_size, .pages = pattern->pages, .merge = i % 2 != 0};
}

/* For each letter on each pattern in each variant; only some letters in slow builds. */
static void for_each_letter(void (*try)(struct twin *, const struct pattern *,
                                        const struct operation *)) {
    const size_t step = test_scale() >= 50 ? 1 : test_scale() >= 5 ? 7 : 89;
    for (size_t i = 0; i < 12 * sizeof patterns / sizeof *patterns; i++) {
        const struct pattern *pattern = &patterns[i / 12];
        const struct twin_options options = variant(pattern, i % 12);
        struct twin twin;
        struct alphabet alphabet;
        twin_open(&twin, &options);
        alphabet_full(&alphabet, options.base, options.page_size, pattern->pages);
        for (size_t letter = i; letter < alphabet.count; letter += step) {
            prepare(&twin, pattern);
            if (twin_can_judge(&twin, &alphabet.letters[letter])) {
                try(&twin, pattern, &alphabet.letters[letter]);
            }
        }
        alphabet_free(&alphabet);
        agree(&twin, twin_close(&twin));
    }
}

static void apply(struct twin *twin, const struct operation *operation) {
    agree(twin, twin_apply(twin, operation));
}

/* ---- backends ------------------------------------------------------------------------------ */

enum { MOST_CALLS = 40 }; /* of an operation in a universe of 7 pages, undoing included */

/* Applies and compares all; was anything refused? */
static bool is_refused(struct twin *twin, const struct operation *operation,
                       enum operation_way way) {
    by(twin, way);
    apply(twin, operation);
    agree(twin, twin_compare(twin, TWIN_QUICK));
    return twin->model.failure.code != 0;
}

/*
 * Each call refused in turn; each time the set, unchanged, goes on to the next. Backends that have
 * prepared keep their promise, or do not.
 */
static void refuse_each_call(struct twin *twin, const struct pattern *pattern,
                             const struct operation *operation) {
    static const int codes[] = {-1, -1000, MSET_NO_MEMORY, MSET_BAD_STATE, MSET_ALREADY_EXISTS};
    for (size_t call = 0; call < MOST_CALLS; call++) {
        const enum operation_way way = call % 2 == 0 ? WAY_DIRECT : WAY_PLANNED;
        twin->refusal = (struct refusal){.calls = UINT64_C(1) << call, .code = codes[call % 5]};
        if (!is_refused(twin, operation, way)) {
            prepare(twin, pattern);
        }
        twin->refusal = (struct refusal){
            .calls = UINT64_C(1) << call, .code = codes[call % 5], .breaks_promises = true};
        if (!is_refused(twin, operation, way)) {
            return; /* fewer calls than that: it ran through */
        }
    }
    fail_msg("an operation with %d calls in a universe of 7 pages", MOST_CALLS);
}

static void test_every_call_refused(void **state) {
    (void)state;
    for_each_letter(refuse_each_call);
}

/* Each prepare refused in turn, in both ways. */
static void refuse_each_prepare(struct twin *twin, const struct pattern *pattern,
                                const struct operation *operation) {
    for (size_t i = 0; i < 2 * (size_t)MOST_CALLS; i++) {
        refuse_to_prepare(twin, UINT64_C(1) << (i / 2), i % 3 == 0 ? -7 : MSET_NO_MEMORY);
        if (!is_refused(twin, operation, i % 2 == 0 ? WAY_DIRECT : WAY_PLANNED)) {
            if (i % 2 != 0) {
                return;
            }
            prepare(twin, pattern);
        }
    }
}

static void test_every_prepare_refused(void **state) {
    (void)state;
    for_each_letter(refuse_each_prepare);
}

/* The n-th call and one of the undo calls after it. */
static void refuse_undo(struct twin *twin, const struct pattern *pattern,
                        const struct operation *operation) {
    for (size_t call = 1; call < MOST_CALLS; call++) {
        for (size_t undo = call + 1; undo <= 2 * call; undo++) {
            prepare(twin, pattern);
            twin->refusal = (struct refusal){.calls = UINT64_C(1) << call | UINT64_C(1) << undo,
                                             .code = -3,
                                             .breaks_promises = true};
            if (!is_refused(twin, operation, undo % 2 == 0 ? WAY_DIRECT : WAY_PLANNED)) {
                return;
            }
            assert_true(twin->stuck);
            assert_int_equal(twin->status, MSET_BAD_STATE);
        }
    }
}

static void test_every_undo_refused(void **state) {
    (void)state;
    for_each_letter(refuse_undo);
}

/* From the n-th call on everything is refused, so all undoing is too. */
static void refuse_from_then_on(struct twin *twin, const struct pattern *pattern,
                                const struct operation *operation) {
    for (size_t call = 0; call < MOST_CALLS; call++) {
        prepare(twin, pattern);
        twin->refusal = (struct refusal){
            .calls = UINT64_MAX << call, .code = MSET_ACCESS_DENIED, .breaks_promises = true};
        if (!is_refused(twin, operation, WAY_DIRECT)) {
            return;
        }
        assert_int_equal(twin->stuck, call != 0);
    }
}

static void test_everything_refused_from_a_call_on(void **state) {
    (void)state;
    for_each_letter(refuse_from_then_on);
}

/* After the worst case the set is a set: it goes on from what is left. */
static void test_set_is_usable_after_a_refused_undo(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 12, false);
    for (size_t page = 0; page < 12; page += 3) {
        expect(&twin, MSET_OK, map(page, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    }
    refuse(&twin, 1 << 2 | 1 << 3, -9); /* two unmapped; the third no; mapping the second: no */
    expect(&twin, MSET_BAD_STATE, unmap(1, 10));
    assert_true(twin.stuck);
    const struct mset_failure failure = mset_last_failure(twin.set);
    assert_int_equal(failure.code, -9);
    assert_int_equal(failure.address, AT(6));
    assert_int_equal(failure.done_start, AT(1));
    assert_int_equal(failure.done_size, 4 * PAGE);
    assert_count(&twin, 3);
    assert_area(&twin, 0, 0, 1, R);
    assert_area(&twin, 1, 6, 2, R);
    assert_area(&twin, 2, 9, 2, R);
    expect(&twin, MSET_OK, map(1, 5, RW, RECORDER_PREPARED, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, unmap(0, 7));
    expect(&twin, MSET_OK, clear());
    scene_close(&twin);
}

static void test_codes_reach_the_caller(void **state) {
    (void)state;
    static const struct {
        int code;
        mset_status status;
    } rows[] = {{-1, MSET_BAD_STATE},
                {INT32_MIN, MSET_BAD_STATE},
                {MSET_NO_MEMORY, MSET_NO_MEMORY},
                {MSET_UNSUPPORTED, MSET_UNSUPPORTED},
                {MSET_NOT_FOUND, MSET_NOT_FOUND},
                {MSET_INVALID_PARAM, MSET_INVALID_PARAM},
                {MSET_OVER_LIMIT, MSET_OVER_LIMIT}};
    struct twin twin;
    scene_open(&twin, 8, false);
    assert_int_equal(mset_last_failure(twin.set).code, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        refuse(&twin, 1, rows[i].code);
        expect(&twin, rows[i].status, map(2, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
        assert_int_equal(mset_last_failure(twin.set).code, rows[i].code);
        assert_int_equal(mset_last_failure(twin.set).address, AT(2));
        assert_int_equal(mset_last_failure(twin.set).done_size, 0);
        assert_count(&twin, 0);
    }
    expect(&twin, MSET_OK, map(2, 2, R, RECORDER_FULL, MSET_MAP_FAIL));
    scene_close(&twin);
}

static void test_refused_fault(void **state) {
    (void)state;
    struct twin twin;
    scene_open(&twin, 8, false);
    expect(&twin, MSET_OK, map(2, 2, RW, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(5, 1, R, RECORDER_SILENT, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, map(6, 1, R, RECORDER_NONE, MSET_MAP_FAIL));
    expect(&twin, MSET_OK, fault(AT(2) + 17, MSET_WRITE));
    assert_calls(&twin, 1);
    assert_int_equal(twin.stage.calls.calls[0].extra, AT(2) + 17);
    expect(&twin, MSET_OK, fault(AT(3), MSET_READ | MSET_WRITE));
    expect(&twin, MSET_ACCESS_DENIED, fault(AT(3), MSET_READ | MSET_EXEC));
    expect(&twin, MSET_NOT_FOUND, fault(AT(4), MSET_READ));
    expect(&twin, MSET_OK, fault(AT(5), MSET_READ));
    expect(&twin, MSET_OK, fault(AT(6), MSET_READ));
    expect(&twin, MSET_INVALID_PARAM, fault(AT(2), 0));
    refuse(&twin, 1, -22);
    expect(&twin, MSET_BAD_STATE, fault(AT(3), MSET_READ));
    refuse(&twin, 1, MSET_NO_MEMORY);
    expect(&twin, MSET_NO_MEMORY, fault(AT(3), MSET_READ));
    scene_close(&twin);
}

/* ---- memory -------------------------------------------------------------------------------- */

static const struct pattern tall = {120, 1, 2, 2, {RECORDER_FULL, RECORDER_NO_MOVE}};

/*
 * Fails the first allocation, the second, ...; ends when the operation has enough, which is the
 * way in which it is carried out at last.
 */
static size_t starve_each(struct twin *twin, const struct operation *operation, bool on,
                          enum operation_way way) {
    for (size_t nth = 1; nth < 1000; nth++) {
        twin->starve_at = nth;
        twin->starve_on = on;
        twin->way = way;
        apply(twin, operation);
        agree(twin, twin_compare(twin, TWIN_QUICK));
        if (!twin->starved) {
            return nth - 1;
        }
    }
    fail_msg("an operation that never has enough memory");
    return 0;
}

/* Operations that add many or few areas, on a tree of several levels. */
static const struct operation *hungry(size_t *count) {
    static struct operation list[16];
    size_t n = 0;
    list[n++] = map(1, 1, R, RECORDER_FULL, MSET_MAP_FAIL);
    list[n++] = map(119, 1, RW, RECORDER_NO_MOVE, MSET_MAP_FAIL);
    list[n++] = map(10, 21, RW, RECORDER_FULL, MSET_MAP_REPLACE);
    list[n++] = unmap(15, 1);
    list[n++] = unmap(0, 60);
    list[n++] = protect(0, 120, UPDATE_ODD, RX);
    list[n++] = protect(11, 9, UPDATE_TOGGLE, 0);
    list[n++] = move(60, 50, 3, MSET_MAP_REPLACE);
    list[n++] = move(3, 40, 70, MSET_MAP_REPLACE);
    list[n++] = resize(OP_GROW, 15, MSET_HIGH, 1);
    list[n++] = resize(OP_SHRINK, 15, MSET_LOW, 1);
    list[n++] = metadata(unmap(16, 2));
    list[n++] = metadata(map(20, 30, R, RECORDER_SILENT, MSET_MAP_REPLACE));
    list[n++] = clear();
    *count = n;
    return list;
}

static void test_every_allocation_fails(void **state) {
    (void)state;
    size_t count, failed = 0;
    const struct operation *list = hungry(&count);
    static const enum operation_way ways[] = {WAY_DIRECT, WAY_PLANNED, WAY_IN_ROOM};
    for (int round = 0; round < 12; round++) {
        struct twin twin;
        scene_open(&twin, tall.pages, round / 2 % 2 != 0);
        prepare(&twin, &tall);
        for (size_t i = 0; i < count; i++) {
            failed += starve_each(&twin, &list[i], round % 2 != 0, ways[round / 4]);
        }
        agree(&twin, twin_close(&twin));
    }
    (void)printf("faults injected: %zu\n", failed);
}

/* Random operations, each of which fails for want of memory first as often as it can. */
static void starve_at_random(const struct twin_options *options, uint64_t backends) {
    static const enum operation_way ways[] = {WAY_DIRECT, WAY_PLANNED, WAY_IN_ROOM};
    struct twin twin;
    struct rng rng = {7};
    size_t failed = 0;
    twin_open(&twin, options);
    const struct operation_mix mix = {.base = SCENE_BASE,
                                      .page_size = PAGE,
                                      .pages = 200,
                                      .longest = 12,
                                      .fill = 62,
                                      .backends = backends};
    for (uint64_t i = 0; i < test_scaled(20000); i++) {
        const struct operation operation = operation_random(&mix, &rng);
        if (twin_can_judge(&twin, &operation)) {
            failed += starve_each(&twin, &operation, i % 2 != 0, ways[i / 2 % 3]);
        }
    }
    (void)printf("faults injected: %zu\n", failed);
    agree(&twin, twin_close(&twin));
}

static void test_allocations_fail_at_random(void **state) {
    (void)state;
    struct twin_options options = {.base = SCENE_BASE, .page_size = PAGE, .pages = 200};
    starve_at_random(&options, 4);
    options.unobserved = true; /* and no backend: nobody is told, so there is no plan */
    starve_at_random(&options, 0);
}

/*
 * Long moves bring many areas to one place: from crowded pages into empty ones between two crowds.
 * As always, memory ends with the first call to a backend.
 */
static void test_long_moves_reserve_enough(void **state) {
    (void)state;
    static const size_t crowd = 80;
    struct twin twin;
    struct rng rng = {11};
    scene_open(&twin, 4 * crowd, false);
    for (uint64_t round = 0; round < test_scaled(3000); round++) {
        const size_t length = 1 + (size_t)rng_below(&rng, crowd);
        const size_t sparse = 1 + (size_t)rng_below(&rng, 3);
        agree(&twin, twin_reset(&twin));
        for (size_t page = 0; page < 4 * crowd; page += page < crowd ? 1 : sparse) {
            if (page < crowd || page / crowd % 2 != 0) { /* the third quarter stays empty */
                const struct operation one = map(page, 1, R, RECORDER_FULL, MSET_MAP_FAIL);
                apply(&twin, &one);
            }
        }
        const struct operation carried =
            move((size_t)rng_below(&rng, crowd - length + 1), length,
                 2 * crowd + (size_t)rng_below(&rng, 3), MSET_MAP_REPLACE);
        apply(&twin, &carried);
        agree(&twin, twin_compare(&twin, TWIN_QUICK));
    }
    agree(&twin, twin_close(&twin));
}

static void test_create_without_memory(void **state) {
    (void)state;
    struct counting_allocator memory;
    counting_allocator_open(&memory);
    const struct mset_options options = {.allocator = &memory.base};
    for (uint64_t nth = 1; nth < 10; nth++) {
        struct mset *set = NULL;
        counting_allocator_fail(&memory, nth, false);
        const mset_status status = mset_create(&options, &set);
        if (status == MSET_OK) {
            assert_true(nth > 1);
            mset_destroy(set);
            break;
        }
        assert_int_equal(status, MSET_NO_MEMORY);
        assert_null(counting_allocator_complaint(&memory, true));
    }
    assert_null(counting_allocator_complaint(&memory, true));
}

/* The set has its own copy of the allocator's table; options and table may be gone. */
static void test_allocator_is_copied(void **state) {
    (void)state;
    struct counting_allocator memory;
    struct mset *set = NULL;
    counting_allocator_open(&memory);
    struct mset_allocator table = memory.base;
    struct mset_options options = {.allocator = &table};
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    table = (struct mset_allocator){NULL, NULL, NULL};
    options = (struct mset_options){.page_size = 1};
    for (size_t page = 0; page < 100; page += 2) {
        const struct mset_area area = {AT(page), PAGE, R, NULL, 0};
        assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    }
    assert_true(memory.live_blocks != 0);
    mset_destroy(set);
    assert_null(counting_allocator_complaint(&memory, true));
}

/* ---- seams --------------------------------------------------------------------------------- */

/* Every letter where backends object to cuts before pages 0, 2, 4, ... or merges before 0, 3, ...
 */
static void test_objections_to_seams(void **state) {
    (void)state;
    const size_t step = test_scale() >= 50 ? 1 : 9;
    for (size_t i = 0; i < 4 * sizeof patterns / sizeof *patterns; i++) {
        const struct pattern *pattern = &patterns[i / 4];
        const struct twin_options options = {.base = SCENE_BASE,
                                             .page_size = PAGE,
                                             .pages = pattern->pages,
                                             .merge = i % 2 != 0,
                                             .no_split = 2,
                                             .no_merge = i / 2 % 2 != 0 ? 3 : 0};
        struct twin twin;
        struct alphabet alphabet;
        twin_open(&twin, &options);
        alphabet_full(&alphabet, SCENE_BASE, PAGE, pattern->pages);
        for (size_t letter = i; letter < alphabet.count; letter += step) {
            prepare(&twin, pattern);
            if (twin_can_judge(&twin, &alphabet.letters[letter])) {
                apply(&twin, &alphabet.letters[letter]);
                agree(&twin, twin_compare(&twin, TWIN_QUICK));
            }
        }
        alphabet_free(&alphabet);
        agree(&twin, twin_close(&twin));
    }
}

static void test_refused_cut_is_unsupported_and_changes_nothing(void **state) {
    (void)state;
    const struct twin_options options = {
        .base = SCENE_BASE, .page_size = PAGE, .pages = 8, .no_split = 2};
    struct twin twin;
    twin_open(&twin, &options);
    expect(&twin, MSET_OK, map(0, 8, R, RECORDER_FULL, MSET_MAP_FAIL));
    expect(&twin, MSET_UNSUPPORTED, unmap(0, 2));
    expect(&twin, MSET_UNSUPPORTED, unmap(1, 5));
    expect(&twin, MSET_UNSUPPORTED, map(2, 1, RW, RECORDER_SILENT, MSET_MAP_REPLACE));
    expect(&twin, MSET_UNSUPPORTED, protect(3, 3, UPDATE_SET, RW));
    expect(&twin, MSET_OK, protect(3, 3, UPDATE_NEVER, RW)); /* leaves alone: no cut */
    expect(&twin, MSET_UNSUPPORTED, resize(OP_SHRINK, 0, MSET_HIGH, 2));
    expect(&twin, MSET_UNSUPPORTED, metadata(unmap(2, 2)));
    assert_calls(&twin, 0);
    assert_count(&twin, 1);
    expect(&twin, MSET_OK, unmap(1, 2)); /* odd pages may be cut */
    scene_close(&twin);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_refused),
        cmocka_unit_test(test_every_prepare_refused),
        cmocka_unit_test(test_every_undo_refused),
        cmocka_unit_test(test_everything_refused_from_a_call_on),
        cmocka_unit_test(test_set_is_usable_after_a_refused_undo),
        cmocka_unit_test(test_codes_reach_the_caller),
        cmocka_unit_test(test_refused_fault),
        cmocka_unit_test(test_every_allocation_fails),
        cmocka_unit_test(test_allocations_fail_at_random),
        cmocka_unit_test(test_long_moves_reserve_enough),
        cmocka_unit_test(test_create_without_memory),
        cmocka_unit_test(test_allocator_is_copied),
        cmocka_unit_test(test_objections_to_seams),
        cmocka_unit_test(test_refused_cut_is_unsupported_and_changes_nothing),
    };
    return cmocka_run_group_tests_name("set, failures", tests, NULL, NULL);
}
