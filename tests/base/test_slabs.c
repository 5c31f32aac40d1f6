/*
 * test_slabs.c - objects side by side: none overlaps another, each keeps what was written to it,
 * memory below is asked for as the header says and given back, and running out of it is survived.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mset/set.h>
#include <mset/slabs.h>

#include "support/counting_allocator.h"
#include "support/rng.h"

/* As slabs.h says. */
enum { FEW = 64 };
static const size_t few = FEW, chunk = 64 << 10, region = 2 << 20;

struct bench {
    struct counting_allocator memory;
    struct mset_slabs *slabs;
    const struct mset_allocator *allocator;
    unsigned advised;
};

static void count_advice(void *context, void *memory, size_t size) {
    struct bench *const bench = context;
    assert_int_equal((uintptr_t)memory % region, 0);
    assert_in_range(size, region - 64, region);
    bench->advised++;
}

static void open_bench(struct bench *bench) {
    counting_allocator_open(&bench->memory);
    bench->advised = 0;
    const struct mset_slabs_config config = {
        .under = &bench->memory.base, .advise = count_advice, .context = bench};
    assert_int_equal(mset_slabs_create(&config, &bench->slabs), MSET_OK);
    bench->allocator = mset_slabs_allocator(bench->slabs);
}

static void close_bench(struct bench *bench) {
    mset_slabs_destroy(bench->slabs);
    assert_null(counting_allocator_complaint(&bench->memory, true));
}

static void *take(const struct bench *bench, size_t size) {
    return bench->allocator->alloc(bench->allocator->context, size, 64);
}

static void give(const struct bench *bench, void *object, size_t size) {
    bench->allocator->free(bench->allocator->context, object, size, 64);
}

/* ---- many objects at random ----------------------------------------------------------------- */

struct object {
    unsigned char *memory; /* NULL: not taken */
    size_t size;
};

static void write_object(const struct object *object, size_t i) {
    memset(object->memory, (int)(i % 251), object->size);
    memcpy(object->memory, &i, sizeof i);
}

static void check_object(const struct object *object, size_t i) {
    size_t written;
    memcpy(&written, object->memory, sizeof written);
    assert_int_equal(written, i);
    for (size_t at = sizeof i; at < object->size; at++) {
        assert_int_equal(object->memory[at], i % 251);
    }
}

static void toggle(const struct bench *bench, struct object *object, size_t i, struct rng *rng) {
    static const size_t sizes[] = {1280, 768, 1280, 128, 4096, 96, 5120, 1280};
    if (object->memory == NULL) {
        object->size = sizes[rng_below(rng, sizeof sizes / sizeof *sizes)];
        object->memory = take(bench, object->size);
        assert_non_null(object->memory);
        assert_int_equal((uintptr_t)object->memory % 64, 0);
        write_object(object, i);
    } else {
        check_object(object, i);
        give(bench, object->memory, object->size);
        object->memory = NULL;
    }
}

static void test_random(void **state) {
    enum { OBJECTS = 2000, STEPS = 20000 };
    struct object *const objects = calloc(OBJECTS, sizeof *objects);
    struct bench bench;
    struct rng rng = {1};
    (void)state;
    open_bench(&bench);
    for (unsigned step = 0; step < STEPS; step++) {
        /* many, then few, then many */
        const size_t reach = step / 5000 % 2 == 0 ? OBJECTS : OBJECTS / 20;
        const size_t i = rng_below(&rng, reach);
        toggle(&bench, &objects[i], i, &rng);
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        if (objects[i].memory != NULL) {
            toggle(&bench, &objects[i], i, &rng);
        }
    }
    assert_true(mset_slabs_bytes(bench.slabs) <= 4 * chunk);
    close_bench(&bench);
    free(objects);
}

/* ---- what is asked for below ---------------------------------------------------------------- */

/* Takes until there are `count`, and returns what is asked for below then. */
static uint64_t grow(const struct bench *bench, void **objects, size_t from, size_t count) {
    for (size_t i = from; i < count; i++) {
        objects[i] = take(bench, 1280);
        assert_non_null(objects[i]);
    }
    return mset_slabs_bytes(bench->slabs);
}

static void test_few_come_one_by_one(void **state) {
    void *objects[FEW + 1];
    struct bench bench;
    (void)state;
    open_bench(&bench);
    counting_allocator_fail(&bench.memory, 1, true);
    for (size_t i = 0; i < 2 * few; i++) {
        assert_null(take(&bench, 1280)); /* which do not count */
    }
    counting_allocator_fail(&bench.memory, 0, false);
    assert_int_equal(grow(&bench, objects, 0, few), few * 1280);
    assert_in_range(grow(&bench, objects, few, few + 1), few * 1280 + chunk - 64,
                    few * 1280 + chunk);
    for (size_t i = 0; i <= few; i++) {
        give(&bench, objects[i], 1280);
    }
    const uint64_t kept = mset_slabs_bytes(bench.slabs);
    assert_in_range(kept, chunk - 64, chunk); /* one is kept */
    assert_int_equal(grow(&bench, objects, 0, few), kept + few * 1280);
    for (size_t i = 0; i < few; i++) {
        give(&bench, objects[i], 1280);
    }
    close_bench(&bench);
}

