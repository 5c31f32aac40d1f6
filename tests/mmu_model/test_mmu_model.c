/*
 * test_mmu_model.c - the judge judged: walks of hand-made tables. See also test_entries.c,
 * test_caches.c and test_breaks.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mmu_model/hand.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

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

/* Which addresses are translated at all. */
static void test_addresses(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint64_t last_low, first_high; /* 0: none */
        bool upper;
    } rows[] = {
        {"x86-64", UINT64_MAX >> 17, UINT64_MAX << 47, false},
        {"x86-64-5", UINT64_MAX >> 8, UINT64_MAX << 56, false},
        {"npt", UINT64_MAX >> 16, 0, false},
        {"ept", UINT64_MAX >> 16, 0, false},
        {"aarch64-4k", UINT64_MAX >> 16, 0, false},
        {"aarch64-64k", 0, UINT64_MAX << 48, true},
        {"aarch64-s2-4k-ipa40", UINT64_MAX >> 24, 0, false},
        {"sv39", UINT64_MAX >> 26, UINT64_MAX << 38, false},
        {"sv48", UINT64_MAX >> 17, UINT64_MAX << 47, false},
        {"sv57", UINT64_MAX >> 8, UINT64_MAX << 56, false},
        {"sv39x4", UINT64_MAX >> 23, 0, false},
        {"sv48x4", UINT64_MAX >> 14, 0, false},
        {"loongarch64", UINT64_MAX >> 17, UINT64_MAX << 47, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_machine(rows[i].name, (struct mmu_options){.upper = rows[i].upper});
        const uint64_t low = rows[i].last_low, high = rows[i].first_high;
        assert_int_equal(mmu_translates(&machine, 0), low != 0);
        assert_int_equal(mmu_translates(&machine, low), low != 0);
        assert_false(mmu_translates(&machine, low + 1) && low != 0);
        assert_int_equal(mmu_translates(&machine, UINT64_MAX), high != 0);
        assert_int_equal(mmu_translates(&machine, high), high != 0 || low != 0);
        assert_false(mmu_translates(&machine, high - 1) && high != 0);
        assert_int_equal(pa_of(low + 1, MMU_READ), 0);
        finish(NULL);
    }
    assert_false(mmu_open(&machine, "vax", &(struct mmu_options){0}, BASE, NULL, NULL));
}

static void test_upper_leaves(void **state) {
    (void)state;
    open_machine("x86-64", (struct mmu_options){0});
    put(0, 0, link_to(1));
    put(0, 256, link_to(1)); /* the same in the upper half */
    put(1, 0, 0x83);
    mmu_watch(&machine);
    const struct mmu_leaf *leaves;
    assert_int_equal(mmu_leaves(&machine, &leaves), 2);
    assert_true(leaves[0].va == 0 && leaves[1].va == UINT64_MAX << 47);
    struct mmu_leaf leaf;
    assert_false(mmu_walk(&machine, UINT64_C(1) << 47, &leaf)); /* its slot is not its address */
    finish(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x86),       cmocka_unit_test(test_ept),
        cmocka_unit_test(test_aarch64),   cmocka_unit_test(test_aarch64_stage_2),
        cmocka_unit_test(test_riscv),     cmocka_unit_test(test_loongarch),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_upper_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
