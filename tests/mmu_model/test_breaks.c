/*
 * test_breaks.c - break before make as the model watches it: what may be changed at once, what
 * needs an invalid entry and a flush between, and what a flush must be to count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mmu_model/hand.h"

#define A64_PAGE UINT64_C(0x0060000000000703) /* read-only kernel page: AP[2] is in 0x80 */

static void open_a64(bool level_2) {
    open_machine("aarch64-4k", (struct mmu_options){.bbm_level_2 = level_2});
    put(0, 0, BASE + 0x1000 + 3);
    put(1, 0, BASE + 0x2000 + 3);
    put(2, 0, BASE + 0x3000 + 3);
    put(2, 1, (A64_PAGE & ~UINT64_C(2)) | 0x40000080);
    for (unsigned k = 0; k < 512; k++) {
        put(3, k, A64_PAGE | 0x80 | UINT64_C(0x1000) * k);
        put(4, k, A64_PAGE | 0x80 | (0x40000000 + UINT64_C(0x1000) * k));
    }
    mmu_watch(&machine);
}

static void test_address_needs_a_break(void **state) {
    (void)state;
    open_a64(true);
    put(3, 7, A64_PAGE | 0x80 | 0x9000000);
    mmu_watch(&machine);
    finish("without a break");
}

static void test_type_needs_a_break(void **state) {
    (void)state;
    open_a64(true);
    put(3, 7, A64_PAGE | 0x80 | 0x7000 | 3 << 2);
    mmu_watch(&machine);
    finish("without a break");
}

static void test_split_needs_a_break(void **state) {
    (void)state;
    open_a64(false);
    put(2, 1, BASE + 0x4000 + 3);
    mmu_watch(&machine);
    finish("without a break");
    open_a64(true); /* not with FEAT_BBM level 2 */
    put(2, 1, BASE + 0x4000 + 3);
    mmu_watch(&machine);
    finish(NULL);
}

static void test_rights_need_no_break(void **state) {
    (void)state;
    open_a64(false);
    put(3, 7, UINT64_C(0x0020000000000783) | 0x7000);
    mmu_watch(&machine);
    finish(NULL);
}

static void test_group_needs_a_break(void **state) {
    (void)state;
    open_a64(false);
    for (unsigned k = 16; k < 32; k++) {
        put(3, k, A64_PAGE | 0x80 | UINT64_C(0x1000) * k | UINT64_C(1) << 52);
    }
    mmu_watch(&machine);
    finish("without a break");
}

static void test_break_without_flush(void **state) {
    (void)state;
    open_a64(false);
    put(2, 1, 0);
    mmu_watch(&machine);
    put(2, 1, BASE + 0x4000 + 3);
    mmu_watch(&machine);
    finish("before the flush");
}

static void test_break_with_flush(void **state) {
    (void)state;
    open_a64(false);
    put(2, 1, 0);
    mmu_watch(&machine);
    mmu_invalidate(&machine, 0x200000, 0x3fffff, 0x200000, 0);
    put(2, 1, BASE + 0x4000 + 3);
    mmu_watch(&machine);
    finish(NULL);
}

static void test_global_needs_a_break(void **state) {
    (void)state;
    open_a64(true);
    put(3, 7, A64_PAGE | 0x80 | 0x7000 | 0x800);
    mmu_watch(&machine);
    finish("without a break");
}

/* ---- tables ------------------------------------------------------------------------------- */

enum { EMPTY = 5, OTHER = 6 };
#define BLOCK ((A64_PAGE & ~UINT64_C(2)) | 0x80)

/* What the entry of 4 MiB to 6 MiB is, then is, then is: with a look and sometimes a flush between.
 */
static void steps(const char *name, bool level_2, const uint64_t *entry, unsigned n,
                  unsigned flush_levels, const char *expected) {
    open_machine(name, (struct mmu_options){.bbm_level_2 = level_2});
    for (unsigned k = 0; k < 2; k++) {
        put(k, 0, link_to(k + 1));
    }
    if (machine.architecture->must_break) { /* neighbours that stay */
        put(2, 1, BLOCK | 0x40000000);
        put(2, 3, BLOCK | 0x40000000);
    }
    for (unsigned k = 0; k < n; k++) {
        put(2, 2, entry[k]);
        mmu_watch(&machine);
        if (entry[k] == 0) { /* what has gone is flushed */
            mmu_invalidate(&machine, 0x400000, 0x5fffff, 0x1000, flush_levels);
        }
    }
    finish(expected);
}

#define STEPS(level_2, levels, expected, ...)                     \
    steps("aarch64-4k", level_2, (const uint64_t[]){__VA_ARGS__}, \
          sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), levels, expected)

