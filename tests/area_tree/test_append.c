/*
 * test_append.c - runs behind all others: an append puts in what a splice would have put in, and is
 * refused wherever it may not happen. Validation says whether the way to the last leaf (N9) is
 * right.
 */
#include "orchard.h"

#include "support/rng.h"
#include "support/scale.h"

/* Two trees: one may append, the other one splices. */
struct twins {
    struct orchard one, other;
    uint64_t end; /* behind all areas; what the second tree says */
    uint64_t appended, refused;
};

static uint64_t end_of(const struct at_tree *tree) {
    struct at_path path;
    if (!mset_at_last_from(tree, UINT64_MAX, &path)) {
        return 0;
    }
    return at_path_run(&path).last + 1;
}

static void assert_same(const struct twins *twins) {
    const struct at_tree *one = &twins->one.tree, *other = &twins->other.tree;
    assert_null(mset_at_validate(one));
    assert_null(mset_at_validate(other));
    assert_int_equal(one->areas, other->areas);
    assert_int_equal(one->bytes, other->bytes);
    assert_int_equal(one->gap, other->gap);
    assert_int_equal(end_of(one), end_of(other));
}

/* The first tree appends if it can. */
static void add(struct twins *twins, uint64_t first, uint64_t last, uint64_t flags) {
    const struct at_run run = run_of(first, last, flags);
    if (mset_at_append(&twins->one.tree, &run)) {
        assert_true(first >= twins->end);
        twins->appended++;
    } else {
        assert_int_equal(splice(&twins->one.tree, first, last, &run), MSET_OK);
        twins->refused++;
    }
    put(&twins->other.tree, first, last, flags);
    twins->end = end_of(&twins->other.tree);
}

static void step(struct twins *twins, struct rng *rng, uint64_t flags) {
    const uint64_t length = 1 + rng_below(rng, 3);
    if (rng_chance(rng, 80) || twins->end < 10) { /* behind all, or over the last bytes */
        const uint64_t back = rng_chance(rng, 10) && twins->end > 2 ? rng_below(rng, 3) : 0;
        const uint64_t first = twins->end - back + (back == 0 ? rng_below(rng, 3) : 0);
        add(twins, first, first + length - 1, flags);
        return;
    }
    const uint64_t near = rng_chance(rng, 50) && twins->end > 50 ? twins->end - 50 : 0;
    const uint64_t first = near + rng_below(rng, twins->end - near);
    const uint64_t last = first + (rng_chance(rng, 5) ? 100 : length);
    if (rng_chance(rng, 50)) {
        add(twins, first, last, flags);
    } else {
        take(&twins->one.tree, first, last);
        take(&twins->other.tree, first, last);
        twins->end = end_of(&twins->other.tree);
    }
}

static void appends_are_splices(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct twins twins = {.end = 0};
        struct rng rng = {seed};
        orchard_open(&twins.one);
        orchard_open(&twins.other);
        for (uint64_t i = 0; i < test_scaled(3000); i++) {
            step(&twins, &rng, i);
            assert_same(&twins);
        }
        assert_true(twins.appended > 0 && twins.refused > 0);
        orchard_close(&twins.one);
        orchard_close(&twins.other);
    }
}

/* In a row nearly all of them are: a leaf that is full needs a node, and its successor a search. */
static void a_row_is_appended(void **state) {
    (void)state;
    struct twins twins = {.end = 0};
    const uint64_t count = 40 * (uint64_t)AT_LEAF_CAPACITY;
    orchard_open(&twins.one);
    orchard_open(&twins.other);
    for (uint64_t i = 0; i < count; i++) {
        add(&twins, 3 * i, 3 * i + 1, i);
        assert_same(&twins);
    }
    assert_true(twins.refused <= 2 * 40);
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
        cmocka_unit_test(appends_are_splices),
        cmocka_unit_test(a_row_is_appended),
        cmocka_unit_test(not_over_the_last_byte),
    };
    return cmocka_run_group_tests_name("area tree, appending", tests, NULL, NULL);
}
