/*
 * test_splice.c - the splice against an array with one record per address, and gap search
 * against brute force, on trees tall and low.
 *
 * Addresses are single units here (the tree knows no pages), so every boundary is an address
 * apart from its neighbours.
 */
#include "orchard.h"

#include "support/rng.h"
#include "support/scale.h"

#include <stdlib.h>

enum { UNIVERSE = 4096 };

struct field {
    struct orchard orchard;
    uint64_t base;
    uint32_t mark[UNIVERSE]; /* 0: free; else which splice put the address in: areas differ */
    uint32_t serial;
};

/* A mark per splice tells areas apart, but the two halves of a cut area share one. */
static void compare(const struct field *field) {
    const struct at_tree *tree = &field->orchard.tree;
    assert_null(mset_at_validate(tree));
    struct at_path path;
    uint64_t at = 0;
    bool more = mset_at_first_from(tree, 0, &path);
    for (; more; more = mset_at_next(tree, &path)) {
        const struct at_run run = at_path_run(&path);
        for (; at < run.first - field->base; at++) {
            assert_int_equal(field->mark[at], 0);
        }
        for (; at <= run.last - field->base; at++) {
            assert_int_equal(field->mark[at], run.attributes.flags);
        }
    }
    for (; at < UNIVERSE; at++) {
        assert_int_equal(field->mark[at], 0);
    }
}

static void change(struct field *field, uint64_t at, uint64_t size, bool with_run) {
    const uint64_t first = field->base + at;
    const uint64_t last = first + (size - 1);
    const uint32_t mark = with_run ? ++field->serial : 0;
    if (with_run) {
        put(&field->orchard.tree, first, last, mark);
    } else {
        take(&field->orchard.tree, first, last);
    }
    for (uint64_t i = at; i < at + size; i++) {
        field->mark[i] = mark;
    }
}

/* Sizes favour the small, but ranges over many leaves come up as well. */
static uint64_t some_size(struct rng *rng, uint64_t room) {
    const uint64_t most = rng_chance(rng, 3) ? UNIVERSE : rng_chance(rng, 20) ? 200 : 6;
    const uint64_t size = 1 + rng_below(rng, most);
    return size < room ? size : room;
}

static bool fits(const struct field *field, const struct at_wish *wish, uint64_t start) {
    if ((start & (wish->align - 1)) != 0 || start < wish->lo ||
        start + (wish->size - 1) > wish->last || start + (wish->size - 1) < start) {
        return false;
    }
    const uint64_t from = start - field->base < wish->guard ? 0 : start - field->base - wish->guard;
    uint64_t to = start - field->base + wish->size + wish->guard;
    to = to < UNIVERSE ? to : UNIVERSE;
    for (uint64_t i = from; i < to; i++) {
        if (field->mark[i] != 0) {
            return false;
        }
    }
    return true;
}

/* A search for room leads where a search for its answer leads. */
static void check_path(const struct at_tree *tree, uint64_t start, uint64_t size,
                       const struct at_path *path) {
    struct at_path sought;
    if (tree->height == 0) {
        return;
    }
    at_seek_range(tree, start, start + (size - 1), &sought);
    for (unsigned level = 0; level < tree->height; level++) {
        assert_ptr_equal(path->node[level], sought.node[level]);
        assert_int_equal(path->slot[level], sought.slot[level]);
    }
    assert_int_equal(path->from, sought.from);
    assert_int_equal(path->to, sought.to);
    assert_int_equal(path->fence, sought.fence);
    assert_int_equal(path->last_leaf, sought.last_leaf);
}

static void search(const struct field *field, struct rng *rng) {
    const uint64_t lo = rng_below(rng, UNIVERSE);
    const struct at_wish wish = {
        .size = 1 + rng_below(rng, 8),
        .align = UINT64_C(1) << rng_below(rng, 5),
        .lo = field->base + lo,
        .last = field->base + lo + rng_below(rng, UNIVERSE - lo),
        .guard = rng_below(rng, 3),
    };
    uint64_t lowest = UNIVERSE;
    uint64_t highest = UNIVERSE;
    for (uint64_t i = lo; i < UNIVERSE; i++) {
        if (fits(field, &wish, field->base + i)) {
            lowest = lowest == UNIVERSE ? i : lowest;
            highest = i;
        }
    }
    const struct at_tree *const tree = &field->orchard.tree;
    uint64_t start = 0;
    struct at_path path;
    assert_int_equal(tree->search->lowest_gap(tree, &wish, &start, &path), lowest != UNIVERSE);
    if (lowest != UNIVERSE) {
        assert_int_equal(start, field->base + lowest);
        check_path(tree, start, wish.size, &path);
    }
    assert_int_equal(tree->search->highest_gap(tree, &wish, &start, &path), highest != UNIVERSE);
    if (highest != UNIVERSE) {
        assert_int_equal(start, field->base + highest);
        check_path(tree, start, wish.size, &path);
    }
}

