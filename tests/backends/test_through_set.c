/*
 * test_through_set.c - all three backends in one set over one page table, against an array of
 * pages: area, flags, and what was last written there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mset/backends.h>
#include <mset/set.h>

#include "page_table/rig.h"
#include "support/rng.h"

#define RW (MSET_READ | MSET_WRITE)

enum { PAGES = 1536, DATA_FRAMES = 4096 };

enum kind { HOLE, LINEAR, EAGER, LAZY };

struct page {
    enum kind kind;
    uint64_t flags;
    uint64_t offset;
    bool filled;  /* eager, lazy: has a frame */
    uint64_t tag; /* what is written in it; 0: still zero */
};

struct world {
    struct rig rig;
    struct mset_buddy *buddy;
    struct failing_frames data;
    unsigned char *storage;
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
    struct mset *set;
    struct rng rng;
    uint64_t tags;
    struct page page[PAGES];
};

static const uint64_t base = GIB - 3 * MIB; /* a 1 GiB boundary in the middle */
static const uint64_t data_base = 32 * MIB;
static const uint64_t device_base = 40 * GIB; /* what linear areas show */

static void world_open(struct world *world, uint64_t seed, unsigned set_flags) {
    memset(world, 0, sizeof *world);
    rig_open(&world->rig, 256, 0);
    world->storage = aligned_alloc(PAGE, DATA_FRAMES * PAGE);
    memset(world->storage, 0xa5, DATA_FRAMES * PAGE);
    const struct mset_buddy_config region = {data_base, DATA_FRAMES * PAGE, world->storage,
                                             &world->rig.memory.base};
    assert_int_equal(mset_buddy_create(&region, &world->buddy), MSET_OK);
    failing_frames_init(&world->data, mset_buddy_frames(world->buddy));
    mset_linear_init(&world->linear);
    mset_eager_init(&world->eager, &world->data.frames, &world->rig.memory.base);
    mset_lazy_init(&world->lazy, &world->data.frames);
    const struct mset_options options = {
        .allocator = &world->rig.memory.base, .page_size = PAGE, .flags = set_flags};
    assert_int_equal(mset_create(&options, &world->set), MSET_OK);
    world->rng.state = seed;
}

static void world_close(struct world *world) {
    assert_int_equal(mset_clear(world->set, world->rig.pt), MSET_OK);
    assert_int_equal(world->data.live, 0);
    assert_int_equal(world->eager.held + world->lazy.held, 0);
    assert_int_equal(world->linear.areas + world->eager.areas + world->lazy.areas, 0);
    assert_int_equal(rig_live(&world->rig), 1);
    mset_destroy(world->set);
    mset_buddy_destroy(world->buddy);
    free(world->storage);
    rig_close(&world->rig);
}

static struct mset_backend *backend_of(struct world *world, enum kind kind) {
    return kind == LINEAR  ? &world->linear.backend
           : kind == EAGER ? &world->eager.backend
                           : &world->lazy.backend;
}

static uint64_t address(uint64_t page) {
    return base + page * PAGE;
}

static bool accessible(const struct page *page) {
    return (page->flags & MSET_ACCESS) != 0;
}

/* ---- comparing ---------------------------------------------------------------------------- */

static uint64_t *contents_at(const struct world *world, uint64_t pa) {
    return (uint64_t *)(void *)(world->storage + (pa - data_base));
}

static void check_area(struct world *world, uint64_t i) {
    const struct page *const page = &world->page[i];
    struct mset_area area;
    assert_int_equal(mset_find(world->set, address(i), &area), page->kind != HOLE);
    if (page->kind != HOLE) {
        assert_ptr_equal(area.backend, backend_of(world, page->kind));
        assert_int_equal(area.flags, page->flags);
        assert_int_equal(mset_area_offset(&area, address(i)), page->offset);
    }
}

