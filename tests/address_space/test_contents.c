/* test_contents.c - the memory behind addresses: translate, slices, read and write. */
#include <string.h>

#include "scene.h"

static void test_translate(void **state) {
    (void)state;
    struct mset_space_place place = {.pa = 1};
    map(0, 4, s.rw, 0);
    assert_int_equal(mset_space_translate(space(0), s.base, 0, 0, &place), MSET_NOT_FOUND);
    assert_int_equal(mset_space_translate(space(0), s.base + 4 * PAGE, 0, 0, &place),
                     MSET_NOT_FOUND);
    assert_int_equal(mset_space_translate(space(0), s.base, MSET_USER, 0, &place),
                     MSET_INVALID_PARAM);
    store(0, s.base, 5);
    fork_to(1);
    assert_int_equal(mset_space_translate(space(0), s.base, MSET_WRITE, 0, &place),
                     MSET_ACCESS_DENIED);
    assert_int_equal(place.pa, 1);
    assert_int_equal(mset_space_translate(space(0), s.base + 9, MSET_READ, 0, &place), MSET_OK);
    assert_true(place.size == PAGE - 9 && place.flags == (s.rw & ~MSET_WRITE));
    assert_int_equal(*world_word(&s.world, place.pa - 9), 5);
    assert_int_equal(mset_space_protect(space(0), s.base, PAGE, 0, MSET_HOLES_FAIL), MSET_OK);
    assert_int_equal(mset_space_translate(space(0), s.base, MSET_READ, 0, &place),
                     MSET_ACCESS_DENIED);
    assert_int_equal(mset_space_translate(space(0), s.base, 0, 0, &place), MSET_OK);
}

/* From private memory over a device into private memory, and up to the hole. */
static void test_slices_across_areas(void **state) {
    (void)state;
    static unsigned char out[12 * PAGE], in[12 * PAGE];
    uint64_t done;
    map(0, 3, s.rw, 0);
    assert_int_equal(mset_space_map_linear(space(0), s.base + 3 * PAGE, 3 * PAGE, WORLD_DEVICE,
                                           s.rw, MSET_MAP_FAIL),
                     MSET_OK);
    map(6, 3, s.rw, MSET_POPULATE);
    for (size_t i = 0; i < sizeof out; i++) {
        out[i] = (unsigned char)(i * 7 + i / 251);
    }
    assert_int_equal(mset_space_write(space(0), s.base + 5, out, 9 * PAGE - 5, &done), MSET_OK);
    assert_int_equal(done, 9 * PAGE - 5);
    assert_memory_equal(world_word(&s.world, WORLD_DEVICE), out + 3 * PAGE - 5, 3 * PAGE);
    assert_int_equal(mset_space_read(space(0), s.base + 5, in, 9 * PAGE, &done), MSET_NOT_FOUND);
    assert_int_equal(done, 9 * PAGE - 5);
    assert_memory_equal(in, out, 9 * PAGE - 5);

    struct mset_space_slices slices;
    struct mset_space_slice slice;
    assert_int_equal(
        mset_space_slices_init(&slices, space(0), s.base + 3 * PAGE, 4 * PAGE, MSET_READ), MSET_OK);
    assert_true(mset_space_slices_next(&slices, &slice));
    assert_true(slice.size == 3 * PAGE && slice.pa == WORLD_DEVICE);
    assert_true(mset_space_slices_next(&slices, &slice));
    assert_int_equal(slice.size, PAGE);
    assert_false(mset_space_slices_next(&slices, &slice));
    assert_int_equal(slices.status, MSET_OK);
    scene_check();
}

static void test_slices_arguments(void **state) {
    (void)state;
    struct mset_space_slices slices;
    uint64_t done = 9;
    unsigned char byte;
    map(0, 1, s.rw, 0);
    assert_int_equal(mset_space_slices_init(&slices, space(0), s.base, 1, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_slices_init(&slices, space(0), s.base, 1, MSET_USER),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_slices_init(&slices, space(0), 2, UINT64_MAX, MSET_READ),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_space_slices_init(&slices, space(0), s.base, 0, MSET_READ), MSET_OK);
    assert_int_equal(mset_space_read(space(0), s.base, NULL, 1, &done), MSET_INVALID_PARAM);
    assert_int_equal(done, 0);
    assert_int_equal(mset_space_write(space(0), s.base, NULL, 1, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_space_write(space(0), s.base, NULL, 0, &done), MSET_OK);
    assert_int_equal(mset_space_read(space(0), UINT64_MAX, &byte, 2, &done), MSET_INVALID_PARAM);
    /* The end of a walk is the end. */
    assert_int_equal(mset_space_slices_init(&slices, space(0), s.base + PAGE, 8, MSET_READ),
                     MSET_OK);
    struct mset_space_slice slice;
    assert_false(mset_space_slices_next(&slices, &slice));
    assert_int_equal(slices.status, MSET_NOT_FOUND);
    map(1, 1, s.rw, 0);
    assert_false(mset_space_slices_next(&slices, &slice));
    /* What runs out on the way. */
    world_fail(&s.world, 1, true);
    assert_int_equal(mset_space_read(space(0), s.base, &byte, 1, &done), MSET_NO_MEMORY);
    world_fail(&s.world, 0, false);
    assert_int_equal(done, 0);
}

/* Frames that follow each other in physical memory, and their storage does not. */
static bool apart;

static void *memory_of(void *context, uint64_t pa) {
    const struct process *const process = context;
    unsigned char *const memory = (unsigned char *)world_word(process->world, pa);
    return apart && pa >= WORLD_DEVICE + PAGE ? memory + PAGE : memory;
}

static void test_storage_in_pieces(void **state) {
    (void)state;
    struct mset_space_config config = world_config(&s.world, 1);
    struct mset_space *devices;
    struct mset_space_slices slices;
    struct mset_space_slice slice;
    config.linear_memory = memory_of;
    assert_int_equal(mset_space_create(&config, &devices), MSET_OK);
    assert_int_equal(
        mset_space_map_linear(devices, s.base, 4 * PAGE, WORLD_DEVICE, s.rw, MSET_MAP_FAIL),
        MSET_OK);
    for (unsigned i = 0; i < 2; i++) {
        apart = i != 0;
        assert_int_equal(mset_space_slices_init(&slices, devices, s.base + 8, 3 * PAGE, MSET_READ),
                         MSET_OK);
        assert_true(mset_space_slices_next(&slices, &slice));
        assert_int_equal(slice.size, apart ? PAGE - 8 : 3 * PAGE);
    }
    mset_space_destroy(devices);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_translate),
        SCENE_TEST(test_slices_across_areas),
        SCENE_TEST(test_slices_arguments),
        SCENE_TEST(test_storage_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
