/*
 * test_x86.c - entries as literal numbers, worked out by hand from the AMD64 manual, volume 2, 5.3
 * (figures of PML5E, PML4E, PDPE, PDE, PTE in long mode) and 15.25 for nested paging.
 *
 * A page that the kernel may read:
 *
 *     0x8000123456789001
 *                      1     P 0; W 1, U 2, PWT 3, PCD 4, A 5, D 6, PS or PAT 7, G 8 are 0
 *           123456789        address 51:12
 *       8                    NX 63
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/encoding/encoding.h"
#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)
#define RX (MSET_READ | MSET_EXEC)
#define RWX (MSET_READ | MSET_WRITE | MSET_EXEC)
#define BOTH (MSET_PT_ACCESSED | MSET_PT_DIRTY)
#define XD UINT64_C(0x8000000000000000)

/* A table: P, W, U. */
#define X86_TABLE                      \
    UINT64_C(0xffffffffff000), 0, 7, { \
        0, 0                           \
    }

static const struct encoding_format x86_64 = {
    &mset_pt_x86_64, {12, 21, 30, 39}, {9, 9, 9, 9}, X86_TABLE};
static const struct encoding_format x86_64_5 = {
    &mset_pt_x86_64_5, {12, 21, 30, 39, 48}, {9, 9, 9, 9, 9}, X86_TABLE};
static const struct encoding_format npt = {&mset_pt_npt, {12, 21, 30, 39}, {9, 9, 9, 9}, X86_TABLE};

static void map(struct rig *rig, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_map(rig->pt, va, pa, size, flags), MSET_OK);
}

static void test_pages(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        {MSET_READ, 0x8000123456789001},
        {RX, 0x0000123456789001},
        {RW, 0x8000123456789003},
        {RWX, 0x0000123456789003},
        {MSET_READ | MSET_USER, 0x8000123456789005},
        {RWX | MSET_USER, 0x0000123456789007},
        {RWX | MSET_GLOBAL, 0x0000123456789103},
        /* PCD, PWT 4:3 count the entries of the PAT. */
        {RWX | MSET_WRITE_COMBINE, 0x000012345678900b},
        {RWX | MSET_UNCACHED, 0x0000123456789013},
        {RWX | MSET_DEVICE, 0x000012345678901b},
        /* Bits 52, 53, 54. */
        {MSET_READ | MSET_SOFT_0, 0x8010123456789001},
        {MSET_READ | MSET_SOFT_1, 0x8020123456789001},
        {MSET_READ | MSET_SOFT_2, 0x8040123456789001},
        {RX | MSET_SOFT, 0x0070123456789001},
        /* Not present: bit 11, and 51:12 inverted: 0xffffffffff - 0x0123456789 in 10 digits. */
        {0, 0x800fedcba9876800},
        {MSET_USER | MSET_GLOBAL, 0x800fedcba9876904},
        {MSET_UNCACHED, 0x800fedcba9876810},
        {MSET_SOFT_0, 0x801fedcba9876800},
    };
    encoding_check_flags(&x86_64, NULL, 0x123456789000, cases, COUNT(cases));
    encoding_check_flags(&x86_64_5, NULL, 0x123456789000, cases, COUNT(cases));
}

/* A 5, D 6. */
static void test_marks(void **state) {
    (void)state;
    static const struct encoding_mark cases[] = {
        {MSET_READ, 0x8000123456789001, 0x8000123456789001, 0},
        {MSET_READ, 0x8000123456789001, 0x8000123456789021, MSET_PT_ACCESSED},
        {RW, 0x8000123456789003, 0x8000123456789023, MSET_PT_ACCESSED},
        {RW, 0x8000123456789003, 0x8000123456789063, BOTH},
    };
    encoding_check_marks(&x86_64, 0x123456789000, cases, COUNT(cases));
}

