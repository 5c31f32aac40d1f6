/*
 * test_no_memory.c - each call of an address space in a scene where it has much to do, with its
 * 1st, 2nd, 3rd, ... request for memory refused, once or from then on, until it passes: until then
 * nothing has changed, in no process, and not a frame, table or byte more is in use.
 */
#include <string.h>

#include "scene.h"

enum { SNAPSHOT = 2048 };

/* ---- what there is ------------------------------------------------------------------------- */

/* Of each page of two processes: what is behind it. */
struct snapshot {
    struct world_use use;
    struct seen {
        struct mset_area area;
        struct mset_space_place place;
        uint64_t word;
    } page[2][SNAPSHOT];
};

static struct seen see(unsigned process, uint64_t address) {
    struct seen seen;
    memset(&seen, 0, sizeof seen); /* compared as bytes */
    if (mset_find(mset_space_set(space(process)), address, &seen.area) &&
        mset_space_translate(space(process), address, 0, 0, &seen.place) == MSET_OK) {
        seen.word = *world_word(&s.world, seen.place.pa);
    }
    return seen;
}

static void take_snapshot(struct snapshot *snapshot) {
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->use = world_use(&s.world);
    for (unsigned i = 0; i < 2 && space(i) != NULL; i++) {
        for (uint64_t page = 0; page < s.world.pages; page++) {
            snapshot->page[i][page] = see(i, world_address(&s.world, page));
        }
    }
}

/* ---- the scene ----------------------------------------------------------------------------- */

/* Pages of the site, not of 4 KiB. */
static uint64_t at(uint64_t page) {
    return world_address(&s.world, page);
}

static uint64_t bytes(uint64_t pages) {
    return pages * s.world.page;
}

static void area(uint64_t page, uint64_t pages, uint64_t flags, unsigned how) {
    assert_int_equal(mset_space_map_alloc(space(0), at(page), bytes(pages), flags, at(page), how),
                     MSET_OK);
}

/*
 *     process 0    | 0 .. large: large, shared | .. 2 large: large, its own | 3 lazy | hole |
 * device
 */
static void furnish(void) {
    const uint64_t large = s.world.site->large / s.world.page;
    area(0, large, s.rw, MSET_POPULATE);
    store(0, at(1), 11);
    fork_to(1);
    area(large, large, s.rw | WORLD_FILE, MSET_POPULATE);
    area(2 * large, 3, s.rw, 0);
    store(0, at(2 * large + 1), 12);
    assert_int_equal(mset_space_map_linear(space(0), at(2 * large + 4), bytes(4), WORLD_DEVICE,
                                           s.rw, MSET_MAP_FAIL),
                     MSET_OK);
    scene_check();
}

/* ---- calls --------------------------------------------------------------------------------- */

static mset_status call_map(uint64_t large) {
    return mset_space_map_alloc(space(0), at(large / 2 + 1), bytes(large), MSET_READ | s.world.user,
                                0, MSET_MAP_REPLACE | MSET_POPULATE);
}

static mset_status call_map_linear(uint64_t large) {
    return mset_space_map_linear(space(0), at(large + 3), bytes(large), WORLD_DEVICE + bytes(1),
                                 s.rw, MSET_MAP_REPLACE);
}

static mset_status call_unmap(uint64_t large) {
    return mset_space_unmap(space(0), at(large / 2 - 1), bytes(large));
}

static mset_status call_protect(uint64_t large) {
    return mset_space_protect(space(0), at(large - 3), bytes(large + 4), MSET_READ,
                              MSET_HOLES_FAIL);
}

static mset_status call_protect_wider(uint64_t large) {
    return mset_space_protect(space(0), at(3), bytes(2 * large), RW | MSET_EXEC, MSET_HOLES_FAIL);
}

static mset_status call_move(uint64_t large) {
    return mset_space_move(space(0), at(large - 2), bytes(3), at(2 * large + 3), MSET_MAP_REPLACE);
}

static mset_status call_grow(uint64_t large) {
    return mset_space_grow(space(0), at(2 * large), MSET_HIGH, bytes(1));
}

