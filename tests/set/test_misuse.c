/*
 * test_misuse.c - calls that no careful user makes: no set, no place for the answer, the remains of
 * a set. (Ranges and numbers that make no sense: test_boundaries.c.)
 *
 * Asserts are tripped in a child process, whose death is looked at.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"

#include <mset/mset.h>

#ifndef MSET_DEBUG_LEVEL
#define MSET_DEBUG_LEVEL 0
#endif

static bool to_write(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    *flags = piece->flags | MSET_WRITE;
    return true;
}

static bool no_text(void *arg, const char *text, size_t length) {
    (void)arg;
    (void)text;
    return length == 0;
}

static bool no_change(void *arg, const struct mset_change *change) {
    (void)arg;
    (void)change;
    return false;
}

static void ignore(struct mset_observer *observer, const struct mset_change *change) {
    (void)observer;
    (void)change;
}

/* ---- nothing where something is wanted ------------------------------------------------------- */

static void test_changes_without_a_set(void **state) {
    (void)state;
    const struct mset_area area = {AT(0), PAGE, R, NULL, 0};
    const mset_status bad = MSET_INVALID_PARAM;
    struct mset_plan *plan = NULL;
    assert_int_equal(mset_plan_map(NULL, &area, MSET_MAP_FAIL, NULL, &plan), bad);
    assert_int_equal(mset_plan_unmap(NULL, AT(0), PAGE, NULL, &plan), bad);
    assert_int_equal(mset_plan_clear(NULL, NULL, &plan), bad);
    assert_int_equal(
        mset_plan_protect(NULL, AT(0), PAGE, MSET_HOLES_SKIP, to_write, NULL, NULL, &plan), bad);
    assert_int_equal(mset_plan_move(NULL, AT(0), PAGE, AT(1), MSET_MAP_FAIL, NULL, &plan), bad);
    assert_int_equal(mset_plan_grow(NULL, AT(0), MSET_LOW, PAGE, NULL, &plan), bad);
    assert_int_equal(mset_plan_shrink(NULL, AT(0), MSET_LOW, PAGE, NULL, &plan), bad);
    assert_null(plan);
    assert_int_equal(mset_plan_commit(NULL), bad);
    assert_int_equal(mset_load_metadata(NULL, &area, 1), bad);
    assert_int_equal(mset_set_limits(NULL, 1, 1), bad);
    assert_int_equal(mset_attach(NULL, &(struct mset_observer){.changed = ignore}), bad);
    assert_int_equal(mset_detach(NULL, &(struct mset_observer){.changed = ignore}), bad);
    assert_int_equal(mset_accounting_attach(&(struct mset_accounting){.mask = 0}, NULL, 0), bad);
    mset_plan_drop(NULL);
    mset_plan_show(NULL, no_change, NULL);
    mset_destroy(NULL);
}

static void test_questions_without_a_set(void **state) {
    (void)state;
    const struct mset_gap_request wish = {.size = PAGE};
    struct mset_statistics statistics;
    struct mset_cursor cursor;
    struct mset_area area;
    uint64_t start;
    assert_false(mset_find(NULL, AT(0), &area));
    assert_false(mset_overlaps(NULL, AT(0), PAGE));
    assert_int_equal(mset_find_free(NULL, &wish, &start), MSET_INVALID_PARAM);
    assert_int_equal(mset_map_free(NULL, &wish, &(struct mset_area){0}, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_count(NULL), 0);
    assert_int_equal(mset_mapped_bytes(NULL), 0);
    assert_int_equal(mset_page_size(NULL), 0);
    assert_int_equal(mset_last_failure(NULL).code, 0);
    memset(&statistics, 0xff, sizeof statistics);
    mset_get_statistics(NULL, &statistics);
    assert_int_equal(statistics.areas + statistics.height, 0);
    mset_cursor_all(&cursor, NULL);
    assert_false(mset_cursor_next(&cursor, &area));
    assert_false(mset_cursor_prev(&cursor, &area));
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 1), 0);
    mset_cursor_close(&cursor);
    assert_non_null(mset_validate(NULL));
    assert_false(mset_dump(NULL, no_text, NULL));
}

