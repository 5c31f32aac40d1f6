/*
 * test_no_memory.c - every request for a frame or for memory is refused once, and from then on;
 * the operation fails and not a byte of any table differs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page_table/run_model.h"

#define RWX MSET_ACCESS

struct operation {
    const char *what;
    mset_status (*run)(struct mset_page_table *pt);
    uint64_t tables; /* that it needs, counted by hand */
};

/* On an empty table: [1 GiB - 4 KiB, 1 GiB + 4 KiB): two each of level 0 and 1, one of level 2. */
static mset_status map_across(struct mset_page_table *pt) {
    return mset_pt_map(pt, GIB - PAGE, GIB - PAGE, 2 * PAGE, RWX);
}

/* Physical addresses are a page off, so 4 MiB take three tables of small leaves. */
static mset_status map_askew(struct mset_page_table *pt) {
    return mset_pt_map(pt, 5 * GIB + 2 * MIB - PAGE, 0, 4 * MIB + 2 * PAGE, RWX);
}

/* A level-2 table for the 512 GiB beyond, and nothing else: 1 GiB leaves. */
static mset_status map_large(struct mset_page_table *pt) {
    return mset_pt_map(pt, UINT64_C(1) << 39, 0, 7 * GIB, RWX);
}

static mset_status unmap_page_in_1g(struct mset_page_table *pt) {
    return mset_pt_unmap(pt, 3 * GIB + 5 * PAGE, PAGE, NULL, NULL);
}

/* Both ends cut the same 1 GiB leaf, in different 2 MiB parts. */
static mset_status unmap_middle_of_1g(struct mset_page_table *pt) {
    return mset_pt_unmap(pt, 3 * GIB + 5 * PAGE, 20 * MIB, NULL, NULL);
}

/* Both ends cut, each another 1 GiB leaf. */
static mset_status protect_across_1g(struct mset_page_table *pt) {
    return mset_pt_protect(pt, 4 * GIB - PAGE, 2 * PAGE, MSET_READ);
}

static mset_status hide_part_of_1g(struct mset_page_table *pt) {
    return mset_pt_protect(pt, 3 * GIB, 2 * MIB, 0);
}

/* Cuts a page out of a 1 GiB leaf (2 tables) and puts it where nothing is (3 tables). */
static mset_status move_page(struct mset_page_table *pt) {
    return mset_pt_move(pt, 3 * GIB + 5 * PAGE, UINT64_C(1) << 40, PAGE);
}

/* 2 MiB out of the first 1 GiB leaf (1 table), to a place askew: levels 2, 1, and two of 0. */
static mset_status move_askew(struct mset_page_table *pt) {
    return mset_pt_move(pt, 3 * GIB, (UINT64_C(1) << 40) + PAGE, 2 * MIB);
}

/* The last 1 GiB leaf but for four pages (2 tables), to an equal place (3); then a hole. */
static mset_status move_with_hole(struct mset_page_table *pt) {
    return mset_pt_move(pt, 4 * GIB + 4 * PAGE, (UINT64_C(1) << 40) + 4 * PAGE, 2 * GIB);
}

/* Over [3 GiB, 5 GiB) mapped by two 1 GiB leaves. */
static const struct operation operations[] = {
    {"map across 1 GiB", map_across, 4},
    {"map askew", map_askew, 5},
    {"map large", map_large, 1},
    {"unmap a page of 1 GiB", unmap_page_in_1g, 2},
    {"unmap the middle of 1 GiB", unmap_middle_of_1g, 3},
    {"protect across two leaves", protect_across_1g, 4},
    {"hide 2 MiB", hide_part_of_1g, 1},
    {"move a page", move_page, 5},
    {"move askew", move_askew, 5},
    {"move with a hole", move_with_hole, 5},
};

static void prepare(struct rig *rig) {
    rig_open(rig, 64, 0);
    assert_int_equal(mset_pt_map(rig->pt, 3 * GIB, 7 * GIB, 2 * GIB, MSET_READ | MSET_WRITE),
                     MSET_OK);
}

static void expect_failure(struct rig *rig, const struct operation *operation) {
    const struct mset_pt_statistics before = rig_count(rig);
    const uint64_t live = rig->source.live, blocks = rig->memory.live_blocks;
    unsigned char *const image = rig_image(rig);
    if (operation->run(rig->pt) != MSET_NO_MEMORY) {
        fail_msg("%s should have failed", operation->what);
    }
    const struct mset_pt_statistics after = rig_count(rig);
    assert_true(rig_unchanged(rig, image));
    assert_memory_equal(before.tables, after.tables, sizeof before.tables);
    assert_memory_equal(before.leaves, after.leaves, sizeof before.leaves);
    assert_int_equal(before.splits, after.splits);
    assert_int_equal(rig->source.live, live);
    assert_int_equal(rig->memory.live_blocks, blocks);
    rig_validate(rig);
    free(image);
}

