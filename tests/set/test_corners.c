/*
 * test_corners.c - small promises of set.h that no other test of this room looks at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mset/mset.h>

#define PAGE MSET_PAGE_SIZE
#define TOP (UINT64_MAX - (PAGE - 1))

static struct mset *open_set(void) {
    struct mset *set = NULL;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    return set;
}

static void add(struct mset *set, uint64_t start, struct mset_backend *backend) {
    const struct mset_area area = {start, PAGE, MSET_READ, backend, 0};
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
}

/* ---- backends ------------------------------------------------------------------------------ */

static void a_backend_without_a_table_is_refused(void **state) {
    (void)state;
    struct mset *const set = open_set();
    struct mset_backend backend = {NULL};
    const struct mset_area area = {PAGE, PAGE, MSET_READ, &backend, 0};
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_count(set), 0);
    mset_destroy(set);
}

static int code; /* what the backend answers */

static int answer_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    (void)backend, (void)run, (void)page_table;
    return code;
}

/* Codes that are no status are the backend's own, above as well as below. */
static void codes_that_are_no_status(void **state) {
    (void)state;
    static const struct mset_backend_ops ops = {.map = answer_map};
    struct mset_backend backend = {&ops};
    struct mset *const set = open_set();
    const struct mset_area area = {PAGE, PAGE, MSET_READ, &backend, 0};
    const int codes[] = {-1, MSET_OVER_LIMIT, MSET_OVER_LIMIT + 1, 1000};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        code = codes[i];
        const mset_status status = code == MSET_OVER_LIMIT ? MSET_OVER_LIMIT : MSET_BAD_STATE;
        assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), status);
        assert_int_equal(mset_last_failure(set).code, code);
        assert_int_equal(mset_count(set), 0);
    }
    mset_destroy(set);
}

/* ---- cursors ------------------------------------------------------------------------------- */

/* Where the area is not asked for, the cursor steps all the same. */
static void a_cursor_steps_without_an_answer(void **state) {
    (void)state;
    struct mset *const set = open_set();
    struct mset_cursor cursor;
    struct mset_area area;
    for (uint64_t i = 1; i <= 100; i++) { /* more than one leaf */
        add(set, 2 * i * PAGE, NULL);
    }
    mset_cursor_all(&cursor, set);
    for (uint64_t i = 1; i < 100; i++) {
        assert_true(mset_cursor_next(&cursor, NULL));
    }
    assert_true(mset_cursor_next(&cursor, &area));
    assert_int_equal(area.start, 200 * PAGE);
    for (uint64_t i = 100; i > 2; i--) {
        assert_true(mset_cursor_prev(&cursor, NULL));
    }
    assert_true(mset_cursor_prev(&cursor, &area));
    assert_int_equal(area.start, 2 * PAGE);
    assert_false(mset_cursor_prev(&cursor, NULL));
    assert_int_equal(mset_clear(set, NULL), MSET_OK);
    mset_destroy(set);
}

/* The set changes while the cursor is on the first, or the last, of all addresses. */
static void at_the_ends_of_the_addresses_a_cursor_ends(void **state) {
    (void)state;
    struct mset *const set = open_set();
    struct mset_cursor up, down;
    struct mset_area area;
    add(set, 0, NULL);
    add(set, TOP, NULL);
    mset_cursor_all(&down, set);
    assert_true(mset_cursor_next(&down, &area));
    assert_int_equal(area.start, 0);
    mset_cursor_all(&up, set);
    assert_true(mset_cursor_prev(&up, &area));
    assert_true(area.start == TOP);
    add(set, 7 * PAGE, NULL);
    assert_false(mset_cursor_next(&up, &area));
    assert_false(mset_cursor_prev(&down, &area));
    assert_int_equal(mset_clear(set, NULL), MSET_OK);
    mset_destroy(set);
}

/* ---- listings ------------------------------------------------------------------------------ */

struct page {
    unsigned calls, refuse_at; /* from 1 */
    size_t length;
};

static bool print(void *arg, const char *text, size_t length) {
    struct page *const page = arg;
    assert_non_null(text);
    assert_true(length > 0);
    page->calls++;
    page->length += length;
    return page->calls != page->refuse_at;
}

/* A long line is written in parts; after one of them was refused there are no more. */
static void a_listing_stops_in_the_midst_of_a_line(void **state) {
    (void)state;
    static char name[400];
    memset(name, 'x', sizeof name - 1);
    const struct mset_backend_ops ops = {.name = name};
    struct mset_backend backend = {&ops};
    struct mset *const set = open_set();
    add(set, PAGE, &backend);
    add(set, 3 * PAGE, &backend);
    struct page page = {0};
    assert_true(mset_dump(set, print, &page));
    const unsigned all = page.calls;
    assert_true(all > 4 && page.length > 2 * strlen(name));
    for (unsigned at = 1; at <= all; at++) {
        page = (struct page){.refuse_at = at};
        assert_false(mset_dump(set, print, &page));
        assert_int_equal(page.calls, at);
    }
    assert_int_equal(mset_clear(set, NULL), MSET_OK);
    mset_destroy(set);
}

/* ---- plans --------------------------------------------------------------------------------- */

static bool count_change(void *arg, const struct mset_change *change) {
    (void)change;
    ++*(unsigned *)arg;
    return true;
}

static void a_plan_is_shown_to_somebody(void **state) {
    (void)state;
    struct mset *const set = open_set();
    struct mset_plan *plan = NULL;
    unsigned changes = 0;
    const struct mset_area area = {PAGE, PAGE, MSET_READ, NULL, 0};
    assert_int_equal(mset_plan_map(set, &area, MSET_MAP_FAIL, NULL, &plan), MSET_OK);
    mset_plan_show(plan, NULL, NULL);
    mset_plan_show(plan, count_change, &changes);
    assert_int_equal(changes, 1);
    mset_plan_drop(plan);
    mset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backend_without_a_table_is_refused),
        cmocka_unit_test(codes_that_are_no_status),
        cmocka_unit_test(a_cursor_steps_without_an_answer),
        cmocka_unit_test(at_the_ends_of_the_addresses_a_cursor_ends),
        cmocka_unit_test(a_listing_stops_in_the_midst_of_a_line),
        cmocka_unit_test(a_plan_is_shown_to_somebody),
    };
    return cmocka_run_group_tests_name("set-corners", tests, NULL, NULL);
}
