/*
 * test_nodes.c - nodes are taken before they are needed, in the exact number, and come back.
 */
#include "orchard.h"

#include "support/rng.h"

static unsigned spares(const struct at_tree *tree) {
    return tree->spare_leaf_count + tree->spare_branch_count;
}

/* Splices inside one leaf leave nothing over of what was prepared for them. */
static void preparing_is_exact(void **state) {
    (void)state;
    struct orchard orchard;
    orchard_open(&orchard);
    struct rng rng = {7};
    put(&orchard.tree, 0, (UINT64_C(1) << 40) - 1, 0);
    for (uint64_t i = 1; i <= 4000; i++) {
        const uint64_t at = rng_below(&rng, UINT64_C(1) << 40);
        struct at_path path;
        at_seek(&orchard.tree, at, &path);
        const uint64_t leaf_last = path.last_leaf ? UINT64_MAX : path.fence;
        const uint64_t last = at + 2 < leaf_last ? at + 2 : leaf_last;
        if (rng_chance(&rng, 50)) {
            put(&orchard.tree, at, last, i); /* makes two more areas */
        } else {
            take(&orchard.tree, at, last); /* makes one more */
        }
        assert_int_equal(spares(&orchard.tree), 0);
    }
    assert_null(mset_at_validate(&orchard.tree));
    orchard_close(&orchard);
}

/* For every place of the failing allocation: nothing changes, nothing is lost. */
static void no_memory_changes_nothing(void **state) {
    (void)state;
    struct orchard orchard;
    orchard_open(&orchard);
    uint64_t refused = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        const struct at_run run = run_of(4 * i, 4 * i + 1, i);
        for (uint64_t nth = 1;; nth++) {
            const uint64_t version = orchard.tree.version;
            counting_allocator_fail(&orchard.memory, nth, false);
            const mset_status status = splice(&orchard.tree, run.first, run.last, &run);
            if (status == MSET_OK) {
                break;
            }
            refused++;
            assert_int_equal(status, MSET_NO_MEMORY);
            assert_true(orchard.tree.version == version && orchard.tree.areas == i);
            assert_null(mset_at_validate(&orchard.tree));
            assert_true(spares(&orchard.tree) <= 4);
        }
    }
    assert_true(refused > 100);
    counting_allocator_fail(&orchard.memory, 0, false);
    orchard_close(&orchard);
}

/* Many splices prepared at once: none may need more than was taken. */
static void preparing_many_is_enough(void **state) {
    (void)state;
    struct orchard orchard;
    orchard_open(&orchard);
    struct rng rng = {11};
    for (unsigned round = 0; round < 60; round++) {
        const uint64_t row = 1 + rng_below(&rng, 200);
        const uint64_t at = rng_below(&rng, UINT64_C(1) << 40) & ~UINT64_C(0xffff);
        take(&orchard.tree, at, at + 0xffff);
        assert_int_equal(mset_at_prepare_many(&orchard.tree, 2, row), MSET_OK);
        counting_allocator_fail(&orchard.memory, 1, true); /* from here on nothing is to be had */
        for (uint64_t i = 0; i < row; i++) {
            const struct at_run run = run_of(at + 2 * i, at + 2 * i, i);
            mset_at_splice(&orchard.tree, run.first, run.last, &run);
        }
        mset_at_splice(&orchard.tree, rng_below(&rng, UINT64_C(1) << 40), UINT64_C(1) << 41, NULL);
        const uint64_t spot = rng_below(&rng, UINT64_C(1) << 40);
        const struct at_run run = run_of(spot, spot + 3, round);
        mset_at_splice(&orchard.tree, run.first, run.last, &run);
        counting_allocator_fail(&orchard.memory, 0, false);
        assert_null(mset_at_validate(&orchard.tree));
        mset_at_trim_spares(&orchard.tree);
    }
    orchard_close(&orchard);
}

/* An ascending build fills its leaves: the memory is that of the areas and little else. */
static void ascending_builds_are_dense(void **state) {
    (void)state;
    struct orchard orchard;
    orchard_open(&orchard);
    enum { AREAS = 10000 };
    for (uint64_t i = 0; i < AREAS; i++) {
        put(&orchard.tree, 2 * i, 2 * i, i);
    }
    const uint64_t leaves = AREAS / AT_LEAF_CAPACITY + 1;
    assert_true(orchard.tree.node_bytes >= leaves * sizeof(struct at_leaf));
    if (AT_BRANCH_WIDTH >= 16) {
        assert_true(orchard.tree.node_bytes <= leaves * (sizeof(struct at_leaf) + 48));
    }
    orchard_close(&orchard);
}

/* Taking everything out gives every node back, whatever the order of arrival was. */
static void an_emptied_tree_is_empty(void **state) {
    (void)state;
    struct orchard orchard;
    orchard_open(&orchard);
    struct rng rng = {5};
    for (unsigned i = 0; i < 2000; i++) {
        const uint64_t at = rng_below(&rng, 1 << 20);
        put(&orchard.tree, at, at + rng_below(&rng, 30), i);
    }
    take(&orchard.tree, 0, UINT64_MAX);
    mset_at_trim_spares(&orchard.tree);
    assert_int_equal(orchard.tree.height, 0);
    assert_true(orchard.tree.areas == 0 && orchard.tree.bytes == 0 && orchard.tree.gap == 0);
    assert_true(orchard.tree.node_bytes == 0 && orchard.memory.live_blocks == 0);
    orchard_close(&orchard);
}

/* The greatest height is far away, so a branch of full branches is made up. */
static void a_tree_of_the_greatest_height_is_full(void **state) {
    (void)state;
    struct orchard orchard;
    struct at_path path;
    struct at_branch full = {.count = AT_BRANCH_CAPACITY};
    orchard_open(&orchard);
    for (uint64_t i = 0; i < AT_LEAF_CAPACITY; i++) {
        put(&orchard.tree, 4 * i, 4 * i + 1, i);
    }
    at_seek_range(&orchard.tree, 2, 3, &path);
    for (unsigned i = 0; i < AT_BRANCH_CAPACITY; i++) {
        full.child[i] = orchard.tree.root; /* no neighbour of the leaf has room */
    }
    for (unsigned level = 1; level < AT_MAX_HEIGHT; level++) {
        path.node[level] = &full;
        path.slot[level] = 0;
    }
    orchard.tree.height = AT_MAX_HEIGHT;
    assert_int_equal(mset_at_prepare(&orchard.tree, &path, 2, 3, true), MSET_NO_MEMORY);
    assert_int_equal(spares(&orchard.tree), 0);
    orchard.tree.height = AT_MAX_HEIGHT - 1;
    assert_int_equal(mset_at_prepare_many(&orchard.tree, 1, 1), MSET_NO_MEMORY);
    assert_int_equal(spares(&orchard.tree), 0);
    assert_int_equal(mset_at_prepare(&orchard.tree, &path, 2, 3, true), MSET_OK);
    assert_int_equal(spares(&orchard.tree), AT_MAX_HEIGHT);
    orchard.tree.height = 1;
    orchard_close(&orchard);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preparing_is_exact),
        cmocka_unit_test(no_memory_changes_nothing),
        cmocka_unit_test(preparing_many_is_enough),
        cmocka_unit_test(ascending_builds_are_dense),
        cmocka_unit_test(an_emptied_tree_is_empty),
        cmocka_unit_test(a_tree_of_the_greatest_height_is_full),
    };
    return cmocka_run_group_tests_name("area_tree_nodes", tests, NULL, NULL);
}
