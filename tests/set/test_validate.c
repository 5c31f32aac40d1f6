/*
 * test_validate.c - mset_validate can say no: each invariant of src/set/set.h is broken once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mset/mset.h>

#include "set/set.h"

#define PAGE MSET_PAGE_SIZE

static const struct mset_backend_ops nothing = {.name = "nothing"};
static struct mset_backend backend = {&nothing};

/* Three areas side by side: the first two differ in their flags, the last one has a backend. */
static struct mset *open_set(unsigned flags) {
    const struct mset_options options = {.flags = flags};
    const struct mset_area areas[] = {{PAGE, PAGE, MSET_READ, NULL, 0},
                                      {2 * PAGE, PAGE, MSET_WRITE, NULL, PAGE},
                                      {3 * PAGE, PAGE, MSET_WRITE, &backend, 0}};
    struct mset *set = NULL;
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(mset_map(set, &areas[i], MSET_MAP_FAIL, NULL), MSET_OK);
    }
    assert_null(mset_validate(set));
    return set;
}

static void close_set(struct mset *set) {
    assert_null(mset_validate(set));
    assert_int_equal(mset_clear(set, NULL), MSET_OK);
    mset_destroy(set);
}

static void complains(const struct mset *set, const char *invariant) {
    const char *const wrong = mset_validate(set);
    assert_non_null(wrong);
    assert_memory_equal(wrong, invariant, strlen(invariant));
}

static struct at_leaf *leaf_of(struct mset *set) {
    assert_int_equal(set->tree.height, 1);
    return set->tree.root;
}

static void each_invariant_is_checked(void **state) {
    (void)state;
    struct mset *const set = open_set(0);
    struct at_leaf *const leaf = leaf_of(set);

    set->tree.areas++;
    complains(set, "N7");
    set->tree.areas--;

    leaf->start[0] += 8; /* the sums of the tree follow, so that nothing else is wrong */
    set->tree.bytes -= 8;
    complains(set, "S2");
    leaf->start[0] -= 8;
    set->tree.bytes += 8;
    set->page_size = 2 * PAGE;
    complains(set, "S2");
    set->page_size = PAGE;

    set->told++;
    complains(set, "S3");
    set->told -= 2;
    complains(set, "S3");
    set->told++;
    close_set(set);
}

static void neighbours_that_should_be_one(void **state) {
    (void)state;
    struct mset *set = open_set(MSET_MERGE);
    struct at_attributes *const second = &leaf_of(set)->entry[1].attributes;
    const struct at_attributes was = *second;
    *second = leaf_of(set)->entry[0].attributes;
    complains(set, "S4");
    set->seam = 2 * PAGE; /* as if both made up all addresses */
    assert_null(mset_validate(set));
    set->seam = 0;
    complains(set, "S4");
    *second = was;
    close_set(set);

    set = open_set(0); /* here nothing merges */
    const struct at_attributes before = leaf_of(set)->entry[1].attributes;
    leaf_of(set)->entry[1].attributes = leaf_of(set)->entry[0].attributes;
    assert_null(mset_validate(set));
    leaf_of(set)->entry[1].attributes = before;
    close_set(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_invariant_is_checked),
        cmocka_unit_test(neighbours_that_should_be_one),
    };
    return cmocka_run_group_tests_name("set-validate", tests, NULL, NULL);
}
