/*
 * test_loongarch64.c - entries as literal numbers, worked out by hand from the LoongArch reference
 * manual, volume 1: 5.4.5 "Multi-level page table structure supported by page walking" (figures of
 * the entries of basic and of huge pages), 7.5.9 TLBELO for V, D, PLV, MAT, NR, NX.
 *
 * A page that the kernel may read:
 *
 *     0x4000123456789091
 *                     9      P 7, MAT 5:4 = 01, coherent cached
 *                      1     D 1 = 0, V 0
 *           123456789        address 47:12
 *       4                    NX 62
 *
 * The entry of a directory that points at a table is the bare address. One that does not has H
 * (bit 6) and is, with V = 0, a huge page that faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/encoding/encoding.h"

#define RW (MSET_READ | MSET_WRITE)
#define RX (MSET_READ | MSET_EXEC)
#define RWX (MSET_READ | MSET_WRITE | MSET_EXEC)
#define BOTH (MSET_PT_ACCESSED | MSET_PT_DIRTY)

static const struct encoding_format la64 = {&mset_pt_loongarch64,
                                            {12, 21, 30, 39},
                                            {9, 9, 9, 9},
                                            UINT64_C(0xfffffffff000),
                                            0,
                                            0,
                                            {0, 0x40}};

/* Without hardware marks: V is set, and D with W. */
static void test_pages(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        /* V 0, D 1, MAT 5:4 = 01, P 7, W 8, NR 61, NX 62. */
        {MSET_READ, 0x4000123456789091},
        {RX, 0x0000123456789091},
        {RW, 0x4000123456789193},
        {RWX, 0x0000123456789193},
        {MSET_EXEC, 0x2000123456789091},
        {MSET_WRITE, 0x6000123456789193},
        {MSET_WRITE | MSET_EXEC, 0x2000123456789193},
        /* PLV 3:2 = 3. */
        {MSET_READ | MSET_USER, 0x400012345678909d},
        {RWX | MSET_USER, 0x000012345678919f},
        /* G 6. */
        {RX | MSET_GLOBAL, 0x00001234567890d1},
        {RW | MSET_USER | MSET_GLOBAL, 0x40001234567891df},
        /* MAT: weakly ordered uncached 10, strongly ordered 00. */
        {RW | MSET_UNCACHED, 0x40001234567891a3},
        {RW | MSET_DEVICE, 0x4000123456789183},
        /* Bits 10 and 11. */
        {MSET_READ | MSET_SOFT_0, 0x4000123456789491},
        {MSET_READ | MSET_SOFT_1, 0x4000123456789891},
        {RW | MSET_SOFT_0 | MSET_SOFT_1, 0x4000123456789d93},
        /* Without access: neither V nor P, bit 63. */
        {0, 0x8000123456789010},
        {MSET_USER, 0x800012345678901c},
        {MSET_GLOBAL | MSET_DEVICE | MSET_SOFT_0, 0x8000123456789440},
    };
    encoding_check_flags(&la64, NULL, 0x123456789000, cases, COUNT(cases));
}

/* Whoever walks sets V where P is, and D where W is. */
static void test_marks(void **state) {
    (void)state;
    static const struct encoding_mark cases[] = {
        {MSET_READ, 0x4000123456789090, 0x4000123456789090, 0},
        {MSET_READ, 0x4000123456789090, 0x4000123456789091, MSET_PT_ACCESSED},
        {RW, 0x4000123456789190, 0x4000123456789191, MSET_PT_ACCESSED},
        {RW, 0x4000123456789190, 0x4000123456789193, BOTH},
    };
    encoding_check_marks(&la64, 0x123456789000, cases, COUNT(cases));
}

/* D allows stores, so it goes with W; bit 9 remembers. Without access so does bit 8 for V. */
static void test_marks_outlive_rights(void **state) {
    (void)state;
    struct encoding e, copy;
    encoding_open(&e, &la64, NULL);
    encoding_open(&copy, &la64, NULL);
    encoding_map(&e, 0x5000, 0x123456789000, 4 * KIB, RW);
    encoding_protect(&e, 0x5000, 4 * KIB, MSET_READ);
    encoding_is(&e, 0, 0x5000, 0x4000123456789291);
    encoding_reads(&e, 0x5000, 0x123456789000, MSET_READ, BOTH);
    encoding_protect(&e, 0x5000, 4 * KIB, 0);
    encoding_is(&e, 0, 0x5000, 0x8000123456789310);
    encoding_protect(&e, 0x5000, 4 * KIB, RW);
    encoding_is(&e, 0, 0x5000, 0x4000123456789193);
    assert_int_equal(mset_pt_copy(e.pt, copy.pt, 0x5000, 4 * KIB, true), MSET_OK);
    encoding_is(&e, 0, 0x5000, 0x4000123456789291);
    encoding_is(&copy, 0, 0x5000, 0x4000123456789291);
    encoding_close(&e);
    encoding_close(&copy);
}

