/*
 * test_others_in_the_table.c - a page table that does things by itself (config.promote), and one in
 * which others have put something (markers): the ready backends keep their promises there too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mset/mset.h>

#include "support/counting_allocator.h"
#include "support/faulty.h"

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)
#define PAGE MSET_PAGE_SIZE
#define RW (MSET_READ | MSET_WRITE)

struct flat {
    struct fault_point faults;
    struct counting_allocator memory;
    struct mset_buddy *buddies[2];
    struct faulty_frames tables, data;
    struct mset_page_table *pt;
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
    struct mset *set;
};

static _Alignas(4096) unsigned char storage[256 * 4096];

static void flat_open(struct flat *flat, bool promote) {
    *flat = (struct flat){.set = NULL};
    counting_allocator_open(&flat->memory);
    const struct mset_buddy_config low = {64 * MIB, sizeof storage, storage, &flat->memory.base};
    const struct mset_buddy_config high = {4 * GIB, 64 * MIB, NULL, &flat->memory.base};
    assert_int_equal(mset_buddy_create(&low, &flat->buddies[0]), MSET_OK);
    assert_int_equal(mset_buddy_create(&high, &flat->buddies[1]), MSET_OK);
    faulty_frames_init(&flat->tables, mset_buddy_frames(flat->buddies[0]), &flat->faults);
    faulty_frames_init(&flat->data, mset_buddy_frames(flat->buddies[1]), &flat->faults);
    const struct mset_pt_config config = {.format = &mset_pt_x86_64,
                                          .frames = &flat->tables.base,
                                          .allocator = &flat->memory.base,
                                          .promote = promote};
    const struct mset_options options = {.allocator = &flat->memory.base};
    assert_int_equal(mset_pt_create(&config, &flat->pt), MSET_OK);
    assert_int_equal(mset_create(&options, &flat->set), MSET_OK);
    mset_linear_init(&flat->linear);
    mset_eager_init(&flat->eager, &flat->data.base, &flat->memory.base);
    mset_lazy_init(&flat->lazy, &flat->data.base);
}

static void flat_close(struct flat *flat) {
    fault_point_set(&flat->faults, 0, false);
    assert_int_equal(mset_clear(flat->set, flat->pt), MSET_OK);
    assert_int_equal(flat->eager.held + flat->lazy.held + flat->data.live, 0);
    mset_destroy(flat->set);
    mset_pt_destroy(flat->pt);
    assert_int_equal(flat->tables.live, 0);
    mset_buddy_destroy(flat->buddies[0]);
    mset_buddy_destroy(flat->buddies[1]);
    assert_null(counting_allocator_complaint(&flat->memory, true));
}

static void add(struct flat *flat, struct mset_backend *backend, uint64_t start, uint64_t size,
                uint64_t flags) {
    const struct mset_area area = {start, size, flags, backend, 2 * GIB + start};
    assert_int_equal(mset_map(flat->set, &area, MSET_MAP_FAIL, flat->pt), MSET_OK);
}

static bool set_flags(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)piece;
    *flags = *(const uint64_t *)arg;
    return true;
}

static uint64_t rights_at(const struct flat *flat, uint64_t va) {
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(flat->pt, va, 0, &run), MSET_OK);
    return run.flags;
}

/* ---- promotion ----------------------------------------------------------------------------- */

/* With the new rights both halves would make one large leaf. */
static void a_protect_that_promotes_needs_no_more(void **state) {
    (void)state;
    struct flat flat;
    struct mset_plan *plan;
    uint64_t flags = RW;
    flat_open(&flat, true);
    add(&flat, &flat.linear.backend, GIB, MIB, RW);
    add(&flat, &flat.linear.backend, GIB + MIB, MIB, MSET_READ);
    assert_int_equal(mset_plan_protect(flat.set, GIB + MIB, MIB, MSET_HOLES_SKIP, set_flags, &flags,
                                       flat.pt, &plan),
                     MSET_OK);
    fault_point_set(&flat.faults, 1, true);
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(flat.faults.requests, 0);
    assert_int_equal(rights_at(&flat, GIB + MIB), RW);
    flat_close(&flat);
}

