/*
 * test_cut_and_marks.c - boundaries made in advance by mset_pt_cut, and the marks of the processor
 * that stay with their page through mset_pt_move.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)

enum { ACCESSED_DIRTY = 0x60 };

/* Every translation is the same before and after; `leaves` of each size are there after. */
static void check_cut(struct rig *rig, uint64_t va, uint64_t small, uint64_t middle,
                      uint64_t large) {
    const struct slow_answer before = rig_look(rig, va);
    const struct slow_answer just_before = rig_look(rig, va - PAGE);
    assert_int_equal(mset_pt_cut(rig->pt, va), MSET_OK);
    rig_validate(rig);
    assert_int_equal(rig_look(rig, va).pa, before.pa);
    assert_int_equal(rig_look(rig, va - PAGE).pa, just_before.pa);
    const struct mset_pt_statistics count = rig_count(rig);
    assert_int_equal(count.leaves[0], small);
    assert_int_equal(count.leaves[1], middle);
    assert_int_equal(count.leaves[2], large);
}

static void a_cut_makes_a_boundary_and_nothing_else(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    assert_int_equal(mset_pt_map(rig.pt, GIB, 4 * GIB, GIB, RW), MSET_OK);
    check_cut(&rig, GIB, 0, 0, 1);     /* one already */
    check_cut(&rig, 2 * GIB, 0, 0, 1); /* the end of all leaves: a hole */
    check_cut(&rig, GIB + 4 * MIB, 0, 512, 0);
    check_cut(&rig, GIB + 4 * MIB, 0, 512, 0);
    check_cut(&rig, GIB + 4 * MIB + PAGE, 512, 511, 0);
    check_cut(&rig, 2 * GIB - PAGE, 1024, 510, 0);
    rig_close(&rig);
}

static void a_cut_through_both_large_sizes(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    assert_int_equal(mset_pt_map(rig.pt, GIB, 4 * GIB, GIB, 0), MSET_OK); /* not present */
    unsigned char *image = rig_image(&rig);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        failing_frames_fail(&rig.source, nth, false);
        assert_int_equal(mset_pt_cut(rig.pt, GIB + PAGE), MSET_NO_MEMORY);
        assert_true(rig_unchanged(&rig, image));
    }
    failing_frames_fail(&rig.source, 0, false);
    assert_int_equal(mset_pt_cut(rig.pt, GIB + PAGE), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[0], 512);
    assert_int_equal(rig_count(&rig).leaves[1], 511);
    /* What comes next at this boundary needs no table. */
    failing_frames_fail(&rig.source, 1, true);
    assert_int_equal(mset_pt_protect(rig.pt, GIB, PAGE, RW), MSET_OK);
    assert_int_equal(mset_pt_unmap(rig.pt, GIB + PAGE, GIB - PAGE, NULL, NULL), MSET_OK);
    assert_int_equal(rig_look(&rig, GIB).pa, 4 * GIB);
    free(image);
    rig_close(&rig);
}

static void bad_cuts(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    assert_int_equal(mset_pt_cut(NULL, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_cut(rig.pt, PAGE / 2), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_cut(rig.pt, UINT64_C(1) << 47), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_cut(rig.pt, 0), MSET_OK);
    assert_int_equal(mset_pt_cut(rig.pt, 0 - PAGE), MSET_OK);
    rig_close(&rig);
}

/* The low byte of the 4K leaf of a page. */
static unsigned char *leaf_of(struct rig *rig, uint64_t va) {
    const uint64_t table = rig_entry(rig, 1, va) & UINT64_C(0xffffffffff000);
    return rig->storage + (table - rig->base) + (va >> 12 & 511) * 8;
}

static void every_page_keeps_its_marks_in_a_move(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, PAGE);
    const uint64_t from = 4 * MIB, to = GIB + 8 * PAGE, pages = 1024;
    const uint64_t marked[] = {0, 3, 511, 512, 700, 1023};
    assert_int_equal(mset_pt_map(rig.pt, from, 8 * MIB, pages * PAGE, RW), MSET_OK);
    for (unsigned i = 0; i < 6; i++) {
        *leaf_of(&rig, from + marked[i] * PAGE) |= ACCESSED_DIRTY;
    }
    assert_int_equal(mset_pt_move(rig.pt, from, to, pages * PAGE), MSET_OK);
    for (uint64_t page = 0, next = 0; page < pages; page++) {
        const bool dirty = next < 6 && marked[next] == page;
        const struct slow_answer answer = rig_look(&rig, to + page * PAGE);
        assert_int_equal(answer.pa, 8 * MIB + page * PAGE);
        assert_int_equal(answer.dirty, dirty);
        next += dirty;
    }
    rig_close(&rig);
}

/* Small leaves that line up at the new place stay small, or the dirty one would be 2 MiB. */
static void move_smears_no_marks(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    assert_int_equal(mset_pt_map(rig.pt, GIB + PAGE, 8 * MIB, 4 * MIB, RW), MSET_OK);
    *leaf_of(&rig, GIB + 8 * PAGE) |= ACCESSED_DIRTY;
    assert_int_equal(mset_pt_move(rig.pt, GIB + PAGE, 4 * GIB, 4 * MIB), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[0], 1024);
    assert_true(rig_look(&rig, 4 * GIB + 7 * PAGE).dirty);
    assert_false(rig_look(&rig, 4 * GIB + 6 * PAGE).dirty);
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_makes_a_boundary_and_nothing_else),
        cmocka_unit_test(a_cut_through_both_large_sizes),
        cmocka_unit_test(bad_cuts),
        cmocka_unit_test(every_page_keeps_its_marks_in_a_move),
        cmocka_unit_test(move_smears_no_marks),
    };
    return cmocka_run_group_tests_name("page table, cuts and marks", tests, NULL, NULL);
}
