/*
 * test_promises.c - what the ready backends promise through the set when memory runs out or a
 * request makes no sense: contents stay, and taking whole areas out needs no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <mset/mset.h>

#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)

struct house {
    struct rig rig;
    struct mset_buddy *buddy;
    unsigned char *storage;
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
    struct mset *set;
};

static const uint64_t data_base = 16 * MIB, data_size = 16 * MIB;

static void house_open(struct house *house) {
    rig_open(&house->rig, 64, 0);
    house->storage = aligned_alloc(2 * MIB, data_size);
    const struct mset_buddy_config region = {data_base, data_size, house->storage, NULL};
    assert_int_equal(mset_buddy_create(&region, &house->buddy), MSET_OK);
    mset_linear_init(&house->linear);
    mset_eager_init(&house->eager, mset_buddy_frames(house->buddy), &house->rig.memory.base);
    mset_lazy_init(&house->lazy, mset_buddy_frames(house->buddy));
    assert_int_equal(mset_create(NULL, &house->set), MSET_OK);
}

/* Takes everything down while no frame is to be had. */
static void house_close(struct house *house) {
    failing_frames_fail(&house->rig.source, 1, true);
    assert_int_equal(mset_clear(house->set, house->rig.pt), MSET_OK);
    assert_int_equal(house->eager.held + house->lazy.held, 0);
    assert_int_equal(house->eager.areas + house->lazy.areas + house->linear.areas, 0);
    mset_destroy(house->set);
    mset_buddy_destroy(house->buddy);
    free(house->storage);
    rig_close(&house->rig);
}

static void add(struct house *house, struct mset_backend *backend, uint64_t start, uint64_t size) {
    const struct mset_area area = {start, size, RW, backend, 0};
    assert_int_equal(mset_map(house->set, &area, MSET_MAP_FAIL, house->rig.pt), MSET_OK);
}

/* The memory behind an address. */
static unsigned char *at(const struct house *house, uint64_t va) {
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(house->rig.pt, va, 0, &run), MSET_OK);
    return house->storage + (run.pa - data_base);
}

static bool tag(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    *flags = piece->flags | UINT64_C(1) << 40;
    return true;
}

/* The hardware sees no difference between the halves of B, but they are two areas. */
static void no_leaf_reaches_across_areas(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    add(&house, &house.eager.backend, 2 * MIB, 2 * MIB);
    add(&house, &house.eager.backend, 4 * MIB, 2 * MIB);
    assert_int_equal(
        mset_protect(house.set, 4 * MIB, MIB, MSET_HOLES_SKIP, tag, NULL, house.rig.pt), MSET_OK);
    assert_int_equal(mset_count(house.set), 3);
    assert_int_equal(rig_count(&house.rig).leaves[1], 1);
    /* Each of the three goes alone without a table. */
    failing_frames_fail(&house.rig.source, 1, true);
    assert_int_equal(mset_unmap(house.set, 4 * MIB, MIB, house.rig.pt), MSET_OK);
    assert_int_equal(mset_unmap(house.set, 2 * MIB, 2 * MIB, house.rig.pt), MSET_OK);
    house_close(&house);
}

/* Two areas, the second to be cut in its leaf, and no table for that. */
static void a_failed_unmap_keeps_contents(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    add(&house, &house.eager.backend, 2 * MIB, 2 * MIB);
    add(&house, &house.eager.backend, 4 * MIB, 2 * MIB);
    *at(&house, 2 * MIB) = 0x12;
    unsigned char *image = rig_image(&house.rig);
    failing_frames_fail(&house.rig.source, 1, true);
    assert_int_equal(mset_unmap(house.set, 2 * MIB, 2 * MIB + PAGE, house.rig.pt), MSET_NO_MEMORY);
    assert_true(rig_unchanged(&house.rig, image));
    assert_int_equal(*at(&house, 2 * MIB), 0x12);
    assert_int_equal(mset_last_failure(house.set).code, MSET_NO_MEMORY);
    assert_int_equal(mset_count(house.set), 2);
    free(image);
    house_close(&house);
}

