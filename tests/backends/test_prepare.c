/*
 * test_prepare.c - what is prepared is called or aborted, one step at a time: what a prepare
 * refuses, what it leaves behind when memory runs out, and who gets whose reservation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mset/backends.h>

#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)

enum { DATA_FRAMES = 1024, BACKENDS = 3 };

struct world {
    struct rig rig;
    struct mset_buddy *buddy;
    struct failing_frames data;
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
    struct mset_backend *backend[BACKENDS];
};

static const uint64_t data_base = 16 * MIB;

static void world_open(struct world *world) {
    rig_open(&world->rig, 64, 0);
    const struct mset_buddy_config region = {data_base, DATA_FRAMES * PAGE, NULL,
                                             &world->rig.memory.base};
    assert_int_equal(mset_buddy_create(&region, &world->buddy), MSET_OK);
    failing_frames_init(&world->data, mset_buddy_frames(world->buddy));
    mset_linear_init(&world->linear);
    mset_eager_init(&world->eager, &world->data.frames, &world->rig.memory.base);
    mset_lazy_init(&world->lazy, &world->data.frames);
    world->backend[0] = &world->linear.backend;
    world->backend[1] = &world->eager.backend;
    world->backend[2] = &world->lazy.backend;
}

static void world_close(struct world *world) {
    assert_int_equal(world->data.live, 0);
    assert_true(world->eager.held == 0 && world->lazy.held == 0);
    mset_buddy_destroy(world->buddy);
    rig_close(&world->rig);
}

static struct mset_area area_of(struct mset_backend *backend, uint64_t start, uint64_t size,
                                uint64_t flags) {
    return (struct mset_area){start, size, flags, backend, 0};
}

static struct mset_step map_step(struct mset_backend *backend, uint64_t start, uint64_t size) {
    return (struct mset_step){.kind = MSET_STEP_MAP, .run = area_of(backend, start, size, RW)};
}

static int prepare_on(struct mset_page_table *table, const struct mset_step *step) {
    return step->run.backend->ops->prepare(step->run.backend, step, table);
}

static int prepare(struct world *world, const struct mset_step *step) {
    return prepare_on(world->rig.pt, step);
}

static void give_up(struct mset_page_table *table, const struct mset_step *step) {
    step->run.backend->ops->abort(step->run.backend, step, table);
}

static int map_on(struct mset_page_table *table, const struct mset_area *area) {
    return area->backend->ops->map(area->backend, area, table);
}

static int unmap(struct world *world, const struct mset_area *area) {
    return area->backend->ops->unmap(area->backend, area, world->rig.pt);
}

static int protect(struct world *world, const struct mset_area *area, uint64_t flags) {
    return area->backend->ops->protect(area->backend, area, flags, world->rig.pt);
}

static int fault(struct world *world, const struct mset_area *area, uint64_t access) {
    return area->backend->ops->fault(area->backend, area, area->start, access, world->rig.pt);
}

/* ---- refusals ------------------------------------------------------------------------------- */

/* No table, flags that no leaf has, a room that is no range: refused, and nothing is held. */
static void impossible_steps_are_refused(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    for (unsigned i = 0; i < BACKENDS; i++) {
        struct mset_step map = map_step(world.backend[i], GIB, PAGE), move = map, protect = map;
        move.kind = MSET_STEP_MOVE;
        move.new_start = 2 * GIB;
        protect.kind = MSET_STEP_PROTECT;
        protect.new_flags = RW | 0x40;
        assert_int_equal(prepare_on(NULL, &map), MSET_INVALID_PARAM);
        assert_int_equal(prepare_on(NULL, &move), MSET_INVALID_PARAM);
        assert_int_equal(prepare(&world, &protect), MSET_UNSUPPORTED);
        protect.new_flags = MSET_READ;
        assert_int_equal(prepare(&world, &protect), 0);
        give_up(world.rig.pt, &protect);

        move.room_start = 2 * GIB + 1;
        move.room_size = PAGE;
        assert_int_equal(prepare(&world, &move), MSET_INVALID_PARAM);
        move.room_start = 2 * GIB;
        assert_int_equal(prepare(&world, &move), 0);
        give_up(world.rig.pt, &move);
    }
    struct mset_step map = map_step(world.backend[1], GIB, PAGE);
    map.room_start = GIB + 1;
    map.room_size = PAGE;
    assert_int_equal(prepare(&world, &map), MSET_INVALID_PARAM);
    assert_int_equal(world.eager.held, 0);
    world_close(&world);
}

static void protect_says_what_the_table_says(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    for (unsigned i = 0; i < BACKENDS; i++) {
        const struct mset_area area = area_of(world.backend[i], GIB, PAGE, RW);
        assert_int_equal(protect(&world, &area, RW | 0x40), MSET_UNSUPPORTED);
    }
    world_close(&world);
}

