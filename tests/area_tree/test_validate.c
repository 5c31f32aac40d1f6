/*
 * test_validate.c - the validator can say no: each invariant of node.h is broken once.
 */
#include "orchard.h"

#include <string.h>

static void plant(struct orchard *orchard) {
    orchard_open(orchard);
    for (uint64_t i = 0; i < 400; i++) {
        put(&orchard->tree, 10 * i, 10 * i + 4, i);
    }
    take(&orchard->tree, 10, 14); /* a leaf that is not full */
    assert_null(mset_at_validate(&orchard->tree));
    assert_true(orchard->tree.height > 1);
}

static struct at_branch *root_of(struct orchard *orchard) {
    return orchard->tree.root;
}

static struct at_leaf *first_leaf(struct orchard *orchard) {
    struct at_path path;
    at_seek(&orchard->tree, 0, &path);
    return path.node[0];
}

/* Whatever was broken must be reported as that invariant; then it is mended. */
static void expect(struct orchard *orchard, const char *invariant) {
    const char *wrong = mset_at_validate(&orchard->tree);
    assert_non_null(wrong);
    assert_memory_equal(wrong, invariant, strlen(invariant));
}

static void each_invariant_is_checked(void **state) {
    (void)state;
    struct orchard orchard;
    plant(&orchard);
    struct at_leaf *leaf = first_leaf(&orchard);
    struct at_branch *root = root_of(&orchard);

    void *child = root_of(&orchard)->child[0];
    root_of(&orchard)->child[0] = NULL;
    expect(&orchard, "N1");
    root_of(&orchard)->child[0] = (unsigned char *)child + AT_NODE_ALIGN / 2;
    expect(&orchard, "N1");
    root_of(&orchard)->child[0] = child;
    orchard.tree.root = NULL;
    expect(&orchard, "N1");
    orchard.tree.root = root;

    const uint32_t count = leaf->count, children = root->count;
    leaf->count = 0;
    expect(&orchard, "N2");
    leaf->count = AT_LEAF_CAPACITY + 1;
    expect(&orchard, "N2");
    leaf->count = count;
    root->count = 1;
    expect(&orchard, "N2");
    root->count = AT_BRANCH_CAPACITY + 1;
    expect(&orchard, "N2");
    root->count = children;

    leaf->entry[count - 1].last -= 5;
    expect(&orchard, "N3: area ends before it starts");
    leaf->entry[count - 1].last += 5;
    leaf->entry[0].last += 100;
    expect(&orchard, "N3");
    leaf->entry[0].last -= 100;

    root_of(&orchard)->sep[1]++;
    expect(&orchard, "N4");
    root_of(&orchard)->sep[1]--;

    root_of(&orchard)->gap[1]++;
    expect(&orchard, "N5");
    root_of(&orchard)->gap[1]--;
    orchard.tree.gap++;
    expect(&orchard, "N5");
    orchard.tree.gap--;

    orchard.tree.areas++;
    expect(&orchard, "N7");
    orchard.tree.areas--;
    orchard.tree.bytes++;
    expect(&orchard, "N7");
    orchard.tree.bytes--;

    leaf->ones--;
    expect(&orchard, "N8");
    leaf->ones++;
    root->ones--;
    expect(&orchard, "N8");
    root->ones++;
    assert_true(leaf->count < AT_LEAF_CAPACITY);
    leaf->start[leaf->count]--;
    expect(&orchard, "N8");
    leaf->start[leaf->count]++;
    if (root->count < AT_BRANCH_CAPACITY) {
        root->sep[root->count]--;
        expect(&orchard, "N8");
        root->sep[root->count]++;
    }

    assert_null(mset_at_validate(&orchard.tree));
    orchard_close(&orchard);
}

/* Two leaves with one area each, side by side: built by hand, no splice leaves this behind. */
static void low_neighbours_are_seen(void **state) {
    (void)state;
    struct orchard orchard;
    plant(&orchard);
    struct at_leaf *leaf = first_leaf(&orchard);
    struct at_path path;
    at_seek(&orchard.tree, 0, &path);
    assert_true(mset_at_next_leaf(&orchard.tree, &path));
    struct at_leaf *next = path.node[0];
    struct at_branch *parent = path.node[1];
    const uint32_t counts[2] = {leaf->count, next->count};
    const uint64_t gaps[2] = {parent->gap[0], parent->gap[1]};
    struct at_path second = path;
    uint64_t keys[2][AT_LEAF_CAPACITY];
    memcpy(keys[0], leaf->start, sizeof keys[0]);
    memcpy(keys[1], next->start, sizeof keys[1]);
    at_leaf_resize(leaf, 1);
    at_leaf_resize(next, 1);
    /* The gaps follow the cut, so that only N6 is wrong at the parent of the two. */
    parent->gap[0] = next->start[0] - leaf->entry[0].last - 1;
    parent->gap[1] =
        (mset_at_next_leaf(&orchard.tree, &second) ? ((struct at_leaf *)second.node[0])->start[0]
                                                   : 0) -
        next->entry[0].last - 1;
    expect(&orchard, "N6");
    leaf->count = counts[0];
    next->count = counts[1];
    memcpy(leaf->start, keys[0], sizeof keys[0]);
    memcpy(next->start, keys[1], sizeof keys[1]);
    memcpy(parent->gap, gaps, sizeof gaps);
    assert_null(mset_at_validate(&orchard.tree));
    orchard_close(&orchard);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_invariant_is_checked),
        cmocka_unit_test(low_neighbours_are_seen),
    };
    return cmocka_run_group_tests_name("area_tree_validate", tests, NULL, NULL);
}
