/*
 * test_boundaries.c - every pair of interesting addresses as the range of every operation, over
 * every kind of mapping that was there before, in every corner of the address space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/run_model.h"

#define RWX MSET_ACCESS

/* Offsets from the corner: everything within a page of where leaf sizes change. */
static const uint64_t cuts[] = {
    0,          PAGE, 2 * MIB - PAGE, 2 * MIB,       2 * MIB + PAGE, 4 * MIB, GIB - 2 * MIB,
    GIB - PAGE, GIB,  GIB + PAGE,     GIB + 2 * MIB, 2 * GIB - PAGE, 2 * GIB,
};
enum { CUTS = sizeof cuts / sizeof *cuts };

struct before {
    uint64_t from, size; /* offsets from the corner */
    uint64_t pa_shift;   /* of the physical address against the virtual one */
    uint64_t flags;
};

static const struct before befores[] = {
    {0, 2 * GIB, 0, RWX | MSET_USER},    /* 1 GiB leaves */
    {0, 2 * GIB, 2 * MIB, MSET_READ},    /* 2 MiB leaves */
    {0, 2 * GIB, 0, 0},                  /* 1 GiB leaves, not present */
    {PAGE, 4 * MIB, 0, RWX},             /* small, large, small */
    {2 * MIB - PAGE, 2 * PAGE, PAGE, 0}, /* small, not present */
    {GIB - 2 * MIB, 4 * MIB, 0, MSET_READ},
    {GIB - PAGE, PAGE, 0, RWX},
};
enum { BEFORES = sizeof befores / sizeof *befores };

static struct rig rig;
static struct run_model model;
static struct rng rng = {7};

static void begin(uint64_t corner, const struct before *before) {
    const uint64_t va = corner + before->from;
    const uint64_t pa = 64 * GIB + before->from + before->pa_shift;
    run_model_init(&model);
    assert_int_equal(mset_pt_map(rig.pt, va, pa, before->size, before->flags), MSET_OK);
    run_model_map(&model, va, pa, before->size, before->flags);
    run_model_check(&model, &rig, &rng);
}

static void end(uint64_t corner) {
    assert_int_equal(mset_pt_unmap(rig.pt, corner, 2 * GIB, NULL, NULL), MSET_OK);
    assert_int_equal(rig_live(&rig), 1);
}

static void try_map(uint64_t va, uint64_t size) {
    const uint64_t pa = 128 * GIB + va % (4 * GIB);
    const bool room = run_model_free(&model, va, size);
    assert_int_equal(mset_pt_map(rig.pt, va, pa, size, MSET_READ | MSET_EXEC),
                     room ? MSET_OK : MSET_ALREADY_EXISTS);
    if (room) {
        run_model_map(&model, va, pa, size, MSET_READ | MSET_EXEC);
    }
}

static void try_protect(uint64_t va, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_protect(rig.pt, va, size, flags), MSET_OK);
    run_model_protect(&model, va, size, flags);
}

static void try_unmap(uint64_t va, uint64_t size) {
    assert_int_equal(mset_pt_unmap(rig.pt, va, size, NULL, NULL), MSET_OK);
    run_model_unmap(&model, va, size);
}

/* Out into a place of its own, then back. */
static void try_move(uint64_t va, uint64_t size) {
    const uint64_t away = (va >> 47 != 0 ? -(UINT64_C(1) << 46) : UINT64_C(1) << 45) + va % GIB;
    assert_int_equal(mset_pt_move(rig.pt, va, away, size), MSET_OK);
    run_model_move(&model, va, away, size);
    run_model_check(&model, &rig, &rng);
    assert_int_equal(mset_pt_move(rig.pt, away, va, size), MSET_OK);
    run_model_move(&model, away, va, size);
}

static void try_all(uint64_t corner, const struct before *before, uint64_t from, uint64_t to) {
    const uint64_t va = corner + from, size = to - from;
    for (unsigned op = 0; op < 5; op++) {
        begin(corner, before);
        switch (op) {
        case 0:
            try_map(va, size);
            break;
        case 1:
            try_unmap(va, size);
            break;
        case 2:
            try_protect(va, size, MSET_READ);
            break;
        case 3: /* without access, in the middle of it a hole, and back */
            try_protect(va, size, MSET_USER);
            run_model_check(&model, &rig, &rng);
            try_protect(va, size, RWX);
            break;
        default:
            try_move(va, size);
            break;
        }
        run_model_check(&model, &rig, &rng);
        end(corner);
    }
}

static void corner_test(uint64_t corner) {
    rig_open(&rig, 2048, 0);
    for (unsigned b = 0; b < BEFORES; b++) {
        for (unsigned i = 0; i < CUTS; i++) {
            for (unsigned j = i + 1; j < CUTS; j++) {
                try_all(corner, &befores[b], cuts[i], cuts[j]);
            }
        }
    }
    rig_close(&rig);
}

static void test_first_page(void **state) {
    (void)state;
    corner_test(0);
}

static void test_across_512_gib(void **state) {
    (void)state;
    corner_test((UINT64_C(1) << 39) - GIB);
}

static void test_last_page_of_lower_half(void **state) {
    (void)state;
    corner_test((UINT64_C(1) << 47) - 2 * GIB);
}

static void test_first_page_of_upper_half(void **state) {
    (void)state;
    corner_test(-(UINT64_C(1) << 47));
}

static void test_top_page(void **state) {
    (void)state;
    corner_test(UINT64_MAX - 2 * GIB + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_page),
        cmocka_unit_test(test_across_512_gib),
        cmocka_unit_test(test_last_page_of_lower_half),
        cmocka_unit_test(test_first_page_of_upper_half),
        cmocka_unit_test(test_top_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
