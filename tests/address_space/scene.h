/* scene.h - one world per test, of a site of choice, with process 0 in it; and what tests say
 * often. */
#ifndef MSET_TEST_ADDRESS_SPACE_SCENE_H
#define MSET_TEST_ADDRESS_SPACE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#define RW (MSET_READ | MSET_WRITE)
#define PAGE MSET_PAGE_SIZE

struct scene {
    struct world world;
    uint64_t base; /* of the window */
    uint64_t rw;   /* RW, and the user's where there is one */
};

static struct scene s;

static inline struct mset_space *space(unsigned i) {
    return s.world.process[i].space;
}

static inline void scene_open(const struct world_site *site) {
    assert_true(world_open(&s.world, site));
    assert_int_equal(world_start(&s.world, 0), MSET_OK);
    s.base = s.world.base;
    s.rw = RW | s.world.user;
}

static inline void scene_check(void) {
    world_check(&s.world);
    const char *const wrong = world_complaint(&s.world);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static inline void scene_close(void) {
    const char *const wrong = world_close(&s.world);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static inline int scene_set_up(void **state) {
    (void)state;
    scene_open(&world_sites[0]); /* x86-64 */
    return 0;
}

static inline int scene_tear_down(void **state) {
    (void)state;
    scene_close();
    return 0;
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)

/* Process 0 maps private memory at the page of this number. */
static inline void map(uint64_t page, uint64_t pages, uint64_t flags, unsigned how) {
    const uint64_t start = s.base + page * PAGE;
    assert_int_equal(mset_space_map_alloc(space(0), start, pages * PAGE, flags, start, how),
                     MSET_OK);
}

static inline uint64_t load(unsigned process, uint64_t address) {
    uint64_t word = 0;
    assert_int_equal(world_load(&s.world, process, address, &word), MSET_OK);
    return word;
}

static inline void store(unsigned process, uint64_t address, uint64_t word) {
    assert_int_equal(world_store(&s.world, process, address, word), MSET_OK);
}

static inline void fork_to(unsigned process) {
    assert_int_equal(world_fork(&s.world, 0, process), MSET_OK);
}

static inline struct mset_space_place place_of(unsigned process, uint64_t address, uint64_t want) {
    struct mset_space_place place = {0};
    assert_int_equal(mset_space_translate(space(process), address, 0, want, &place), MSET_OK);
    return place;
}

#endif
