/*
 * test_aarch64.c - entries as literal numbers, worked out by hand from the Arm ARM, D8.3
 * "Translation table descriptor formats" (table, block and page descriptors; attribute fields of
 * stage 1 and of stage 2), D8.4 for AP, S2AP, PXN, UXN and DBM, D8.6 for memory types.
 *
 * A page of stage 1 that the kernel may read:
 *
 *     0x0060123456789f83
 *                      3     bits 1:0, a page (a block is 1)
 *                     8      AP[2:1] 7:6 = 10, read-only and not the user's; AttrIndx 4:2 = 0
 *                    f       SH 9:8 = 3, AF 10, nG 11
 *           123456789        address 47:12
 *         06                 PXN 53, UXN 54
 *
 * and one of stage 2 that the guest may read:
 *
 *     0x004012345678977f
 *                     7f     bits 1:0 = 3; MemAttr 5:2 = 1111, write-back; S2AP 7:6 = 01, read
 *                    7       SH 9:8 = 3, AF 10
 *         04                 XN 54
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

/* A table: bits 1:0 = 3, address 47:12, no limits on the rights below it (63:59 are 0). */
#define A64_TABLE                     \
    UINT64_C(0xfffffffff000), 0, 3, { \
        0, 0                          \
    }

static const struct encoding_format g4k = {
    &mset_pt_aarch64_4k, {12, 21, 30, 39}, {9, 9, 9, 9}, A64_TABLE};
static const struct encoding_format g16k = {
    &mset_pt_aarch64_16k, {14, 25, 36, 47}, {11, 11, 11, 1}, A64_TABLE};
static const struct encoding_format g64k = {
    &mset_pt_aarch64_64k, {16, 29, 42}, {13, 13, 6}, A64_TABLE};
static const struct encoding_format s2_4k = {
    &mset_pt_aarch64_s2_4k, {12, 21, 30, 39}, {9, 9, 9, 9}, A64_TABLE};
static const struct encoding_format s2_4k_ipa40 = {
    &mset_pt_aarch64_s2_4k_ipa40, {12, 21, 30}, {9, 9, 10}, A64_TABLE};
static const struct encoding_format s2_16k = {
    &mset_pt_aarch64_s2_16k, {14, 25, 36}, {11, 11, 12}, A64_TABLE};
static const struct encoding_format s2_64k = {
    &mset_pt_aarch64_s2_64k, {16, 29, 42}, {13, 13, 6}, A64_TABLE};

/* ---- stage 1 ------------------------------------------------------------------------------ */

/* Without hardware marks: AF is set, and what may be written is dirty (DBM 51, AP[2] = 0). */
static void test_stage_1_pages(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        /* AP 7:6 is 10 read-only, 00 writable, 11 and 01 the same for the user as well. */
        {MSET_READ, 0x0060123456789f83},
        {RX, 0x0040123456789f83}, /* UXN: the kernel's code */
        {RW, 0x0068123456789f03},
        {RWX, 0x0048123456789f03},
        {MSET_READ | MSET_USER, 0x0060123456789fc3},
        {RX | MSET_USER, 0x0020123456789fc3}, /* PXN: the user's code */
        {RW | MSET_USER, 0x0068123456789f43},
        {RWX | MSET_USER, 0x0028123456789f43},
        /* nG is 0. */
        {MSET_READ | MSET_GLOBAL, 0x0060123456789783},
        {RWX | MSET_GLOBAL, 0x0048123456789703},
        {RX | MSET_USER | MSET_GLOBAL, 0x00201234567897c3},
        /* AttrIndx 4:2 is 1, 2, 3. */
        {RW | MSET_WRITE_COMBINE, 0x0068123456789f07},
        {RW | MSET_UNCACHED, 0x0068123456789f0b},
        {RW | MSET_DEVICE, 0x0068123456789f0f},
        {MSET_READ | MSET_DEVICE, 0x0060123456789f8f},
        /* Bits 56, 57, 58. */
        {MSET_READ | MSET_SOFT_0, 0x0160123456789f83},
        {MSET_READ | MSET_SOFT_1, 0x0260123456789f83},
        {MSET_READ | MSET_SOFT_2, 0x0460123456789f83},
        {RW | MSET_SOFT, 0x0768123456789f03},
        /* Without access: bit 0 clear, bit 60 set; never used, so AF is 0. */
        {0, 0x1060123456789b82},
        {MSET_USER, 0x1060123456789bc2},
        {MSET_GLOBAL | MSET_UNCACHED, 0x106012345678938a},
        {MSET_SOFT_0 | MSET_SOFT_2, 0x1560123456789b82},
    };
    encoding_check_flags(&g4k, NULL, 0x123456789000, cases, COUNT(cases));
}

