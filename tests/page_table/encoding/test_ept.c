/*
 * test_ept.c - entries as literal numbers, worked out by hand from the Intel SDM, volume 3C, 29.3.2
 * (tables 29-1 to 29-6: formats of EPT PML4E, PDPTE, PDE, PTE) and 29.3.7 for memory types.
 *
 * A page that the guest may read:
 *
 *     0x000a123456789031
 *                     3      memory type 5:3 = 6, write-back
 *                      1     R 0
 *          a123456789        address 51:12
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

/* A table: R, W, X; 7:3 must be 0. */
static const struct encoding_format ept = {
    &mset_pt_ept, {12, 21, 30, 39}, {9, 9, 9, 9}, UINT64_C(0xffffffffff000), 0, 7, {0, 0}};

static void test_pages(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        /* R 0, W 1, X 2. */
        {MSET_READ, 0x000a123456789031},
        {RW, 0x000a123456789033},
        {RX, 0x000a123456789035},
        {RWX, 0x000a123456789037},
        {MSET_EXEC, 0x000a123456789034},
        /* Type 5:3 is 1 write-combining, 0 uncached; bit 6 ignores the guest's PAT. */
        {RW | MSET_WRITE_COMBINE, 0x000a12345678900b},
        {RW | MSET_UNCACHED, 0x000a123456789003},
        {RW | MSET_DEVICE, 0x000a123456789043},
        /* Bits 52, 53, 54. */
        {MSET_READ | MSET_SOFT_0, 0x001a123456789031},
        {MSET_READ | MSET_SOFT_1, 0x002a123456789031},
        {MSET_READ | MSET_SOFT_2, 0x004a123456789031},
        {RW | MSET_SOFT, 0x007a123456789033},
        /* Without access: bit 11, and 51:12 inverted: 0xfffffffff - 0xa123456789 in 10 digits. */
        {0, 0x0005edcba9876830},
        {MSET_UNCACHED, 0x0005edcba9876800},
        {MSET_DEVICE | MSET_SOFT_0, 0x0015edcba9876840},
    };
    encoding_check_flags(&ept, NULL, 0xa123456789000, cases, COUNT(cases));
}

/* A 8, D 9, if the EPT pointer asks for them. */
static void test_marks(void **state) {
    (void)state;
    static const struct encoding_mark cases[] = {
        {MSET_READ, 0x000a123456789031, 0x000a123456789031, 0},
        {MSET_READ, 0x000a123456789031, 0x000a123456789131, MSET_PT_ACCESSED},
        {RW, 0x000a123456789033, 0x000a123456789133, MSET_PT_ACCESSED},
        {RW, 0x000a123456789033, 0x000a123456789333, BOTH},
    };
    encoding_check_marks(&ept, 0xa123456789000, cases, COUNT(cases));
}

static void test_marks_outlive_rights(void **state) {
    (void)state;
    struct encoding e;
    encoding_open(&e, &ept, NULL);
    encoding_map(&e, 0x5000, 0xa123456789000, 4 * KIB, RW);
    *encoding_at(&e, 0, 0x5000) = 0x000a123456789333;
    encoding_protect(&e, 0x5000, 4 * KIB, MSET_READ);
    encoding_is(&e, 0, 0x5000, 0x000a123456789331);
    encoding_protect(&e, 0x5000, 4 * KIB, 0);
    encoding_is(&e, 0, 0x5000, 0x0005edcba9876b30);
    encoding_close(&e);
}

static void test_sizes(void **state) {
    (void)state;
    /* Bit 7 in a large leaf. A marker has bit 56, and its payload inverted in 43:12. */
    static const struct encoding_leaf leaves[] = {
        {0, 0x5000, 0xffffffffff000, 4 * KIB, RX, 0x000ffffffffff035},
        {0, 0x5000, 0x89abcdef, 4 * KIB, MSET_PT_MARKER, 0x0100076543210000},
        {0, 0x5000, 0, 4 * KIB, MSET_PT_MARKER, 0x01000ffffffff000},
        {0, 0x5000, 0xffffffff, 4 * KIB, MSET_PT_MARKER, 0x0100000000000000},
        {1, 0x400000, 0xa123456600000, 2 * MIB, RW, 0x000a1234566000b3},
        {1, 0x400000, 0xa123456600000, 2 * MIB, MSET_READ | MSET_DEVICE | MSET_SOFT_0,
         0x001a1234566000c1},
        /* 51:21 inverted, 20:12 zero. */
        {1, 0x400000, 0xa123456600000, 2 * MIB, 0, 0x0005edcba98008b0},
        {1, 0x400000, 0x89abcdef, 2 * MIB, MSET_PT_MARKER, 0x0100076543210000},
        {2, 0xc0000000, 0xa123440000000, GIB, RX, 0x000a1234400000b5},
        {2, 0xc0000000, 0xa123440000000, GIB, MSET_UNCACHED, 0x0005edcb80000880},
        {2, 0xc0000000, 0x89abcdef, GIB, MSET_PT_MARKER, 0x0100076543210000},
        {0, 0xfffffffff000, 0xa123456789000, 4 * KIB, MSET_READ, 0x000a123456789031},
    };
    encoding_check_leaves(&ept, NULL, leaves, COUNT(leaves));
    struct encoding e;
    encoding_open(&e, &ept, NULL);
    assert_int_equal(mset_pt_map(e.pt, 0x1000000000000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
}

/* W without R is a misconfiguration. */
static void test_unsupported(void **state) {
    (void)state;
    static const uint64_t flags[] = {MSET_WRITE, MSET_WRITE | MSET_EXEC, MSET_READ | MSET_USER,
                                     MSET_READ | MSET_GLOBAL, MSET_USER};
    encoding_check_unsupported(&ept, flags, COUNT(flags));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_marks_outlive_rights),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
