/* test_space.c - each call of address_space.h: arguments, statuses, flushes, what it leaves. */
#include <string.h>

#include "page_table/page_table.h"
#include "scene.h"
#include "set/set.h"

/* ---- create -------------------------------------------------------------------------------- */

static mset_status create(const struct mset_space_config *config) {
    struct mset_space *made = NULL;
    const mset_status status = mset_space_create(config, &made);
    assert_true((made != NULL) == (status == MSET_OK));
    mset_space_destroy(made);
    return status;
}

static void test_create(void **state) {
    (void)state;
    const struct mset_space_config good = world_config(&s.world, 1);
    struct mset_space_config config = good;
    struct mset_space *made;
    assert_int_equal(create(&good), MSET_OK);
    assert_int_equal(mset_space_create(NULL, &made), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_create(&good, NULL), MSET_INVALID_PARAM);
    config.pages = NULL;
    assert_int_equal(create(&config), MSET_INVALID_PARAM);
    config = good;
    config.table.format = NULL;
    assert_int_equal(create(&config), MSET_INVALID_PARAM);
    config = good;
    config.table.promote = true;
    assert_int_equal(create(&config), MSET_UNSUPPORTED);
    config = good;
    config.guard = 5;
    assert_int_equal(create(&config), MSET_INVALID_PARAM);
    config = good;
    config.table.allocator = &s.world.memory.base; /* of its own */
    assert_int_equal(create(&config), MSET_OK);
    for (uint64_t nth = 1; nth <= 4; nth++) { /* space, book and frame of the root, set */
        world_fail(&s.world, nth, false);
        assert_int_equal(create(&good), MSET_NO_MEMORY);
    }
    world_fail(&s.world, 0, false);
    mset_space_destroy(NULL);
}

static mset_status window(uint64_t start, uint64_t size) {
    struct mset_space_config config = world_config(&s.world, 1);
    config.start = start;
    config.size = size;
    return create(&config);
}

