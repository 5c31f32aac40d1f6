/* test_mmu_model.c - the judge judged: hand-made tables, and each kind of mistake planted once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mmu_model/mmu_model.h"

enum { WORDS = 64 * 512 };

/* Table memory from 1 MiB on. */
static uint64_t memory[WORDS];
static struct mmu_machine machine;
#define BASE UINT64_C(0x100000)

static uint64_t *at(void *context, uint64_t pa) {
    (void)context;
    return pa >= BASE && pa - BASE < sizeof memory ? &memory[(pa - BASE) / 8] : NULL;
}

static void open_machine(const char *name, struct mmu_options options) {
    memset(memory, 0, sizeof memory);
    assert_true(mmu_open(&machine, name, &options, BASE, at, NULL));
}

/* Entry `i` of the table that begins n frames above the root. */
static void put(unsigned n, unsigned i, uint64_t entry) {
    memory[n * 512 + i] = entry;
}

static void finish(const char *expected) {
    const char *const wrong = mmu_violation(&machine);
    if (expected == NULL) {
        if (wrong != NULL) {
            fail_msg("%s", wrong);
        }
    } else if (wrong == NULL || strstr(wrong, expected) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", expected, wrong == NULL ? "nothing" : wrong);
    }
    mmu_close(&machine);
}

static void expect_leaf(uint64_t va, uint64_t pa, uint64_t size, unsigned rights,
                        enum mmu_type type) {
    struct mmu_leaf leaf;
    assert_true(mmu_walk(&machine, va, &leaf));
    assert_int_equal(leaf.pa + (va - leaf.va), pa);
    assert_int_equal(leaf.last - leaf.va + 1, size);
    assert_int_equal(leaf.could, rights);
    assert_int_equal(leaf.type, type);
}

enum { ALL = 63, RW_K = MMU_READ | MMU_WRITE, RO_K = MMU_READ };

/* ---- walks -------------------------------------------------------------------------------- */

static void test_x86(void **state) {
    (void)state;
    open_machine("x86-64", (struct mmu_options){.pa_bits = 46});
    put(0, 0, BASE + 0x1000 + 7);
    put(1, 1, BASE + 0x2000 + 7);
    put(2, 0, BASE + 0x3000 + 7);
    put(3, 5, UINT64_C(0x8000000012345003)); /* RW, XD */
    put(3, 6, 0x12346005);                   /* user, read-only, exec */
    put(2, 1, UINT64_C(0x0000000000400087)); /* 2 MiB, user RW */
    put(1, 2, UINT64_C(0x80000000c0000199)); /* 1 GiB, global, PWT and PCD, XD */
    expect_leaf(0x40005123, 0x12345123, 0x1000, RW_K, MMU_WRITE_BACK);
    expect_leaf(0x40006000, 0x12346000, 0x1000, MMU_READ | MMU_EXEC | MMU_USER_READ | MMU_USER_EXEC,
                MMU_WRITE_BACK);
    expect_leaf(0x40234567, 0x434567, 0x200000, ALL, MMU_WRITE_BACK);
    expect_leaf(0x80000000, 0xc0000000, 0x40000000, RO_K, MMU_DEVICE);
    struct mmu_leaf leaf;
    assert_false(mmu_walk(&machine, 0x40007000, &leaf));
    assert_false(mmu_walk(&machine, UINT64_C(1) << 47, &leaf)); /* not canonical */
    finish(NULL);
}

static void test_ept(void **state) {
    (void)state;
    open_machine("ept", (struct mmu_options){0});
    put(0, 0, BASE + 0x1000 + 7);
    put(1, 0, BASE + 0x2000 + 7);
    put(2, 0, BASE + 0x3000 + 7);
    put(3, 1, 0x12345033);                    /* RW, type 6 */
    put(3, 2, 0x12346044);                    /* X only, type 0, IPAT */
    put(2, 1, UINT64_C(0x4000000000 + 0x8b)); /* 2 MiB, RW, type 1 */
    expect_leaf(0x1000, 0x12345000, 0x1000, RW_K | RW_K >> 3, MMU_WRITE_BACK);
    expect_leaf(0x2000, 0x12346000, 0x1000, MMU_EXEC | MMU_USER_EXEC, MMU_DEVICE);
    expect_leaf(0x200000, UINT64_C(0x4000000000), 0x200000, RW_K | RW_K >> 3, MMU_WRITE_COMBINE);
    finish(NULL);
}

