/* test_counted.c - frames with several owners, and where their numbers are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frames/counted.h"
#include "support/counting_allocator.h"
#include "support/faulty.h"
#include "support/rng.h"
#include "support/scale.h"

#define PAGE MSET_PAGE_SIZE
#define MIB UINT64_C(0x100000)

enum { FRAMES = 16384 }; /* 64 MiB, 32 chunks */

static const uint64_t base = 256 * MIB;

struct scene {
    struct counting_allocator memory;
    struct fault_point point;
    struct faulty_allocator allocator;
    struct mset_buddy *buddy;
    struct faulty_frames under;
    struct mset_counted counted;
};

static struct scene s;

static void open_scene(void) {
    memset(&s, 0, sizeof s);
    counting_allocator_open(&s.memory);
    faulty_allocator_init(&s.allocator, &s.memory.base, &s.point);
    const struct mset_buddy_config region = {base, FRAMES * PAGE, NULL, &s.memory.base};
    assert_int_equal(mset_buddy_create(&region, &s.buddy), MSET_OK);
    faulty_frames_init(&s.under, mset_buddy_frames(s.buddy), &s.point);
    mset_counted_init(&s.counted, &s.under.base, &s.allocator.base);
}

static void valid(void) {
    assert_null(mset_counted_validate(&s.counted));
    assert_null(mset_buddy_validate(s.buddy));
}

/* Nothing is shared, so nothing is kept. */
static void close_scene(void) {
    valid();
    assert_int_equal(s.under.live, 0);
    assert_int_equal(s.counted.chunks + s.counted.bucket_count + s.counted.extra, 0);
    mset_buddy_destroy(s.buddy);
    assert_null(counting_allocator_complaint(&s.memory, true));
}

static uint64_t take(unsigned order) {
    uint64_t pa = 0;
    assert_int_equal(mset_frames_alloc(&s.counted.frames, order, &pa), MSET_OK);
    return pa;
}

static void give(uint64_t pa, uint64_t size) {
    mset_frames_free_range(&s.counted.frames, pa, size);
    valid();
}

static void share(uint64_t pa, uint64_t size) {
    assert_int_equal(mset_counted_share(&s.counted, pa, size), MSET_OK);
    valid();
}

static void test_one_owner(void **state) {
    (void)state;
    open_scene();
    const uint64_t pa = take(3);
    assert_int_equal(mset_counted_owners(&s.counted, pa + 5), 1);
    assert_false(mset_counted_is_shared(&s.counted, pa, 8 * PAGE));
    assert_null(mset_frames_virt(&s.counted.frames, pa)); /* as the source below says */
    const uint64_t books = s.memory.live_bytes;
    give(pa, 8 * PAGE);
    assert_int_equal(s.memory.live_bytes, books);
    close_scene();
}

static void test_the_last_owner_frees(void **state) {
    (void)state;
    open_scene();
    const uint64_t pa = take(0);
    share(pa, PAGE);
    share(pa, PAGE);
    assert_int_equal(mset_counted_owners(&s.counted, pa), 3);
    give(pa, PAGE);
    give(pa, PAGE);
    assert_int_equal(s.under.live, 1);
    assert_int_equal(mset_counted_owners(&s.counted, pa), 1);
    give(pa, PAGE);
    close_scene();
}

/* A block of 4 MiB is shared as one and given up in parts, in another order by each owner. */
static void test_parts_of_a_block(void **state) {
    (void)state;
    open_scene();
    const uint64_t pa = take(10), size = 4 * MIB;
    share(pa, size);
    give(pa + MIB, 2 * MIB);
    assert_true(mset_counted_is_shared(&s.counted, pa, size));
    assert_false(mset_counted_is_shared(&s.counted, pa + MIB, 2 * MIB));
    assert_int_equal(s.under.live, 1024);
    give(pa, size); /* the middle had one owner left */
    assert_int_equal(s.under.live, 512);
    assert_int_equal(s.counted.extra, 0);
    give(pa, MIB);
    give(pa + 3 * MIB, MIB);
    close_scene();
}