static void check_leaf(struct world *world, uint64_t i) {
    const struct page *const page = &world->page[i];
    const bool there = page->kind == LINEAR || page->filled;
    const struct slow_answer answer = rig_look(&world->rig, address(i));
    struct mset_pt_run run;
    assert_null(answer.complaint);
    assert_int_equal(answer.present, there && accessible(page));
    assert_int_equal(mset_pt_query(world->rig.pt, address(i), 0, &run) == MSET_OK, there);
    if (answer.present) {
        assert_int_equal(answer.write, (page->flags & MSET_WRITE) != 0);
        assert_int_equal(answer.execute, (page->flags & MSET_EXEC) != 0);
    }
    if (there && page->kind == LINEAR) {
        assert_int_equal(run.pa, page->offset);
    } else if (there) {
        assert_int_equal(contents_at(world, run.pa)[0], page->tag);
        assert_int_equal(contents_at(world, run.pa)[511], page->tag);
    }
}

/* In the tree or waiting for a flush; what else was taken would be left of some prepare. */
static uint64_t tables_in_use(const struct world *world) {
    const struct mset_pt_statistics now = rig_count(&world->rig);
    struct mset_pt_gather gather;
    uint64_t tables = 0;
    mset_pt_get_gather(world->rig.pt, &gather);
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        tables += now.tables[level];
    }
    return tables + gather.tables;
}

static void check(struct world *world) {
    uint64_t eager = 0, lazy = 0;
    for (uint64_t i = 0; i < PAGES; i++) {
        check_area(world, i);
        check_leaf(world, i);
        eager += world->page[i].kind == EAGER && world->page[i].filled;
        lazy += world->page[i].kind == LAZY && world->page[i].filled;
    }
    assert_int_equal(world->eager.held, eager * PAGE);
    assert_int_equal(world->lazy.held, lazy * PAGE);
    assert_int_equal(world->data.live, eager + lazy);
    assert_int_equal(world->linear.areas + world->eager.areas + world->lazy.areas,
                     mset_count(world->set));
    assert_null(mset_validate(world->set));
    rig_validate(&world->rig);
    assert_int_equal(tables_in_use(world), world->rig.source.live);
}

/* ---- operations, on the set and on the array ---------------------------------------------- */

static bool is_free(const struct world *world, uint64_t first, uint64_t count) {
    for (uint64_t i = first; i < first + count; i++) {
        if (world->page[i].kind != HOLE) {
            return false;
        }
    }
    return true;
}

static uint64_t pick_flags(struct world *world) {
    static const uint64_t flags[] = {0, MSET_READ, RW, RW, MSET_READ | MSET_EXEC};
    return flags[rng_below(&world->rng, sizeof flags / sizeof *flags)];
}

static mset_status do_map(struct world *world, uint64_t first, uint64_t count) {
    const enum kind kind = (enum kind)(LINEAR + (int)rng_below(&world->rng, 3));
    const enum mset_map_how how = rng_chance(&world->rng, 50) ? MSET_MAP_FAIL : MSET_MAP_REPLACE;
    const struct mset_area area = {address(first), count * PAGE, pick_flags(world),
                                   backend_of(world, kind), device_base + first * PAGE};
    const bool taken = how == MSET_MAP_FAIL && !is_free(world, first, count);
    const mset_status status = mset_map(world->set, &area, how, world->rig.pt);
    if (taken) {
        assert_int_equal(status, MSET_ALREADY_EXISTS);
    }
    for (uint64_t i = first; status == MSET_OK && i < first + count; i++) {
        const bool filled = kind == EAGER && (area.flags & MSET_ACCESS) != 0;
        world->page[i] = (struct page){kind, area.flags, device_base + i * PAGE, filled, 0};
    }
    return status;
}

static mset_status do_unmap(struct world *world, uint64_t first, uint64_t count) {
    const mset_status status = mset_unmap(world->set, address(first), count * PAGE, world->rig.pt);
    if (status == MSET_OK) {
        memset(&world->page[first], 0, count * sizeof *world->page);
    }
    return status;
}

static bool set_flags(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)piece;
    *flags = *(const uint64_t *)arg;
    return true;
}

