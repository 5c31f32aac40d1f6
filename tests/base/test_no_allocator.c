/*
 * test_no_allocator.c - where there is no default allocator, as in a freestanding build, whoever
 * gives none is told so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mset/mset.h>

#include "support/counting_allocator.h"

/* Takes the place of the library's. */
const struct mset_allocator *mset_allocator_default(void) {
    return NULL;
}

static void none_given_is_refused(void **state) {
    (void)state;
    static unsigned char storage[4 * 4096];
    struct counting_allocator memory;
    struct mset *set = NULL;
    struct mset_buddy *buddy = NULL;
    struct mset_page_table *table = NULL;
    counting_allocator_open(&memory);
    assert_int_equal(mset_create(NULL, &set), MSET_INVALID_PARAM);
    struct mset_buddy_config region = {0x10000, sizeof storage, storage, NULL};
    assert_int_equal(mset_buddy_create(&region, &buddy), MSET_INVALID_PARAM);
    region.allocator = &memory.base;
    assert_int_equal(mset_buddy_create(&region, &buddy), MSET_OK);
    const struct mset_pt_config config = {.format = &mset_pt_x86_64,
                                          .frames = mset_buddy_frames(buddy)};
    assert_int_equal(mset_pt_create(&config, &table), MSET_INVALID_PARAM);
    assert_true(set == NULL && table == NULL);
    mset_buddy_destroy(buddy);
    assert_null(counting_allocator_complaint(&memory, true));
}

/* An eager backend needs memory for what it reserves, and for nothing else. */
static void an_eager_backend_without_memory(void **state) {
    (void)state;
    static unsigned char storage[16 * 4096];
    struct counting_allocator memory;
    struct mset_buddy *buddy = NULL;
    struct mset_page_table *table = NULL;
    struct mset_eager eager;
    counting_allocator_open(&memory);
    const struct mset_buddy_config region = {0x10000, sizeof storage, storage, &memory.base};
    assert_int_equal(mset_buddy_create(&region, &buddy), MSET_OK);
    const struct mset_pt_config config = {
        .format = &mset_pt_x86_64, .frames = mset_buddy_frames(buddy), .allocator = &memory.base};
    assert_int_equal(mset_pt_create(&config, &table), MSET_OK);
    mset_eager_init(&eager, mset_buddy_frames(buddy), NULL);
    struct mset_area area = {0x400000, 0x1000, 0, &eager.backend, 0};
    const struct mset_backend_ops *const ops = eager.backend.ops;
    assert_int_equal(ops->map(&eager.backend, &area, table), MSET_OK);
    assert_int_equal(ops->protect(&eager.backend, &area, MSET_READ, table), MSET_INVALID_PARAM);
    area.flags = MSET_READ;
    assert_int_equal(ops->map(&eager.backend, &area, table), MSET_INVALID_PARAM);
    assert_int_equal(eager.held, 0);
    mset_pt_destroy(table);
    mset_buddy_destroy(buddy);
    assert_null(counting_allocator_complaint(&memory, true));
}

/* Frames are taken and given back as before; owners cannot be written down. */
static void counted_frames_without_memory(void **state) {
    (void)state;
    static unsigned char storage[16 * 4096];
    struct counting_allocator memory;
    struct mset_buddy *buddy = NULL;
    struct mset_counted counted;
    struct mset_space *space = NULL;
    uint64_t pa = 0;
    counting_allocator_open(&memory);
    const struct mset_buddy_config region = {0x10000, sizeof storage, storage, &memory.base};
    assert_int_equal(mset_buddy_create(&region, &buddy), MSET_OK);
    mset_counted_init(&counted, mset_buddy_frames(buddy), NULL);
    assert_int_equal(mset_frames_alloc(&counted.frames, 0, &pa), MSET_OK);
    assert_int_equal(mset_counted_share(&counted, pa, 4096), MSET_INVALID_PARAM);
    mset_frames_free(&counted.frames, pa, 0);
    const struct mset_space_config config = {
        .table = {.format = &mset_pt_x86_64, .frames = mset_buddy_frames(buddy)},
        .pages = &counted};
    assert_int_equal(mset_space_create(&config, &space), MSET_INVALID_PARAM);
    assert_null(space);
    mset_buddy_destroy(buddy);
    assert_null(counting_allocator_complaint(&memory, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_given_is_refused),
        cmocka_unit_test(an_eager_backend_without_memory),
        cmocka_unit_test(counted_frames_without_memory),
    };
    return cmocka_run_group_tests_name("base-no-allocator", tests, NULL, NULL);
}
