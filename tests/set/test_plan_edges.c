/*
 * test_plan_edges.c - plans where little is left of what is usual: the seam that keeps two areas
 * from covering 2^64, the last reference to a backend, backends that can do half of a thing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mset/plan.h>

#define PAGE MSET_PAGE_SIZE
#define HALF (UINT64_C(1) << 63)
#define RW (MSET_READ | MSET_WRITE)

enum { MOST = 8 };

struct told {
    struct mset_observer observer;
    struct mset_change changes[MOST];
    size_t count;
};

static void keep(struct mset_observer *observer, const struct mset_change *change) {
    struct told *const told = (struct told *)(void *)observer;
    assert_true(told->count < MOST);
    told->changes[told->count++] = *change;
}

static bool keep_shown(void *arg, const struct mset_change *change) {
    keep(arg, change);
    return true;
}

static struct mset *merging_set(void) {
    const struct mset_options options = {.flags = MSET_MERGE};
    struct mset *set;
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    return set;
}

static void map_plain(struct mset *set, uint64_t start, uint64_t size) {
    const struct mset_area area = {start, size, RW, NULL, start};
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
}

/*
 * Two areas were kept apart at the seam. After the head of the lower one went they could be one,
 * but nothing comes to lie beside the seam: what is shown, told and done ends at the edge of the
 * range.
 */
static void nothing_merges_beyond_the_edge(void **state) {
    (void)state;
    struct mset *const set = merging_set();
    struct told shown = {.count = 0};
    struct told told = {.observer = {.changed = keep}};
    struct mset_plan *plan;
    const struct mset_area area = {PAGE, 15 * PAGE, RW, NULL, PAGE};
    map_plain(set, 0, HALF);
    map_plain(set, HALF, HALF);
    assert_int_equal(mset_count(set), 2);
    assert_int_equal(mset_unmap(set, 0, 16 * PAGE, NULL), MSET_OK);
    assert_int_equal(mset_attach(set, &told.observer), MSET_OK);
    assert_int_equal(mset_plan_map(set, &area, MSET_MAP_FAIL, NULL, &plan), MSET_OK);
    mset_plan_show(plan, keep_shown, &shown);
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(shown.count, 2);
    assert_int_equal(told.count, 2);
    for (unsigned i = 0; i < 2; i++) { /* one by one: a change has padding */
        const struct mset_change *const a = &shown.changes[i];
        const struct mset_change *const b = &told.changes[i];
        assert_int_equal(a->kind, b->kind);
        assert_memory_equal(&a->old_run, &b->old_run, sizeof a->old_run);
        assert_memory_equal(&a->new_run, &b->new_run, sizeof a->new_run);
    }
    assert_int_equal(mset_count(set), 2);
    assert_null(mset_validate(set));
    mset_destroy(set);
}

/* ---- the last reference -------------------------------------------------------------------- */

struct counted {
    struct mset_backend base;
    int references;
    int lowest; /* since the last look */
};

static void retain(struct mset_backend *backend) {
    ((struct counted *)(void *)backend)->references++;
}

static void release(struct mset_backend *backend) {
    struct counted *const counted = (struct counted *)(void *)backend;
    counted->references--;
    counted->lowest = counted->references < counted->lowest ? counted->references : counted->lowest;
}

static const struct mset_backend_ops counting = {.retain = retain, .release = release};

/* The area that had the backend goes while another set has a plan for it. */
static void a_plan_holds_what_it_will_map(void **state) {
    (void)state;
    struct counted counted = {.base = {&counting}};
    struct mset *const one = merging_set();
    struct mset *const two = merging_set();
    const struct mset_area area = {PAGE, PAGE, RW, &counted.base, 0};
    for (int commit = 0; commit < 2; commit++) {
        struct mset_plan *plan;
        assert_int_equal(mset_map(one, &area, MSET_MAP_FAIL, NULL), MSET_OK);
        counted.lowest = counted.references;
        assert_int_equal(mset_plan_map(two, &area, MSET_MAP_FAIL, NULL, &plan), MSET_OK);
        assert_int_equal(mset_unmap(one, PAGE, PAGE, NULL), MSET_OK);
        assert_int_equal(counted.lowest, 1);
        if (commit != 0) {
            assert_int_equal(mset_plan_commit(plan), MSET_OK);
            assert_int_equal(counted.lowest, 1);
        } else {
            mset_plan_drop(plan);
        }
        assert_int_equal(counted.references, commit);
    }
    mset_destroy(one);
    mset_destroy(two);
    assert_int_equal(counted.references, 0);
}

/* ---- half of a thing
 * ----------------------------------------------------------------------------- */

static int agree(struct mset_backend *backend, const struct mset_step *step, void *page_table) {
    (void)backend;
    (void)step;
    (void)page_table;
    return 0;
}

static void forget(struct mset_backend *backend, const struct mset_step *step, void *page_table) {
    (void)agree(backend, step, page_table);
}

static void prepare_and_abort_come_together(void **state) {
    (void)state;
    const struct mset_backend_ops halves[] = {{.prepare = agree}, {.abort = forget}};
    const struct mset_backend_ops both = {.prepare = agree, .abort = forget};
    struct mset *const set = merging_set();
    struct mset_plan *plan;
    const struct mset_gap_request no_room = {.size = 2 * PAGE, .hi = PAGE}; /* comes second */
    for (size_t i = 0; i < 2; i++) {
        struct mset_backend backend = {&halves[i]};
        const struct mset_area area = {PAGE, PAGE, RW, &backend, 0};
        struct mset_area unplaced = area;
        assert_int_equal(mset_map_free(set, &no_room, &unplaced, NULL), MSET_INVALID_PARAM);
        assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_INVALID_PARAM);
        assert_int_equal(mset_plan_map(set, &area, MSET_MAP_FAIL, NULL, &plan), MSET_INVALID_PARAM);
        assert_int_equal(mset_replace_metadata(set, &area), MSET_INVALID_PARAM);
    }
    struct mset_backend whole = {&both};
    const struct mset_area area = {PAGE, PAGE, RW, &whole, 0};
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    assert_int_equal(mset_count(set), 1);
    mset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_merges_beyond_the_edge),
        cmocka_unit_test(a_plan_holds_what_it_will_map),
        cmocka_unit_test(prepare_and_abort_come_together),
    };
    return cmocka_run_group_tests_name("set, edges of plans", tests, NULL, NULL);
}
