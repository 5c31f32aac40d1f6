/*
 * test_riscv.c - entries as literal numbers, worked out by hand from the RISC-V privileged
 * architecture: 12.4 to 12.6 (figures "Sv39/Sv48/Sv57 page table entry"), 13 "Svnapot",
 * 14 "Svpbmt", 18.5.1 for guest-physical addresses.
 *
 * A leaf that may be read, of the page at 0x123456789ab000:
 *
 *     0x00048d159e26ac43
 *                     4      A 6
 *                      3     R 1, V 0
 *         48d159e26ac        the page number 0x123456789ab in 53:10: the address shifted down by 2
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

/* A table: V alone; D, A and U must be 0, and N and PBMT. */
#define RISCV_TABLE                     \
    UINT64_C(0x3ffffffffffc00), 2, 1, { \
        0, 0                            \
    }

static const struct encoding_format sv39 = {&mset_pt_sv39, {12, 21, 30}, {9, 9, 9}, RISCV_TABLE};
static const struct encoding_format sv48 = {
    &mset_pt_sv48, {12, 21, 30, 39}, {9, 9, 9, 9}, RISCV_TABLE};
static const struct encoding_format sv57 = {
    &mset_pt_sv57, {12, 21, 30, 39, 48}, {9, 9, 9, 9, 9}, RISCV_TABLE};
static const struct encoding_format sv39x4 = {
    &mset_pt_sv39x4, {12, 21, 30}, {9, 9, 11}, RISCV_TABLE};
static const struct encoding_format sv48x4 = {
    &mset_pt_sv48x4, {12, 21, 30, 39}, {9, 9, 9, 11}, RISCV_TABLE};

/* Without hardware marks: A is set, and D with W. */
static void test_pages(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        /* V 0, R 1, W 2, X 3, A 6, D 7. */
        {MSET_READ, 0x00048d159e26ac43},
        {RX, 0x00048d159e26ac4b},
        {MSET_EXEC, 0x00048d159e26ac49},
        {RW, 0x00048d159e26acc7},
        {RWX, 0x00048d159e26accf},
        /* U 4, G 5. */
        {MSET_READ | MSET_USER, 0x00048d159e26ac53},
        {RWX | MSET_USER, 0x00048d159e26acdf},
        {RX | MSET_GLOBAL, 0x00048d159e26ac6b},
        {RW | MSET_USER | MSET_GLOBAL, 0x00048d159e26acf7},
        /* PBMT 62:61: NC 1, IO 2. */
        {RW | MSET_UNCACHED, 0x20048d159e26acc7},
        {RW | MSET_DEVICE, 0x40048d159e26acc7},
        /* RSW 9:8. */
        {MSET_READ | MSET_SOFT_0, 0x00048d159e26ad43},
        {MSET_READ | MSET_SOFT_1, 0x00048d159e26ae43},
        {MSET_READ | MSET_SOFT_0 | MSET_SOFT_1, 0x00048d159e26af43},
        /* Without access: V clear, and R alone of the rights. */
        {0, 0x00048d159e26ac02},
        {MSET_USER, 0x00048d159e26ac12},
        {MSET_GLOBAL | MSET_DEVICE | MSET_SOFT_1, 0x40048d159e26ae22},
    };
    encoding_check_flags(&sv39, NULL, 0x123456789ab000, cases, COUNT(cases));
    encoding_check_flags(&sv48, NULL, 0x123456789ab000, cases, COUNT(cases));
    encoding_check_flags(&sv57, NULL, 0x123456789ab000, cases, COUNT(cases));
}

static void test_marks(void **state) {
    (void)state;
    static const struct encoding_mark cases[] = {
        {MSET_READ, 0x00048d159e26ac03, 0x00048d159e26ac03, 0},
        {MSET_READ, 0x00048d159e26ac03, 0x00048d159e26ac43, MSET_PT_ACCESSED},
        {RW, 0x00048d159e26ac07, 0x00048d159e26ac47, MSET_PT_ACCESSED},
        {RW, 0x00048d159e26ac07, 0x00048d159e26acc7, BOTH},
        {MSET_EXEC | MSET_USER, 0x00048d159e26ac19, 0x00048d159e26ac59, MSET_PT_ACCESSED},
    };
    encoding_check_marks(&sv39, 0x123456789ab000, cases, COUNT(cases));
}

