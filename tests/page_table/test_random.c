/*
 * test_random.c - long random sequences of map, unmap, protect and move against the model.
 *
 * Addresses come from the neighbourhoods where leaf sizes change: a few pages around multiples of
 * 2 MiB and 1 GiB, at both ends of both halves of the address space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "page_table/run_model.h"

struct play {
    struct rig rig;
    struct run_model model;
    struct rng rng;
    uint64_t window; /* where the addresses are */
};

/* A page number near something interesting, up to 2 GiB and a little from the window's start. */
static uint64_t pick_address(struct play *play) {
    static const uint64_t near[] = {0,   2 * MIB,       4 * MIB,          6 * MIB, GIB - 2 * MIB,
                                    GIB, GIB + 2 * MIB, 2 * GIB - 2 * MIB};
    const uint64_t at = near[rng_below(&play->rng, sizeof near / sizeof *near)];
    return play->window + at + rng_below(&play->rng, rng_chance(&play->rng, 70) ? 4 : 512) * PAGE;
}

static uint64_t pick_size(struct play *play, uint64_t va) {
    static const uint64_t sizes[] = {PAGE, 3 * PAGE, 2 * MIB - PAGE, 2 * MIB, 4 * MIB, GIB};
    uint64_t size = sizes[rng_below(&play->rng, sizeof sizes / sizeof *sizes)];
    if (rng_chance(&play->rng, 50)) { /* up to a boundary */
        size = ((va / size) + 1) * size - va;
    }
    const uint64_t room = play->window + 2 * GIB - va;
    return size <= room ? size : room;
}

/* Large runs are mostly aligned alike on both sides: else they are nothing but small leaves. */
static uint64_t pick_pa(struct play *play, uint64_t va, uint64_t size) {
    const uint64_t far = rng_below(&play->rng, 64) * GIB;
    const unsigned kind = (unsigned)rng_below(&play->rng, 4);
    if (kind == 0 || size > 8 * MIB) {
        return far + va % GIB;
    }
    return far + (kind == 1 ? va % (2 * MIB) : rng_below(&play->rng, 1024) * PAGE);
}

static uint64_t pick_flags(struct play *play) {
    static const uint64_t flags[] = {
        0,
        MSET_READ,
        MSET_READ | MSET_WRITE | MSET_USER,
        MSET_READ | MSET_EXEC | MSET_GLOBAL,
        MSET_ACCESS,
        MSET_USER | MSET_DEVICE,
        MSET_READ | MSET_WRITE | MSET_UNCACHED,
        MSET_READ | MSET_WRITE_COMBINE,
    };
    return flags[rng_below(&play->rng, sizeof flags / sizeof *flags)];
}

static void play_map(struct play *play, uint64_t va, uint64_t size) {
    const uint64_t pa = pick_pa(play, va, size), flags = pick_flags(play);
    const bool room = run_model_free(&play->model, va, size);
    assert_int_equal(mset_pt_map(play->rig.pt, va, pa, size, flags),
                     room ? MSET_OK : MSET_ALREADY_EXISTS);
    if (room) {
        run_model_map(&play->model, va, pa, size, flags);
    }
}

static void add_size(void *arg, const struct mset_pt_run *run) {
    *(uint64_t *)arg += run->size;
}

static void play_unmap(struct play *play, uint64_t va, uint64_t size) {
    const uint64_t expected = run_model_bytes(&play->model, va, va + size - 1);
    const bool ask = rng_chance(&play->rng, 50);
    uint64_t told = 0;
    assert_int_equal(mset_pt_unmap(play->rig.pt, va, size, ask ? add_size : NULL, &told), MSET_OK);
    assert_int_equal(told, ask ? expected : 0);
    run_model_unmap(&play->model, va, size);
}

static void play_move(struct play *play, uint64_t from, uint64_t size) {
    const uint64_t to = pick_address(play);
    const bool apart = (from < to ? to - from : from - to) >= size;
    const bool inside = to - play->window + size <= 2 * GIB;
    if (!inside) {
        return;
    }
    const bool room = run_model_free(&play->model, to, size);
    const mset_status status = mset_pt_move(play->rig.pt, from, to, size);
    assert_int_equal(status, !apart ? MSET_INVALID_PARAM : room ? MSET_OK : MSET_ALREADY_EXISTS);
    if (status == MSET_OK) {
        run_model_move(&play->model, from, to, size);
    }
}

static void play_step(struct play *play) {
    const uint64_t va = pick_address(play), size = pick_size(play, va);
    if (size == 0) {
        return;
    }
    switch (rng_below(&play->rng, 8)) {
    case 0:
    case 1:
    case 2:
        play_map(play, va, size);
        break;
    case 3:
    case 4:
        play_unmap(play, va, size);
        break;
    case 5:
    case 6: {
        const uint64_t flags = pick_flags(play);
        assert_int_equal(mset_pt_protect(play->rig.pt, va, size, flags), MSET_OK);
        run_model_protect(&play->model, va, size, flags);
        break;
    }
    default:
        play_move(play, va, size);
        break;
    }
}

static void play_game(uint64_t seed, uint64_t window, uint64_t largest_leaf, unsigned steps) {
    static struct play play;
    rig_open(&play.rig, largest_leaf == PAGE ? 8192 : 2048, largest_leaf);
    run_model_init(&play.model);
    play.rng.state = seed;
    play.window = window;
    for (unsigned i = 0; i < steps; i++) {
        play_step(&play);
        run_model_check(&play.model, &play.rig, &play.rng);
        if (rng_chance(&play.rng, 30)) {
            mset_pt_flushed(play.rig.pt);
        }
        if (play.model.count > 100) {
            play_unmap(&play, window, 2 * GIB);
        }
    }
    play_unmap(&play, window, 2 * GIB);
    play_unmap(&play, window > UINT64_MAX / 2 ? -(UINT64_C(1) << 47) : 0, UINT64_C(1) << 47);
    run_model_check(&play.model, &play.rig, &play.rng);
    assert_int_equal(rig_live(&play.rig), 1); /* the root */
    rig_close(&play.rig);
}

static unsigned steps = 40000;

static void test_low_end(void **state) {
    (void)state;
    play_game(1, 0, 0, steps);
}

static void test_across_512_gib(void **state) {
    (void)state;
    play_game(2, (UINT64_C(1) << 39) - GIB, 0, steps);
}

static void test_end_of_lower_half(void **state) {
    (void)state;
    play_game(3, (UINT64_C(1) << 47) - 2 * GIB, 0, steps);
}

static void test_start_of_upper_half(void **state) {
    (void)state;
    play_game(4, -(UINT64_C(1) << 47), 0, steps);
}

static void test_top(void **state) {
    (void)state;
    play_game(5, UINT64_MAX - 2 * GIB + 1, 0, steps);
}

static void test_without_1g_leaves(void **state) {
    (void)state;
    play_game(6, 0, 2 * MIB, steps);
}

static void test_other_seeds(void **state) {
    (void)state;
    for (uint64_t seed = 100; seed < 110; seed++) {
        play_game(seed, 0, 0, steps / 10);
    }
}

/* Arguments: steps per game. */
int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_low_end),
        cmocka_unit_test(test_across_512_gib),
        cmocka_unit_test(test_end_of_lower_half),
        cmocka_unit_test(test_start_of_upper_half),
        cmocka_unit_test(test_top),
        cmocka_unit_test(test_without_1g_leaves),
        cmocka_unit_test(test_other_seeds),
    };
    if (argc > 1) {
        steps = (unsigned)strtoul(argv[1], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
