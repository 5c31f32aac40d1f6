/*
 * test_search.c - every variant of the search against the portable one and against arithmetic.
 *
 * The trees hold areas [20 i, 20 i + 9], so that the right answer for any address is known. A
 * variant that this processor or build does not have is left out.
 */
#include "orchard.h"

#include "support/rng.h"

static const uint64_t AREAS = 3000, STRIDE = 20, SIZE = 10;

static unsigned variants(const struct at_search **out) {
    unsigned n = 0;
    out[n++] = &mset_at_search_portable;
#if MSET_HAVE_AVX2 && defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        out[n++] = &mset_at_search_avx2;
    }
#endif
#if MSET_HAVE_AVX512 && defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2")) {
        out[n++] = &mset_at_search_avx512;
    }
#endif
    return n;
}

/* Areas are shifted by `base`, which may put half of them beyond 2^63. */
static void check_address(const struct at_tree *tree, uint64_t base, uint64_t areas,
                          uint64_t address) {
    const struct at_place place = tree->search->find(tree, address);
    const uint64_t distance = address - base;
    const bool hit = distance / STRIDE < areas && distance % STRIDE < SIZE;
    assert_int_equal(place.leaf != NULL, hit);
    if (place.leaf != NULL) {
        assert_true(place.leaf->start[place.index] == base + distance / STRIDE * STRIDE);
    }
}

static void check_seek(const struct at_tree *tree, uint64_t address) {
    struct at_path path;
    at_seek(tree, address, &path);
    const struct at_leaf *leaf = path.node[0];
    unsigned before = 0;
    while (before < leaf->count && leaf->start[before] <= address) {
        before++;
    }
    assert_int_equal(path.slot[0], before);
    assert_true(path.last_leaf || address <= path.fence);
    assert_true(before > 0 || leaf->start[0] > address);
}

static void check_tree(uint64_t base, uint64_t areas) {
    const struct at_search *searches[3];
    const unsigned n = variants(searches);
    struct orchard orchard;
    orchard_open(&orchard);
    for (uint64_t i = 0; i < areas; i++) {
        put(&orchard.tree, base + i * STRIDE, base + i * STRIDE + SIZE - 1, i);
    }
    for (unsigned v = 0; v < n; v++) {
        orchard.tree.search = searches[v];
        struct rng rng = {areas};
        for (uint64_t k = 0; k < 4 * areas + 40; k++) {
            check_address(&orchard.tree, base, areas, base + k * STRIDE / 4 - STRIDE);
            check_address(&orchard.tree, base, areas, rng_next(&rng));
            check_seek(&orchard.tree, base + k * STRIDE / 4 - STRIDE);
        }
        check_address(&orchard.tree, base, areas, 0);
        check_address(&orchard.tree, base, areas, UINT64_MAX);
    }
    orchard_close(&orchard);
}

static void every_fill_of_a_leaf(void **state) {
    (void)state;
    for (uint64_t areas = 1; areas <= UINT64_C(2) * AT_LEAF_CAPACITY; areas++) {
        check_tree(1000, areas);
    }
}

static void tall_trees(void **state) {
    (void)state;
    check_tree(0, AREAS);
    /* Signed comparisons would go wrong here. */
    check_tree((UINT64_C(1) << 63) - AREAS / 2 * STRIDE, AREAS);
    check_tree(UINT64_MAX - AREAS * STRIDE, AREAS);
}

/* The last key of a full address space, and keys that equal the padding of unused slots. */
static void the_last_address(void **state) {
    (void)state;
    const struct at_search *searches[3];
    const unsigned n = variants(searches);
    struct orchard orchard;
    orchard_open(&orchard);
    put(&orchard.tree, 0, 0, 1);
    for (unsigned v = 0; v < n; v++) {
        orchard.tree.search = searches[v];
        assert_null(orchard.tree.search->find(&orchard.tree, UINT64_MAX).leaf);
        assert_non_null(orchard.tree.search->find(&orchard.tree, 0).leaf);
    }
    put(&orchard.tree, UINT64_MAX, UINT64_MAX, 2);
    for (unsigned v = 0; v < n; v++) {
        orchard.tree.search = searches[v];
        assert_non_null(orchard.tree.search->find(&orchard.tree, UINT64_MAX).leaf);
        assert_null(orchard.tree.search->find(&orchard.tree, UINT64_MAX - 1).leaf);
    }
    assert_null(mset_at_validate(&orchard.tree));
    orchard_close(&orchard);
}

static void an_empty_tree(void **state) {
    (void)state;
    struct orchard orchard;
    orchard_open(&orchard);
    assert_null(orchard.tree.search->find(&orchard.tree, 5).leaf);
    assert_null(mset_at_validate(&orchard.tree));
    orchard_close(&orchard);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fill_of_a_leaf),
        cmocka_unit_test(tall_trees),
        cmocka_unit_test(the_last_address),
        cmocka_unit_test(an_empty_tree),
    };
    return cmocka_run_group_tests_name("area_tree_search", tests, NULL, NULL);
}
