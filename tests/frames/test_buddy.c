/*
 * test_buddy.c - the buddy against a plain array of "is this frame taken?".
 *
 * The array knows nothing of orders or joins: it says which frames are free, and by looking at
 * every aligned place what the largest block is and where the lowest block of an order begins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <mset/frames.h>

#include "support/counting_allocator.h"
#include "support/rng.h"

enum { MODEL_FRAMES = 1200 };

#define PAGE MSET_PAGE_SIZE

struct model {
    struct counting_allocator memory;
    struct mset_buddy *buddy;
    struct mset_frames *frames;
    uint64_t first; /* frame number of the region's base */
    uint64_t count;
    bool taken[MODEL_FRAMES];
};

static void model_open(struct model *model, uint64_t first, uint64_t count, void *storage) {
    assert_true(count <= MODEL_FRAMES);
    memset(model, 0, sizeof *model);
    counting_allocator_open(&model->memory);
    const struct mset_buddy_config config = {first * MSET_PAGE_SIZE, count * MSET_PAGE_SIZE,
                                             storage, &model->memory.base};
    assert_int_equal(mset_buddy_create(&config, &model->buddy), MSET_OK);
    model->frames = mset_buddy_frames(model->buddy);
    model->first = first;
    model->count = count;
}

static void model_close(struct model *model) {
    mset_buddy_destroy(model->buddy);
    assert_null(counting_allocator_complaint(&model->memory, true));
}

static bool model_block(const struct model *model, uint64_t frame, unsigned order, bool taken) {
    for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
        const uint64_t at = frame + i - model->first;
        if (frame + i < model->first || at >= model->count || model->taken[at] != taken) {
            return false;
        }
    }
    return true;
}

/* First frame of the lowest aligned free block, or UINT64_MAX. */
static uint64_t model_lowest(const struct model *model, unsigned order) {
    const uint64_t step = UINT64_C(1) << order;
    uint64_t frame = (model->first + step - 1) / step * step;
    for (; frame + step <= model->first + model->count; frame += step) {
        if (model_block(model, frame, order, false)) {
            return frame;
        }
    }
    return UINT64_MAX;
}

static void model_set(struct model *model, uint64_t frame, unsigned order, bool taken) {
    for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
        model->taken[frame + i - model->first] = taken;
    }
}