/* Filling as well; of two pieces the first may make a leaf that reaches across the second. */
static void a_filling_that_promotes_needs_no_more(void **state) {
    (void)state;
    struct flat flat;
    struct mset_plan *plan;
    uint64_t flags = RW;
    flat_open(&flat, true);
    add(&flat, &flat.eager.backend, GIB, MIB, RW);
    add(&flat, &flat.eager.backend, GIB + MIB, MIB / 2, 0);
    add(&flat, &flat.eager.backend, GIB + MIB + MIB / 2, MIB / 2, 0);
    for (uint64_t nth = 1;; nth++) {
        const uint64_t data = flat.data.live;
        fault_point_set(&flat.faults, nth, true);
        const mset_status status = mset_plan_protect(flat.set, GIB + MIB, MIB, MSET_HOLES_SKIP,
                                                     set_flags, &flags, flat.pt, &plan);
        if (status == MSET_OK) {
            break;
        }
        assert_int_equal(status, MSET_NO_MEMORY);
        assert_int_equal(flat.data.live, data);
    }
    fault_point_set(&flat.faults, 1, true);
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(flat.faults.requests, 0);
    assert_int_equal(flat.data.live * PAGE, 2 * MIB);
    assert_int_equal(rights_at(&flat, GIB + 2 * MIB - PAGE), RW);
    flat_close(&flat);
}

static bool toggle(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    *flags = piece->flags ^ MSET_WRITE;
    return true;
}

/* The first half becomes like the second, and one leaf with it; then the second becomes other. */
static void halves_that_swap_their_rights(void **state) {
    (void)state;
    struct flat flat;
    struct mset_plan *plan;
    flat_open(&flat, true);
    add(&flat, &flat.linear.backend, GIB, MIB, MSET_READ);
    add(&flat, &flat.linear.backend, GIB + MIB, MIB, RW);
    assert_int_equal(
        mset_plan_protect(flat.set, GIB, 2 * MIB, MSET_HOLES_SKIP, toggle, NULL, flat.pt, &plan),
        MSET_OK);
    fault_point_set(&flat.faults, 1, true);
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(flat.faults.requests, 0);
    assert_int_equal(rights_at(&flat, GIB), RW);
    assert_int_equal(rights_at(&flat, GIB + MIB), MSET_READ);
    flat_close(&flat);
}

/* ---- markers ------------------------------------------------------------------------------- */

static void a_marker_has_no_frame(void **state) {
    (void)state;
    struct flat flat;
    flat_open(&flat, false);
    add(&flat, &flat.lazy.backend, GIB, 8 * PAGE, RW);
    assert_int_equal(mset_fault(flat.set, GIB, MSET_WRITE, flat.pt), MSET_OK);
    assert_int_equal(mset_pt_map(flat.pt, GIB + 4 * PAGE, 3, PAGE, MSET_PT_MARKER), MSET_OK);
    assert_int_equal(mset_fault(flat.set, GIB + 4 * PAGE, MSET_WRITE, flat.pt), MSET_UNSUPPORTED);
    assert_int_equal(mset_last_failure(flat.set).code, MSET_UNSUPPORTED);
    assert_int_equal(mset_unmap(flat.set, GIB, 8 * PAGE, flat.pt), MSET_OK);
    assert_int_equal(flat.lazy.held, 0);
    assert_int_equal(flat.data.live, 0);
    flat_close(&flat);
}

static void a_marker_in_a_linear_area_is_not_served(void **state) {
    (void)state;
    struct flat flat;
    flat_open(&flat, false);
    add(&flat, &flat.linear.backend, GIB, 4 * PAGE, RW);
    assert_int_equal(mset_pt_unmap(flat.pt, GIB + PAGE, PAGE, NULL, NULL), MSET_OK);
    assert_int_equal(mset_pt_map(flat.pt, GIB + PAGE, 3, PAGE, MSET_PT_MARKER), MSET_OK);
    assert_int_equal(mset_fault(flat.set, GIB + PAGE, MSET_READ, flat.pt), MSET_UNSUPPORTED);
    assert_int_equal(mset_fault(flat.set, GIB, MSET_READ, flat.pt), MSET_OK);
    flat_close(&flat);
}