static void test_tables(void **state) {
    (void)state;
    const uint64_t empty = (BASE + UINT64_C(0x1000) * EMPTY) | 3,
                   other = (BASE + UINT64_C(0x1000) * OTHER) | 3;
    const uint64_t block = BLOCK | 0x40000000;
    STEPS(false, 2, "by a block without a break", empty, block);
    STEPS(false, 2, "by a table without a break", block, empty);
    STEPS(false, 2, "by another without a break", empty, other);
    STEPS(true, 2, "by another without a break", empty, other);
    STEPS(true, 2, NULL, empty, block);
    STEPS(true, 2, NULL, block, empty); /* nothing in it: the leaf is in limbo */
    STEPS(false, 2, NULL, empty, empty);
    /* With a break and a flush. */
    STEPS(false, 2, NULL, empty, 0, block);
    STEPS(false, 2, NULL, empty, 0, other);
    STEPS(false, 2, NULL, block, 0, empty);
    STEPS(false, 2, NULL, block, 0, block);
    /* With a flush that does not forget pointers, or those of another level. */
    STEPS(false, 0, "flush of the table before it", empty, 0, block);
    STEPS(false, 4, "flush of the table before it", empty, 0, other);
    STEPS(true, 1, "flush of the table before it", empty, 0, other);
    STEPS(false, 0, NULL, empty, 0, empty); /* the same one back again */
    /* Other machines want no breaks. */
    steps("x86-64", false, (const uint64_t[]){link_to(EMPTY) | 7, 0x40000087, link_to(OTHER) | 7},
          3, 0, NULL);
}

static void test_tables_before_the_flush(void **state) {
    (void)state;
    static const struct {
        uint64_t start, last;
        const char *expected;
    } rows[] = {
        {0x200000, 0x3fffff, "flush of the block before it"}, /* its neighbour */
        {0x400000, 0x5fffff, NULL},
        {0x400000, 0x5fefff, "flush of the block before it"}, /* not all of it */
        {0x401000, 0x5fffff, "flush of the block before it"},
        {0, UINT64_MAX, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_a64(false);
        put(2, 2, BLOCK | 0x40000000);
        mmu_watch(&machine);
        put(2, 2, 0);
        mmu_watch(&machine);
        mmu_invalidate(&machine, rows[i].start, rows[i].last, 0x1000, 0);
        put(2, 2, link_to(EMPTY));
        mmu_watch(&machine);
        finish(rows[i].expected);
    }
}

/* A link beside what waits, before and behind, is nothing to it; one of many that wait is found. */
static void test_links_beside(void **state) {
    (void)state;
    for (unsigned slot = 2; slot < 8; slot++) {
        open_a64(false);
        for (unsigned k = 3; k < 7; k++) { /* not one after the other in physical memory */
            put(2, k, BLOCK | UINT64_C(0x40000000) << k);
        }
        mmu_watch(&machine);
        for (unsigned k = 3; k < 7; k++) {
            put(2, k, 0);
        }
        mmu_watch(&machine);
        put(2, slot, link_to(EMPTY));
        mmu_watch(&machine);
        finish(slot == 2 || slot == 7 ? NULL : "flush of the block before it");
    }
    for (unsigned slot = 3; slot < 7; slot++) { /* tables likewise */
        open_a64(false);
        for (unsigned k = 3; k < 7; k++) {
            put(2, k, link_to(EMPTY + k));
        }
        mmu_watch(&machine);
        for (unsigned k = 3; k < 7; k++) {
            put(2, k, 0);
        }
        mmu_watch(&machine);
        put(2, slot, link_to(EMPTY));
        mmu_watch(&machine);
        finish("flush of the table before it");
    }
}

/* Each of many links is known again, at each level. */
static void test_every_link(void **state) {
    (void)state;
    for (unsigned n = 0; n < 3; n++) {
        for (unsigned slot = 0; slot < 7; slot++) {
            open_machine("aarch64-4k", (struct mmu_options){0});
            for (unsigned k = 0; k < 7; k++) {
                put(0, k, link_to(1));
                put(1, k, link_to(2));
                put(2, k, link_to(4 + k));
            }
            mmu_watch(&machine);
            mmu_watch(&machine);
            assert_int_equal(machine.link_limbos, 0);
            put(n, slot, link_to(60));
            mmu_watch(&machine);
            finish("by another without a break");
        }
    }
}

/* A flush by steps larger than the entry may leap over slots of what has gone. */
static void test_stride_of_a_group(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        open_machine("aarch64-4k", (struct mmu_options){0});
        for (unsigned n = 0; n < 3; n++) {
            put(n, 0, link_to(n + 1));
        }
        for (unsigned k = 0; k < 16; k++) {
            put(3, k, A64_PAGE | 0x80 | UINT64_C(0x1000) * k | UINT64_C(1) << 52);
        }
        mmu_watch(&machine);
        for (unsigned k = 0; k < 16; k++) {
            put(3, k, 0);
        }
        mmu_watch(&machine);
        mmu_invalidate(&machine, 0, 0xffff, i == 0 ? 0x1000 : 0x10000, 0);
        put(3, 4, A64_PAGE | 0x80 | 0x9000000);
        mmu_watch(&machine);
        finish(i == 0 ? NULL : "before the flush");
    }
}

