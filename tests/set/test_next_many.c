/* test_next_many.c - mset_cursor_next_many against mset_cursor_next. */
#include <string.h>

#include "place.h"
#include "support/scale.h"

enum { MOST_ROOM = 70 };

/* What next_many says it does, step by step. */
static size_t step_by_step(struct mset_cursor *cursor, struct mset_area *out, size_t room) {
    size_t n = 0;
    while (n < room && mset_cursor_next(cursor, &out[n])) {
        n++;
    }
    if (n != 0 && n < room) {
        (void)mset_cursor_prev(cursor, NULL); /* back from outside */
    }
    return n;
}

/* Two cursors side by side over the same part of the same set. */
struct walkers {
    struct mset_cursor many, one;
};

static size_t walk_on(struct walkers *walkers, size_t room) {
    struct mset_area out[MOST_ROOM + 1], wanted[MOST_ROOM];
    memset(out, 0xa5, sizeof out);
    const struct mset_area untouched = out[MOST_ROOM];
    const size_t n = mset_cursor_next_many(&walkers->many, out, room);
    assert_int_equal(n, step_by_step(&walkers->one, wanted, room));
    for (size_t i = 0; i < n; i++) {
        assert_true(area_equal(&out[i], &wanted[i]));
    }
    assert_true(area_equal(&out[room], &untouched));
    return n;
}

static void close_walkers(struct walkers *walkers) {
    mset_cursor_close(&walkers->many);
    mset_cursor_close(&walkers->one);
}

/* To the end, which is told by a 0, and once more. */
static void walk_twice(struct walkers *walkers, size_t room, uint64_t areas) {
    for (int i = 0; i < 2; i++) {
        uint64_t seen = 0;
        for (size_t n; (n = walk_on(walkers, room)) != 0;) {
            seen += n;
        }
        assert_int_equal(seen, areas);
    }
}

static void test_every_room(void **state) {
    (void)state;
    for (unsigned i = 0; i < COUNTS && counts[i] <= 1100; i++) {
        struct place place;
        struct walkers walkers;
        struct rng rng = {i};
        open_place(&place, (struct mset_options){0});
        const struct list list = random_list(&place, counts[i], 50, &rng);
        load(&place, &list, MSET_OK);
        mset_cursor_all(&walkers.many, place.set);
        mset_cursor_all(&walkers.one, place.set);
        for (size_t room = 1; room <= MOST_ROOM; room++) {
            walk_twice(&walkers, room, counts[i]);
        }
        free(list.areas);
        close_place(&place);
    }
}

/* No room, or no place for the answer: no step. */
static void test_no_room(void **state) {
    (void)state;
    struct place place;
    struct mset_cursor cursor;
    struct mset_area areas[] = {{AT(0), PAGE, R, NULL, 0}, {AT(2), PAGE, R, NULL, 0}}, area = {0};
    open_place(&place, (struct mset_options){0});
    load(&place, &(struct list){areas, 2, 0}, MSET_OK);
    mset_cursor_all(&cursor, place.set);
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 0), 0);
    assert_true(mset_cursor_next(&cursor, &area));
    assert_int_equal(area.start, AT(0));
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 0), 0);
    assert_int_equal(mset_cursor_next_many(&cursor, NULL, 5), 0);
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 1), 1);
    assert_int_equal(area.start, AT(2));
    assert_int_equal(mset_cursor_next_many(&cursor, &area, 1), 0);
    close_place(&place);
}