static void test_sizes(void **state) {
    (void)state;
    /* PS 7 in a large leaf. A marker has bit 10, and its payload inverted in 43:12. */
    static const struct encoding_leaf leaves[] = {
        {0, 0x5000, 0xffffffffff000, 4 * KIB, RX, 0x000ffffffffff001},
        {0, 0x5000, 0x89abcdef, 4 * KIB, MSET_PT_MARKER, 0x0000076543210400},
        {0, 0x5000, 0, 4 * KIB, MSET_PT_MARKER, 0x00000ffffffff400},
        {0, 0x5000, 0xffffffff, 4 * KIB, MSET_PT_MARKER, 0x0000000000000400},
        {1, 0x400000, 0x12345600000, 2 * MIB, RWX, 0x0000012345600083},
        {1, 0x400000, 0x12345600000, 2 * MIB, RW | MSET_USER | MSET_GLOBAL | MSET_DEVICE,
         0x800001234560019f},
        /* 51:21 inverted, 20:12 zero. */
        {1, 0x400000, 0x12345600000, 2 * MIB, 0, 0x800ffedcba800880},
        {1, 0x400000, 0x89abcdef, 2 * MIB, MSET_PT_MARKER, 0x0000076543210400},
        {2, 0xc0000000, 0x123c0000000, GIB, RX, 0x00000123c0000081},
        /* 51:30 inverted. */
        {2, 0xc0000000, 0x123c0000000, GIB, MSET_USER, 0x800ffedc00000884},
        {2, 0xc0000000, 0x89abcdef, GIB, MSET_PT_MARKER, 0x0000076543210400},
    };
    static const struct encoding_leaf of_48[] = {
        {0, 0x7ffffffff000, 0x123456789000, 4 * KIB, RX, 0x0000123456789001},
        {0, 0xffff800000000000, 0x123456789000, 4 * KIB, RX, 0x0000123456789001},
    };
    static const struct encoding_leaf of_57[] = {
        {0, 0xfffffffffff000, 0x123456789000, 4 * KIB, RX, 0x0000123456789001},
        {1, 0xff00000000000000, 0x12345600000, 2 * MIB, RWX, 0x0000012345600083},
        {2, 0xffffffff80000000, 0x123c0000000, GIB, RX, 0x00000123c0000081},
    };
    encoding_check_leaves(&x86_64, NULL, leaves, COUNT(leaves));
    encoding_check_leaves(&x86_64, NULL, of_48, COUNT(of_48));
    encoding_check_leaves(&x86_64_5, NULL, leaves, COUNT(leaves));
    encoding_check_leaves(&x86_64_5, NULL, of_57, COUNT(of_57));
    struct encoding e;
    encoding_open(&e, &x86_64, NULL);
    assert_int_equal(mset_pt_map(e.pt, 0x800000000000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
    encoding_open(&e, &x86_64_5, NULL);
    assert_int_equal(mset_pt_map(e.pt, 0x100000000000000, 0, 4 * KIB, RW), MSET_INVALID_PARAM);
    encoding_close(&e);
}

/* Nested: U is 1 in every leaf, because every walk is the user's. */
static void test_nested(void **state) {
    (void)state;
    static const struct encoding_flags cases[] = {
        {MSET_READ, 0x8000123456789005},
        {RX, 0x0000123456789005},
        {RW, 0x8000123456789007},
        {RWX | MSET_SOFT_1, 0x0020123456789007},
        {RW | MSET_WRITE_COMBINE, 0x800012345678900f},
        {RW | MSET_UNCACHED, 0x8000123456789017},
        {RW | MSET_DEVICE, 0x800012345678901f},
        {0, 0x800fedcba9876804},
    };
    static const struct encoding_leaf leaves[] = {
        {1, 0x400000, 0x12345600000, 2 * MIB, RW, 0x8000012345600087},
        {1, 0x400000, 0x12345600000, 2 * MIB, 0, 0x800ffedcba800884},
        {2, 0xc0000000, 0x123c0000000, GIB, RX, 0x00000123c0000085},
        {2, 0xc0000000, 0x89abcdef, GIB, MSET_PT_MARKER, 0x0000076543210400},
        {0, 0xfffffffff000, 0x123456789000, 4 * KIB, RX, 0x0000123456789005}, /* not signed */
    };
    encoding_check_flags(&npt, NULL, 0x123456789000, cases, COUNT(cases));
    encoding_check_leaves(&npt, NULL, leaves, COUNT(leaves));
}

static void test_unsupported(void **state) {
    (void)state;
    static const uint64_t always[] = {MSET_WRITE, MSET_EXEC, MSET_WRITE | MSET_EXEC,
                                      MSET_READ | 0x400};
    static const uint64_t nested[] = {MSET_READ | MSET_USER, MSET_READ | MSET_GLOBAL, MSET_USER};
    encoding_check_unsupported(&x86_64, always, COUNT(always));
    encoding_check_unsupported(&x86_64_5, always, COUNT(always));
    encoding_check_unsupported(&npt, always, COUNT(always));
    encoding_check_unsupported(&npt, nested, COUNT(nested));
}

static void set_entry(const struct rig *rig, uint64_t va, uint64_t bits) {
    uint64_t table = mset_pt_root(rig->pt);
    for (unsigned level = 3; level > 0; level--) {
        table = rig_entry(rig, level, va) & UINT64_C(0xffffffffff000);
    }
    uint64_t *const entries = (uint64_t *)(void *)(rig->storage + (table - rig->base));
    entries[va >> 12 & 511] |= bits;
}

/* The processor sets A (bit 5) and D (bit 6); they survive whatever happens to the leaf. */
static void test_marks_stay(void **state) {
    (void)state;
    struct rig rig;
    struct mset_pt_run run;
    rig_open(&rig, 16, 0);
    map(&rig, 0, 0x40000000, 4 * PAGE, RW);
    set_entry(&rig, 1 * PAGE, 0x20);
    set_entry(&rig, 2 * PAGE, 0x60);
    rig_validate(&rig);
    assert_int_equal(mset_pt_query(rig.pt, PAGE, 0, &run), MSET_OK);
    assert_true(run.accessed && !run.dirty);
    assert_int_equal(mset_pt_query(rig.pt, 0, 4 * PAGE, &run), MSET_OK);
    assert_int_equal(run.size, 4 * PAGE); /* marks do not end a run */
    assert_true(run.accessed && run.dirty);
    assert_int_equal(mset_pt_protect(rig.pt, 0, 4 * PAGE, 0), MSET_OK);
    assert_int_equal(rig_entry(&rig, 0, 2 * PAGE), XD | 0xfffffbfffd860);
    assert_int_equal(mset_pt_protect(rig.pt, 0, 4 * PAGE, MSET_READ), MSET_OK);
    assert_int_equal(rig_entry(&rig, 0, 0), XD | 0x40000001);
    assert_int_equal(rig_entry(&rig, 0, 1 * PAGE), XD | 0x40001021);
    assert_int_equal(rig_entry(&rig, 0, 2 * PAGE), XD | 0x40002061);
    assert_int_equal(mset_pt_move(rig.pt, 0, GIB, 4 * PAGE), MSET_OK);
    assert_int_equal(mset_pt_query(rig.pt, GIB + 2 * PAGE, 0, &run), MSET_OK);
    assert_true(run.accessed && run.dirty);
    rig_close(&rig);
}

static void test_marks_of_a_large_leaf_stay_when_it_is_cut(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 16, 0);
    map(&rig, 2 * MIB, 0x40000000, 2 * MIB, RW);
    const uint64_t table = rig_entry(&rig, 2, 0) & UINT64_C(0xffffffffff000);
    uint64_t *const entries = (uint64_t *)(void *)(rig.storage + (table - rig.base));
    entries[1] |= 0x60; /* accessed and dirty */
    assert_int_equal(mset_pt_unmap(rig.pt, 2 * MIB, PAGE, NULL, NULL), MSET_OK);
    assert_int_equal(rig_entry(&rig, 0, 2 * MIB + PAGE), XD | 0x40001063);
    rig_close(&rig);
}

static void test_validate_sees_reserved_bits(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 16, 0);
    map(&rig, 0, 0x40000000, PAGE, RW);
    set_entry(&rig, 0, UINT64_C(1) << 50); /* beyond the machine's 46 bits */
    assert_non_null(mset_pt_validate(rig.pt));
    assert_non_null(rig_look(&rig, 0).complaint);
    assert_int_equal(mset_pt_unmap(rig.pt, 0, PAGE, NULL, NULL), MSET_OK);
    rig_close(&rig);
}

