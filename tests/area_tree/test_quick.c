/*
 * test_quick.c - the quick edits do what a splice would have done, and are refused where they may
 * not happen. Validation says whether the way to the last leaf (N9) is right.
 */
#include <stdio.h>

#include "orchard.h"

#include "support/rng.h"

/* Two trees: one is edited quickly where it can be, the other one only spliced. */
struct twins {
    struct orchard one, other;
    uint64_t end; /* behind all areas; what the second tree says */
    uint64_t appended, inserted, taken_out, spliced;
};

static uint64_t end_of(const struct at_tree *tree) {
    struct at_path path;
    if (!mset_at_last_from(tree, UINT64_MAX, &path)) {
        return 0;
    }
    return at_path_run(&path).last + 1;
}

static void assert_same_runs(const struct at_tree *one, const struct at_tree *other) {
    struct at_path path, beside;
    bool more = mset_at_first_from(one, 0, &path);
    bool wanted = mset_at_first_from(other, 0, &beside);
    while (more && wanted) {
        const struct at_run run = at_path_run(&path), same = at_path_run(&beside);
        assert_int_equal(run.first, same.first);
        assert_int_equal(run.last, same.last);
        assert_true(at_same_attributes(&run.attributes, &same.attributes));
        more = mset_at_next(one, &path);
        wanted = mset_at_next(other, &beside);
    }
    assert_int_equal(more, wanted);
}

static void assert_same(const struct twins *twins) {
    const struct at_tree *one = &twins->one.tree, *other = &twins->other.tree;
    assert_null(mset_at_validate(one));
    assert_null(mset_at_validate(other));
    assert_same_runs(one, other);
    assert_int_equal(one->areas, other->areas);
    assert_int_equal(one->bytes, other->bytes);
    assert_int_equal(one->gap, other->gap);
    assert_int_equal(end_of(one), end_of(other));
}

static bool is_free(const struct at_path *path, uint64_t last) {
    return path->from == path->to && !at_goes_on(path, last);
}

static bool add_quickly(struct twins *twins, const struct at_run *run) {
    struct at_tree *const tree = &twins->one.tree;
    struct at_path path;
    if (mset_at_append(tree, run)) {
        assert_true(run->first >= twins->end);
        twins->appended++;
        return true;
    }
    if (tree->height == 0) {
        return false;
    }
    at_seek_range(tree, run->first, run->last, &path);
    if (is_free(&path, run->last) && mset_at_insert(tree, &path, run)) {
        twins->inserted++;
        return true;
    }
    return false;
}

static void add(struct twins *twins, uint64_t first, uint64_t last, uint64_t flags) {
    const struct at_run run = run_of(first, last, flags);
    if (!add_quickly(twins, &run)) {
        assert_int_equal(splice(&twins->one.tree, first, last, &run), MSET_OK);
        twins->spliced++;
    }
    put(&twins->other.tree, first, last, flags);
    twins->end = end_of(&twins->other.tree);
}

static void drop(struct twins *twins, uint64_t first, uint64_t last) {
    struct at_tree *const tree = &twins->one.tree;
    struct at_path path;
    if (tree->height != 0) {
        at_seek_range(tree, first, last, &path);
    }
    if (tree->height != 0 && mset_at_take_out(tree, &path, first, last)) {
        twins->taken_out++;
    } else {
        take(tree, first, last);
        twins->spliced++;
    }
    take(&twins->other.tree, first, last);
    twins->end = end_of(&twins->other.tree);
}

static void step(struct twins *twins, struct rng *rng, uint64_t flags) {
    const uint64_t length = 1 + rng_below(rng, 3);
    const bool shrinks = flags / 300 % 2 != 0; /* the tree, for a while */
    if (rng_chance(rng, shrinks ? 5 : 60) ||
        twins->end < 10) { /* behind all, or over the last bytes */
        const uint64_t back = rng_chance(rng, 10) && twins->end > 2 ? rng_below(rng, 3) : 0;
        const uint64_t first = twins->end - back + (back == 0 ? rng_below(rng, 3) : 0);
        add(twins, first, first + length - 1, flags);
        return;
    }
    const uint64_t near = rng_chance(rng, 20) && twins->end > 50 ? twins->end - 50 : 0;
    const uint64_t first = near + rng_below(rng, twins->end - near);
    const uint64_t last = first + (rng_chance(rng, 2) ? 60 : length);
    if (rng_chance(rng, shrinks ? 10 : 50)) {
        add(twins, first, last, flags);
    } else {
        drop(twins, first, last);
    }
}

static void quick_edits_are_splices(void **state) {
    (void)state;
    struct twins all = {.end = 0};
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct twins twins = {.end = 0};
        struct rng rng = {seed};
        orchard_open(&twins.one);
        orchard_open(&twins.other);
        for (uint64_t i = 0; i < 1200; i++) {
            step(&twins, &rng, i);
            assert_same(&twins);
        }
        all.appended += twins.appended;
        all.inserted += twins.inserted;
        all.taken_out += twins.taken_out;
        all.spliced += twins.spliced;
        orchard_close(&twins.one);
        orchard_close(&twins.other);
    }
    const bool small = AT_LEAF_CAPACITY < 4; /* too full, or low, for what is in between */
    assert_true(all.appended > 0 && all.spliced > 0);
    assert_true(small || (all.inserted > 0 && all.taken_out > 0));
    (void)printf("%llu appended, %llu inserted, %llu taken out, %llu spliced\n",
                 (unsigned long long)all.appended, (unsigned long long)all.inserted,
                 (unsigned long long)all.taken_out, (unsigned long long)all.spliced);
}

/* In a row nearly all of them are: a leaf that is full needs a node, and its successor a search. */
static void a_row_is_appended(void **state) {
    (void)state;
    struct twins twins = {.end = 0};
    const uint64_t leaves = 40, count = leaves * AT_LEAF_CAPACITY;
    orchard_open(&twins.one);
    orchard_open(&twins.other);
    for (uint64_t i = 0; i < count; i++) {
        add(&twins, 3 * i, 3 * i + 1, i);
        assert_same(&twins);
    }
    assert_true(twins.spliced <= 2 * leaves);
    orchard_close(&twins.one);
    orchard_close(&twins.other);
}

/* What touches the last area is behind it, what shares its last byte is not. */
static void not_over_the_last_byte(void **state) {
    (void)state;
    struct orchard orchard;
    orchard_open(&orchard);
    put(&orchard.tree, 0, 9, 0);
    put(&orchard.tree, 20, 29, 0); /* shows the way */
    const struct at_run over = run_of(29, 40, 1), inside = run_of(15, 19, 1);
    const struct at_run behind = run_of(30, 40, 1), to_the_top = run_of(41, UINT64_MAX, 1);
    assert_false(mset_at_append(&orchard.tree, &over));
    assert_false(mset_at_append(&orchard.tree, &inside));
    const bool small = AT_LEAF_CAPACITY < 4; /* then it is full */
    assert_true(mset_at_append(&orchard.tree, &behind));
    assert_int_equal(mset_at_append(&orchard.tree, &to_the_top), !small);
    assert_false(mset_at_append(&orchard.tree, &to_the_top));
    assert_null(mset_at_validate(&orchard.tree));
    assert_int_equal(orchard.tree.areas, small ? 3 : 4);
    orchard_close(&orchard);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quick_edits_are_splices),
        cmocka_unit_test(a_row_is_appended),
        cmocka_unit_test(not_over_the_last_byte),
    };
    return cmocka_run_group_tests_name("area tree, quick edits", tests, NULL, NULL);
}