static void test_no_place_for_the_answer(void **state) {
    (void)state;
    const struct mset_gap_request wish = {.size = PAGE};
    const struct mset_area area = {AT(0), PAGE, R, NULL, 0};
    const mset_status bad = MSET_INVALID_PARAM;
    struct mset *set;
    uint64_t start;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_true(mset_find(set, AT(0), NULL));
    assert_int_equal(mset_find_free(set, NULL, &start), bad);
    assert_int_equal(mset_find_free(set, &wish, NULL), bad);
    assert_int_equal(mset_map_free(set, NULL, &(struct mset_area){0}, NULL), bad);
    assert_int_equal(mset_map_free(set, &wish, NULL, NULL), bad);
    mset_get_statistics(set, NULL);
    mset_cursor_all(NULL, set);
    assert_false(mset_cursor_next(NULL, NULL));
    assert_false(mset_cursor_prev(NULL, NULL));
    assert_int_equal(mset_cursor_next_many(NULL, NULL, 1), 0);
    mset_cursor_close(NULL);
    assert_false(mset_dump(set, NULL, NULL));
    assert_int_equal(mset_plan_map(set, &area, MSET_MAP_REPLACE, NULL, NULL), bad);
    assert_int_equal(mset_plan_unmap(set, AT(0), PAGE, NULL, NULL), bad);
    assert_int_equal(mset_plan_clear(set, NULL, NULL), bad);
    assert_int_equal(
        mset_plan_protect(set, AT(0), PAGE, MSET_HOLES_SKIP, to_write, NULL, NULL, NULL), bad);
    assert_int_equal(mset_plan_move(set, AT(0), PAGE, AT(1), MSET_MAP_FAIL, NULL, NULL), bad);
    assert_int_equal(mset_plan_grow(set, AT(0), MSET_HIGH, PAGE, NULL, NULL), bad);
    assert_int_equal(mset_plan_shrink(set, AT(0), MSET_HIGH, PAGE, NULL, NULL), bad);
    assert_int_equal(mset_attach(set, NULL), bad);
    assert_int_equal(mset_attach(set, &(struct mset_observer){.changed = NULL}), bad);
    assert_int_equal(mset_detach(set, NULL), bad);
    assert_int_equal(mset_accounting_attach(NULL, set, 0), bad);
    assert_false(mset_accounting_find(NULL, 0, NULL));
    assert_false(mset_accounting_find(&(struct mset_accounting){.mask = 0}, 0, NULL));
    assert_int_equal(mset_count(set), 1);
    mset_destroy(set);
}

static void test_no_table_and_no_frames(void **state) {
    (void)state;
    struct mset_pt_statistics statistics;
    struct mset_buddy_statistics books;
    struct mset_pt_gather gather;
    struct mset_pt_run run;
    memset(&statistics, 0xff, sizeof statistics);
    memset(&gather, 0xff, sizeof gather);
    memset(&books, 0xff, sizeof books);
    assert_int_equal(mset_pt_root(NULL), 0);
    assert_null(mset_pt_get_format(NULL));
    assert_int_equal(mset_pt_leaf_sizes(NULL), 0);
    mset_pt_get_statistics(NULL, &statistics);
    assert_int_equal(statistics.splits + statistics.tables[0], 0);
    mset_pt_get_statistics(NULL, NULL);
    mset_pt_get_gather(NULL, &gather);
    assert_int_equal(gather.leaf_size + gather.tables, 0);
    mset_pt_get_gather(NULL, NULL);
    mset_pt_flushed(NULL);
    mset_pt_prepare_drop(NULL);
    mset_pt_destroy(NULL);
    assert_false(mset_pt_cursor_next(NULL, &run));
    assert_non_null(mset_pt_validate(NULL));
    assert_null(mset_buddy_frames(NULL));
    mset_buddy_get_statistics(NULL, &books);
    assert_int_equal(books.frames + books.free_frames, 0);
    mset_buddy_get_statistics(NULL, NULL);
    assert_false(mset_buddy_is_free(NULL, 0));
    assert_non_null(mset_buddy_validate(NULL));
    mset_buddy_destroy(NULL);
    mset_linear_init(NULL);
    mset_eager_init(NULL, NULL, NULL);
    mset_lazy_init(NULL, NULL);
}