static void test_ranges(void **state) {
    (void)state;
    struct place place;
    struct rng rng = {2};
    open_place(&place, (struct mset_options){0});
    const struct list list = random_list(&place, 400, 50, &rng);
    load(&place, &list, MSET_OK);
    for (uint64_t i = 0; i < test_scaled(20000); i++) {
        struct walkers walkers;
        const uint64_t pages = (list.end - AT(0)) / PAGE;
        const uint64_t first = rng_below(&rng, pages);
        const uint64_t size =
            (1 + rng_below(&rng, rng_chance(&rng, 50) ? 4 : pages - first)) * PAGE;
        const size_t room = 1 + (size_t)rng_below(&rng, MOST_ROOM);
        assert_int_equal(mset_cursor_range(&walkers.many, place.set, AT(first), size), MSET_OK);
        assert_int_equal(mset_cursor_range(&walkers.one, place.set, AT(first), size), MSET_OK);
        while (walk_on(&walkers, room) != 0) {
        }
        (void)walk_on(&walkers, room);
        close_walkers(&walkers);
    }
    free(list.areas);
    close_place(&place);
}

/* By the byte: the area that begins with the last byte of the range is the last one. */
static void test_range_that_ends_with_a_start(void **state) {
    (void)state;
    struct place place;
    struct mset_cursor cursor;
    struct mset_area areas[] = {{0, 2, R, NULL, 0}, {3, 2, R, NULL, 0}, {7, 2, R, NULL, 0}};
    struct mset_area out[3];
    open_place(&place, (struct mset_options){.page_size = 1});
    load(&place, &(struct list){areas, 3, 0}, MSET_OK);
    for (uint64_t size = 1; size <= 9; size++) {
        assert_int_equal(mset_cursor_range(&cursor, place.set, 0, size), MSET_OK);
        assert_int_equal(mset_cursor_next_many(&cursor, out, 3), size < 4 ? 1 : size < 8 ? 2 : 3);
        mset_cursor_close(&cursor);
    }
    close_place(&place);
}

static void step_both(struct walkers *walkers, bool up) {
    struct mset_area area = {0}, wanted = {0};
    const bool got =
        up ? mset_cursor_next(&walkers->many, &area) : mset_cursor_prev(&walkers->many, &area);
    const bool want =
        up ? mset_cursor_next(&walkers->one, &wanted) : mset_cursor_prev(&walkers->one, &wanted);
    assert_int_equal(got, want);
    assert_true(area_equal(&area, &wanted));
}

static void change_one(struct place *place, uint64_t end, struct rng *rng) {
    const uint64_t start = AT(0) + rng_below(rng, (end - AT(0)) / PAGE) * PAGE;
    const struct mset_area area = {start, PAGE, RX, NULL, start};
    const mset_status status = rng_chance(rng, 60) ? mset_replace_metadata(place->set, &area)
                                                   : mset_unmap_metadata(place->set, start, PAGE);
    assert_int_equal(status, MSET_OK);
}

/* Among single steps both ways, and changes of the set. */
static void mix(uint64_t seed) {
    struct place place;
    struct walkers walkers;
    struct rng rng = {seed};
    open_place(&place, (struct mset_options){.flags = seed % 2 != 0 ? MSET_MERGE : 0});
    const struct list list = random_list(&place, 300, 50, &rng);
    load(&place, &list, MSET_OK);
    const uint64_t start = seed < 2 ? 0 : AT(50), size = seed < 2 ? HALF : 300 * PAGE;
    assert_int_equal(mset_cursor_range(&walkers.many, place.set, start, size), MSET_OK);
    assert_int_equal(mset_cursor_range(&walkers.one, place.set, start, size), MSET_OK);
    for (uint64_t i = 0; i < test_scaled(50000); i++) {
        if (rng_chance(&rng, 20)) {
            change_one(&place, list.end, &rng);
        }
        if (rng_chance(&rng, 50)) {
            (void)walk_on(&walkers, (size_t)rng_below(&rng, MOST_ROOM + 1));
        } else {
            step_both(&walkers, rng_chance(&rng, 30));
        }
    }
    close_walkers(&walkers);
    free(list.areas);
    close_place(&place);
}

static void test_among_steps_and_changes(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        mix(seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_room),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_range_that_ends_with_a_start),
        cmocka_unit_test(test_among_steps_and_changes),
    };
    return cmocka_run_group_tests_name("set, many at a time", tests, NULL, NULL);
}
