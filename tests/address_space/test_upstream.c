/*
 * test_upstream.c - what went wrong in address spaces that others built over memory_set, one test
 * for each: none of it happens here.
 */
#include "scene.h"

/* translate_and_get_limit gave the size of the whole area, so readers ran out of bounds. */
static void test_translate_says_what_remains(void **state) {
    (void)state;
    map(4, 8, s.rw, MSET_POPULATE);
    const uint64_t end = s.base + 12 * PAGE;
    for (uint64_t at = s.base + 4 * PAGE; at < end; at += 1234) {
        const struct mset_space_place place = place_of(0, at, 64 * PAGE);
        assert_true(place.size >= 1 && place.size <= end - at);
        assert_int_equal(place.pa % PAGE, at % PAGE);
    }
    assert_int_equal(place_of(0, end - 1, 64 * PAGE).size, 1);
    /* Two areas that differ in the caller's flags: their leaves are alike and follow each other. */
    const uint64_t device = s.base + 20 * PAGE;
    assert_int_equal(
        mset_space_map_linear(space(0), device, 4 * PAGE, WORLD_DEVICE, s.rw, MSET_MAP_FAIL),
        MSET_OK);
    assert_int_equal(mset_space_map_linear(space(0), device + 4 * PAGE, 4 * PAGE,
                                           WORLD_DEVICE + 4 * PAGE, s.rw | WORLD_FILE,
                                           MSET_MAP_FAIL),
                     MSET_OK);
    assert_int_equal(place_of(0, device + PAGE + 8, 64 * PAGE).size, 3 * PAGE - 8);
    assert_int_equal(place_of(0, device + 4 * PAGE, 64 * PAGE).size, 4 * PAGE);
}

/* A check of lengths forgot where in the area, or in the page, the access began. */
static void test_lengths_count_from_the_offset(void **state) {
    (void)state;
    unsigned char buffer[3 * PAGE];
    uint64_t done = 1;
    map(0, 2, s.rw, 0);
    assert_int_equal(mset_space_write(space(0), s.base + PAGE, buffer, 2 * PAGE, &done),
                     MSET_NOT_FOUND);
    assert_int_equal(done, PAGE);
    assert_int_equal(mset_space_read(space(0), s.base + 2 * PAGE - 3, buffer, 4, &done),
                     MSET_NOT_FOUND);
    assert_int_equal(done, 3);
    assert_int_equal(mset_space_read(space(0), s.base + 2 * PAGE - 3, buffer, 3, &done), MSET_OK);
    struct mset_space_slices slices;
    struct mset_space_slice slice;
    uint64_t sum = 0;
    assert_int_equal(mset_space_slices_init(&slices, space(0), s.base + 100, PAGE, MSET_READ),
                     MSET_OK);
    while (mset_space_slices_next(&slices, &slice)) {
        assert_true(slice.address == s.base + 100 + sum);
        sum += slice.size;
    }
    assert_int_equal(slices.status, MSET_OK);
    assert_int_equal(sum, PAGE);
}

/* A lazy mapping wrote an empty entry for every page of it, and the tables for them. */
static void test_lazy_mapping_writes_nothing(void **state) {
    (void)state;
    const struct world_use before = world_use(&s.world);
    struct mset_pt_statistics count;
    map(0, s.world.pages, s.rw, 0);
    mset_pt_get_statistics(mset_space_table(space(0)), &count);
    assert_int_equal(count.tables[0] + count.tables[1] + count.leaves[0] + count.leaves[1], 0);
    assert_int_equal(world_use(&s.world).table_frames, before.table_frames);
    assert_int_equal(world_use(&s.world).data_frames, before.data_frames);
    store(0, s.base + 7 * PAGE, 1);
    mset_pt_get_statistics(mset_space_table(space(0)), &count);
    assert_int_equal(count.leaves[0], 1);
}

/* mprotect(+W) after fork made shared frames writable, so parent and child saw each other's writes.
 */