static mset_status call_discard(uint64_t large) {
    return mset_space_discard(space(0), at(large - 5), bytes(large + 3), MSET_HOLES_FAIL);
}

static mset_status call_populate(uint64_t large) {
    return mset_space_populate(space(0), at(large), bytes(large + 3));
}

static mset_status call_copy(uint64_t large) {
    return mset_space_fault(space(0), at(large / 2), MSET_WRITE);
}

static mset_status call_fill(uint64_t large) {
    return mset_space_fault(space(0), at(2 * large), MSET_WRITE);
}

static mset_status call_clone(uint64_t large) {
    (void)large;
    return world_fork(&s.world, 0, 2);
}

static mset_status call_start(uint64_t large) {
    (void)large;
    return world_start(&s.world, 2);
}

static const struct call {
    const char *name;
    mset_status (*make)(uint64_t large);
    bool needs; /* memory, in some format */
} calls[] = {
    {"map", call_map, true},     {"map_linear", call_map_linear, true},
    {"unmap", call_unmap, true}, {"protect", call_protect, true},
    {"move", call_move, true},   {"protect_wider", call_protect_wider, true},
    {"grow", call_grow, false},  {"discard", call_discard, false},
    {"fill", call_fill, true},   {"populate", call_populate, true},
    {"copy", call_copy, true},   {"clone", call_clone, true},
    {"start", call_start, true},
};

/* ---- all of it ----------------------------------------------------------------------------- */

static uint64_t faults;

static void expect_as_before(const char *name, uint64_t nth, const struct snapshot *before) {
    static struct snapshot after;
    take_snapshot(&after);
    if (memcmp(&after, before, sizeof after) != 0) {
        fail_msg("%s, %s: refused at request %ju, and something has changed", s.world.site->name,
                 name, (uintmax_t)nth);
    }
    scene_check();
}

/* Returns how often the call was refused. */
static uint64_t starve(const struct world_site *site, const struct call *call, bool on) {
    static struct snapshot before;
    uint64_t refused = 0;
    scene_open(site);
    furnish();
    take_snapshot(&before);
    for (uint64_t nth = 1;; nth++) {
        world_fail(&s.world, nth, on);
        const mset_status status = call->make(site->large / s.world.page);
        const uint64_t hit = s.world.point.hit;
        world_fail(&s.world, 0, false);
        faults += hit;
        if (status == MSET_OK && hit == 0) {
            break;
        }
        if (status == MSET_OK) { /* it did with less: a smaller block. Once more, from the start */
            scene_check();
            scene_close();
            scene_open(site);
            furnish();
            take_snapshot(&before);
            continue;
        }
        assert_int_equal(status, MSET_NO_MEMORY);
        expect_as_before(call->name, nth, &before);
        refused++;
    }
    scene_check();
    scene_close();
    return refused;
}

static void test_every_request_refused(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        uint64_t refused = 0;
        for (size_t i = 0; i < world_site_count; i++) {
            refused += starve(&world_sites[i], &calls[k], false);
            refused += starve(&world_sites[i], &calls[k], true);
        }
        print_message("%-14s %4ju times refused\n", calls[k].name, (uintmax_t)refused);
        assert_true(refused > 0 || !calls[k].needs);
    }
    print_message("faults injected: %ju\n", (uintmax_t)faults);
}

/* Whole areas go without memory, whatever they hold. */
static void test_taking_out_needs_none(void **state) {
    (void)state;
    for (size_t i = 0; i < world_site_count; i++) {
        scene_open(&world_sites[i]);
        furnish();
        const uint64_t large = world_sites[i].large / s.world.page;
        world_fail(&s.world, 1, true);
        assert_int_equal(mset_space_unmap(space(0), at(large), bytes(large)), MSET_OK);
        assert_int_equal(mset_space_discard(space(0), at(0), bytes(large), MSET_HOLES_FAIL),
                         MSET_OK);
        mset_space_clear(space(0));
        world_end(&s.world, 1);
        assert_int_equal(s.world.point.requests, 0);
        world_fail(&s.world, 0, false);
        scene_check();
        scene_close();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_request_refused),
        cmocka_unit_test(test_taking_out_needs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
