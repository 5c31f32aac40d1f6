/*
 * test_x86_64_encoding.c - entries as literal numbers, worked out by hand from the figures of the
 * AMD64 manual, volume 2, 5.3 (PML4E 5-20, PDPE 5-21/5-24, PDE 5-22/5-25, PTE 5-23).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)
#define XD UINT64_C(0x8000000000000000)

static void map(struct rig *rig, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_map(rig->pt, va, pa, size, flags), MSET_OK);
}

static void test_small_leaves(void **state) {
    (void)state;
    static const struct {
        uint64_t flags, entry;
    } cases[] = {
        {MSET_READ, XD | 0x123456789001},
        {MSET_READ | MSET_EXEC, 0x123456789001},
        {RW, XD | 0x123456789003},
        {RW | MSET_EXEC, 0x123456789003},
        {MSET_READ | MSET_USER, XD | 0x123456789005},
        {RW | MSET_USER | MSET_EXEC, 0x123456789007},
        {RW | MSET_EXEC | MSET_GLOBAL, 0x123456789103},
        {RW | MSET_EXEC | MSET_WRITE_COMBINE, 0x12345678900b}, /* PWT */
        {RW | MSET_EXEC | MSET_UNCACHED, 0x123456789013},      /* PCD */
        {RW | MSET_EXEC | MSET_DEVICE, 0x12345678901b},        /* PCD, PWT */
        /* Not present: bit 11 set, bits 51:12 inverted (0x000fffffffffffff - 0x123456789fff). */
        {0, XD | 0xfedcba9876800},
        {MSET_USER | MSET_GLOBAL, XD | 0xfedcba9876904},
        {MSET_UNCACHED, XD | 0xfedcba9876810},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig rig;
        rig_open(&rig, 16, 0);
        /* Wider than the rig's machine, so a table of its own. */
        struct mset_page_table *pt;
        const struct mset_pt_config config = {
            .format = &mset_pt_x86_64, .frames = &rig.source.frames, .allocator = &rig.memory.base};
        assert_int_equal(mset_pt_create(&config, &pt), MSET_OK);
        assert_int_equal(mset_pt_map(pt, 0x5000, 0x123456789000, PAGE, cases[i].flags), MSET_OK);
        struct mset_page_table *const own = rig.pt;
        rig.pt = pt;
        assert_int_equal(rig_entry(&rig, 0, 0x5000), cases[i].entry);
        rig.pt = own;
        mset_pt_destroy(pt);
        rig_close(&rig);
    }
}

static void test_large_leaves(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 16, 0);
    map(&rig, 2 * MIB, 0x12345600000, 2 * MIB, RW | MSET_EXEC);
    assert_int_equal(rig_entry(&rig, 1, 2 * MIB), 0x12345600083);
    map(&rig, 4 * MIB, 0x12345600000, 2 * MIB, RW | MSET_USER | MSET_GLOBAL | MSET_DEVICE);
    assert_int_equal(rig_entry(&rig, 1, 4 * MIB), XD | 0x1234560019f);
    map(&rig, 6 * MIB, 0x12345600000, 2 * MIB, 0); /* bits 51:21 inverted, 20:12 zero */
    assert_int_equal(rig_entry(&rig, 1, 6 * MIB), XD | 0xffedcba800880);
    map(&rig, 3 * GIB, 0x123c0000000, GIB, MSET_READ | MSET_EXEC);
    assert_int_equal(rig_entry(&rig, 2, 3 * GIB), 0x123c0000081);
    map(&rig, 4 * GIB, 0x123c0000000, GIB, MSET_USER); /* bits 51:30 inverted */
    assert_int_equal(rig_entry(&rig, 2, 4 * GIB), XD | 0xffedc00000884);
    assert_int_equal(mset_pt_unmap(rig.pt, 0, 8 * GIB, NULL, NULL), MSET_OK);
    rig_close(&rig);
}

static void test_tables(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 16, 0);
    map(&rig, 0, 0, PAGE, MSET_READ);
    for (unsigned level = 1; level < 4; level++) { /* P, RW, US and an address of the rig's */
        const uint64_t entry = rig_entry(&rig, level, 0);
        assert_int_equal(entry & 0xfff, 0x007);
        assert_in_range(entry >> 12 << 12, rig.base, rig.base + rig.bytes - PAGE);
    }
    assert_int_equal(mset_pt_unmap(rig.pt, 0, PAGE, NULL, NULL), MSET_OK);
    assert_int_equal(rig_entry(&rig, 3, 0), 0);
    rig_close(&rig);
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
        cmocka_unit_test(test_small_leaves),
        cmocka_unit_test(test_large_leaves),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_marks_stay),
        cmocka_unit_test(test_marks_of_a_large_leaf_stay_when_it_is_cut),
        cmocka_unit_test(test_validate_sees_reserved_bits),
        cmocka_unit_test(test_validate_sees_spoiled_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