/* ---- the remains of a set ------------------------------------------------------------------ */

/* Memory that stays readable after it was freed, so that looking at it is defined. */
static _Alignas(64) unsigned char arena[1 << 16];
static size_t used;

static void *arena_alloc(void *context, size_t size, size_t align) {
    (void)context;
    used = (used + align - 1) & ~(align - 1);
    used += size;
    return used <= sizeof arena ? arena + used - size : NULL;
}

static void arena_free(void *context, void *memory, size_t size, size_t align) {
    (void)context;
    (void)memory;
    (void)size;
    (void)align;
}

static struct mset *new_set(void) {
    static const struct mset_allocator allocator = {arena_alloc, arena_free, NULL};
    const struct mset_options options = {.allocator = &allocator};
    const struct mset_area area = {AT(0), PAGE, R, NULL, 0};
    struct mset *set;
    used = 0;
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    return set;
}

static void change_the_remains(struct mset *set) {
    mset_destroy(set);
    (void)mset_unmap(set, AT(0), PAGE, NULL);
}

static void ask_the_remains(struct mset *set) {
    mset_destroy(set);
    (void)mset_find(set, AT(0), NULL);
}

static void destroy_twice(struct mset *set) {
    mset_destroy(set);
    mset_destroy(set);
}

static void step_over_the_remains(struct mset *set) {
    struct mset_cursor cursor;
    mset_cursor_all(&cursor, set);
    mset_destroy(set);
    (void)mset_cursor_next(&cursor, NULL);
}

static void destroy_under_a_cursor(struct mset *set) {
    struct mset_cursor cursor;
    mset_cursor_all(&cursor, set);
    (void)mset_cursor_next(&cursor, NULL);
    mset_destroy(set);
}

static void destroy_beside_closed_cursors(struct mset *set) {
    struct mset_cursor left, ended;
    mset_cursor_all(&left, set);
    mset_cursor_all(&ended, set);
    (void)mset_cursor_next(&left, NULL);
    mset_cursor_close(&left);
    while (mset_cursor_next(&ended, NULL)) {
    }
    mset_destroy(set);
}

/* Runs it in a child; how the child ended, as of waitpid(). */
static int end_of(void (*misuse)(struct mset *)) {
    int status = 0;
    (void)fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)freopen("/dev/null", "w", stderr); /* what an assert says is expected */
        misuse(new_set());
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_asserts_notice(void **state) {
    (void)state;
    void (*const misuses[])(struct mset *) = {change_the_remains, ask_the_remains, destroy_twice,
                                              step_over_the_remains, destroy_under_a_cursor};
    for (size_t i = 0; MSET_DEBUG_LEVEL > 0 && i < sizeof misuses / sizeof misuses[0]; i++) {
        const int status = end_of(misuses[i]);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
    }
    const int status = end_of(destroy_beside_closed_cursors);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_without_a_set),
        cmocka_unit_test(test_questions_without_a_set),
        cmocka_unit_test(test_no_place_for_the_answer),
        cmocka_unit_test(test_no_table_and_no_frames),
        cmocka_unit_test(test_asserts_notice),
    };
    return cmocka_run_group_tests_name("set, misuse", tests, NULL, NULL);
}