/* Leaves stay as they are, but where the piece begins and ends there must be boundaries. */
static void protect_without_a_table_for_its_ends(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    const struct mset_area whole = area_of(&world.linear.backend, GIB, 4 * MIB, RW);
    const uint64_t tagged = RW | UINT64_C(1) << 40;
    assert_int_equal(map_on(world.rig.pt, &whole), 0);
    const struct mset_area begins = area_of(&world.linear.backend, GIB + PAGE, 2 * MIB - PAGE, RW);
    const struct mset_area ends = area_of(&world.linear.backend, GIB, 2 * MIB + PAGE, RW);
    for (unsigned k = 0; k < 2; k++) {
        failing_frames_fail(&world.rig.source, 1, true);
        assert_int_equal(protect(&world, k == 0 ? &begins : &ends, tagged), MSET_NO_MEMORY);
        failing_frames_fail(&world.rig.source, 0, false);
        assert_int_equal(rig_count(&world.rig).leaves[1], 2);
    }
    assert_int_equal(protect(&world, &begins, tagged), 0);
    assert_int_equal(rig_count(&world.rig).leaves[1], 1);
    assert_int_equal(protect(&world, &ends, tagged), 0);
    assert_int_equal(rig_count(&world.rig).leaves[1], 0);
    assert_int_equal(unmap(&world, &whole), 0);
    world_close(&world);
}

/* Behind the last address that can be translated there is nothing to cut. */
static void protect_up_to_the_end(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    const uint64_t end = mset_pt_x86_64.low_last + 1;
    const struct mset_area area = area_of(&world.linear.backend, end - 2 * PAGE, 2 * PAGE, RW);
    const struct mset_area last = area_of(&world.linear.backend, -PAGE, PAGE, RW);
    assert_int_equal(map_on(world.rig.pt, &area), 0);
    assert_int_equal(map_on(world.rig.pt, &last), 0);
    assert_int_equal(protect(&world, &area, MSET_READ), 0);
    assert_int_equal(protect(&world, &last, MSET_READ), 0);
    assert_false(rig_look(&world.rig, end - PAGE).write);
    assert_false(rig_look(&world.rig, last.start).write);
    assert_int_equal(unmap(&world, &area), 0);
    assert_int_equal(unmap(&world, &last), 0);
    world_close(&world);
}

/* A room may lie in either half, or reach out of the addresses that can be translated. */
static void rooms_in_both_halves(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    const uint64_t end = mset_pt_x86_64.low_last + 1, high = mset_pt_x86_64.high_first;
    const struct {
        uint64_t place, first, size;
    } rooms[] = {{GIB, GIB, 2 * PAGE},
                 {end - PAGE, end - 2 * PAGE, 4 * PAGE},
                 {high, high - 2 * PAGE, 4 * PAGE},
                 {high + GIB, high + GIB - PAGE, 3 * PAGE}};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        const struct mset_area old = area_of(&world.linear.backend, rooms[i].place, PAGE, RW);
        struct mset_step step = {.kind = MSET_STEP_UNMAP, .run = old};
        assert_int_equal(map_on(world.rig.pt, &old), 0);
        assert_int_equal(prepare(&world, &step), 0);
        step = map_step(&world.linear.backend, rooms[i].place, PAGE);
        step.run.offset = 8 * PAGE;
        step.room_start = rooms[i].first;
        step.room_size = rooms[i].size;
        assert_int_equal(prepare(&world, &step), 0);
        failing_frames_fail(&world.rig.source, 1, true);
        assert_int_equal(unmap(&world, &old), 0);
        assert_int_equal(map_on(world.rig.pt, &step.run), 0);
        failing_frames_fail(&world.rig.source, 0, false);
        assert_int_equal(rig_look(&world.rig, rooms[i].place).pa, 8 * PAGE);
        assert_int_equal(unmap(&world, &step.run), 0);
    }
    world_close(&world);
}

/* From no access to no access: still no frame, whatever else changes. */
static void protect_of_what_stays_without_access(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    const struct mset_area area = area_of(&world.eager.backend, GIB, 3 * PAGE, 0);
    assert_int_equal(map_on(world.rig.pt, &area), 0);
    failing_frames_fail(&world.data, 1, true);
    assert_int_equal(protect(&world, &area, MSET_SOFT_0), 0);
    assert_int_equal(world.data.calls, 0);
    assert_int_equal(world.eager.held, 0);
    world_close(&world);
}

/* ---- reservations -------------------------------------------------------------------------- */