static void refuse_each(const struct operation *operation, bool on) {
    struct rig rig;
    prepare(&rig);
    for (uint64_t nth = 1; nth <= operation->tables; nth++) {
        failing_frames_fail(&rig.source, nth, on);
        expect_failure(&rig, operation);
        failing_frames_fail(&rig.source, 0, false);
        counting_allocator_fail(&rig.memory, nth, on);
        expect_failure(&rig, operation);
        counting_allocator_fail(&rig.memory, 0, false);
    }
    failing_frames_fail(&rig.source, 0, false);
    assert_int_equal(operation->run(rig.pt), MSET_OK);
    assert_int_equal(rig.source.calls, operation->tables); /* not one more than needed */
    rig_close(&rig);
}

static void test_each_request_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        refuse_each(&operations[i], false);
        refuse_each(&operations[i], true);
    }
}

static void test_create_without_memory(void **state) {
    (void)state;
    struct rig rig;
    prepare(&rig);
    struct mset_page_table *pt = NULL;
    const struct mset_pt_config config = {
        .format = &mset_pt_x86_64, .frames = &rig.source.frames, .allocator = &rig.memory.base};
    const uint64_t live = rig.source.live, blocks = rig.memory.live_blocks;
    failing_frames_fail(&rig.source, 1, false);
    assert_int_equal(mset_pt_create(&config, &pt), MSET_NO_MEMORY);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        counting_allocator_fail(&rig.memory, nth, false);
        assert_int_equal(mset_pt_create(&config, &pt), MSET_NO_MEMORY);
    }
    counting_allocator_fail(&rig.memory, 0, false);
    assert_null(pt);
    assert_int_equal(rig_live(&rig), live);
    assert_int_equal(rig.memory.live_blocks, blocks);
    rig_close(&rig);
}

/* Removing and re-protecting at leaf boundaries must work when there is no memory at all. */
static void test_whole_leaves_need_no_memory(void **state) {
    (void)state;
    struct rig rig;
    prepare(&rig);
    assert_int_equal(mset_pt_map(rig.pt, 2 * MIB, 2 * MIB, 2 * MIB + PAGE, RWX), MSET_OK);
    failing_frames_fail(&rig.source, 1, true);
    counting_allocator_fail(&rig.memory, 1, true);
    assert_int_equal(mset_pt_protect(rig.pt, 2 * MIB, 2 * MIB, 0), MSET_OK);
    assert_int_equal(mset_pt_protect(rig.pt, 4 * MIB, PAGE, 0), MSET_OK);
    assert_int_equal(mset_pt_protect(rig.pt, 3 * GIB, GIB, MSET_READ), MSET_OK);
    /* Equal flags: nothing is cut. */
    assert_int_equal(mset_pt_protect(rig.pt, 3 * GIB + PAGE, PAGE, MSET_READ), MSET_OK);
    assert_int_equal(mset_pt_unmap(rig.pt, 4 * MIB, PAGE, NULL, NULL), MSET_OK);
    assert_int_equal(mset_pt_unmap(rig.pt, 2 * MIB, 2 * MIB, NULL, NULL), MSET_OK);
    assert_int_equal(mset_pt_unmap(rig.pt, 3 * GIB, 2 * GIB, NULL, NULL), MSET_OK);
    assert_int_equal(rig_live(&rig), 1);
    rig_close(&rig);
}

/* Random states and operations; each operation first meets a refusal somewhere. */
static void test_random_refusals(void **state) {
    (void)state;
    static struct run_model model;
    struct rig rig;
    struct rng rng = {4711};
    rig_open(&rig, 64, 0);
    run_model_init(&model);
    for (unsigned i = 0; i < 4000; i++) {
        const uint64_t va = (rng_below(&rng, 3) * GIB / 2) + rng_below(&rng, 3) * 2 * MIB +
                            rng_below(&rng, 4) * PAGE;
        const uint64_t size = rng_chance(&rng, 50) ? (1 + rng_below(&rng, 3)) * PAGE
                                                   : 2 * MIB + rng_below(&rng, 4) * PAGE;
        const unsigned kind = (unsigned)rng_below(&rng, 3);
        const uint64_t flags = rng_chance(&rng, 30) ? 0 : MSET_READ;
        const uint64_t nth = rng_below(&rng, 6);
        mset_pt_flushed(rig.pt);
        unsigned char *const image = rig_image(&rig);
        failing_frames_fail(&rig.source, nth, rng_chance(&rng, 50));
        const mset_status status = kind == 0   ? mset_pt_map(rig.pt, va, va + GIB, size, flags)
                                   : kind == 1 ? mset_pt_unmap(rig.pt, va, size, NULL, NULL)
                                               : mset_pt_protect(rig.pt, va, size, flags);
        if (status == MSET_NO_MEMORY) {
            assert_true(nth != 0 && rig.source.calls >= nth);
            assert_true(rig_unchanged(&rig, image));
        } else if (kind == 0) {
            assert_int_equal(status == MSET_OK, run_model_free(&model, va, size));
            if (status == MSET_OK) {
                run_model_map(&model, va, va + GIB, size, flags);
            }
        } else if (kind == 1) {
            run_model_unmap(&model, va, size);
        } else {
            run_model_protect(&model, va, size, flags);
        }
        free(image);
        run_model_check(&model, &rig, &rng);
    }
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_request_refused),
        cmocka_unit_test(test_create_without_memory),
        cmocka_unit_test(test_whole_leaves_need_no_memory),
        cmocka_unit_test(test_random_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