static void test_aarch64(void **state) {
    (void)state;
    open_machine("aarch64-4k", (struct mmu_options){.upper = true});
    put(0, 511, BASE + 0x1000 + 3);
    put(1, 511, BASE + 0x2000 + 3);
    put(2, 511, BASE + 0x3000 + 3);
    /* Kernel, RW and dirty (DBM, AP[2] = 0), AF, SH, attribute 0, not executable. */
    put(3, 511, UINT64_C(0x0068000000005703) + 0x12340000);
    put(3, 510, UINT64_C(0x0020000000006fc3)); /* user, read-only, exec, nG */
    for (unsigned k = 0; k < 16; k++) {
        put(3, 32 + k,
            UINT64_C(0x0070000001000783) + UINT64_C(0x1000) * k); /* contiguous, read-only */
    }
    expect_leaf(UINT64_MAX, 0x12345fff, 0x1000, RW_K, MMU_WRITE_BACK);
    expect_leaf(UINT64_C(0xffffffffffffe000), 0x6000, 0x1000,
                MMU_READ | MMU_USER_READ | MMU_USER_EXEC, MMU_WRITE_BACK);
    expect_leaf(UINT64_C(0xffffffffffe25000), 0x1005000, 0x10000, RO_K, MMU_WRITE_BACK);
    finish(NULL);
}

static void test_aarch64_stage_2(void **state) {
    (void)state;
    open_machine("aarch64-s2-4k-ipa40", (struct mmu_options){0});
    put(0, 1023, BASE + 0x3000 + 3);         /* the second of the two root tables */
    put(3, 0, UINT64_C(0x00480000400007fd)); /* 2 MiB, RW, dirty, XN, write-back */
    put(3, 1, UINT64_C(0x0000000040200745)); /* read, exec, device */
    expect_leaf(UINT64_C(0xffc0012345), 0x40012345, 0x200000, RW_K | RW_K >> 3, MMU_WRITE_BACK);
    expect_leaf(UINT64_C(0xffc0200000), 0x40200000, 0x200000,
                MMU_READ | MMU_EXEC | MMU_USER_READ | MMU_USER_EXEC, MMU_DEVICE);
    finish(NULL);
}

static void test_riscv(void **state) {
    (void)state;
    open_machine("sv39", (struct mmu_options){.napot = true});
    put(0, 511, (BASE + 0x1000) / 4 + 1);
    put(1, 511, (BASE + 0x2000) / 4 + 1);
    put(2, 511, (UINT64_C(0x12345000) >> 2) + 0xc7);                     /* V R W A D */
    put(1, 0, (UINT64_C(0x40000000) >> 2) + 0x5b + (UINT64_C(1) << 61)); /* 2 MiB V R X U A, NC */
    for (unsigned k = 0; k < 16; k++) {
        put(2, 16 + k, UINT64_C(0x80000000000060c7)); /* 64 KiB at 0x10000 */
    }
    expect_leaf(UINT64_MAX, 0x12345fff, 0x1000, RW_K, MMU_WRITE_BACK);
    expect_leaf(UINT64_C(0xffffffffc0000000), 0x40000000, 0x200000,
                MMU_READ | MMU_USER_READ | MMU_USER_EXEC, MMU_UNCACHED);
    expect_leaf(UINT64_C(0xffffffffffe13000), 0x13000, 0x10000, RW_K, MMU_WRITE_BACK);
    finish(NULL);
}