/* Every other frame is taken, so that no two blocks follow each other. */
static void scatter(struct world *world, uint64_t *pa, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(mset_frames_alloc(&world->data.frames, 0, &pa[i]), MSET_OK);
    }
    for (unsigned i = 0; i < n; i += 2) {
        mset_frames_free(&world->data.frames, pa[i], 0);
    }
    world->data.largest_order = 0;
}

static void gather(struct world *world, const uint64_t *pa, unsigned n) {
    for (unsigned i = 1; i < n; i += 2) {
        mset_frames_free(&world->data.frames, pa[i], 0);
    }
}

enum { SCATTERED = 40, PIECES = SCATTERED / 2 };

/* The list of what was taken grows, and each time it cannot all goes back. */
static void a_list_that_cannot_grow(void **state) {
    (void)state;
    struct world world;
    uint64_t pa[SCATTERED];
    unsigned refused = 0;
    world_open(&world);
    scatter(&world, pa, SCATTERED);
    const struct mset_step step = map_step(&world.eager.backend, GIB, PIECES * PAGE);
    for (unsigned nth = 1;; nth++) {
        counting_allocator_fail(&world.rig.memory, nth, false);
        const int code = prepare(&world, &step);
        if (code == 0) {
            break;
        }
        refused++;
        assert_int_equal(code, MSET_NO_MEMORY);
        assert_int_equal(world.eager.held, 0);
        assert_int_equal(world.data.live, PIECES);
    }
    assert_true(refused >= 3); /* the list itself, and twice that it had to grow */
    counting_allocator_fail(&world.rig.memory, 0, false);
    assert_int_equal(world.eager.held, PIECES * PAGE);
    assert_int_equal(map_on(world.rig.pt, &step.run), 0);
    assert_int_equal(rig_count(&world.rig).leaves[0], PIECES);
    assert_int_equal(unmap(&world, &step.run), 0);
    gather(&world, pa, SCATTERED);
    world_close(&world);
}

/* Somebody else maps a page in the place that was prepared: what was mapped of it goes again. */
static void a_place_that_was_taken_meanwhile(void **state) {
    (void)state;
    struct world world;
    uint64_t pa[SCATTERED];
    world_open(&world);
    scatter(&world, pa, SCATTERED);
    const struct mset_step step = map_step(&world.eager.backend, GIB, 5 * PAGE);
    for (unsigned k = 0; k < 5; k++) { /* the page that is taken */
        assert_int_equal(prepare(&world, &step), 0);
        assert_int_equal(mset_pt_map(world.rig.pt, GIB + k * PAGE, 0, PAGE, RW), MSET_OK);
        assert_int_equal(map_on(world.rig.pt, &step.run), MSET_ALREADY_EXISTS);
        assert_int_equal(world.eager.held, 0);
        assert_int_equal(world.data.live, PIECES);
        assert_int_equal(rig_count(&world.rig).leaves[0], 1);
        assert_true(rig_look(&world.rig, GIB + k * PAGE).present);
        assert_int_equal(mset_pt_unmap(world.rig.pt, GIB, 5 * PAGE, NULL, NULL), MSET_OK);
        assert_int_equal(rig_live(&world.rig), 1);
    }
    gather(&world, pa, SCATTERED);
    world_close(&world);
}

/* The same where a protect was to fill holes: the area is left without access. */
static void a_hole_that_was_taken_meanwhile(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    const struct mset_area area = area_of(&world.eager.backend, GIB, 5 * PAGE, 0);
    const struct mset_step step = {.kind = MSET_STEP_PROTECT, .run = area, .new_flags = RW};
    assert_int_equal(map_on(world.rig.pt, &area), 0);
    for (unsigned k = 0; k < 5; k++) { /* the page that is taken */
        assert_int_equal(prepare(&world, &step), 0);
        assert_int_equal(world.eager.held, area.size);
        assert_int_equal(mset_pt_map(world.rig.pt, GIB + k * PAGE, 0, PAGE, MSET_READ), MSET_OK);
        assert_int_equal(protect(&world, &area, RW), MSET_ALREADY_EXISTS);
        assert_int_equal(world.eager.held, 0);
        assert_int_equal(rig_count(&world.rig).leaves[0], 1);
        assert_false(rig_look(&world.rig, GIB + k * PAGE).write);
        assert_int_equal(mset_pt_unmap(world.rig.pt, GIB, 5 * PAGE, NULL, NULL), MSET_OK);
        assert_int_equal(rig_live(&world.rig), 1);
    }
    world_close(&world);
}