/* With hardware marks: AF is clear, and what may be written is clean (DBM 51, AP[2] = 1). */
static void test_stage_1_marks(void **state) {
    (void)state;
    static const struct encoding_mark cases[] = {
        {MSET_READ, 0x0060123456789b83, 0x0060123456789b83, 0},
        {MSET_READ, 0x0060123456789b83, 0x0060123456789f83, MSET_PT_ACCESSED},
        {RW, 0x0068123456789b83, 0x0068123456789f83, MSET_PT_ACCESSED},
        {RW, 0x0068123456789b83, 0x0068123456789f03, MSET_PT_ACCESSED | MSET_PT_DIRTY},
        {RW | MSET_USER, 0x0068123456789bc3, 0x0068123456789f43, MSET_PT_ACCESSED | MSET_PT_DIRTY},
    };
    encoding_check_marks(&g4k, 0x123456789000, cases, COUNT(cases));
}

static void test_stage_1_sizes(void **state) {
    (void)state;
    /* The same bits, but 1:0 are 01 in a block, and the address ends higher. */
    static const struct encoding_leaf of_4k[] = {
        {0, 0x5000, 0xfffffffff000, 4 * KIB, RX, 0x0040ffffffffff83},
        {0, 0x5000, 0x89abcdef, 4 * KIB, MSET_PT_MARKER, 0x2000089abcdef000},
        {0, 0x5000, 0, 4 * KIB, MSET_PT_MARKER, 0x2000000000000000},
        {1, 0x400000, 0x123456600000, 2 * MIB, RW, 0x0068123456600f01},
        {1, 0x400000, 0x123456600000, 2 * MIB, MSET_READ | MSET_USER | MSET_SOFT_0,
         0x0160123456600fc1},
        {1, 0x400000, 0x123456600000, 2 * MIB, 0, 0x1060123456600b80},
        {1, 0x400000, 0x89abcdef, 2 * MIB, MSET_PT_MARKER, 0x2000089abcdef000},
        {2, 0xc0000000, 0x123440000000, GIB, RX, 0x0040123440000f81},
        {2, 0xc0000000, 0x123440000000, GIB, MSET_DEVICE, 0x1060123440000b8c},
        {2, 0xc0000000, 0xffffffff, GIB, MSET_PT_MARKER, 0x20000ffffffff000},
        {0, 0xfffffffff000, 0x123456789000, 4 * KIB, RW, 0x0068123456789f03},
    };
    static const struct encoding_leaf of_16k[] = {
        {0, 0x14000, 0x123456788000, 16 * KIB, RW, 0x0068123456788f03},
        {0, 0x14000, 0x123456788000, 16 * KIB, 0, 0x1060123456788b82},
        {0, 0x14000, 0x89abcdef, 16 * KIB, MSET_PT_MARKER, 0x2000089abcdef000},
        {1, 0x4000000, 0x123456000000, 32 * MIB, RW, 0x0068123456000f01},
        {1, 0x4000000, 0x123456000000, 32 * MIB, 0, 0x1060123456000b80},
        {1, 0x4000000, 0x89abcdef, 32 * MIB, MSET_PT_MARKER, 0x2000089abcdef000},
        {0, 0x800000014000, 0x123456788000, 16 * KIB, RX, 0x0040123456788f83},
    };
    static const struct encoding_leaf of_64k[] = {
        {0, 0x50000, 0x123456780000, 64 * KIB, RW, 0x0068123456780f03},
        {0, 0x50000, 0x123456780000, 64 * KIB, 0, 0x1060123456780b82},
        {0, 0x50000, 0x89abcdef, 64 * KIB, MSET_PT_MARKER, 0x2000089abcdef000},
        {1, 0x40000000, 0x123460000000, 512 * MIB, RX, 0x0040123460000f81},
        {1, 0x40000000, 0x123460000000, 512 * MIB, 0, 0x1060123460000b80},
        {1, 0x40000000, 0x89abcdef, 512 * MIB, MSET_PT_MARKER, 0x2000089abcdef000},
        {0, 0xfc0000050000, 0x123456780000, 64 * KIB, RX, 0x0040123456780f83},
    };
    encoding_check_leaves(&g4k, NULL, of_4k, COUNT(of_4k));
    encoding_check_leaves(&g16k, NULL, of_16k, COUNT(of_16k));
    encoding_check_leaves(&g64k, NULL, of_64k, COUNT(of_64k));
}