static void test_loongarch(void **state) {
    (void)state;
    open_machine("loongarch64", (struct mmu_options){0});
    for (unsigned n = 0; n < 3; n++) {
        for (unsigned i = 0; i < 512; i++) {
            put(n, i, 0x40);
        }
    }
    put(0, 0, BASE + 0x1000);
    put(1, 0, BASE + 0x2000);
    put(2, 0, BASE + 0x3000);
    put(3, 1, UINT64_C(0x400000000000019f) + 0x12345000); /* V D PLV3 CC P W, NX */
    put(2, 1, UINT64_C(0x00000000402010d1));              /* 2 MiB: V CC H P G12, exec */
    expect_leaf(0x1000, 0x12345000, 0x1000, RW_K | RW_K >> 3, MMU_WRITE_BACK);
    expect_leaf(0x200000, 0x40200000, 0x200000, MMU_READ | MMU_EXEC, MMU_WRITE_BACK);
    struct mmu_leaf leaf;
    assert_false(mmu_walk(&machine, 0x400000, &leaf));
    finish(NULL);
}

/* ---- what must not be in a table ------------------------------------------------------------ */

/* Puts one entry into slot 0 at `level` below a chain of good tables, and watches. */
static void plant(const char *name, struct mmu_options options, unsigned levels, uint64_t link,
                  unsigned shift, unsigned level, uint64_t entry, const char *expected) {
    open_machine(name, options);
    for (unsigned n = 0; n + 1 + level < levels; n++) {
        put(4 * n, 0, ((BASE + UINT64_C(0x4000) * (n + 1)) >> shift) + link);
    }
    put(4 * (levels - 1 - level), 0, entry);
    mmu_watch(&machine);
    finish(expected);
}

static void test_bad_entries(void **state) {
    (void)state;
    const struct mmu_options none = {0};
    plant("x86-64", none, 4, 7, 0, 0, 0x1003, NULL);
    plant("x86-64", none, 4, 7, 0, 1, 0x83 + 0x2000, "reserved");
    plant("x86-64", none, 4, 7, 0, 3, 0x87, "reserved");
    plant("x86-64", none, 4, 7, 0, 1, BASE + 0x3003, "takes rights away");
    plant("x86-64", (struct mmu_options){.pa_bits = 40}, 4, 7, 0, 0, UINT64_C(0x10000000003),
          "wider");
    plant("npt", none, 4, 7, 0, 0, 0x1003, "not the user's");
    plant("ept", none, 4, 7, 0, 0, 0x1032, "not readable");
    plant("ept", none, 4, 7, 0, 0, 0x101b, "memory type");
    plant("ept", none, 4, 7, 0, 1, 0x1b3 + 0x1000, "reserved");
    plant("aarch64-4k", none, 4, 3, 0, 0, 0x1701, "block where");
    plant("aarch64-4k", none, 4, 3, 0, 3, 0x701, "block where");
    plant("aarch64-16k", none, 4, 3, 0, 2, 0x701, "block where");
    plant("aarch64-64k", none, 3, 3, 0, 2, 0x701, "block where");
    plant("aarch64-4k", none, 4, 3, 0, 1, UINT64_C(1) << 63 | (BASE + 0x10003), "hierarchical");
    plant("aarch64-4k", none, 4, 3, 0, 0, UINT64_C(0x10000000000703), "differ");
    plant("sv39", none, 3, 1, 2, 0, 0xc5, "reserved");
    plant("sv39", none, 3, 1, 2, 1, 0x4c7, "misaligned");
    plant("sv39", none, 3, 1, 2, 1, (BASE + 0x10000) / 4 + 0x41, "reserved");
    plant("sv39", none, 3, 1, 2, 0, UINT64_C(0x80000000000020c7), "NAPOT");
    plant("sv39", (struct mmu_options){.napot = true}, 3, 1, 2, 0, UINT64_C(0x80000000000020c7),
          "differ");
    plant("sv39x4", none, 3, 1, 2, 0, 0xc7, "not the user's");
    plant("loongarch64", none, 4, 0, 0, 0, 0x19f | UINT64_C(1) << 50, "reserved");
    plant("loongarch64", none, 4, 0, 0, 1, 0x1, "no address");
    plant("loongarch64", none, 4, 0, 0, 3, 0x1000, "leaves memory");
}

/* ---- caches ------------------------------------------------------------------------------- */

static uint64_t pa_of(uint64_t va, unsigned right) {
    uint64_t pa = 0;
    return mmu_access(&machine, va, right, &pa) ? pa : 0;
}