static void season(struct field *field, uint64_t seed, uint64_t steps) {
    struct rng rng = {seed};
    /* Alternate between growing and shrinking, so that trees rise and fall. */
    for (uint64_t step = 0; step < steps; step++) {
        const bool growing = (step / 2000) % 2 == 0;
        const uint64_t at = rng_below(&rng, UNIVERSE);
        change(field, at, some_size(&rng, UNIVERSE - at), rng_chance(&rng, growing ? 70 : 25));
        if (step % 16 == 0) {
            compare(field);
            search(field, &rng);
        }
        mset_at_trim_spares(&field->orchard.tree);
    }
}

static void run_at(uint64_t base) {
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct field *field = calloc(1, sizeof *field);
        assert_non_null(field);
        field->base = base;
        orchard_open(&field->orchard);
        season(field, seed, test_scaled(60000));
        orchard_close(&field->orchard);
        free(field);
    }
}

static void in_the_middle(void **state) {
    (void)state;
    run_at(UINT64_C(1) << 63);
}

static void at_the_bottom(void **state) {
    (void)state;
    run_at(0);
}

static void at_the_top(void **state) {
    (void)state;
    run_at(0 - (uint64_t)UNIVERSE);
}

/* Every range over a tree of single addresses: cuts at every pair of seams. */
static void every_cut(void **state) {
    (void)state;
    static const uint64_t N = 3 * AT_LEAF_CAPACITY < 40 ? 40 : 3 * AT_LEAF_CAPACITY;
    for (uint64_t first = 0; first < 2 * N; first++) {
        for (uint64_t last = first; last < 2 * N; last += 1 + (last - first) / 8) {
            struct orchard orchard;
            orchard_open(&orchard);
            for (uint64_t i = 0; i < N; i++) {
                put(&orchard.tree, 2 * i, 2 * i, i);
            }
            take(&orchard.tree, first, last);
            assert_null(mset_at_validate(&orchard.tree));
            assert_true(orchard.tree.areas == N - (last / 2 + 1 - (first + 1) / 2));
            orchard_close(&orchard);
        }
    }
}

/*
 * A range is carved that begins in the middle of a full leaf and ends in the next one: the leaf has
 * a neighbour take areas, but none of those that the range covers.
 */
static void carving_out_of_a_full_leaf(void **state) {
    (void)state;
    struct orchard orchard;
    struct at_path path;
    orchard_open(&orchard);
    struct at_tree *const tree = &orchard.tree;
    for (uint64_t i = 0; i < UINT64_C(4) * AT_LEAF_CAPACITY; i++) {
        put(tree, 10 * i, 10 * i + 9, i);
    }
    for (uint64_t i = 1; i < AT_LEAF_CAPACITY; i += 2) {
        take(tree, 10 * i, 10 * i + 9); /* the first leaf has room */
    }
    const uint64_t areas = tree->areas, bytes = tree->bytes;
    const uint64_t first = 10 * (AT_LEAF_CAPACITY + AT_LEAF_CAPACITY / UINT64_C(2)) + 5;
    const uint64_t last = UINT64_C(20) * AT_LEAF_CAPACITY + 9; /* of an area: no cut there */
    at_seek_range(tree, first, last, &path);
    assert_int_equal(((const struct at_leaf *)path.node[0])->count, AT_LEAF_CAPACITY);
    assert_true(at_goes_on(&path, last));
    struct at_path end = path;
    assert_true(at_next_window(tree, &end, last));
    assert_int_equal(mset_at_prepare_carve(tree, &path, &end, true, false), MSET_OK);
    mset_at_carve(tree, &path, first, last, true, false);
    assert_null(mset_at_validate(tree));
    assert_true(tree->areas == areas + 1 && tree->bytes == bytes);
    assert_int_equal(at_leaf_run(path.node[0], path.from).first, first);
    for (uint64_t at = first; at <= last; at += 10) {
        at_seek(tree, at, &path);
        assert_int_equal(at_leaf_run(path.node[0], path.from).attributes.flags, at / 10);
    }
    orchard_close(&orchard);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut),
        cmocka_unit_test(in_the_middle),
        cmocka_unit_test(at_the_bottom),
        cmocka_unit_test(at_the_top),
        cmocka_unit_test(carving_out_of_a_full_leaf),
    };
    return cmocka_run_group_tests_name("area_tree_splice", tests, NULL, NULL);
}