/* A table of the upper half looks the same; the sign is in no index. */
static void test_upper_half(void **state) {
    (void)state;
    static const struct mset_pt_config config = {.upper = true};
    static const struct encoding_leaf leaves[] = {
        {0, 0xffff800000005000, 0x123456789000, 4 * KIB, RW | MSET_GLOBAL, 0x0068123456789703},
        {1, 0xffffffffffe00000, 0x123456600000, 2 * MIB, RX | MSET_GLOBAL, 0x0040123456600781},
        {2, 0xffff000000000000, 0x123440000000, GIB, RW, 0x0068123440000f01},
    };
    encoding_check_leaves(&g4k, &config, leaves, COUNT(leaves));
    struct encoding e;
    encoding_open(&e, &g4k, &config);
    assert_int_equal(mset_pt_map(e.pt, 0x5000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
    encoding_open(&e, &g4k, NULL);
    assert_int_equal(mset_pt_map(e.pt, 0xffff800000005000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_map(e.pt, 0x1000000000000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
}

/* Contiguous, bit 52, in entries that have their own addresses. */
static void test_stage_1_groups(void **state) {
    (void)state;
    static const struct encoding_group of_4k[] = {
        {0, 0x10000, 0x123456780000, 64 * KIB, MSET_READ, 16, 0x0070123456780f83, 0x1000,
         0x007012345678ff83},
        {0, 0x10000, 0x123456780000, 64 * KIB, 0, 16, 0x1070123456780b82, 0x1000,
         0x107012345678fb82},
        {1, 0x2000000, 0x123456000000, 32 * MIB, RW, 16, 0x0078123456000f01, 0x200000,
         0x0078123457e00f01},
        {2, 0x400000000, 0x123800000000, 16 * GIB, RX, 16, 0x0050123800000f81, 0x40000000,
         0x0050123bc0000f81},
    };
    static const struct encoding_group of_16k[] = {
        {0, 0x200000, 0x123456600000, 2 * MIB, MSET_READ, 128, 0x0070123456600f83, 0x4000,
         0x00701234567fcf83},
        {1, 0x40000000, 0x123440000000, GIB, MSET_READ, 32, 0x0070123440000f81, 0x2000000,
         0x007012347e000f81},
    };
    static const struct encoding_group of_64k[] = {
        {0, 0x200000, 0x123456600000, 2 * MIB, MSET_READ, 32, 0x0070123456600f83, 0x10000,
         0x00701234567f0f83},
        {1, 0x400000000, 0x123800000000, 16 * GIB, MSET_READ, 32, 0x0070123800000f81, 0x20000000,
         0x0070123be0000f81},
    };
    encoding_check_groups(&g4k, NULL, of_4k, COUNT(of_4k));
    encoding_check_groups(&g16k, NULL, of_16k, COUNT(of_16k));
    encoding_check_groups(&g64k, NULL, of_64k, COUNT(of_64k));
}

/* ---- stage 2 ------------------------------------------------------------------------------ */

static void test_stage_2_pages(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        /* S2AP 7:6 is 01 read, 10 write, 11 both; DBM 51 with write. */
        {MSET_READ, 0x004012345678977f},
        {RX, 0x000012345678977f},
        {RW, 0x00481234567897ff},
        {RWX, 0x00081234567897ff},
        {MSET_WRITE, 0x00481234567897bf},
        {MSET_EXEC, 0x000012345678973f},
        /* MemAttr 5:2 is 0101 non-cacheable, 0001 Device-nGnRE. */
        {MSET_READ | MSET_UNCACHED, 0x0040123456789757},
        {MSET_READ | MSET_DEVICE, 0x0040123456789747},
        {RW | MSET_DEVICE, 0x00481234567897c7},
        {MSET_READ | MSET_SOFT_0, 0x014012345678977f},
        {MSET_READ | MSET_SOFT, 0x074012345678977f},
        {0, 0x104012345678933e},
        {MSET_DEVICE, 0x1040123456789306},
    };
    encoding_check_flags(&s2_4k, NULL, 0x123456789000, cases, COUNT(cases));
}

static void test_stage_2_marks(void **state) {
    (void)state;
    static const struct encoding_mark cases[] = {
        {MSET_READ, 0x004012345678937f, 0x004012345678977f, MSET_PT_ACCESSED},
        {RW, 0x004812345678937f, 0x004812345678977f, MSET_PT_ACCESSED},
        {RW, 0x004812345678937f, 0x00481234567897ff, MSET_PT_ACCESSED | MSET_PT_DIRTY},
        {MSET_WRITE, 0x004812345678933f, 0x00481234567897bf, MSET_PT_ACCESSED | MSET_PT_DIRTY},
    };
    encoding_check_marks(&s2_4k, 0x123456789000, cases, COUNT(cases));
}

static void test_stage_2_sizes(void **state) {
    (void)state;
    static const struct encoding_leaf of_4k[] = {
        {1, 0x400000, 0x123456600000, 2 * MIB, RW, 0x00481234566007fd},
        {1, 0x400000, 0x123456600000, 2 * MIB, 0, 0x104012345660033c},
        {2, 0xc0000000, 0x123440000000, GIB, RX, 0x000012344000077d},
        {0, 0xfffffffff000, 0x123456789000, 4 * KIB, MSET_READ, 0x004012345678977f},
    };
    /* The root has 1024 entries: two tables of the manual's level 1. */
    static const struct encoding_leaf of_4k_ipa40[] = {
        {0, 0x8000005000, 0x123456789000, 4 * KIB, MSET_READ, 0x004012345678977f},
        {1, 0xffffe00000, 0x123456600000, 2 * MIB, RW, 0x00481234566007fd},
        {2, 0xff40000000, 0x123440000000, GIB, RX, 0x000012344000077d},
        {2, 0xff40000000, 0x89abcdef, GIB, MSET_PT_MARKER, 0x2000089abcdef000},
    };
    /* Of 4096: two of the manual's level 1. */
    static const struct encoding_leaf of_16k[] = {
        {0, 0xfff000014000, 0x123456788000, 16 * KIB, MSET_READ, 0x004012345678877f},
        {1, 0x4000000, 0x123456000000, 32 * MIB, RW, 0x00481234560007fd},
    };
    static const struct encoding_leaf of_64k[] = {
        {0, 0xfc0000050000, 0x123456780000, 64 * KIB, MSET_READ, 0x004012345678077f},
        {1, 0x40000000, 0x123460000000, 512 * MIB, RW, 0x00481234600007fd},
    };
    encoding_check_leaves(&s2_4k, NULL, of_4k, COUNT(of_4k));
    encoding_check_leaves(&s2_4k_ipa40, NULL, of_4k_ipa40, COUNT(of_4k_ipa40));
    encoding_check_leaves(&s2_16k, NULL, of_16k, COUNT(of_16k));
    encoding_check_leaves(&s2_64k, NULL, of_64k, COUNT(of_64k));
    struct encoding e;
    encoding_open(&e, &s2_4k_ipa40, NULL);
    assert_int_equal(mset_pt_map(e.pt, TIB, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
}

static void test_stage_2_groups(void **state) {
    (void)state;
    static const struct encoding_group of_4k[] = {
        {0, 0x10000, 0x123456780000, 64 * KIB, RW, 16, 0x00581234567807ff, 0x1000,
         0x005812345678f7ff},
    };
    static const struct encoding_group of_16k[] = {
        {0, 0x200000, 0x123456600000, 2 * MIB, MSET_READ, 128, 0x005012345660077f, 0x4000,
         0x00501234567fc77f},
    };
    static const struct encoding_group of_64k[] = {
        {1, 0x400000000, 0x123800000000, 16 * GIB, MSET_READ, 32, 0x005012380000077d, 0x20000000,
         0x0050123be000077d},
    };
    encoding_check_groups(&s2_4k, NULL, of_4k, COUNT(of_4k));
    encoding_check_groups(&s2_4k_ipa40, NULL, of_4k, COUNT(of_4k));
    encoding_check_groups(&s2_16k, NULL, of_16k, COUNT(of_16k));
    encoding_check_groups(&s2_64k, NULL, of_64k, COUNT(of_64k));
}

/* ---- changes ------------------------------------------------------------------------------ */

/* What was written stays dirty without the right to write: bit 55 takes over from AP[2]. */
static void test_dirty_outlives_the_right_to_write(void **state) {
    (void)state;
    struct encoding e, copy;
    encoding_open(&e, &g4k, NULL);
    encoding_open(&copy, &g4k, NULL);
    encoding_map(&e, 0x5000, 0x123456789000, 4 * KIB, RW);
    encoding_protect(&e, 0x5000, 4 * KIB, MSET_READ);
    encoding_is(&e, 0, 0x5000, 0x00e0123456789f83);
    encoding_reads(&e, 0x5000, 0x123456789000, MSET_READ, MSET_PT_ACCESSED | MSET_PT_DIRTY);
    encoding_protect(&e, 0x5000, 4 * KIB, 0);
    encoding_is(&e, 0, 0x5000, 0x10e0123456789f82);
    encoding_protect(&e, 0x5000, 4 * KIB, RW);
    encoding_is(&e, 0, 0x5000, 0x0068123456789f03);
    assert_int_equal(mset_pt_copy(e.pt, copy.pt, 0x5000, 4 * KIB, true), MSET_OK);
    encoding_is(&e, 0, 0x5000, 0x00e0123456789f83);
    encoding_is(&copy, 0, 0x5000, 0x00e0123456789f83);
    encoding_close(&e);
    encoding_close(&copy);

    encoding_open(&e, &s2_4k, NULL);
    encoding_map(&e, 0x5000, 0x123456789000, 4 * KIB, RW);
    encoding_protect(&e, 0x5000, 4 * KIB, MSET_READ); /* S2AP 01, DBM 0 */
    encoding_is(&e, 0, 0x5000, 0x00c012345678977f);
    encoding_close(&e);
}

/* Another memory type: the valid bit waits for the flush, all else is there. */
static void test_broken_leaf(void **state) {
    (void)state;
    struct encoding e;
    struct mset_pt_gather gather;
    encoding_open(&e, &g4k, NULL);
    encoding_map(&e, 0x5000, 0x123456789000, 4 * KIB, MSET_READ);
    assert_int_equal(mset_pt_protect(e.pt, 0x5000, 4 * KIB, RX | MSET_DEVICE), MSET_OK);
    encoding_is(&e, 0, 0x5000, 0x0040123456789f8e);
    mset_pt_get_gather(e.pt, &gather);
    assert_int_equal(gather.breaks, 1);
    mset_pt_flushed(e.pt);
    encoding_is(&e, 0, 0x5000, 0x0040123456789f8f);
    /* Rights alone do not need it. */
    assert_int_equal(mset_pt_protect(e.pt, 0x5000, 4 * KIB, RW | MSET_DEVICE), MSET_OK);
    encoding_is(&e, 0, 0x5000, 0x0068123456789f0f);
    encoding_close(&e);
}

/* A block that is cut: bits 1:0 of the table's entry are 10, then 11. */
static void test_broken_table(void **state) {
    (void)state;
    struct encoding e;
    encoding_open(&e, &g4k, NULL);
    encoding_map(&e, 0x400000, 0x123456600000, 2 * MIB, RW);
    assert_int_equal(mset_pt_unmap(e.pt, 0x400000, 4 * KIB, NULL, NULL), MSET_OK);
    uint64_t *const entry = encoding_at(&e, 1, 0x400000);
    assert_int_equal(*entry & ~UINT64_C(0xfffffffff000), 2);
    mset_pt_flushed(e.pt);
    assert_int_equal(*entry & ~UINT64_C(0xfffffffff000), 3);
    encoding_is(&e, 0, 0x400000, 0);
    encoding_is(&e, 0, 0x401000, 0x0068123456601f03);
    encoding_is(&e, 0, 0x5ff000, 0x00781234567fff03); /* in a group of 64 KiB */
    encoding_close(&e);
}

static void test_unsupported(void **state) {
    (void)state;
    static const uint64_t stage_1[] = {MSET_WRITE, MSET_EXEC, MSET_WRITE | MSET_EXEC,
                                       MSET_READ | 0x400};
    static const uint64_t stage_2[] = {MSET_READ | MSET_USER, MSET_READ | MSET_GLOBAL,
                                       MSET_READ | MSET_WRITE_COMBINE, MSET_WRITE_COMBINE,
                                       MSET_USER};
    encoding_check_unsupported(&g4k, stage_1, COUNT(stage_1));
    encoding_check_unsupported(&g16k, stage_1, COUNT(stage_1));
    encoding_check_unsupported(&g64k, stage_1, COUNT(stage_1));
    encoding_check_unsupported(&s2_4k, stage_2, COUNT(stage_2));
    encoding_check_unsupported(&s2_4k_ipa40, stage_2, COUNT(stage_2));
    encoding_check_unsupported(&s2_16k, stage_2, COUNT(stage_2));
    encoding_check_unsupported(&s2_64k, stage_2, COUNT(stage_2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stage_1_pages),
        cmocka_unit_test(test_stage_1_marks),
        cmocka_unit_test(test_stage_1_sizes),
        cmocka_unit_test(test_upper_half),
        cmocka_unit_test(test_stage_1_groups),
        cmocka_unit_test(test_stage_2_pages),
        cmocka_unit_test(test_stage_2_marks),
        cmocka_unit_test(test_stage_2_sizes),
        cmocka_unit_test(test_stage_2_groups),
        cmocka_unit_test(test_dirty_outlives_the_right_to_write),
        cmocka_unit_test(test_broken_leaf),
        cmocka_unit_test(test_broken_table),
        cmocka_unit_test(test_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