/* Two pages of a level 0 table, and a 2 MiB leaf. */
static void open_small(void) {
    open_machine("x86-64", (struct mmu_options){0});
    put(0, 0, BASE + 0x1000 + 7);
    put(1, 0, BASE + 0x2000 + 7);
    put(2, 0, BASE + 0x3000 + 7);
    put(2, 1, 0x40000087);
    put(3, 0, 0x5007);
    put(3, 1, 0x6007);
    assert_int_equal(pa_of(0x123, MMU_WRITE), 0x5123);
    assert_int_equal(pa_of(0x1123, MMU_READ), 0x6123);
    assert_int_equal(pa_of(0x212345, MMU_READ), 0x40012345);
    mmu_watch(&machine);
}

static void test_marks_are_set(void **state) {
    (void)state;
    open_small();
    assert_int_equal(memory[1536], 0x5067);
    assert_int_equal(memory[1537], 0x6027);
    finish(NULL);
}

static void test_stale_translation(void **state) {
    (void)state;
    open_small();
    put(3, 1, 0);
    assert_int_equal(pa_of(0x1123, MMU_READ), 0x6123); /* still cached */
    mmu_invalidate(&machine, 0, 0xfff, 0x1000, 0); /* too short */
    mmu_audit(&machine);
    finish("is gone");
}

static void test_stride_too_large(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0);
    put(3, 1, 0);
    mmu_invalidate(&machine, 0, 0x1fff, 0x2000, 2);
    mmu_audit(&machine);
    finish("is gone");
}

static void test_enough_flush(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0);
    put(3, 1, 0);
    put(2, 1, 0);
    mmu_invalidate(&machine, 0, 0x3fffff, 0x1000, 2);
    mmu_audit(&machine);
    assert_int_equal(pa_of(0x1123, MMU_READ), 0);
    finish(NULL);
}

static void test_rights_taken_away(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0x5065);
    mmu_audit(&machine);
    finish("rights are wider");
}

static void test_mark_cleared(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0x5027);
    mmu_audit(&machine);
    finish("a mark was cleared");
}

static void test_freed_table_cached(void **state) {
    (void)state;
    open_small();
    put(2, 0, 0);
    mmu_invalidate(&machine, 0, 0x1fffff, 0x1000, 0); /* not the pointers */
    mmu_frame_freed(&machine, BASE + 0x3000, 0x1000);
    finish("still cached");
}

static void test_freed_table_linked(void **state) {
    (void)state;
    open_small();
    mmu_invalidate(&machine, 0, UINT64_MAX, 0x1000, 2);
    mmu_frame_freed(&machine, BASE + 0x3000, 0x1000);
    finish("can be reached");
}

static void test_pointer_stale(void **state) {
    (void)state;
    open_small();
    put(2, 0, BASE + 0x4000 + 7);
    put(4, 0, 0x5067);
    put(4, 1, 0x6027);
    mmu_audit(&machine);
    finish("pointer is stale");
}

/* ---- break before make ---------------------------------------------------------------------- */

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x86),
        cmocka_unit_test(test_ept),
        cmocka_unit_test(test_aarch64),
        cmocka_unit_test(test_aarch64_stage_2),
        cmocka_unit_test(test_riscv),
        cmocka_unit_test(test_loongarch),
        cmocka_unit_test(test_bad_entries),
        cmocka_unit_test(test_marks_are_set),
        cmocka_unit_test(test_stale_translation),
        cmocka_unit_test(test_stride_too_large),
        cmocka_unit_test(test_enough_flush),
        cmocka_unit_test(test_rights_taken_away),
        cmocka_unit_test(test_mark_cleared),
        cmocka_unit_test(test_freed_table_cached),
        cmocka_unit_test(test_freed_table_linked),
        cmocka_unit_test(test_pointer_stale),
        cmocka_unit_test(test_address_needs_a_break),
        cmocka_unit_test(test_type_needs_a_break),
        cmocka_unit_test(test_split_needs_a_break),
        cmocka_unit_test(test_rights_need_no_break),
        cmocka_unit_test(test_group_needs_a_break),
        cmocka_unit_test(test_break_without_flush),
        cmocka_unit_test(test_break_with_flush),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