/* A leaf looks the same at every level; the low bits of the page number are 0. */
static const struct encoding_leaf large[] = {
    {0, 0x5000, 0xfffffffffff000, 4 * KIB, RX, 0x003ffffffffffc4b},
    {0, 0x5000, 0x89abcdef, 4 * KIB, MSET_PT_MARKER, 0x0000089abcdef004}, /* W alone */
    {0, 0x5000, 0xffffffff, 4 * KIB, MSET_PT_MARKER, 0x00000ffffffff004},
    {1, 0x400000, 0x12345678800000, 2 * MIB, RW, 0x00048d159e2000c7},
    {1, 0x400000, 0x12345678800000, 2 * MIB, MSET_DEVICE, 0x40048d159e200002},
    {1, 0x400000, 0x89abcdef, 2 * MIB, MSET_PT_MARKER, 0x0000089abcdef004},
    {2, 0xc0000000, 0x12345640000000, GIB, RX | MSET_USER, 0x00048d159000005b},
    {2, 0xc0000000, 0x12345640000000, GIB, MSET_USER, 0x00048d1590000012},
    {2, 0xc0000000, 0, GIB, MSET_PT_MARKER, 0x0000000000000004},
};
static const struct encoding_leaf larger[] = {
    {3, 0x18000000000, 0x12348000000000, 512 * GIB, RW, 0x00048d20000000c7},
    {3, 0x18000000000, 0x12348000000000, 512 * GIB, 0, 0x00048d2000000002},
    {3, 0x18000000000, 0x89abcdef, 512 * GIB, MSET_PT_MARKER, 0x0000089abcdef004},
};
static const struct encoding_leaf largest[] = {
    {4, 0x3000000000000, 0x12000000000000, 256 * TIB, MSET_READ | MSET_GLOBAL, 0x0004800000000063},
    {4, 0x3000000000000, 0x12000000000000, 256 * TIB, 0, 0x0004800000000002},
    {4, 0x3000000000000, 0x89abcdef, 256 * TIB, MSET_PT_MARKER, 0x0000089abcdef004},
};

static void test_sizes(void **state) {
    (void)state;
    encoding_check_leaves(&sv39, NULL, large, COUNT(large));
    encoding_check_leaves(&sv48, NULL, large, COUNT(large));
    encoding_check_leaves(&sv48, NULL, larger, COUNT(larger));
    encoding_check_leaves(&sv57, NULL, large, COUNT(large));
    encoding_check_leaves(&sv57, NULL, larger, COUNT(larger));
    encoding_check_leaves(&sv57, NULL, largest, COUNT(largest));
}

/* Bits 63:39, 63:48, 63:57 of an address repeat the one below. */
static void test_signed_addresses(void **state) {
    (void)state;
    static const struct {
        const struct encoding_format *of;
        uint64_t low_end, high;
    } cases[] = {
        {&sv39, 0x4000000000, 0xffffffc000000000},
        {&sv48, 0x800000000000, 0xffff800000000000},
        {&sv57, 0x100000000000000, 0xff00000000000000},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct encoding e;
        encoding_open(&e, cases[i].of, NULL);
        encoding_map(&e, cases[i].high, 0x123456789ab000, 4 * KIB, MSET_READ);
        encoding_is(&e, 0, cases[i].high, 0x00048d159e26ac43);
        encoding_map(&e, cases[i].low_end - 0x1000, 0x123456789ab000, 4 * KIB, MSET_READ);
        encoding_is(&e, 0, cases[i].low_end - 0x1000, 0x00048d159e26ac43);
        assert_int_equal(mset_pt_map(e.pt, cases[i].low_end, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_map(e.pt, cases[i].high - 0x1000, 0, 4 * KIB, RW),
                         MSET_INVALID_PARAM);
        encoding_close(&e);
    }
}

/* Svnapot: N 63, the lowest four bits of the page number 1000; all 16 entries the same. */
static void test_groups(void **state) {
    (void)state;
    static const struct mset_pt_config config = {.leaf_sizes = 4 * KIB | 64 * KIB | 2 * MIB};
    static const struct encoding_group groups[] = {
        {0, 0x10000, 0x123456789a0000, 64 * KIB, MSET_READ, 16, 0x80048d159e26a043, 0,
         0x80048d159e26a043},
        {0, 0xf0000, 0x123456789a0000, 64 * KIB, RW | MSET_USER | MSET_SOFT_1, 16,
         0x80048d159e26a2d7, 0, 0x80048d159e26a2d7},
        {0, 0x10000, 0x123456789a0000, 64 * KIB, RW | MSET_DEVICE, 16, 0xc0048d159e26a0c7, 0,
         0xc0048d159e26a0c7},
        {0, 0x10000, 0x123456789a0000, 64 * KIB, 0, 16, 0x80048d159e26a002, 0, 0x80048d159e26a002},
    };
    encoding_check_groups(&sv39, &config, groups, COUNT(groups));
    encoding_check_groups(&sv48, &config, groups, COUNT(groups));
    encoding_check_groups(&sv57, &config, groups, COUNT(groups));
}

/* A machine without Svnapot must not see N: 64 KiB are 16 leaves unless asked for. */
static void test_no_groups_unless_asked_for(void **state) {
    (void)state;
    struct encoding e;
    encoding_open(&e, &sv39, NULL);
    encoding_map(&e, 0x10000, 0x123456789a0000, 64 * KIB, MSET_READ);
    encoding_is(&e, 0, 0x10000, 0x00048d159e268043);
    encoding_is(&e, 0, 0x1f000, 0x00048d159e26bc43);
    encoding_close(&e);
}

/* A group that is cut falls into leaves with their own page numbers. */
static void test_group_is_cut(void **state) {
    (void)state;
    static const struct mset_pt_config config = {.leaf_sizes = 4 * KIB | 64 * KIB | 2 * MIB};
    struct encoding e;
    encoding_open(&e, &sv39, &config);
    encoding_map(&e, 0x10000, 0x123456789a0000, 64 * KIB, RW);
    assert_int_equal(mset_pt_unmap(e.pt, 0x1b000, 4 * KIB, NULL, NULL), MSET_OK);
    mset_pt_flushed(e.pt);
    encoding_is(&e, 0, 0x10000, 0x00048d159e2680c7);
    encoding_is(&e, 0, 0x1a000, 0x00048d159e26a8c7);
    encoding_is(&e, 0, 0x1b000, 0);
    encoding_is(&e, 0, 0x1f000, 0x00048d159e26bcc7);
    encoding_close(&e);
}

/* ---- guest-physical addresses -------------------------------------------------------------- */

/* U is 1 in every leaf. */
static void test_guest_pages(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        {MSET_READ, 0x00048d159e26ac53},
        {MSET_EXEC, 0x00048d159e26ac59},
        {RW, 0x00048d159e26acd7},
        {RWX, 0x00048d159e26acdf},
        {RW | MSET_UNCACHED, 0x20048d159e26acd7},
        {RW | MSET_DEVICE, 0x40048d159e26acd7},
        {MSET_READ | MSET_SOFT_0 | MSET_SOFT_1, 0x00048d159e26af53},
        {0, 0x00048d159e26ac12},
    };
    encoding_check_flags(&sv39x4, NULL, 0x123456789ab000, cases, COUNT(cases));
    encoding_check_flags(&sv48x4, NULL, 0x123456789ab000, cases, COUNT(cases));
}