static uint64_t *entry_of(const struct rig *rig, unsigned level, uint64_t va) {
    uint64_t table = mset_pt_root(rig->pt);
    for (unsigned at = 3; at > level; at--) {
        table = rig_entry(rig, at, va) & UINT64_C(0xffffffffff000);
    }
    uint64_t *const entries = (uint64_t *)(void *)(rig->storage + (table - rig->base));
    return &entries[va >> (12 + 9 * level) & 511];
}

/* One entry at a time is spoiled, and put right again. */
static void test_validate_sees_spoiled_tables(void **state) {
    (void)state;
    static const struct {
        unsigned level;
        uint64_t va, flip;
        const char *wrong;
    } cases[] = {
        {0, 0, 0x40000001 | XD, "the number of entries in use is wrong"}, /* a leaf gone */
        {0, 5 * PAGE, 0x5001, "the number of entries in use is wrong"},   /* one too many */
        {0, 0, 0x80, "a leaf with reserved bits set"},                    /* PAT, never set */
        {1, 2 * MIB, 0x2000, "a leaf with reserved bits set"},            /* bit 13 */
        {1, 0, 0x4000, "an entry does not point at the table that its book says"},
        {1, 0, 0x1, "an entry does not point at the table that its book says"},
        {3, GIB * 512 * 3, 0x40000081, "a leaf at a level that has none"},
        {2, 5 * GIB, UINT64_C(1) << 47 | 0x81 | XD,
         "a leaf points beyond the machine's physical addresses"},
    };
    struct rig rig;
    rig_open(&rig, 16, 0);
    map(&rig, 0, 0x40000000, PAGE, MSET_READ);
    map(&rig, 2 * MIB, 0x40000000, 2 * MIB, MSET_READ);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t *const entry = entry_of(&rig, cases[i].level, cases[i].va);
        *entry ^= cases[i].flip;
        const char *const wrong = mset_pt_validate(rig.pt);
        *entry ^= cases[i].flip;
        assert_non_null(wrong);
        assert_string_equal(wrong, cases[i].wrong);
    }
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_marks_stay),
        cmocka_unit_test(test_marks_of_a_large_leaf_stay_when_it_is_cut),
        cmocka_unit_test(test_validate_sees_reserved_bits),
        cmocka_unit_test(test_validate_sees_spoiled_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