/* What lies between chunks without a count is freed in blocks, not frame by frame. */
static void test_runs_across_chunks(void **state) {
    (void)state;
    open_scene();
    const uint64_t pa = take(12); /* 16 MiB */
    share(pa + 6 * MIB, PAGE);
    share(pa + 16 * MIB - PAGE, PAGE);
    give(pa, 16 * MIB);
    assert_int_equal(s.under.live, 2);
    give(pa + 6 * MIB, PAGE);
    give(pa + 16 * MIB - PAGE, PAGE);
    close_scene();
}

/* More chunks than buckets at first; and where more buckets are not to be had, fewer will do. */
static void test_many_chunks(void **state) {
    (void)state;
    static uint64_t pa[FRAMES];
    for (uint64_t refuse = 0; refuse < 2; refuse++) {
        open_scene();
        for (unsigned i = 0; i < FRAMES; i++) {
            pa[i] = take(0);
        }
        fault_point_set(&s.point, refuse * 19, false); /* buckets, 17 chunks, then more buckets */
        for (unsigned i = 0; i < FRAMES; i++) {
            assert_int_equal(mset_counted_share(&s.counted, pa[i], PAGE), MSET_OK);
        }
        assert_int_equal(s.point.hit, refuse);
        fault_point_set(&s.point, 0, false);
        valid();
        for (unsigned i = 0; i < 2 * FRAMES; i++) {
            mset_frames_free(&s.counted.frames, pa[i % FRAMES], 0);
        }
        close_scene();
    }
}

static void test_no_memory_shares_nothing(void **state) {
    (void)state;
    open_scene();
    const uint64_t pa = take(12);
    share(pa + 8 * MIB, PAGE);
    const uint64_t live = s.memory.live_bytes;
    for (uint64_t nth = 1; nth <= 7; nth++) { /* all chunks but the one that is there */
        fault_point_set(&s.point, nth, nth % 2 == 0);
        assert_int_equal(mset_counted_share(&s.counted, pa, 16 * MIB), MSET_NO_MEMORY);
        assert_int_equal(s.memory.live_bytes, live);
        assert_int_equal(s.counted.extra, 1);
        valid();
    }
    fault_point_set(&s.point, 8, false);
    share(pa, 16 * MIB);
    fault_point_set(&s.point, 0, false);
    give(pa, 16 * MIB);
    give(pa, 16 * MIB);
    give(pa + 8 * MIB, PAGE);
    /* Without a single bucket there is no chunk. */
    const uint64_t frame = take(0);
    fault_point_set(&s.point, 2, false);
    assert_int_equal(mset_counted_share(&s.counted, frame, PAGE), MSET_NO_MEMORY);
    fault_point_set(&s.point, 0, false);
    give(frame, PAGE);
    close_scene();
}

static void test_too_many_owners(void **state) {
    (void)state;
    open_scene();
    const uint64_t pa = take(10);
    share(pa + 3 * MIB, PAGE);
    struct mset_count_chunk *const chunk = s.counted.recent;
    chunk->extra[256] = UINT32_MAX;
    assert_int_equal(mset_counted_owners(&s.counted, pa + 3 * MIB), UINT64_C(1) << 32);
    assert_int_equal(mset_counted_share(&s.counted, pa, 4 * MIB), MSET_OVER_LIMIT);
    assert_int_equal(chunk->extra[256], UINT32_MAX);
    chunk->extra[256] = 1;
    valid();
    give(pa, 4 * MIB);
    give(pa + 3 * MIB, PAGE);
    close_scene();
}