static void test_protect_does_not_undo_copy_on_write(void **state) {
    (void)state;
    map(0, 3, s.rw, MSET_POPULATE);
    store(0, s.base + PAGE, 11);
    fork_to(1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(mset_space_protect(space(i), s.base, 3 * PAGE, MSET_READ, MSET_HOLES_FAIL),
                         MSET_OK);
        assert_int_equal(mset_space_protect(space(i), s.base, 3 * PAGE, RW, MSET_HOLES_FAIL),
                         MSET_OK);
        assert_int_equal(place_of(i, s.base + PAGE, 0).flags & MSET_WRITE, 0);
    }
    store(1, s.base + PAGE, 22);
    assert_int_equal(load(0, s.base + PAGE), 11);
    store(0, s.base + PAGE, 33);
    assert_int_equal(load(1, s.base + PAGE), 22);
    /* Through PROT_NONE and back it is the same. */
    assert_int_equal(mset_space_protect(space(0), s.base, 3 * PAGE, 0, MSET_HOLES_FAIL), MSET_OK);
    assert_int_equal(mset_space_protect(space(0), s.base, 3 * PAGE, RW, MSET_HOLES_FAIL), MSET_OK);
    store(0, s.base, 44);
    assert_int_equal(load(1, s.base), 0);
    scene_check();
}

/* A fault handler that returned a bool: who may not write got EFAULT instead of EACCES. */
static void test_no_access_and_no_area_are_told_apart(void **state) {
    (void)state;
    unsigned char byte = 0;
    map(0, 1, MSET_READ | s.world.user, 0);
    map(1, 1, s.world.user, 0);
    assert_int_equal(mset_space_fault(space(0), s.base, MSET_WRITE), MSET_ACCESS_DENIED);
    assert_int_equal(mset_space_fault(space(0), s.base + PAGE, MSET_READ), MSET_ACCESS_DENIED);
    assert_int_equal(mset_space_fault(space(0), s.base + 2 * PAGE, MSET_READ), MSET_NOT_FOUND);
    assert_int_equal(mset_space_write(space(0), s.base, &byte, 1, NULL), MSET_ACCESS_DENIED);
    assert_int_equal(mset_space_write(space(0), s.base + 2 * PAGE, &byte, 1, NULL), MSET_NOT_FOUND);
    assert_int_equal(mset_space_read(space(0), s.base + PAGE, &byte, 1, NULL), MSET_ACCESS_DENIED);
    assert_int_equal(mset_space_populate(space(0), s.base, 2 * PAGE), MSET_ACCESS_DENIED);
    assert_int_equal(mset_space_populate(space(0), s.base, 3 * PAGE), MSET_NOT_FOUND);
    assert_int_equal(mset_space_resident(space(0)), 0);
}

/* What is cut off an area forgot its place in the file. */
static void test_cuts_keep_the_place_in_the_file(void **state) {
    (void)state;
    const uint64_t start = s.base + 8 * PAGE, offset = 100 * MIB;
    assert_int_equal(
        mset_space_map_alloc(space(0), start, 16 * PAGE, s.rw | WORLD_FILE, offset, MSET_MAP_FAIL),
        MSET_OK);
    assert_int_equal(mset_space_unmap(space(0), start + 4 * PAGE, PAGE), MSET_OK);
    assert_int_equal(
        mset_space_protect(space(0), start + 9 * PAGE, 2 * PAGE, MSET_READ, MSET_HOLES_FAIL),
        MSET_OK);
    assert_int_equal(mset_space_move(space(0), start + 12 * PAGE, 2 * PAGE, s.base, MSET_MAP_FAIL),
                     MSET_OK);
    fork_to(1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(load(i, start + 3 * PAGE), world_file_word(offset + 3 * PAGE));
        assert_int_equal(load(i, start + 5 * PAGE + 8), world_file_word(offset + 5 * PAGE + 8));
        assert_int_equal(load(i, start + 10 * PAGE), world_file_word(offset + 10 * PAGE));
        assert_int_equal(load(i, start + 11 * PAGE), world_file_word(offset + 11 * PAGE));
        assert_int_equal(load(i, s.base + PAGE), world_file_word(offset + 13 * PAGE));
        assert_int_equal(load(i, start + 15 * PAGE), world_file_word(offset + 15 * PAGE));
    }
    scene_check();
}