/* The root has 2048 entries, so addresses have two bits more. They are not signed. */
static void test_guest_sizes(void **state) {
    (void)state;
    static const struct encoding_leaf of_39[] = {
        {0, 0x1fffffff000, 0x123456789ab000, 4 * KIB, RX, 0x00048d159e26ac5b},
        {1, 0x18000400000, 0x12345678800000, 2 * MIB, RW, 0x00048d159e2000d7},
        {2, 0x1ffc0000000, 0x12345640000000, GIB, RX, 0x00048d159000005b},
    };
    static const struct encoding_leaf of_48[] = {
        {0, 0x3fffffffff000, 0x123456789ab000, 4 * KIB, RX, 0x00048d159e26ac5b},
        {2, 0xc0000000, 0x12345640000000, GIB, RX, 0x00048d159000005b},
        {3, 0x3ff8000000000, 0x12348000000000, 512 * GIB, RW, 0x00048d20000000d7},
        {3, 0x3ff8000000000, 0x12348000000000, 512 * GIB, 0, 0x00048d2000000012},
    };
    encoding_check_leaves(&sv39x4, NULL, of_39, COUNT(of_39));
    encoding_check_leaves(&sv48x4, NULL, of_48, COUNT(of_48));
    struct encoding e;
    encoding_open(&e, &sv39x4, NULL);
    assert_int_equal(mset_pt_map(e.pt, 0x20000000000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
    encoding_open(&e, &sv48x4, NULL);
    assert_int_equal(mset_pt_map(e.pt, 0x4000000000000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
}

static void test_guest_groups(void **state) {
    (void)state;
    static const struct mset_pt_config config = {.leaf_sizes = 4 * KIB | 64 * KIB};
    static const struct encoding_group groups[] = {
        {0, 0x10000, 0x123456789a0000, 64 * KIB, RW, 16, 0x80048d159e26a0d7, 0, 0x80048d159e26a0d7},
    };
    encoding_check_groups(&sv39x4, &config, groups, COUNT(groups));
    encoding_check_groups(&sv48x4, &config, groups, COUNT(groups));
}

/* W without R is reserved; no write-combining; two software bits. */
static void test_unsupported(void **state) {
    (void)state;
    static const uint64_t always[] = {MSET_WRITE, MSET_WRITE | MSET_EXEC,
                                      MSET_READ | MSET_WRITE_COMBINE, MSET_WRITE_COMBINE,
                                      MSET_READ | MSET_SOFT_2};
    static const uint64_t for_guests[] = {MSET_READ | MSET_USER, MSET_READ | MSET_GLOBAL};
    encoding_check_unsupported(&sv39, always, COUNT(always));
    encoding_check_unsupported(&sv48, always, COUNT(always));
    encoding_check_unsupported(&sv57, always, COUNT(always));
    encoding_check_unsupported(&sv39x4, always, COUNT(always));
    encoding_check_unsupported(&sv48x4, always, COUNT(always));
    encoding_check_unsupported(&sv39x4, for_guests, COUNT(for_guests));
    encoding_check_unsupported(&sv48x4, for_guests, COUNT(for_guests));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_signed_addresses),
        cmocka_unit_test(test_groups),       cmocka_unit_test(test_no_groups_unless_asked_for),
        cmocka_unit_test(test_group_is_cut), cmocka_unit_test(test_guest_pages),
        cmocka_unit_test(test_guest_sizes),  cmocka_unit_test(test_guest_groups),
        cmocka_unit_test(test_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