static void model_compare(const struct model *model) {
    struct mset_buddy_statistics now;
    uint64_t free_frames = 0;
    int largest = -1;
    for (uint64_t i = 0; i < model->count; i++) {
        free_frames += !model->taken[i];
        assert_int_equal(mset_buddy_is_free(model->buddy, (model->first + i) * MSET_PAGE_SIZE + 77),
                         !model->taken[i]);
    }
    for (unsigned order = 0; order < 12; order++) {
        if (model_lowest(model, order) != UINT64_MAX) {
            largest = (int)order;
        }
    }
    mset_buddy_get_statistics(model->buddy, &now);
    assert_int_equal(now.frames, model->count);
    assert_int_equal(now.free_frames, free_frames);
    assert_int_equal(now.used_frames, model->count - free_frames);
    assert_int_equal(now.largest_free_order, largest);
    const char *wrong = mset_buddy_validate(model->buddy);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static void model_alloc(struct model *model, unsigned order) {
    uint64_t pa = 12345;
    const mset_status status = mset_frames_alloc(model->frames, order, &pa);
    if (model_lowest(model, order) == UINT64_MAX) {
        assert_int_equal(status, MSET_NO_MEMORY);
        assert_int_equal(pa, 12345);
        return;
    }
    assert_int_equal(status, MSET_OK);
    assert_int_equal(pa % (MSET_PAGE_SIZE << order), 0);
    assert_true(model_block(model, pa / MSET_PAGE_SIZE, order, false));
    model_set(model, pa / MSET_PAGE_SIZE, order, true);
}

/* Frees any aligned taken block, whichever way it was allocated. */
static void model_free(struct model *model, struct rng *rng, unsigned order) {
    const uint64_t step = UINT64_C(1) << order;
    const uint64_t frame = (model->first + rng_below(rng, model->count)) / step * step;
    if (model_block(model, frame, order, true)) {
        mset_frames_free(model->frames, frame * MSET_PAGE_SIZE, order);
        model_set(model, frame, order, false);
    }
}

static void random_operations(uint64_t seed, uint64_t first, uint64_t count, unsigned steps) {
    struct model model;
    struct rng rng = {seed};
    model_open(&model, first, count, NULL);
    model_compare(&model);
    unsigned percent = 50;
    for (unsigned i = 0; i < steps; i++) {
        const unsigned order = (unsigned)rng_below(&rng, 1 + rng_below(&rng, 11));
        if (i % 256 == 0) {
            percent = 30 + (unsigned)rng_below(&rng, 40); /* fill up, drain */
        }
        if (rng_chance(&rng, percent)) {
            model_alloc(&model, order);
        } else {
            model_free(&model, &rng, order);
        }
        if (i % 16 == 0) {
            model_compare(&model);
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        if (model.taken[i]) {
            mset_frames_free(model.frames, (first + i) * MSET_PAGE_SIZE, 0);
            model.taken[i] = false;
        }
    }
    model_compare(&model); /* everything joined again: as after create */
    model_close(&model);
}

static void test_random_against_array(void **state) {
    (void)state;
    static const uint64_t sizes[][2] = {
        {0, 1},     {0, 64},   {1, 63},      {7, 1}, {3, 129},  {0, 1024},   {512, 511},
        {1023, 66}, {5, 1111}, {4096, 1200}, {1, 2}, {4095, 2}, {100, 1000}, {1ull << 44, 700}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        random_operations(i + 1, sizes[i][0], sizes[i][1], 2000);
    }
}

static void test_every_small_region_joins_again(void **state) {
    (void)state;
    for (uint64_t first = 0; first < 9; first++) {
        for (uint64_t count = 1; count < 40; count++) {
            struct model model;
            uint64_t pa;
            model_open(&model, first, count, NULL);
            for (uint64_t i = 0; i < count; i++) {
                assert_int_equal(mset_frames_alloc(model.frames, 0, &pa), MSET_OK);
                assert_true(model_block(&model, pa / MSET_PAGE_SIZE, 0, false));
                model_set(&model, pa / MSET_PAGE_SIZE, 0, true);
            }
            assert_int_equal(mset_frames_alloc(model.frames, 0, &pa), MSET_NO_MEMORY);
            mset_frames_free_range(model.frames, first * MSET_PAGE_SIZE, count * MSET_PAGE_SIZE);
            memset(model.taken, 0, sizeof model.taken);
            model_compare(&model);
            model_close(&model);
        }
    }
}

static void test_single_frames_come_in_ascending_runs(void **state) {
    (void)state;
    struct model model;
    uint64_t before, pa;
    model_open(&model, 1024, 1024, NULL);
    assert_int_equal(mset_frames_alloc(model.frames, 0, &before), MSET_OK);
    for (unsigned i = 1; i < 1024; i++) { /* an eager backend maps them as one run */
        assert_int_equal(mset_frames_alloc(model.frames, 0, &pa), MSET_OK);
        assert_int_equal(pa, before + MSET_PAGE_SIZE);
        before = pa;
    }
    model_close(&model);
}

static void test_storage_follows_addresses(void **state) {
    (void)state;
    static unsigned char storage[16 * 4096];
    struct model model;
    uint64_t pa;
    model_open(&model, 0x100, 16, storage);
    assert_int_equal(mset_frames_alloc(model.frames, 2, &pa), MSET_OK);
    assert_ptr_equal(mset_frames_virt(model.frames, pa), storage + (pa - 0x100000));
    assert_ptr_equal(mset_frames_virt(model.frames, 0x103123), storage + 0x3123);
    mset_frames_free(model.frames, pa, 2);
    model_close(&model);
    model_open(&model, 0x100, 16, NULL);
    assert_null(mset_frames_virt(model.frames, 0x103000));
    model_close(&model);
}

static void test_one_tebibyte_of_addresses(void **state) {
    (void)state;
    struct counting_allocator memory;
    struct mset_buddy *buddy;
    struct mset_buddy_statistics now;
    uint64_t pa[3];
    counting_allocator_open(&memory);
    const struct mset_buddy_config config = {0, UINT64_C(1) << 40, NULL, &memory.base};
    assert_int_equal(mset_buddy_create(&config, &buddy), MSET_OK);
    assert_true(memory.live_bytes < UINT64_C(70) << 20);
    struct mset_frames *const frames = mset_buddy_frames(buddy);
    assert_int_equal(mset_frames_alloc(frames, 0, &pa[0]), MSET_OK);
    assert_int_equal(mset_frames_alloc(frames, 18, &pa[1]), MSET_OK);
    assert_int_equal(pa[1], 1 << 30);
    assert_int_equal(mset_frames_alloc(frames, 28, &pa[2]), MSET_NO_MEMORY);
    assert_int_equal(mset_frames_alloc(frames, 27, &pa[2]), MSET_OK);
    assert_int_equal(pa[2], UINT64_C(1) << 39);
    mset_frames_free(frames, pa[2], 27);
    mset_frames_free(frames, pa[1], 18);
    mset_frames_free(frames, pa[0], 0);
    mset_buddy_get_statistics(buddy, &now);
    assert_int_equal(now.largest_free_order, 28);
    mset_buddy_destroy(buddy);
    assert_null(counting_allocator_complaint(&memory, true));
}

static void test_bad_regions(void **state) {
    (void)state;
    struct counting_allocator memory;
    struct mset_buddy *buddy = NULL;
    counting_allocator_open(&memory);
    const struct mset_allocator *const a = &memory.base;
    const struct mset_buddy_config bad[] = {
        {0, 0, NULL, a},
        {1, 4096, NULL, a},
        {0, 4095, NULL, a},
        {UINT64_C(1) << 57, 4096, NULL, a},
        {0, UINT64_MAX, NULL, a},
        {4096, UINT64_C(1) << 57, NULL, a},
        {UINT64_MAX - 4095, 4096, NULL, a},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(mset_buddy_create(&bad[i], &buddy), MSET_INVALID_PARAM);
    }
    assert_int_equal(mset_buddy_create(NULL, &buddy), MSET_INVALID_PARAM);
    assert_int_equal(mset_buddy_create(&bad[0], NULL), MSET_INVALID_PARAM);
    counting_allocator_fail(&memory, 1, true);
    const struct mset_buddy_config good = {0, 4096, NULL, a};
    assert_int_equal(mset_buddy_create(&good, &buddy), MSET_NO_MEMORY);
    assert_null(buddy);
    mset_buddy_destroy(NULL);
    assert_null(counting_allocator_complaint(&memory, true));
}

static void test_an_order_too_large_is_no_memory(void **state) {
    (void)state;
    struct model model;
    uint64_t pa;
    model_open(&model, 0, 8, NULL);
    assert_int_equal(mset_frames_alloc(model.frames, 4, &pa), MSET_NO_MEMORY);
    assert_int_equal(mset_frames_alloc(model.frames, 63, &pa), MSET_NO_MEMORY);
    assert_int_equal(mset_frames_alloc(model.frames, 1000, &pa), MSET_NO_MEMORY);
    assert_int_equal(mset_frames_alloc(model.frames, 3, &pa), MSET_OK);
    for (unsigned i = 0; i < 8; i++) { /* an allocated block comes back in pieces */
        mset_frames_free(model.frames, pa + i * MSET_PAGE_SIZE, 0);
    }
    model_compare(&model);
    model_close(&model);
}

#if defined MSET_DEBUG_LEVEL && MSET_DEBUG_LEVEL >= 1
/* Frees in another process, and expects that one to be stopped by an assertion. */
static void expect_stop(const struct model *model, uint64_t pa, unsigned order) {
    (void)fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO);
        mset_frames_free(model->frames, pa, order);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void test_wrong_frees_are_stopped(void **state) {
    (void)state;
    struct model model;
    uint64_t pa;
    model_open(&model, 16, 21, NULL); /* frames 16 .. 36 */
    assert_int_equal(mset_frames_alloc(model.frames, 2, &pa), MSET_OK);
    mset_frames_free(model.frames, pa + 2 * PAGE, 0);
    expect_stop(&model, pa + 2 * PAGE, 0); /* twice */
    expect_stop(&model, pa, 2);            /* part of it twice */
    expect_stop(&model, pa + PAGE, 1);     /* misaligned */
    expect_stop(&model, 24 * PAGE, 0);     /* never handed out */
    expect_stop(&model, 15 * PAGE, 0);     /* before the region */
    expect_stop(&model, 37 * PAGE, 0);     /* behind it */
    expect_stop(&model, 36 * PAGE, 2);     /* out of it */
    expect_stop(&model, pa, 60);           /* no such order */
    mset_frames_free(model.frames, pa, 1); /* and these are fine */
    mset_frames_free(model.frames, pa + 3 * PAGE, 0);
    model_compare(&model);
    model_close(&model);
}
#else
static void test_wrong_frees_are_stopped(void **state) {
    (void)state;
    skip(); /* nothing looks */
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_against_array),
        cmocka_unit_test(test_every_small_region_joins_again),
        cmocka_unit_test(test_single_frames_come_in_ascending_runs),
        cmocka_unit_test(test_storage_follows_addresses),
        cmocka_unit_test(test_one_tebibyte_of_addresses),
        cmocka_unit_test(test_bad_regions),
        cmocka_unit_test(test_wrong_frees_are_stopped),
        cmocka_unit_test(test_an_order_too_large_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