static void test_sizes(void **state) {
    (void)state;
    /* A huge page has H 6, and G moves to 12; 14:13 stay 0. */
    static const struct encoding_leaf leaves[] = {
        {0, 0x5000, 0xfffffffff000, 4 * KIB, RX, 0x0000fffffffff091},
        {0, 0x5000, 0x89abcdef, 4 * KIB, MSET_PT_MARKER, 0x400089abcdef0000},
        {0, 0x5000, 0, 4 * KIB, MSET_PT_MARKER, 0x4000000000000000},
        {1, 0x400000, 0x123456600000, 2 * MIB, RW, 0x40001234566001d3},
        {1, 0x400000, 0x123456600000, 2 * MIB, MSET_READ | MSET_GLOBAL, 0x40001234566010d1},
        {1, 0x400000, 0x123456600000, 2 * MIB, RX | MSET_USER | MSET_UNCACHED | MSET_SOFT_1,
         0x00001234566008ed},
        {1, 0x400000, 0x123456600000, 2 * MIB, 0, 0x8000123456600050},
        {1, 0x400000, 0x123456600000, 2 * MIB, MSET_GLOBAL, 0x8000123456601050},
        {1, 0x400000, 0x89abcdef, 2 * MIB, MSET_PT_MARKER, 0x400089abcdef0040},
        {2, 0xc0000000, 0x123440000000, GIB, RX, 0x00001234400000d1},
        {2, 0xc0000000, 0x123440000000, GIB, RW | MSET_DEVICE, 0x40001234400001c3},
        {2, 0xc0000000, 0x123440000000, GIB, MSET_DEVICE, 0x8000123440000040},
        {2, 0xc0000000, 0xffffffff, GIB, MSET_PT_MARKER, 0x4000ffffffff0040},
        {0, 0x7ffffffff000, 0x123456789000, 4 * KIB, MSET_READ, 0x4000123456789091},
        {0, 0xffff800000000000, 0x123456789000, 4 * KIB, MSET_READ, 0x4000123456789091},
    };
    encoding_check_leaves(&la64, NULL, leaves, COUNT(leaves));
    struct encoding e;
    encoding_open(&e, &la64, NULL);
    assert_int_equal(mset_pt_map(e.pt, 0x800000000000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
}

/* Every entry of a fresh directory has H; none of a table of pages has anything. */
static void test_empty(void **state) {
    (void)state;
    struct encoding e;
    encoding_open(&e, &la64, NULL);
    for (uint64_t i = 0; i < 512; i++) {
        encoding_is(&e, 3, i << 39, 0x40);
    }
    encoding_map(&e, 0x5000, 0x123456789000, 4 * KIB, RW);
    for (uint64_t i = 0; i < 512; i++) {
        encoding_is(&e, 3, i << 39, i == 0 ? *encoding_at(&e, 3, 0) : 0x40);
        encoding_is(&e, 2, i << 30, i == 0 ? *encoding_at(&e, 2, 0) : 0x40);
        encoding_is(&e, 1, i << 21, i == 0 ? *encoding_at(&e, 1, 0) : 0x40);
        encoding_is(&e, 0, i << 12, i == 5 ? 0x4000123456789193 : 0);
    }
    encoding_close(&e);
}

/* No write-combining beside the weakly ordered uncached; two software bits. */
static void test_unsupported(void **state) {
    (void)state;
    static const uint64_t flags[] = {MSET_READ | MSET_WRITE_COMBINE, MSET_WRITE_COMBINE,
                                     MSET_READ | MSET_SOFT_2, MSET_READ | 0x400};
    encoding_check_unsupported(&la64, flags, COUNT(flags));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_marks_outlive_rights),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