/* Each number that is wrong is found. */
static void test_validate(void **state) {
    (void)state;
    open_scene();
    const uint64_t pa = take(0);
    share(pa, PAGE);
    struct mset_count_chunk *const chunk = s.counted.recent;
    uint32_t *const count = &chunk->extra[pa / PAGE % CHUNK_FRAMES];
    struct mset_count_chunk other = *chunk;
    const char *found[8];
    *count = 0;
    found[0] = mset_counted_validate(&s.counted);
    *count = 2;
    found[1] = mset_counted_validate(&s.counted);
    *count = 1;
    chunk->number += 1;
    found[2] = mset_counted_validate(&s.counted);
    chunk->number -= 1;
    s.counted.chunks = 2;
    found[3] = mset_counted_validate(&s.counted);
    s.counted.chunks = 1;
    s.counted.extra = 2;
    found[4] = mset_counted_validate(&s.counted);
    s.counted.extra = 1;
    s.counted.recent = &other;
    found[5] = mset_counted_validate(&s.counted);
    s.counted.recent = chunk;
    chunk->next = chunk; /* round and round */
    found[6] = mset_counted_validate(&s.counted);
    chunk->next = NULL;
    give(pa, PAGE);
    give(pa, PAGE);
    s.counted.buckets = &(struct mset_count_chunk *){NULL};
    s.counted.bucket_count = 1;
    found[7] = mset_counted_validate(&s.counted);
    s.counted.buckets = NULL;
    s.counted.bucket_count = 0;
    for (size_t i = 0; i < 8; i++) {
        assert_non_null(found[i]);
        assert_memory_equal(found[i], &"C1C1C2C2C3C4C2C4"[2 * i], 2);
    }
    mset_counted_init(NULL, NULL, NULL);
    close_scene();
}

static bool all_owned(const unsigned *owners, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        if (owners[i] == 0) {
            return false;
        }
    }
    return true;
}

/* Owners of each frame as an array. */
static void test_random(void **state) {
    (void)state;
    enum { SOME = 2048 };
    static unsigned owners[SOME];
    struct rng rng = {7};
    open_scene();
    const uint64_t pa = take(11);
    for (unsigned i = 0; i < SOME; i++) {
        owners[i] = 1;
    }
    const uint64_t steps = test_scaled(4000);
    for (uint64_t step = 0; step < steps; step++) {
        const uint64_t first = rng_below(&rng, SOME), room = SOME - first;
        uint64_t n = 1 + rng_below(&rng, rng_chance(&rng, 30) ? room : 1 + room / 64);
        const bool up = rng_chance(&rng, 50);
        while (n > 0 && !all_owned(owners + first, n)) {
            n /= 2;
        }
        if (n == 0) {
            continue;
        }
        if (up) {
            share(pa + first * PAGE, n * PAGE);
        } else {
            give(pa + first * PAGE, n * PAGE);
        }
        uint64_t live = 0, extra = 0;
        for (uint64_t i = 0; i < SOME; i++) {
            owners[i] += i >= first && i < first + n ? (up ? 1u : -1u) : 0;
            live += owners[i] != 0;
            extra += owners[i] > 1 ? owners[i] - 1 : 0;
        }
        assert_int_equal(s.under.live, live);
        assert_int_equal(s.counted.extra, extra);
        const uint64_t at = rng_below(&rng, SOME);
        if (owners[at] != 0) {
            assert_int_equal(mset_counted_owners(&s.counted, pa + at * PAGE), owners[at]);
            assert_int_equal(mset_counted_is_shared(&s.counted, pa + at * PAGE, PAGE),
                             owners[at] > 1);
        }
    }
    for (unsigned i = 0; i < SOME; i++) {
        for (; owners[i] != 0; owners[i]--) {
            mset_frames_free(&s.counted.frames, pa + i * PAGE, 0);
        }
    }
    close_scene();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_owner),        cmocka_unit_test(test_the_last_owner_frees),
        cmocka_unit_test(test_parts_of_a_block), cmocka_unit_test(test_runs_across_chunks),
        cmocka_unit_test(test_many_chunks),      cmocka_unit_test(test_no_memory_shares_nothing),
        cmocka_unit_test(test_too_many_owners),  cmocka_unit_test(test_validate),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