/* Of reservations that wait, each is found by its addresses and its size, also in the midst. */
static void each_step_has_its_own(void **state) {
    (void)state;
    enum { STEPS = 5 };
    struct world world;
    struct mset_step steps[STEPS];
    uint64_t bytes = 0;
    world_open(&world);
    for (unsigned i = 0; i < STEPS; i++) { /* some begin at one address */
        steps[i] = map_step(&world.eager.backend, GIB + i / 2 * MIB, (i + 1) * PAGE);
        assert_int_equal(prepare(&world, &steps[i]), 0);
        bytes += steps[i].run.size;
    }
    const unsigned order[STEPS] = {2, 3, 1, 4, 0};
    for (unsigned i = 0; i < STEPS; i++) {
        assert_int_equal(world.eager.held, bytes);
        give_up(world.rig.pt, &steps[order[i]]);
        bytes -= steps[order[i]].run.size;
    }
    world_close(&world);
}

/* Two tables have reservations of one backend at the same addresses. */
static void each_table_has_its_own(void **state) {
    (void)state;
    struct world world;
    struct mset_page_table *other;
    world_open(&world);
    const struct mset_pt_config config = {.format = &mset_pt_x86_64,
                                          .frames = &world.rig.source.frames,
                                          .allocator = &world.rig.memory.base,
                                          .pa_bits = 46};
    assert_int_equal(mset_pt_create(&config, &other), MSET_OK);
    const struct mset_step one = map_step(&world.eager.backend, GIB, PAGE);
    const struct mset_step two = map_step(&world.eager.backend, GIB, 2 * PAGE);
    assert_int_equal(prepare_on(world.rig.pt, &one), 0);
    assert_int_equal(prepare_on(other, &two), 0);
    assert_int_equal(world.eager.held, 3 * PAGE);
    failing_frames_fail(&world.data, 1, true);
    assert_int_equal(map_on(other, &two.run), 0);
    assert_int_equal(rig_count(&world.rig).leaves[0], 0);
    give_up(world.rig.pt, &one);
    assert_int_equal(world.eager.held, 2 * PAGE);
    assert_int_equal(world.eager.backend.ops->unmap(&world.eager.backend, &two.run, other), 0);
    mset_pt_destroy(other);
    world_close(&world);
}

/* ---- faults -------------------------------------------------------------------------------- */

/* A page that is there with other rights than the area's is brought up to date. */
static void a_page_with_old_rights(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    for (unsigned i = 0; i < BACKENDS; i++) {
        struct mset_area area = area_of(world.backend[i], GIB + i * PAGE, PAGE, MSET_READ);
        assert_int_equal(map_on(world.rig.pt, &area), 0);
        assert_int_equal(fault(&world, &area, MSET_READ), 0);
        assert_false(rig_look(&world.rig, area.start).write);
        area.flags = RW;
        assert_int_equal(fault(&world, &area, MSET_WRITE), 0);
        assert_true(rig_look(&world.rig, area.start).write);
        assert_int_equal(unmap(&world, &area), 0);
    }
    world_close(&world);
}

/* Where marks are left to the fault handler, a read is no write. */
static void a_fault_sets_the_mark_of_its_access(void **state) {
    (void)state;
    struct world world;
    struct mset_page_table *table;
    struct mset_pt_run run;
    world_open(&world);
    const struct mset_pt_config config = {.format = &mset_pt_aarch64_4k,
                                          .frames = &world.rig.source.frames,
                                          .allocator = &world.rig.memory.base,
                                          .hardware_marks = true};
    assert_int_equal(mset_pt_create(&config, &table), MSET_OK);
    const struct mset_area area = area_of(&world.linear.backend, GIB, PAGE, RW);
    assert_int_equal(map_on(table, &area), 0);
    const struct mset_backend_ops *const ops = area.backend->ops;
    for (unsigned k = 0; k < 3; k++) {
        assert_int_equal(mset_pt_query(table, GIB, 0, &run), MSET_OK);
        assert_true(run.accessed == (k > 0) && run.dirty == (k > 1));
        const uint64_t access = k == 0 ? MSET_READ : MSET_WRITE;
        assert_int_equal(ops->fault(area.backend, &area, GIB, access, table), 0);
    }
    mset_pt_destroy(table);
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_steps_are_refused),
        cmocka_unit_test(protect_says_what_the_table_says),
        cmocka_unit_test(protect_without_a_table_for_its_ends),
        cmocka_unit_test(protect_up_to_the_end),
        cmocka_unit_test(rooms_in_both_halves),
        cmocka_unit_test(protect_of_what_stays_without_access),
        cmocka_unit_test(a_list_that_cannot_grow),
        cmocka_unit_test(a_place_that_was_taken_meanwhile),
        cmocka_unit_test(a_hole_that_was_taken_meanwhile),
        cmocka_unit_test(each_step_has_its_own),
        cmocka_unit_test(each_table_has_its_own),
        cmocka_unit_test(a_page_with_old_rights),
        cmocka_unit_test(a_fault_sets_the_mark_of_its_access),
    };
    return cmocka_run_group_tests_name("backends-prepare", tests, NULL, NULL);
}
