/*
 * test_buddy_validate.c - the validator can say no: each invariant of buddy.h is broken once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames/buddy.h"

/* Frames 0x100 to 0x1a0: an odd number, and more than a word of bits at the lowest orders. */
enum { FIRST = 0x100, FRAMES = 0xa1 };

static struct mset_buddy *open_buddy(void) {
    const struct mset_buddy_config config = {FIRST * MSET_PAGE_SIZE, FRAMES * MSET_PAGE_SIZE, NULL,
                                             NULL};
    struct mset_buddy *buddy = NULL;
    assert_int_equal(mset_buddy_create(&config, &buddy), MSET_OK);
    assert_null(mset_buddy_validate(buddy));
    return buddy;
}

static struct bit_tree *blocks(struct mset_buddy *buddy, unsigned order) {
    return &buddy->order[order].free;
}

/* Bits count from an even number. */
static uint64_t bit_of(const struct mset_buddy *buddy, uint64_t frame, unsigned order) {
    return (frame >> order) - buddy->order[order].first;
}

static uint64_t take_frame(struct mset_buddy *buddy) {
    uint64_t pa = 0;
    assert_int_equal(mset_frames_alloc(mset_buddy_frames(buddy), 0, &pa), MSET_OK);
    return pa / MSET_PAGE_SIZE;
}

static void a_block_outside(void **state) {
    (void)state;
    struct mset_buddy *const buddy = open_buddy();
    assert_int_equal(take_frame(buddy), FIRST + FRAMES - 1);
    bit_tree_add(blocks(buddy, 0), bit_of(buddy, FIRST + FRAMES, 0)); /* its buddy */
    assert_string_equal(mset_buddy_validate(buddy), "a free block lies outside of the region");
    bit_tree_remove(blocks(buddy, 0), bit_of(buddy, FIRST + FRAMES, 0));
    assert_null(mset_buddy_validate(buddy));
    mset_buddy_destroy(buddy);
}

static void free_buddies(void **state) {
    (void)state;
    struct mset_buddy *const buddy = open_buddy();
    (void)take_frame(buddy); /* the last one, which has no buddy */
    const uint64_t frame = take_frame(buddy), bit = bit_of(buddy, frame ^ 1, 0);
    assert_true(bit_tree_has(blocks(buddy, 0), bit));
    bit_tree_add(blocks(buddy, 0), bit ^ 1);
    assert_string_equal(mset_buddy_validate(buddy), "two free buddies were not joined");
    mset_buddy_destroy(buddy);
}

static void a_frame_in_two_blocks(void **state) {
    (void)state;
    struct mset_buddy *const buddy = open_buddy();
    assert_true(bit_tree_has(blocks(buddy, 7), bit_of(buddy, FIRST, 7)));
    bit_tree_add(blocks(buddy, 0), bit_of(buddy, FIRST + 5, 0));
    assert_string_equal(mset_buddy_validate(buddy), "a frame lies in two free blocks");
    mset_buddy_destroy(buddy);
}

static void a_summary(void **state) {
    (void)state;
    struct mset_buddy *const buddy = open_buddy();
    struct bit_tree *const tree = blocks(buddy, 0);
    assert_true(tree->levels > 1);
    for (unsigned word = 0; word < 2; word++) { /* of an empty one, and of the last frame's */
        tree->level[1][0] ^= UINT64_C(1) << (2 * word);
        assert_string_equal(mset_buddy_validate(buddy),
                            "a summary bit does not agree with the word below it");
        tree->level[1][0] ^= UINT64_C(1) << (2 * word);
        assert_null(mset_buddy_validate(buddy));
    }
    mset_buddy_destroy(buddy);
}

static void counts(void **state) {
    (void)state;
    struct mset_buddy *const buddy = open_buddy();
    static const char *const wrong = "the number of free blocks of an order is wrong";
    buddy->order[7].count++;
    assert_string_equal(mset_buddy_validate(buddy), wrong);
    buddy->order[7].count--;
    for (unsigned order = 0; order < buddy->orders; order++) { /* some have blocks, some none */
        buddy->nonempty ^= UINT64_C(1) << order;
        assert_string_equal(mset_buddy_validate(buddy), wrong);
        buddy->nonempty ^= UINT64_C(1) << order;
    }
    buddy->free_frames--;
    assert_string_equal(mset_buddy_validate(buddy), "the number of free frames is wrong");
    buddy->free_frames++;
    assert_null(mset_buddy_validate(buddy));
    mset_buddy_destroy(buddy);
}

/* Which frames are free is asked about every address there is. */
static void free_or_not(void **state) {
    (void)state;
    struct mset_buddy *const buddy = open_buddy();
    (void)take_frame(buddy);
    const uint64_t taken = take_frame(buddy);
    assert_true(mset_buddy_is_free(buddy, (taken + 1) * MSET_PAGE_SIZE + 7));
    assert_false(mset_buddy_is_free(buddy, taken * MSET_PAGE_SIZE));
    assert_false(mset_buddy_is_free(buddy, FIRST * MSET_PAGE_SIZE - 1));
    assert_true(mset_buddy_is_free(buddy, (FIRST + FRAMES - 1) * MSET_PAGE_SIZE - 1));
    assert_false(mset_buddy_is_free(buddy, (FIRST + FRAMES) * MSET_PAGE_SIZE - 1));
    assert_false(mset_buddy_is_free(buddy, (FIRST + FRAMES) * MSET_PAGE_SIZE));
    mset_buddy_destroy(buddy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_outside),
        cmocka_unit_test(free_buddies),
        cmocka_unit_test(a_frame_in_two_blocks),
        cmocka_unit_test(a_summary),
        cmocka_unit_test(counts),
        cmocka_unit_test(free_or_not),
    };
    return cmocka_run_group_tests_name("buddy_validate", tests, NULL, NULL);
}