enum { MANY = 20000, BIG = 8 << 20 };

/* Bytes below for n objects of 1280: no more than 3 percent and a chunk, or a region, over. */
static void grow_to_many(struct bench *bench, void **objects) {
    bench->advised = 0;
    for (size_t n = 0; n < MANY; n += 100) {
        const uint64_t bytes = grow(bench, objects, n, n + 100);
        const uint64_t used = (n + 100) * 1280;
        const bool big = bytes > BIG + 2 * chunk;
        assert_true(bytes <= used + used / 32 + (big ? region + chunk : chunk));
        assert_int_equal(bench->advised != 0, big);
    }
}

/* Once more after all has been given back, in an order that empties chunks only at the end. */
static void test_growth(void **state) {
    void **const objects = malloc(MANY * sizeof *objects);
    struct bench bench;
    (void)state;
    open_bench(&bench);
    for (unsigned round = 0; round < 2; round++) {
        grow_to_many(&bench, objects);
        for (size_t step = 0; step < 7; step++) {
            for (size_t i = step; i < MANY; i += 7) {
                give(&bench, objects[i], 1280);
            }
        }
        assert_true(mset_slabs_bytes(bench.slabs) <= chunk);
    }
    close_bench(&bench);
    free(objects);
}

/* ---- when there is none --------------------------------------------------------------------- */

/* A region that is not to be had is a chunk, a chunk that is not to be had an object. */
static void test_without_chunks(void **state) {
    enum { TRIES = 10000 };
    void **const objects = malloc(TRIES * sizeof *objects);
    struct bench bench;
    struct rng rng = {5};
    (void)state;
    open_bench(&bench);
    size_t refused = 0;
    for (size_t i = 0; i < TRIES; i++) {
        counting_allocator_fail(&bench.memory, rng_chance(&rng, 50) ? 1 : 0, false);
        objects[i] = take(&bench, 1280);
        refused += bench.memory.refused;
        if (objects[i] == NULL) { /* only where objects come one by one */
            assert_true(i < few * 4);
            i--;
        }
    }
    assert_true(refused > few);
    counting_allocator_fail(&bench.memory, 0, false);
    for (size_t i = 0; i < TRIES; i++) {
        give(&bench, objects[i], 1280);
    }
    close_bench(&bench);
    free(objects);
}

static void test_without_memory(void **state) {
    struct bench bench;
    void *objects[200];
    size_t count = 0;
    (void)state;
    open_bench(&bench);
    while (count < 100) {
        objects[count++] = take(&bench, 768);
    }
    const uint64_t bytes = mset_slabs_bytes(bench.slabs);
    counting_allocator_fail(&bench.memory, 1, true);
    while (count < 200 && (objects[count] = take(&bench, 768)) != NULL) {
        count++; /* what is in the chunk */
    }
    assert_in_range(count, few + chunk / 768 - 1, few + chunk / 768 + 1);
    assert_int_equal(mset_slabs_bytes(bench.slabs), bytes);
    assert_null(take(&bench, 4096));
    assert_null(take(&bench, 100));
    while (count > 0) {
        give(&bench, objects[--count], 768);
    }
    close_bench(&bench);
}

static void test_arguments(void **state) {
    struct counting_allocator memory;
    struct mset_slabs *slabs;
    const struct mset_allocator half = {.alloc = mset_allocator_default()->alloc};
    (void)state;
    assert_int_equal(mset_slabs_create(NULL, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_slabs_create(&(struct mset_slabs_config){.under = &half}, &slabs),
                     MSET_INVALID_PARAM);
    counting_allocator_open(&memory);
    counting_allocator_fail(&memory, 1, false);
    assert_int_equal(mset_slabs_create(&(struct mset_slabs_config){.under = &memory.base}, &slabs),
                     MSET_NO_MEMORY);
    assert_int_equal(mset_slabs_create(NULL, &slabs), MSET_OK);
    assert_non_null(mset_slabs_allocator(slabs));
    mset_slabs_destroy(slabs);
    mset_slabs_destroy(NULL);
    assert_null(mset_slabs_allocator(NULL));
    assert_int_equal(mset_slabs_bytes(NULL), 0);
}

/* A set on slabs is a set: what it holds comes out, and all memory comes back. */
static void test_a_set_on_slabs(void **state) {
    enum { AREAS = 50000 };
    struct bench bench;
    struct mset *set;
    struct rng rng = {9};
    (void)state;
    open_bench(&bench);
    const struct mset_options options = {.allocator = bench.allocator};
    assert_int_equal(mset_create(&options, &set), MSET_OK);
    for (uint64_t i = 0; i < AREAS; i++) {
        const struct mset_area area = {.start = (i * 7919 % AREAS) * 0x2000, .size = 0x1000};
        assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    }
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t at = rng_below(&rng, AREAS) * 0x2000;
        assert_int_equal(mset_unmap(set, at, 0x40000, NULL), MSET_OK);
    }
    assert_null(mset_validate(set));
    mset_destroy(set);
    close_bench(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),         cmocka_unit_test(test_few_come_one_by_one),
        cmocka_unit_test(test_growth),         cmocka_unit_test(test_without_chunks),
        cmocka_unit_test(test_without_memory), cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_a_set_on_slabs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