/* ---- the end of what can be translated ----------------------------------------------------- */

/* The tail of the source is a hole, and falls where nothing can be. */
static void a_room_may_reach_beyond_the_table(void **state) {
    (void)state;
    struct flat flat;
    const uint64_t end = UINT64_C(1) << 47;
    flat_open(&flat, false);
    add(&flat, &flat.linear.backend, GIB, PAGE, RW);
    add(&flat, NULL, end - 2 * PAGE, PAGE, RW);
    assert_int_equal(mset_move(flat.set, GIB, 4 * PAGE, end - 2 * PAGE, MSET_MAP_REPLACE, flat.pt),
                     MSET_OK);
    assert_int_equal(rights_at(&flat, end - 2 * PAGE), RW);
    assert_int_equal(mset_count(flat.set), 1);
    flat_close(&flat);
}

/* The same in the upper half, whose first page the room begins before. */
static void a_room_may_begin_before_the_upper_half(void **state) {
    (void)state;
    struct flat flat;
    const uint64_t begin = 0 - (UINT64_C(1) << 47);
    flat_open(&flat, false);
    add(&flat, &flat.linear.backend, GIB + 2 * PAGE, PAGE, RW);
    add(&flat, NULL, begin, PAGE, RW);
    assert_int_equal(
        mset_move(flat.set, GIB, 4 * PAGE, begin - 2 * PAGE, MSET_MAP_REPLACE, flat.pt), MSET_OK);
    assert_int_equal(rights_at(&flat, begin), RW);
    assert_int_equal(mset_count(flat.set), 1);
    flat_close(&flat);
}

/* ---- many steps ---------------------------------------------------------------------------- */

/* Reservations are found from either end, by their range: none is mistaken for another. */
static void many_fillings_are_dropped_and_done(void **state) {
    (void)state;
    struct flat flat;
    enum { AREAS = 300 };
    flat_open(&flat, false);
    for (uint64_t i = 0; i < AREAS; i++) {
        add(&flat, &flat.eager.backend, GIB + 4 * i * PAGE, (1 + i % 3) * PAGE, 0);
    }
    for (int round = 0; round < 2; round++) {
        struct mset_plan *plan;
        uint64_t flags = RW;
        const uint64_t tables = flat.tables.live;
        assert_int_equal(mset_plan_protect(flat.set, GIB, UINT64_C(4) * AREAS * PAGE,
                                           MSET_HOLES_SKIP, set_flags, &flags, flat.pt, &plan),
                         MSET_OK);
        assert_int_equal(flat.data.live, 2 * AREAS);
        if (round == 0) {
            mset_plan_drop(plan);
            assert_int_equal(flat.data.live, 0);
            assert_int_equal(flat.tables.live, tables);
        } else {
            fault_point_set(&flat.faults, 1, true);
            assert_int_equal(mset_plan_commit(plan), MSET_OK);
            assert_int_equal(flat.faults.requests, 0);
        }
    }
    for (uint64_t i = 0; i < AREAS; i++) {
        assert_int_equal(rights_at(&flat, GIB + 4 * i * PAGE), RW);
    }
    flat_close(&flat);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_protect_that_promotes_needs_no_more),
        cmocka_unit_test(a_filling_that_promotes_needs_no_more),
        cmocka_unit_test(halves_that_swap_their_rights),
        cmocka_unit_test(a_marker_has_no_frame),
        cmocka_unit_test(a_marker_in_a_linear_area_is_not_served),
        cmocka_unit_test(a_room_may_reach_beyond_the_table),
        cmocka_unit_test(a_room_may_begin_before_the_upper_half),
        cmocka_unit_test(many_fillings_are_dropped_and_done),
    };
    return cmocka_run_group_tests_name("backends, others in the table", tests, NULL, NULL);
}