static void test_window(void **state) {
    (void)state;
    const uint64_t half = UINT64_C(1) << 47;
    assert_int_equal(window(0, 0), MSET_OK);
    assert_int_equal(window(PAGE, 0), MSET_INVALID_PARAM);
    assert_int_equal(window(0, half), MSET_OK);
    assert_int_equal(window(0, half + PAGE), MSET_INVALID_PARAM);
    assert_int_equal(window(-half, half), MSET_OK);
    assert_int_equal(window(-PAGE, 2 * PAGE), MSET_INVALID_PARAM);
    assert_int_equal(window(PAGE, 100), MSET_INVALID_PARAM);
    assert_int_equal(window(100, PAGE), MSET_INVALID_PARAM);

    /* Nothing reaches out of it. */
    const uint64_t end = s.base + s.world.window;
    assert_int_equal(mset_space_map_alloc(space(0), s.base - PAGE, 2 * PAGE, s.rw, 0, 0),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_map_linear(space(0), end - PAGE, 2 * PAGE, 0, s.rw, 0),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_unmap(space(0), end, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_unmap(space(0), s.base, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_unmap(space(0), s.base, UINT64_MAX & -PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_protect(space(0), 0, PAGE, RW, MSET_HOLES_SKIP),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_populate(space(0), 0, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_discard(space(0), end, PAGE, MSET_HOLES_SKIP), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_move(space(0), s.base, PAGE, end, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_move(space(0), end, PAGE, s.base, 0), MSET_INVALID_PARAM);
    /* Of the right size, and not of pages. */
    assert_int_equal(mset_space_map_alloc(space(0), s.base + 8, PAGE, s.rw, 0, 0),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_populate(space(0), s.base, 100), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_discard(space(0), s.base, 100, MSET_HOLES_SKIP),
                     MSET_INVALID_PARAM);
}

/* The upper half of AArch64 has a table of its own. */
static void test_upper_half(void **state) {
    (void)state;
    struct mset_space_config config = world_config(&s.world, 1);
    struct mset_space *kernel;
    config.table.format = &mset_pt_aarch64_4k;
    config.table.upper = true;
    config.start = config.size = 0;
    assert_int_equal(mset_space_create(&config, &kernel), MSET_OK);
    const uint64_t top = -(16 * PAGE);
    assert_int_equal(mset_space_map_linear(kernel, top, 16 * PAGE, WORLD_DEVICE, RW, MSET_MAP_FAIL),
                     MSET_OK);
    struct mset_space_place place;
    assert_int_equal(mset_space_translate(kernel, UINT64_MAX, MSET_WRITE, 0, &place), MSET_OK);
    assert_true(place.pa == WORLD_DEVICE + 16 * PAGE - 1 && place.size == 1);
    assert_int_equal(mset_space_grow(kernel, top, MSET_HIGH, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_grow(kernel, top, MSET_LOW, PAGE), MSET_OK);
    assert_null(mset_space_validate(kernel));
    mset_space_destroy(kernel);
}

/* Nobody has said how to flush, so nobody is told. */
static void test_without_hooks(void **state) {
    (void)state;
    struct mset_space_config config = world_config(&s.world, 1);
    struct mset_space *plain, *child;
    uint64_t word = 7;
    config.flush = NULL;
    config.fill = NULL;
    config.linear_memory = NULL;
    assert_int_equal(mset_space_create(&config, &plain), MSET_OK);
    assert_int_equal(mset_space_map_alloc(plain, s.base, PAGE, s.rw, 99 * PAGE, MSET_POPULATE),
                     MSET_OK);
    assert_int_equal(mset_space_map_alloc(plain, s.base + PAGE, PAGE, s.rw, 0, 0), MSET_OK);
    assert_int_equal(mset_count(mset_space_set(plain)), 1); /* neighbours, so one area */
    assert_int_equal(
        mset_space_map_linear(plain, s.base + 4 * PAGE, PAGE, WORLD_DEVICE, s.rw, MSET_MAP_FAIL),
        MSET_OK);
    assert_int_equal(mset_space_read(plain, s.base + 4 * PAGE, &word, 8, NULL), MSET_UNSUPPORTED);
    assert_int_equal(mset_space_clone(plain, NULL, &child), MSET_OK);
    assert_int_equal(mset_space_write(child, s.base, &word, 8, NULL), MSET_OK);
    assert_int_equal(mset_space_read(plain, s.base, &word, 8, NULL), MSET_OK);
    assert_int_equal(word, 0);
    assert_null(mset_space_validate(plain));
    assert_null(mset_space_validate(child));
    mset_space_clear(plain);
    assert_int_equal(mset_space_resident(plain), 0);
    mset_space_destroy(plain);
    mset_space_destroy(child);
}

/* ---- NULL ---------------------------------------------------------------------------------- */

static void test_null(void **state) {
    (void)state;
    struct mset_space_slices slices;
    struct mset_space_slice slice;
    struct mset_space_place place;
    struct mset_space *clone;
    const struct mset_gap_request wish = {.size = PAGE};
    uint64_t start;
    assert_int_equal(mset_space_map_alloc(NULL, 0, PAGE, RW, 0, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_map_linear(NULL, 0, PAGE, 0, RW, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_unmap(NULL, 0, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_protect(NULL, 0, PAGE, RW, MSET_HOLES_SKIP), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_move(NULL, 0, PAGE, PAGE, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_grow(NULL, 0, MSET_HIGH, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_populate(NULL, 0, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_discard(NULL, 0, PAGE, MSET_HOLES_SKIP), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_fault(NULL, 0, MSET_READ), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_clone(NULL, NULL, &clone), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_clone(space(0), NULL, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_translate(NULL, 0, 0, 0, &place), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_translate(space(0), 0, 0, 0, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_find_free(NULL, &wish, &start), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_find_free(space(0), NULL, &start), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_slices_init(NULL, space(0), 0, 1, MSET_READ), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_slices_init(&slices, NULL, 0, 1, MSET_READ), MSET_INVALID_PARAM);
    assert_false(mset_space_slices_next(&slices, &slice));
    mset_space_clear(NULL);
    assert_null(mset_space_set(NULL));
    assert_null(mset_space_table(NULL));
    assert_int_equal(mset_space_root(NULL), 0);
    assert_int_equal(mset_space_resident(NULL), 0);
    assert_int_equal(mset_space_last_failure(NULL).code, 0);
    assert_non_null(mset_space_validate(NULL));
}

/* ---- areas --------------------------------------------------------------------------------- */

static void test_map_statuses(void **state) {
    (void)state;
    map(0, 4, s.rw, 0);
    assert_int_equal(mset_space_map_alloc(space(0), s.base + PAGE, PAGE, s.rw, 0, MSET_MAP_FAIL),
                     MSET_ALREADY_EXISTS);
    assert_int_equal(
        mset_space_map_alloc(space(0), s.base + 8 * PAGE, PAGE, s.rw | MSET_SHARED, 0, 0),
        MSET_UNSUPPORTED);
    assert_int_equal(mset_space_map_alloc(space(0), s.base + 8 * PAGE, PAGE, s.rw, 0, 0x1000),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_map_alloc(space(0), s.base + 8 * PAGE, PAGE, UINT64_C(0x80), 0, 0),
                     MSET_UNSUPPORTED); /* no leaf could have such flags */
    assert_int_equal(mset_space_protect(space(0), s.base, PAGE, MSET_USER, MSET_HOLES_SKIP),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_map_linear(space(0), s.base + 8 * PAGE, PAGE, 5, s.rw, 0),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_map_alloc(space(0), s.base + 8, PAGE, s.rw, 0, MSET_MAP_REPLACE),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_grow(space(0), s.base + 9 * PAGE, MSET_HIGH, PAGE), MSET_NOT_FOUND);
    assert_int_equal(mset_space_grow(space(0), s.base, MSET_LOW, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_fault(space(0), s.base, 0), MSET_INVALID_PARAM);
    scene_check();
}

static void test_limits(void **state) {
    (void)state;
    struct mset_space_config config = world_config(&s.world, 1);
    struct mset_space *small;
    config.max_bytes = 4 * PAGE;
    config.guard = PAGE;
    assert_int_equal(mset_space_create(&config, &small), MSET_OK);
    assert_int_equal(mset_space_map_alloc(small, s.base, 5 * PAGE, s.rw, 0, 0), MSET_OVER_LIMIT);
    assert_int_equal(mset_space_map_alloc(small, s.base, 2 * PAGE, s.rw, 0, 0), MSET_OK);
    assert_int_equal(mset_space_map_alloc(small, s.base + 2 * PAGE, PAGE, s.rw, 0, MSET_GUARD),
                     MSET_ALREADY_EXISTS);
    assert_int_equal(mset_space_map_alloc(small, s.base + 4 * PAGE, 2 * PAGE, s.rw, 0, MSET_GUARD),
                     MSET_OK);
    mset_space_destroy(small);
}

static void test_find_free(void **state) {
    (void)state;
    uint64_t start = 0;
    struct mset_gap_request wish = {.size = 2 * PAGE};
    const uint64_t end = s.base + s.world.window;
    map(1, 3, s.rw, 0);
    assert_int_equal(mset_space_find_free(space(0), &wish, &start), MSET_OK);
    assert_true(start == s.base + 4 * PAGE);
    wish.flags = MSET_GAP_TOP_DOWN;
    assert_int_equal(mset_space_find_free(space(0), &wish, &start), MSET_OK);
    assert_true(start == end - 2 * PAGE);
    wish.hi = s.base + 9 * PAGE;
    assert_int_equal(mset_space_find_free(space(0), &wish, &start), MSET_OK);
    assert_true(start == s.base + 7 * PAGE);
    wish.lo = end;
    wish.hi = 0;
    assert_int_equal(mset_space_find_free(space(0), &wish, &start), MSET_NOT_FOUND);
    wish.lo = end - 3 * PAGE;
    wish.align = 4 * PAGE;
    assert_int_equal(mset_space_find_free(space(0), &wish, &start), MSET_NOT_FOUND);
    wish.lo = 0;
    wish.hi = s.base;
    assert_int_equal(mset_space_find_free(space(0), &wish, &start), MSET_NOT_FOUND);
}

/* Moved pages keep contents and owners, in a file also what is not there yet. */
static void test_move(void **state) {
    (void)state;
    map(0, 4, s.rw | WORLD_FILE, 0);
    store(0, s.base, 5);
    store(0, s.base + PAGE, 6);
    fork_to(1);
    map(20, 4, s.rw, MSET_POPULATE);
    const uint64_t to = s.base + 20 * PAGE, pa = place_of(0, s.base, 0).pa;
    assert_int_equal(mset_space_move(space(0), s.base, 4 * PAGE, to, MSET_MAP_FAIL),
                     MSET_ALREADY_EXISTS);
    assert_int_equal(mset_space_move(space(0), s.base, 4 * PAGE, to, MSET_MAP_REPLACE), MSET_OK);
    assert_int_equal(place_of(0, to, 0).pa, pa);
    assert_int_equal(mset_counted_owners(&s.world.counted, pa), 2);
    assert_int_equal(load(0, to + 2 * PAGE), world_file_word(s.base + 2 * PAGE));
    store(0, to, 7);
    assert_int_equal(load(1, s.base), 5);
    store(1, s.base + PAGE, 8);
    assert_int_equal(load(0, to + PAGE), 6);
    scene_check();
}

/* ---- pages --------------------------------------------------------------------------------- */

static void test_discard(void **state) {
    (void)state;
    map(0, 4, s.rw, MSET_POPULATE);
    store(0, s.base, 5);
    store(0, s.base + PAGE, 6);
    fork_to(1);
    assert_int_equal(mset_space_discard(space(0), s.base, 2 * PAGE, MSET_HOLES_FAIL), MSET_OK);
    assert_int_equal(load(0, s.base), 0);
    assert_int_equal(load(1, s.base), 5);
    const uint64_t pa = place_of(1, s.base + PAGE, 0).pa;
    store(1, s.base + PAGE, 7); /* the last owner */
    assert_int_equal(place_of(1, s.base + PAGE, 0).pa, pa);
    assert_int_equal(mset_space_discard(space(0), s.base, 5 * PAGE, MSET_HOLES_FAIL),
                     MSET_NOT_FOUND);
    assert_int_equal(mset_space_discard(space(0), s.base, 5 * PAGE, MSET_HOLES_SKIP), MSET_OK);
    assert_int_equal(mset_space_resident(space(0)), 0);
    assert_int_equal(
        mset_space_map_linear(space(0), s.base + 4 * PAGE, PAGE, WORLD_DEVICE, s.rw, 0), MSET_OK);
    store(0, s.base, 9);
    assert_int_equal(mset_space_discard(space(0), s.base, 5 * PAGE, MSET_HOLES_FAIL),
                     MSET_UNSUPPORTED);
    assert_int_equal(load(0, s.base), 9);
    scene_check();
}

/* Both owners of a large leaf give up parts of it. */
static void test_parts_of_a_large_leaf(void **state) {
    (void)state;
    map(0, 512, s.rw, MSET_POPULATE);
    assert_int_equal(place_of(0, s.base, 2 * MIB).size, 2 * MIB);
    store(0, s.base + 2 * MIB - 8, 1);
    fork_to(1);
    assert_int_equal(mset_space_unmap(space(0), s.base, MIB), MSET_OK);
    assert_int_equal(mset_space_discard(space(1), s.base + MIB / 2, MIB, MSET_HOLES_FAIL), MSET_OK);
    assert_int_equal(s.world.data_source.live, 512 - 128);
    assert_int_equal(s.world.counted.extra, 128);
    store(1, s.base + 2 * MIB - 8, 2);
    assert_int_equal(load(0, s.base + 2 * MIB - 8), 1);
    scene_check();
}

/* Each call flushes as often as address_space.h says. */
static void test_flushes(void **state) {
    (void)state;
    const uint64_t *const flushes = &s.world.process[0].flushes;
    map(0, 4, s.rw, MSET_POPULATE);
    map(6, 4, s.rw, 0);
    store(0, s.base, 1);
    store(0, s.base + 6 * PAGE, 1);
    assert_int_equal(mset_space_populate(space(0), s.base + 6 * PAGE, 4 * PAGE), MSET_OK);
    assert_int_equal(*flushes, 0); /* these only add */
    fork_to(1);
    assert_int_equal(*flushes, 1);
    store(0, s.base + PAGE, 1); /* a copy */
    assert_int_equal(*flushes, 2);
    assert_int_equal(mset_space_protect(space(0), s.base, 10 * PAGE, MSET_READ, MSET_HOLES_SKIP),
                     MSET_OK);
    assert_int_equal(*flushes, 3);
    assert_int_equal(mset_space_unmap(space(0), s.base, PAGE), MSET_OK);
    assert_int_equal(*flushes, 4);
    mset_space_clear(space(0));
    assert_int_equal(*flushes, 6); /* all leaves, then the tables */
    assert_int_equal(mset_space_unmap(space(0), s.base, PAGE), MSET_OK);
    assert_int_equal(*flushes, 6);
    scene_check();
}

/* Five areas with pages, of which the first and the last are cut. */
static void five_areas(uint64_t page) {
    for (uint64_t i = 0; i < 5; i++) {
        map(page + 3 * i, 2, i % 2 == 0 ? s.rw : s.rw | MSET_EXEC, MSET_POPULATE);
    }
}

/* Many areas at once are one flush as well, and without memory for that one for each. */
static void test_flushes_of_many(void **state) {
    (void)state;
    const uint64_t *const flushes = &s.world.process[0].flushes;
    const uint64_t mid = s.base + PAGE, size = 12 * PAGE;
    map(100, 1, s.rw, MSET_POPULATE); /* so that no table goes */
    map(30, 12, s.rw, MSET_POPULATE);
    five_areas(0);
    assert_int_equal(mset_space_unmap(space(0), mid, size), MSET_OK);
    assert_int_equal(*flushes, 1);
    five_areas(15);
    assert_int_equal(mset_space_map_alloc(space(0), mid + 15 * PAGE, size, s.rw, 0,
                                          MSET_MAP_REPLACE | MSET_POPULATE),
                     MSET_OK);
    assert_int_equal(*flushes, 2);
    five_areas(50);
    assert_int_equal(
        mset_space_move(space(0), s.base + 30 * PAGE, size, mid + 50 * PAGE, MSET_MAP_REPLACE),
        MSET_OK);
    assert_int_equal(*flushes, 4); /* what was there, then the old place */
    five_areas(70);
    world_fail(&s.world, 1, true);
    assert_int_equal(mset_space_unmap(space(0), s.base + 70 * PAGE, 14 * PAGE), MSET_OK);
    assert_int_equal(*flushes, 9);
    world_fail(&s.world, 0, false);
    scene_check();
}

/* ---- clone --------------------------------------------------------------------------------- */

static void test_clone(void **state) {
    (void)state;
    map(0, 4, s.rw, MSET_POPULATE);
    assert_int_equal(
        mset_space_map_linear(space(0), s.base + 5 * PAGE, 2 * PAGE, WORLD_DEVICE, s.rw, 0),
        MSET_OK);
    map(8, 4, MSET_READ | s.world.user, MSET_POPULATE);
    map(14, 1, s.rw, MSET_POPULATE);
    assert_int_equal(mset_space_protect(space(0), s.base + 14 * PAGE, PAGE, 0, MSET_HOLES_FAIL),
                     MSET_OK);
    store(0, s.base, 1);
    const uint64_t frames = s.world.data_source.live;
    fork_to(1);
    assert_int_equal(s.world.data_source.live, frames);
    assert_int_equal(s.world.counted.extra, 9);
    assert_int_equal(mset_space_resident(space(1)), 9 * PAGE);
    /* The device is the same in both, and writable. */
    store(1, s.base + 5 * PAGE, 77);
    assert_int_equal(load(0, s.base + 5 * PAGE), 77);
    /* What nobody can reach is shared as well. */
    assert_int_equal(mset_space_protect(space(1), s.base + 14 * PAGE, PAGE, RW, MSET_HOLES_FAIL),
                     MSET_OK);
    store(1, s.base + 14 * PAGE, 5);
    assert_int_equal(mset_space_protect(space(0), s.base + 14 * PAGE, PAGE, RW, MSET_HOLES_FAIL),
                     MSET_OK);
    assert_int_equal(load(0, s.base + 14 * PAGE), 0);
    /* Of three owners the first two copy. */
    assert_int_equal(world_fork(&s.world, 1, 2), MSET_OK);
    store(2, s.base, 2);
    store(1, s.base, 3);
    const uint64_t pa = place_of(0, s.base, 0).pa;
    store(0, s.base + 8, 4);
    assert_int_equal(place_of(0, s.base, 0).pa, pa);
    assert_int_equal(load(0, s.base), 1);
    assert_int_equal(load(1, s.base), 3);
    assert_int_equal(load(2, s.base), 2);
    scene_check();
    world_end(&s.world, 1);
    scene_check();
    /* An empty one. */
    mset_space_clear(space(0));
    fork_to(3);
    assert_int_equal(mset_count(mset_space_set(space(3))), 0);
    scene_check();
}

/* ---- validate ------------------------------------------------------------------------------ */

/* Damage that only a look at both, the set and the table, can find. */
static void test_validate(void **state) {
    (void)state;
    struct mset_page_table *const table = (struct mset_page_table *)mset_space_table(space(0));
    const uint64_t at = s.base + 4 * PAGE;
    map(0, 1, s.rw, MSET_POPULATE);
    assert_int_equal(mset_space_map_linear(space(0), s.base + 2 * PAGE, 1 * PAGE, WORLD_DEVICE,
                                           s.rw, MSET_MAP_FAIL),
                     MSET_OK);
    fork_to(1);
    const uint64_t pa = place_of(0, s.base, 0).pa;
    /* A1 */
    assert_int_equal(mset_pt_map(table, at, WORLD_DEVICE, PAGE, s.rw), MSET_OK);
    assert_memory_equal(mset_space_validate(space(0)), "A1", 2);
    assert_int_equal(mset_pt_unmap(table, at, PAGE, NULL, NULL), MSET_OK);
    /* A4 */
    assert_memory_equal(mset_space_validate(space(0)), "A4", 2);
    mset_pt_flushed(table);
    assert_null(mset_space_validate(space(0)));
    assert_int_equal(mset_pt_protect(table, s.base, PAGE, s.rw | MSET_EXEC), MSET_OK);
    assert_memory_equal(mset_space_validate(space(0)), "A1", 2);
    /* A3 */
    assert_int_equal(mset_pt_protect(table, s.base, PAGE, s.rw), MSET_OK);
    assert_memory_equal(mset_space_validate(space(0)), "A3", 2);
    assert_int_equal(mset_pt_protect(table, s.base, PAGE, s.rw & ~MSET_WRITE), MSET_OK);
    /* A2, and flags of a linear area are not to be less */
    assert_int_equal(mset_pt_protect(table, s.base + 2 * PAGE, PAGE, s.rw & ~MSET_WRITE), MSET_OK);
    assert_memory_equal(mset_space_validate(space(0)), "A1", 2);
    assert_int_equal(mset_pt_map_over(table, s.base + 2 * PAGE, WORLD_DEVICE + PAGE, PAGE, s.rw,
                                      MSET_PT_REPLACE, NULL, NULL),
                     MSET_OK);
    assert_memory_equal(mset_space_validate(space(0)), "A2", 2);
    assert_int_equal(mset_pt_map_over(table, s.base + 2 * PAGE, WORLD_DEVICE, PAGE, s.rw,
                                      MSET_PT_REPLACE, NULL, NULL),
                     MSET_OK);
    /* A5 */
    assert_int_equal(mset_pt_unmap(table, s.base, PAGE, NULL, NULL), MSET_OK);
    mset_pt_flushed(table);
    assert_memory_equal(mset_space_validate(space(0)), "A5", 2);
    assert_int_equal(mset_pt_map(table, s.base, pa, PAGE, s.rw & ~MSET_WRITE), MSET_OK);
    assert_null(mset_space_validate(space(0)));
    /* What the set and the table find out about themselves */
    struct mset *const set = (struct mset *)mset_space_set(space(0));
    set->told++;
    assert_memory_equal(mset_space_validate(space(0)), "S3", 2);
    set->told--;
    table->statistics.leaves[0]++;
    assert_non_null(mset_space_validate(space(0)));
    table->statistics.leaves[0]--;
    /* A run that lies in two areas is looked at in both. */
    assert_int_equal(mset_space_map_linear(space(0), s.base + 3 * PAGE, 1 * PAGE,
                                           WORLD_DEVICE + PAGE, s.rw | WORLD_FILE, MSET_MAP_FAIL),
                     MSET_OK);
    assert_null(mset_space_validate(space(0)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_create),
        SCENE_TEST(test_window),
        SCENE_TEST(test_upper_half),
        SCENE_TEST(test_without_hooks),
        SCENE_TEST(test_null),
        SCENE_TEST(test_map_statuses),
        SCENE_TEST(test_limits),
        SCENE_TEST(test_find_free),
        SCENE_TEST(test_move),
        SCENE_TEST(test_discard),
        SCENE_TEST(test_parts_of_a_large_leaf),
        SCENE_TEST(test_flushes),
        SCENE_TEST(test_flushes_of_many),
        SCENE_TEST(test_clone),
        SCENE_TEST(test_validate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
