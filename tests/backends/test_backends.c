/*
 * test_backends.c - the ready backends, driven through their operations one by one.
 *
 * Data frames have storage, so that contents can be followed through every change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mset/backends.h>

#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)

enum { DATA_FRAMES = 3 * 512 };

struct world {
    struct rig rig;
    struct mset_buddy *buddy;
    struct failing_frames data;
    unsigned char *storage;
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
};

static const uint64_t data_base = 16 * MIB;

static void world_open(struct world *world, bool storage) {
    rig_open(&world->rig, 64, 0);
    world->storage = storage ? aligned_alloc(PAGE, DATA_FRAMES * PAGE) : NULL;
    if (storage) {
        memset(world->storage, 0xa5, DATA_FRAMES * PAGE);
    }
    const struct mset_buddy_config region = {data_base, DATA_FRAMES * PAGE, world->storage,
                                             &world->rig.memory.base};
    assert_int_equal(mset_buddy_create(&region, &world->buddy), MSET_OK);
    failing_frames_init(&world->data, mset_buddy_frames(world->buddy));
    mset_linear_init(&world->linear);
    mset_eager_init(&world->eager, &world->data.frames, &world->rig.memory.base);
    mset_lazy_init(&world->lazy, &world->data.frames);
}

static void world_close(struct world *world) {
    assert_int_equal(world->data.live, 0);
    assert_int_equal(world->eager.held, 0);
    assert_int_equal(world->lazy.held, 0);
    assert_null(mset_buddy_validate(world->buddy));
    mset_buddy_destroy(world->buddy);
    free(world->storage);
    rig_close(&world->rig);
}

static struct mset_area area_of(struct mset_backend *backend, uint64_t start, uint64_t size,
                                uint64_t flags) {
    return (struct mset_area){start, size, flags, backend, 0};
}

static int map(struct world *world, struct mset_area area) {
    return area.backend->ops->map(area.backend, &area, world->rig.pt);
}

static int unmap(struct world *world, struct mset_area area) {
    return area.backend->ops->unmap(area.backend, &area, world->rig.pt);
}

static int protect(struct world *world, struct mset_area area, uint64_t flags) {
    return area.backend->ops->protect(area.backend, &area, flags, world->rig.pt);
}

static int move(struct world *world, struct mset_area area, uint64_t to) {
    return area.backend->ops->move(area.backend, &area, to, world->rig.pt);
}

static int fault(struct world *world, struct mset_area area, uint64_t address, uint64_t access) {
    return area.backend->ops->fault(area.backend, &area, address, access, world->rig.pt);
}

/* What the processor would find at va. */
static unsigned char *at(struct world *world, uint64_t va) {
    const struct slow_answer answer = rig_look(&world->rig, va);
    assert_null(answer.complaint);
    assert_true(answer.present);
    return world->storage + (answer.pa - data_base);
}

static void expect(struct world *world, uint64_t va, bool present, uint64_t pa) {
    const struct slow_answer answer = rig_look(&world->rig, va);
    assert_null(answer.complaint);
    assert_int_equal(answer.present, present);
    if (present) {
        assert_int_equal(answer.pa, pa);
    }
}

/* ---- linear ------------------------------------------------------------------------------- */

static void test_linear_maps_its_offset(void **state) {
    (void)state;
    struct world world;
    world_open(&world, false);
    struct mset_area area = area_of(&world.linear.backend, GIB, GIB + 3 * PAGE, RW);
    area.offset = 4 * GIB;
    assert_int_equal(map(&world, area), 0);
    assert_int_equal(rig_count(&world.rig).leaves[2], 1);
    assert_int_equal(rig_count(&world.rig).leaves[0], 3);
    expect(&world, GIB + 12345, true, 4 * GIB + 12345);
    expect(&world, 2 * GIB + 2 * PAGE, true, 5 * GIB + 2 * PAGE);
    assert_int_equal(map(&world, area), MSET_ALREADY_EXISTS);
    assert_int_equal(protect(&world, area, 0), 0);
    expect(&world, GIB, false, 0);
    assert_int_equal(protect(&world, area, MSET_WRITE), 0); /* x86: readable as well */
    assert_true(rig_look(&world.rig, GIB).write);
    assert_int_equal(move(&world, area, 8 * GIB), 0);
    expect(&world, GIB, false, 0);
    expect(&world, 8 * GIB + 5, true, 4 * GIB + 5);
    area.start = 8 * GIB;
    assert_int_equal(unmap(&world, area), 0);
    assert_int_equal(rig_live(&world.rig), 1);
    world_close(&world);
}