/* What can never be mapped is refused before anything makes room for it. */
static void an_impossible_replacement_keeps_contents(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    add(&house, &house.lazy.backend, 2 * MIB, 2 * MIB);
    assert_int_equal(mset_fault(house.set, 2 * MIB, MSET_WRITE, house.rig.pt), MSET_OK);
    *at(&house, 2 * MIB) = 0x12;
    struct mset_area area = {2 * MIB, PAGE, RW, &house.linear.backend, UINT64_C(1) << 52};
    assert_int_equal(mset_map(house.set, &area, MSET_MAP_REPLACE, house.rig.pt),
                     MSET_INVALID_PARAM);
    const uint64_t no_such_flag = UINT64_C(0x40);
    area.offset = 0;
    struct mset_backend *const backends[] = {&house.linear.backend, &house.eager.backend,
                                             &house.lazy.backend};
    for (unsigned i = 0; i < 3; i++) {
        area.backend = backends[i];
        area.flags = RW | no_such_flag;
        assert_int_equal(mset_map(house.set, &area, MSET_MAP_REPLACE, house.rig.pt),
                         MSET_UNSUPPORTED);
        assert_int_equal(mset_map(house.set, &area, MSET_MAP_REPLACE, NULL), MSET_INVALID_PARAM);
    }
    assert_int_equal(*at(&house, 2 * MIB), 0x12);
    assert_int_equal(house.lazy.held, PAGE);
    house_close(&house);
}

/* A move that needs tables for its cuts and gets none, from every request on. */
static void a_failed_move_keeps_contents(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    add(&house, &house.eager.backend, 2 * MIB, 2 * MIB);
    *at(&house, 2 * MIB + PAGE) = 0x12;
    uint64_t refused = 0;
    for (uint64_t nth = 1;; nth++) {
        failing_frames_fail(&house.rig.source, nth, true);
        const mset_status status =
            mset_move(house.set, 2 * MIB + PAGE, PAGE, GIB, MSET_MAP_FAIL, house.rig.pt);
        if (status == MSET_OK) {
            break;
        }
        refused++;
        assert_int_equal(status, MSET_NO_MEMORY);
        assert_int_equal(*at(&house, 2 * MIB + PAGE), 0x12);
        assert_int_equal(mset_count(house.set), 1);
    }
    assert_int_equal(refused, 3); /* the cut, and two tables at the new place */
    assert_int_equal(*at(&house, GIB), 0x12);
    house_close(&house);
}

/* Nothing was in the table where the first was mapped, nor is after it: what the table was told of
   that room ends with the operation all the same. */
static void a_room_ends_with_its_operation(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    add(&house, NULL, 2 * MIB, PAGE);
    add(&house, &house.lazy.backend, 3 * MIB, PAGE);
    add(&house, &house.lazy.backend, 4 * MIB, PAGE);
    assert_int_equal(mset_fault(house.set, 3 * MIB, MSET_READ, house.rig.pt), MSET_OK);
    const struct mset_area first = {2 * MIB, PAGE, RW, &house.lazy.backend, 0};
    const struct mset_area second = {4 * MIB, PAGE, RW, &house.lazy.backend, 0};
    assert_int_equal(mset_map(house.set, &first, MSET_MAP_REPLACE, house.rig.pt), MSET_OK);
    assert_int_equal(mset_map(house.set, &second, MSET_MAP_REPLACE, house.rig.pt), MSET_OK);
    house_close(&house);
}

static bool read_only(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    (void)piece;
    *flags = MSET_READ;
    return true;
}

/* One piece has pages, the other gets them: in the table that is there. */
static void protect_takes_what_it_uses(void **state) {
    (void)state;
    struct house house;
    house_open(&house);
    add(&house, &house.eager.backend, 2 * MIB, PAGE);
    const struct mset_area none = {3 * MIB, PAGE, 0, &house.eager.backend, 0};
    assert_int_equal(mset_map(house.set, &none, MSET_MAP_FAIL, house.rig.pt), MSET_OK);
    const uint64_t before = rig_live(&house.rig);
    assert_int_equal(
        mset_protect(house.set, 2 * MIB, 2 * MIB, MSET_HOLES_SKIP, read_only, NULL, house.rig.pt),
        MSET_OK);
    assert_int_equal(house.eager.held, 2 * PAGE);
    assert_int_equal(rig_live(&house.rig), before);
    house_close(&house);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_leaf_reaches_across_areas),
        cmocka_unit_test(a_failed_unmap_keeps_contents),
        cmocka_unit_test(an_impossible_replacement_keeps_contents),
        cmocka_unit_test(a_failed_move_keeps_contents),
        cmocka_unit_test(a_room_ends_with_its_operation),
        cmocka_unit_test(protect_takes_what_it_uses),
    };
    return cmocka_run_group_tests_name("backends, promises", tests, NULL, NULL);
}