static mset_status do_protect(struct world *world, uint64_t first, uint64_t count) {
    uint64_t flags = pick_flags(world);
    const mset_status status = mset_protect(world->set, address(first), count * PAGE,
                                            MSET_HOLES_SKIP, set_flags, &flags, world->rig.pt);
    for (uint64_t i = first; status == MSET_OK && i < first + count; i++) {
        struct page *const page = &world->page[i];
        if (page->kind != HOLE) {
            page->flags = flags;
            page->filled = page->filled || (page->kind == EAGER && accessible(page));
        }
    }
    return status;
}

static mset_status do_move(struct world *world, uint64_t first, uint64_t count) {
    const uint64_t to = rng_below(&world->rng, PAGES - count + 1);
    const mset_status status = mset_move(world->set, address(first), count * PAGE, address(to),
                                         MSET_MAP_FAIL, world->rig.pt);
    if (status == MSET_OK) {
        memcpy(&world->page[to], &world->page[first], count * sizeof *world->page);
        memset(&world->page[first], 0, count * sizeof *world->page);
    }
    return status;
}

/* Writes a fresh tag, faulting first where the processor would. */
static mset_status do_write(struct world *world, uint64_t i) {
    struct page *const page = &world->page[i];
    const mset_status status = mset_fault(world->set, address(i) + 8, MSET_WRITE, world->rig.pt);
    if (page->kind == HOLE) {
        assert_int_equal(status, MSET_NOT_FOUND);
    } else if ((page->flags & MSET_WRITE) == 0) {
        assert_int_equal(status, MSET_ACCESS_DENIED);
    } else if (status == MSET_OK && page->kind != LINEAR) {
        const struct slow_answer answer = rig_look(&world->rig, address(i));
        assert_true(answer.present && answer.write);
        page->filled = true;
        page->tag = ++world->tags;
        contents_at(world, answer.pa)[0] = contents_at(world, answer.pa)[511] = page->tag;
    }
    return status;
}

static mset_status step(struct world *world) {
    const uint64_t first = rng_chance(&world->rng, 40) ? rng_below(&world->rng, 12) * 128
                                                       : rng_below(&world->rng, PAGES);
    const uint64_t most = rng_chance(&world->rng, 30) ? 1024 : 16;
    const uint64_t room = PAGES - first < most ? PAGES - first : most;
    const uint64_t count = 1 + rng_below(&world->rng, room);
    switch (rng_below(&world->rng, 8)) {
    case 0:
    case 1:
        return do_map(world, first, count);
    case 2:
        return do_unmap(world, first, count);
    case 3:
    case 4:
        return do_protect(world, first, count);
    case 5:
        return do_move(world, first, count);
    default:
        return do_write(world, first);
    }
}

static void play(uint64_t seed, unsigned set_flags_, unsigned steps) {
    static struct world world;
    world_open(&world, seed, set_flags_);
    for (unsigned i = 0; i < steps; i++) {
        (void)step(&world);
        check(&world);
    }
    world_close(&world);
}

static unsigned steps = 5000;

static void test_areas_keep_their_identity(void **state) {
    (void)state;
    play(1, 0, steps);
}

static void test_areas_merge(void **state) {
    (void)state;
    play(2, MSET_MERGE, steps);
}

/* Frames and tables run out at random. Areas, mappings and contents are then as before. */
static void test_out_of_memory(void **state) {
    (void)state;
    static struct world world;
    unsigned refused = 0;
    world_open(&world, 3, 0);
    for (unsigned i = 0; i < steps; i++) {
        struct failing_frames *const source =
            rng_chance(&world.rng, 50) ? &world.data : &world.rig.source;
        failing_frames_fail(source, rng_below(&world.rng, 4), rng_chance(&world.rng, 50));
        const mset_status status = step(&world);
        failing_frames_fail(source, 0, false);
        refused += status == MSET_NO_MEMORY;
        check(&world);
    }
    assert_true(refused > steps / 100);
    world_close(&world);
}

/* Arguments: steps per game. */
int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas_keep_their_identity),
        cmocka_unit_test(test_areas_merge),
        cmocka_unit_test(test_out_of_memory),
    };
    if (argc > 1) {
        steps = (unsigned)strtoul(argv[1], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