/* ---- parts -------------------------------------------------------------------------------- */

/* With FEAT_BBM level 2: a block became a table with a hole of pages [from, to), which is filled
   by something else. */
static void hole(unsigned from, unsigned to, unsigned filled, const char *expected) {
    open_a64(true);
    for (unsigned k = from; k < to; k++) {
        put(4, k, 0);
    }
    put(2, 1, link_to(4));
    mmu_watch(&machine);
    put(4, filled, A64_PAGE | 0x80 | 0x9000000);
    mmu_watch(&machine);
    finish(expected);
}

static void test_parts_in_limbo(void **state) {
    (void)state;
    hole(0, 1, 0, "before the flush");
    hole(511, 512, 511, "before the flush");
    hole(100, 200, 100, "before the flush");
    hole(100, 200, 199, "before the flush");
    hole(100, 200, 200, "without a break");
    hole(100, 200, 99, "without a break");
    hole(0, 512, 7, "before the flush");
}

/* What is made again as it was needs no flush. */
static void test_back_again(void **state) {
    (void)state;
    open_a64(false);
    for (unsigned k = 0; k < 64; k++) {
        put(3, k, 0);
    }
    mmu_watch(&machine);
    for (unsigned k = 0; k < 64; k++) {
        put(3, k, A64_PAGE | 0x80 | UINT64_C(0x1000) * k);
    }
    mmu_watch(&machine);
    put(3, 9, 0);
    mmu_watch(&machine);
    put(3, 9, A64_PAGE | 0x80 | 0x8000); /* the neighbour's address */
    mmu_watch(&machine);
    finish("before the flush");
}

/* A neighbour that has gone with another address, type or nG is not one thing with it. */
static void test_neighbours_in_limbo(void **state) {
    (void)state;
    static const uint64_t second[] = {0x9000000, 0x8000 | 3 << 2, 0x8000 | 0x800, 0x8000};
    for (unsigned i = 0; i < 4; i++) {
        open_machine("aarch64-4k", (struct mmu_options){0});
        for (unsigned n = 0; n < 3; n++) {
            put(n, 0, link_to(n + 1));
        }
        put(3, 7, A64_PAGE | 0x80 | 0x7000);
        put(3, 8, A64_PAGE | 0x80 | second[i]);
        mmu_watch(&machine);
        put(3, 7, 0);
        put(3, 8, 0);
        mmu_watch(&machine);
        put(3, 8, A64_PAGE | 0x80 | 0x8000); /* as if it had been one with the first */
        mmu_watch(&machine);
        finish(i == 3 ? NULL : "before the flush");
    }
}

/* More ranges than can wait. */
static void test_limbo_is_full(void **state) {
    (void)state;
    open_machine("aarch64-4k", (struct mmu_options){0});
    put(0, 0, link_to(1));
    put(1, 0, link_to(2));
    for (unsigned n = 3; n < 64; n++) {
        put(2, n, link_to(n));
    }
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned n = 3; n < 64; n++) {
            for (unsigned k = 0; k < 512; k += 4) { /* no two of them side by side */
                put(n, k, round == 0 ? A64_PAGE | 0x80 | UINT64_C(0x1000) * (512 * n + k) : 0);
            }
        }
        mmu_watch(&machine);
    }
    finish("too much waits");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_needs_a_break),
        cmocka_unit_test(test_type_needs_a_break),
        cmocka_unit_test(test_split_needs_a_break),
        cmocka_unit_test(test_rights_need_no_break),
        cmocka_unit_test(test_group_needs_a_break),
        cmocka_unit_test(test_break_without_flush),
        cmocka_unit_test(test_break_with_flush),
        cmocka_unit_test(test_global_needs_a_break),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_tables_before_the_flush),
        cmocka_unit_test(test_stride_of_a_group),
        cmocka_unit_test(test_links_beside),
        cmocka_unit_test(test_every_link),
        cmocka_unit_test(test_parts_in_limbo),
        cmocka_unit_test(test_back_again),
        cmocka_unit_test(test_neighbours_in_limbo),
        cmocka_unit_test(test_limbo_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