static void test_linear_faults(void **state) {
    (void)state;
    struct world world;
    world_open(&world, false);
    struct mset_area area = area_of(&world.linear.backend, GIB, 4 * PAGE, MSET_READ);
    area.offset = 7 * PAGE;
    assert_int_equal(fault(&world, area, GIB + PAGE + 9, MSET_READ), 0); /* missing */
    expect(&world, GIB + PAGE, true, 8 * PAGE);
    expect(&world, GIB, false, 0);
    assert_int_equal(fault(&world, area, GIB + PAGE, MSET_READ), 0); /* there */
    area.flags = RW;
    assert_int_equal(fault(&world, area, GIB + PAGE, MSET_WRITE), 0); /* other rights */
    assert_true(rig_look(&world.rig, GIB + PAGE).write);
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

static void test_caller_flags_stay_out(void **state) {
    (void)state;
    struct world world;
    struct mset_pt_run run;
    world_open(&world, false);
    const uint64_t flags = MSET_WRITE | MSET_SHARED | UINT64_C(0x8000000100000000);
    const struct mset_area area = area_of(&world.linear.backend, GIB, PAGE, flags);
    assert_int_equal(map(&world, area), 0);
    assert_int_equal(mset_pt_query(world.rig.pt, GIB, 0, &run), MSET_OK);
    assert_int_equal(run.flags, RW);
    const uint64_t visits = rig_count(&world.rig).visits;
    assert_int_equal(fault(&world, area, GIB, MSET_WRITE), 0);
    assert_int_equal(rig_count(&world.rig).visits, visits); /* nothing was found stale */
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

/* ---- eager -------------------------------------------------------------------------------- */

static void test_eager_takes_large_blocks(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area area =
        area_of(&world.eager.backend, 4 * MIB - PAGE, 2 * MIB + 2 * PAGE, RW);
    assert_int_equal(map(&world, area), 0);
    assert_int_equal(rig_count(&world.rig).leaves[1], 1);
    assert_int_equal(rig_count(&world.rig).leaves[0], 2);
    assert_int_equal(world.eager.held, area.size);
    for (uint64_t va = area.start; va < area.start + area.size; va += PAGE) {
        assert_int_equal(at(&world, va)[va / PAGE % PAGE], 0); /* zeroed */
    }
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

static void test_eager_falls_back_to_small_blocks(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    world.data.largest_order = 0;
    const struct mset_area area = area_of(&world.eager.backend, 2 * MIB, 4 * MIB, RW);
    world.data.calls = 0;
    assert_int_equal(map(&world, area), 0);
    assert_int_equal(world.data.calls, 1024);
    /* The frames followed each other, so the leaves are large all the same. */
    assert_int_equal(rig_count(&world.rig).leaves[1], 2);
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

static void test_eager_prot_none_takes_nothing(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area none = area_of(&world.eager.backend, 2 * MIB, 6 * PAGE, 0);
    struct mset_area open = none;
    open.flags = RW;
    assert_int_equal(map(&world, none), 0);
    assert_int_equal(world.eager.held, 0);
    assert_int_equal(rig_live(&world.rig), 1);
    assert_int_equal(protect(&world, none, RW), 0);
    assert_int_equal(world.eager.held, none.size);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(*at(&world, none.start + i * PAGE), 0);
        *at(&world, none.start + i * PAGE) = (unsigned char)(i + 1);
    }
    assert_int_equal(protect(&world, open, 0), 0);
    assert_int_equal(world.eager.held, none.size); /* frames stay */
    expect(&world, none.start, false, 0);
    assert_int_equal(protect(&world, none, MSET_READ), 0);
    for (unsigned i = 0; i < 6; i++) { /* and so do contents */
        assert_int_equal(*at(&world, none.start + i * PAGE), i + 1);
    }
    assert_int_equal(unmap(&world, open), 0);
    world_close(&world);
}

/* Two areas without access, one with frames from earlier, one without, treated as one. */
static void test_eager_fills_only_holes(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const uint64_t start = 2 * MIB;
    for (unsigned i = 1; i < 9; i += 2) { /* pages 1, 3, 5, 7 have frames and are PROT_NONE */
        const struct mset_area page = area_of(&world.eager.backend, start + i * PAGE, PAGE, RW);
        assert_int_equal(map(&world, page), 0);
        *at(&world, page.start) = (unsigned char)i;
        assert_int_equal(protect(&world, page, 0), 0);
    }
    const struct mset_area whole = area_of(&world.eager.backend, start, 10 * PAGE, 0);
    unsigned char *const image = rig_image(&world.rig);
    for (unsigned nth = 1; nth <= 6; nth++) { /* each of the six frames refused once */
        failing_frames_fail(&world.data, nth, false);
        assert_int_equal(protect(&world, whole, RW), MSET_NO_MEMORY);
        assert_int_equal(world.eager.held, 4 * PAGE);
        assert_true(rig_unchanged(&world.rig, image));
    }
    free(image);
    failing_frames_fail(&world.data, 0, false);
    assert_int_equal(protect(&world, whole, RW), 0);
    assert_int_equal(world.eager.held, 10 * PAGE);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(*at(&world, start + i * PAGE), i % 2 == 1 && i < 9 ? i : 0);
    }
    assert_int_equal(unmap(&world, whole), 0);
    world_close(&world);
}

static void test_eager_out_of_frames_changes_nothing(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area area =
        area_of(&world.eager.backend, 4 * MIB - 3 * PAGE, 2 * MIB + 5 * PAGE, RW);
    unsigned failures = 0;
    for (unsigned nth = 1;; nth++) {
        failing_frames_fail(&world.data, nth, true);
        const int status = map(&world, area);
        if (status == 0) {
            break;
        }
        failures++;
        assert_int_equal(status, MSET_NO_MEMORY);
        assert_int_equal(world.eager.held, 0);
        assert_int_equal(world.data.live, 0);
        assert_int_equal(rig_live(&world.rig), 1);
        assert_int_equal(rig_count(&world.rig).leaves[0], 0);
        assert_int_equal(rig_entry(&world.rig, 3, area.start), 0);
    }
    assert_true(failures > 5);
    failing_frames_fail(&world.data, 0, false);
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

static void test_eager_out_of_tables_changes_nothing(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area area = area_of(&world.eager.backend, GIB - PAGE, 2 * PAGE, RW);
    for (unsigned nth = 1; nth <= 5; nth++) {
        failing_frames_fail(&world.rig.source, nth, false);
        assert_int_equal(map(&world, area), MSET_NO_MEMORY);
        assert_int_equal(world.data.live, 0);
        assert_int_equal(rig_live(&world.rig), 1);
    }
    failing_frames_fail(&world.rig.source, 0, false);
    assert_int_equal(map(&world, area), 0);
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

/* Frames do not follow each other, so the first is mapped, and fails, with the next in hand. */
static void test_eager_out_of_tables_between_blocks(void **state) {
    (void)state;
    struct world world;
    uint64_t pa[4];
    world_open(&world, true);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(mset_frames_alloc(&world.data.frames, 0, &pa[i]), MSET_OK);
    }
    mset_frames_free(&world.data.frames, pa[0], 0);
    mset_frames_free(&world.data.frames, pa[2], 0);
    const struct mset_area area = area_of(&world.eager.backend, GIB, 3 * PAGE, RW);
    for (unsigned nth = 1; nth <= 3; nth++) {
        failing_frames_fail(&world.rig.source, nth, false);
        assert_int_equal(map(&world, area), MSET_NO_MEMORY);
        assert_int_equal(world.data.live, 2);
        assert_int_equal(rig_live(&world.rig), 1);
    }
    mset_frames_free(&world.data.frames, pa[1], 0);
    mset_frames_free(&world.data.frames, pa[3], 0);
    world_close(&world);
}

/* A hole is filled, then the large leaf that sticks out of the piece cannot be cut. */
static void test_eager_protect_takes_back_what_it_filled(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area large = area_of(&world.eager.backend, 2 * MIB, 2 * MIB, RW);
    const struct mset_area piece = area_of(&world.eager.backend, 2 * MIB - 2 * PAGE, 5 * PAGE, 0);
    assert_int_equal(map(&world, large), 0);
    assert_int_equal(protect(&world, large, 0), 0);
    const uint64_t live = world.rig.source.live;
    for (unsigned nth = 1; nth <= 2; nth++) { /* a table for the hole, one for the cut */
        failing_frames_fail(&world.rig.source, nth, false);
        assert_int_equal(protect(&world, piece, RW), MSET_NO_MEMORY);
        assert_int_equal(world.eager.held, large.size);
        assert_int_equal(rig_live(&world.rig), live);
        assert_int_equal(rig_count(&world.rig).leaves[0], 0);
        assert_int_equal(rig_count(&world.rig).leaves[1], 1);
    }
    assert_int_equal(protect(&world, piece, RW), 0);
    assert_int_equal(world.eager.held, large.size + 2 * PAGE);
    assert_int_equal(unmap(&world, piece), 0);
    assert_int_equal(unmap(&world, large), 0);
    world_close(&world);
}

static void test_eager_partial_unmap_of_a_large_leaf(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area area = area_of(&world.eager.backend, 2 * MIB, 2 * MIB, RW);
    assert_int_equal(map(&world, area), 0);
    for (unsigned i = 0; i < 512; i++) {
        *at(&world, area.start + i * PAGE) = (unsigned char)(i * 7);
    }
    struct mset_area hole = area;
    hole.start += 100 * PAGE;
    hole.size = 3 * PAGE;
    unsigned char *const image = rig_image(&world.rig);
    failing_frames_fail(&world.rig.source, 1, false);
    assert_int_equal(unmap(&world, hole), MSET_NO_MEMORY);
    assert_true(rig_unchanged(&world.rig, image));
    free(image);
    assert_int_equal(unmap(&world, hole), 0);
    assert_int_equal(world.eager.held, 509 * PAGE);
    for (unsigned i = 0; i < 512; i++) {
        if (i < 100 || i > 102) {
            assert_int_equal(*at(&world, area.start + i * PAGE), (unsigned char)(i * 7));
        } else {
            expect(&world, area.start + i * PAGE, false, 0);
        }
    }
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

static void test_eager_move_carries_contents(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    struct mset_area area = area_of(&world.eager.backend, 2 * MIB, 2 * MIB + 3 * PAGE, RW);
    assert_int_equal(map(&world, area), 0);
    *at(&world, area.start + 77 * PAGE) = 77;
    assert_int_equal(move(&world, area, GIB + PAGE), 0); /* other alignment: small leaves */
    assert_int_equal(*at(&world, GIB + 78 * PAGE), 77);
    assert_int_equal(rig_count(&world.rig).leaves[1], 0);
    area.start = GIB + PAGE;
    assert_int_equal(move(&world, area, 6 * MIB), 0); /* and back: large again if wanted */
    assert_int_equal(*at(&world, 6 * MIB + 77 * PAGE), 77);
    assert_int_equal(mset_pt_promote(world.rig.pt, 6 * MIB, 2 * MIB), MSET_OK);
    assert_int_equal(rig_count(&world.rig).leaves[1], 1);
    area.start = 6 * MIB;
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

/* ---- lazy --------------------------------------------------------------------------------- */

static void test_lazy_fills_on_fault(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area area = area_of(&world.lazy.backend, 2 * MIB, GIB, RW);
    struct mset_area read = area;
    read.flags = MSET_READ;
    assert_int_equal(map(&world, area), 0);
    assert_int_equal(rig_live(&world.rig), 1); /* not even tables */
    assert_int_equal(world.lazy.held, 0);
    assert_int_equal(fault(&world, area, 2 * MIB + 5 * PAGE + 9, MSET_WRITE), 0);
    assert_int_equal(world.lazy.held, PAGE);
    assert_int_equal(*at(&world, 2 * MIB + 5 * PAGE), 0);
    *at(&world, 2 * MIB + 5 * PAGE) = 5;
    assert_int_equal(fault(&world, area, 2 * MIB + 5 * PAGE, MSET_WRITE), 0); /* spurious */
    assert_int_equal(world.lazy.held, PAGE);
    assert_int_equal(protect(&world, area, MSET_READ), 0);
    assert_int_equal(world.lazy.held, PAGE);
    assert_false(rig_look(&world.rig, 2 * MIB + 5 * PAGE).write);
    assert_int_equal(protect(&world, read, 0), 0);
    expect(&world, 2 * MIB + 5 * PAGE, false, 0);
    assert_int_equal(protect(&world, read, RW), 0);
    assert_int_equal(*at(&world, 2 * MIB + 5 * PAGE), 5);
    assert_int_equal(move(&world, area, 4 * GIB), 0);
    assert_int_equal(*at(&world, 4 * GIB + 5 * PAGE), 5);
    struct mset_area moved = area;
    moved.start = 4 * GIB;
    assert_int_equal(unmap(&world, moved), 0);
    world_close(&world);
}

static void test_lazy_fault_without_memory(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area area = area_of(&world.lazy.backend, 2 * MIB, GIB, RW);
    assert_int_equal(map(&world, area), 0);
    failing_frames_fail(&world.data, 1, false);
    assert_int_equal(fault(&world, area, 3 * MIB, MSET_READ), MSET_NO_MEMORY);
    for (unsigned nth = 1; nth <= 3; nth++) {
        failing_frames_fail(&world.rig.source, nth, false);
        assert_int_equal(fault(&world, area, 3 * MIB, MSET_READ), MSET_NO_MEMORY);
        assert_int_equal(world.data.live, 0);
        assert_int_equal(rig_live(&world.rig), 1);
    }
    assert_int_equal(fault(&world, area, 3 * MIB, MSET_READ), 0);
    assert_int_equal(unmap(&world, area), 0);
    world_close(&world);
}

/* ---- all ---------------------------------------------------------------------------------- */

static struct mset_backend *nth_backend(struct world *world, unsigned i) {
    return i == 0 ? &world->linear.backend : i == 1 ? &world->eager.backend : &world->lazy.backend;
}

static void test_bad_requests(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    for (unsigned i = 0; i < 3; i++) {
        struct mset_backend *const backend = nth_backend(&world, i);
        const struct mset_area good = area_of(backend, GIB, PAGE, RW);
        const struct mset_backend_ops *const ops = backend->ops;
        assert_int_equal(ops->map(backend, &good, NULL), MSET_INVALID_PARAM);
        assert_int_equal(ops->unmap(backend, &good, NULL), MSET_INVALID_PARAM);
        assert_int_equal(ops->protect(backend, &good, 0, NULL), MSET_INVALID_PARAM);
        assert_int_equal(ops->move(backend, &good, 0, NULL), MSET_INVALID_PARAM);
        assert_int_equal(ops->fault(backend, &good, GIB, MSET_READ, NULL), MSET_INVALID_PARAM);
        assert_int_equal(map(&world, area_of(backend, UINT64_C(1) << 47, PAGE, RW)),
                         MSET_INVALID_PARAM);
        assert_int_equal(map(&world, area_of(backend, GIB, PAGE, RW | 0x40)), MSET_UNSUPPORTED);
        assert_int_equal(rig_live(&world.rig), 1);
        assert_int_equal(world.data.live, 0);
    }
    world_close(&world);
}

static void test_references_are_counted(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    for (unsigned i = 0; i < 3; i++) {
        struct mset_backend *const backend = nth_backend(&world, i);
        backend->ops->retain(backend);
        backend->ops->retain(backend);
        backend->ops->release(backend);
    }
    assert_int_equal(world.linear.areas, 1);
    assert_int_equal(world.eager.areas, 1);
    assert_int_equal(world.lazy.areas, 1);
    world_close(&world);
}

static void test_taken_places_are_refused(void **state) {
    (void)state;
    struct world world;
    world_open(&world, true);
    const struct mset_area taken = area_of(&world.linear.backend, GIB + PAGE, PAGE, RW);
    assert_int_equal(map(&world, taken), 0);
    for (unsigned i = 0; i < 3; i++) {
        const struct mset_area area = area_of(nth_backend(&world, i), GIB, 3 * PAGE, RW);
        assert_int_equal(map(&world, area), MSET_ALREADY_EXISTS);
        assert_int_equal(world.data.live, 0);
    }
    assert_int_equal(unmap(&world, taken), 0);
    world_close(&world);
}

static void test_frames_without_storage(void **state) {
    (void)state;
    struct world world;
    world_open(&world, false);
    const struct mset_area area = area_of(&world.eager.backend, GIB, 3 * MIB, RW);
    const struct mset_area later = area_of(&world.lazy.backend, 2 * GIB, 3 * MIB, RW);
    assert_int_equal(map(&world, area), 0);
    assert_int_equal(map(&world, later), 0);
    assert_int_equal(fault(&world, later, 2 * GIB, MSET_READ), 0);
    assert_int_equal(unmap(&world, area), 0);
    assert_int_equal(unmap(&world, later), 0);
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_maps_its_offset),
        cmocka_unit_test(test_linear_faults),
        cmocka_unit_test(test_caller_flags_stay_out),
        cmocka_unit_test(test_eager_takes_large_blocks),
        cmocka_unit_test(test_eager_falls_back_to_small_blocks),
        cmocka_unit_test(test_eager_prot_none_takes_nothing),
        cmocka_unit_test(test_eager_fills_only_holes),
        cmocka_unit_test(test_eager_out_of_frames_changes_nothing),
        cmocka_unit_test(test_eager_out_of_tables_changes_nothing),
        cmocka_unit_test(test_eager_out_of_tables_between_blocks),
        cmocka_unit_test(test_eager_protect_takes_back_what_it_filled),
        cmocka_unit_test(test_eager_partial_unmap_of_a_large_leaf),
        cmocka_unit_test(test_eager_move_carries_contents),
        cmocka_unit_test(test_lazy_fills_on_fault),
        cmocka_unit_test(test_lazy_fault_without_memory),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_references_are_counted),
        cmocka_unit_test(test_taken_places_are_refused),
        cmocka_unit_test(test_frames_without_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