/* mprotect across a hole changed what lay before it, and then failed. */
static void test_protect_across_a_hole(void **state) {
    (void)state;
    map(0, 2, s.rw, MSET_POPULATE);
    map(3, 2, s.rw, MSET_POPULATE);
    const uint64_t flushes = s.world.process[0].flushes;
    assert_int_equal(mset_space_protect(space(0), s.base, 5 * PAGE, MSET_READ, MSET_HOLES_FAIL),
                     MSET_NOT_FOUND);
    for (unsigned i = 0; i < 5; i++) {
        struct mset_area area;
        const bool there = mset_find(mset_space_set(space(0)), s.base + i * PAGE, &area);
        assert_true(there == (i != 2) && (!there || area.flags == s.rw));
        assert_true(!there || place_of(0, s.base + i * PAGE, 0).flags == s.rw);
    }
    assert_int_equal(s.world.process[0].flushes, flushes);
    assert_int_equal(mset_space_protect(space(0), s.base, 5 * PAGE, MSET_READ, MSET_HOLES_SKIP),
                     MSET_OK);
    assert_int_equal(world_store(&s.world, 0, s.base + 4 * PAGE, 1), MSET_ACCESS_DENIED);
}

/* A populate that ran out of memory left what it had got by then. */
static void test_populate_keeps_nothing_when_it_fails(void **state) {
    (void)state;
    uint64_t refused = 0;
    map(4, 6, s.rw, 0);
    map(10, 2, MSET_READ | s.world.user, 0);
    map(12, 6, s.rw | WORLD_FILE, 0);
    store(0, s.base + 7 * PAGE, 1);
    const struct world_use before = world_use(&s.world);
    for (uint64_t nth = 1;; nth++) {
        world_fail(&s.world, nth, true);
        const mset_status status = mset_space_populate(space(0), s.base + 4 * PAGE, 14 * PAGE);
        world_fail(&s.world, 0, false);
        const struct world_use after = world_use(&s.world);
        if (status == MSET_OK) {
            break;
        }
        assert_int_equal(status, MSET_NO_MEMORY);
        assert_true(world_same_use(&before, &after));
        scene_check();
        refused++;
    }
    assert_true(refused > 13); /* a frame for each page, and lists of them */
    assert_int_equal(mset_space_resident(space(0)), 14 * PAGE);
    /* The same of a map that populates: no area is left either. */
    const struct world_use full = world_use(&s.world);
    world_fail(&s.world, 4, true);
    assert_int_equal(
        mset_space_map_alloc(space(0), s.base + 40 * PAGE, 9 * PAGE, s.rw, 0, MSET_POPULATE),
        MSET_NO_MEMORY);
    world_fail(&s.world, 0, false);
    const struct world_use after = world_use(&s.world);
    assert_true(world_same_use(&full, &after));
    assert_false(mset_overlaps(mset_space_set(space(0)), s.base + 40 * PAGE, 9 * PAGE));
    /* And of one whose file cannot be read. */
    assert_int_equal(mset_space_discard(space(0), s.base + 12 * PAGE, 6 * PAGE, MSET_HOLES_FAIL),
                     MSET_OK);
    assert_int_equal(load(0, s.base + 14 * PAGE), world_file_word(s.base + 14 * PAGE));
    s.world.fill_code = -5;
    assert_int_equal(mset_space_map_alloc(space(0), s.base + 40 * PAGE, 9 * PAGE, s.rw | WORLD_FILE,
                                          0, MSET_POPULATE),
                     MSET_BAD_STATE);
    assert_int_equal(mset_space_last_failure(space(0)).code, -5);
    assert_int_equal(mset_space_discard(space(0), s.base + 4 * PAGE, PAGE, MSET_HOLES_FAIL),
                     MSET_OK);
    const struct world_use less = world_use(&s.world);
    assert_int_equal(mset_space_populate(space(0), s.base + 4 * PAGE, 14 * PAGE), MSET_BAD_STATE);
    assert_int_equal(mset_space_last_failure(space(0)).code, -5);
    assert_int_equal(mset_space_last_failure(space(0)).address, s.base + 12 * PAGE);
    s.world.fill_code = 0;
    const struct world_use now = world_use(&s.world);
    assert_true(world_same_use(&less, &now));
    scene_check();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_translate_says_what_remains),
        SCENE_TEST(test_lengths_count_from_the_offset),
        SCENE_TEST(test_lazy_mapping_writes_nothing),
        SCENE_TEST(test_protect_does_not_undo_copy_on_write),
        SCENE_TEST(test_no_access_and_no_area_are_told_apart),
        SCENE_TEST(test_cuts_keep_the_place_in_the_file),
        SCENE_TEST(test_protect_across_a_hole),
        SCENE_TEST(test_populate_keeps_nothing_when_it_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
