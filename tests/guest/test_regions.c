/* test_regions.c - regions one by one: what is refused, and what the calls do. */
#include "scene.h"

#include <stdlib.h>

static const struct mset_region_io no_io = {NULL, NULL};

/* ---- what is refused --------------------------------------------------------------------------
 */

static void test_options(void **state) {
    struct mset_guest *guest = NULL;
    const struct mset_allocator broken = {NULL, NULL, NULL};
    (void)state;
    assert_int_equal(mset_guest_create(NULL, NULL), MSET_INVALID_PARAM);
    const struct mset_guest_options wrong[] = {
        {.page_size = 3}, {.slot_page_size = 5000}, {.address_bits = 65}, {.allocator = &broken}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(mset_guest_create(&wrong[i], &guest), MSET_INVALID_PARAM);
    }
    assert_null(guest);
    assert_int_equal(mset_guest_create(NULL, &guest), MSET_OK);
    assert_int_equal(mset_count(mset_guest_view(guest)), 0);
    mset_guest_destroy(guest);
    const struct mset_guest_options widest = {.address_bits = 64};
    assert_int_equal(mset_guest_create(&widest, &guest), MSET_OK);
    mset_guest_destroy(guest);
    mset_guest_destroy(NULL);
    guest = NULL;
    assert_null(mset_guest_view(NULL));
}

static void test_ranges(void **state) {
    struct scene scene;
    (void)state;
    scene_open_with(&scene, (struct mset_guest_options){.address_bits = 40});
    const struct {
        uint64_t start, size;
    } wrong[] = {{0, 0},
                 {1, PAGE},
                 {0, PAGE + 1},
                 {TOP_PAGE, 2 * PAGE},
                 {TOP_PAGE, PAGE}, /* beyond 40 bits */
                 {(UINT64_C(1) << 40) - PAGE, 2 * PAGE},
                 {0, (UINT64_C(1) << 40) + PAGE},
                 {PAGE, UINT64_MAX - PAGE + 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct mset_region_config config = {
            .kind = MSET_REGION_RESERVED, .start = wrong[i].start, .size = wrong[i].size};
        assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM);
    }
    struct mset_region *const region = add(&scene, ram_at((UINT64_C(1) << 40) - PAGE, 1));
    assert_int_equal(mset_guest_move(scene.guest, region, UINT64_C(1) << 40), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_move(scene.guest, region, 7), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_resize(scene.guest, region, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_resize(scene.guest, region, 2 * PAGE), MSET_INVALID_PARAM);
    scene_close(&scene);
}

static void test_the_last_page(void **state) {
    struct scene scene;
    (void)state;
    scene_open(&scene);
    struct mset_region *const top = add(&scene, ram_at(TOP_PAGE - PAGE, 2));
    void *host = NULL;
    uint64_t bytes = 0;
    assert_int_equal(mset_guest_translate(&scene.cursor, UINT64_MAX, MSET_WRITE, &host, &bytes),
                     MSET_OK);
    assert_ptr_equal(host, host_of(top) + 2 * PAGE - 1);
    assert_int_equal(bytes, 1);
    /* All but one page of the address space. */
    struct mset_region *const rest = add(
        &scene, (struct mset_region_config){
                    .kind = MSET_REGION_RESERVED, .start = PAGE, .size = TOP_PAGE, .priority = -1});
    assert_ptr_equal(seen_at(&scene, UINT64_C(1) << 63), rest);
    assert_ptr_equal(seen_at(&scene, UINT64_MAX), top);
    assert_int_equal(mset_guest_remove(scene.guest, top), MSET_OK);
    assert_ptr_equal(seen_at(&scene, UINT64_MAX), rest);
    assert_int_equal(mset_guest_remove(scene.guest, rest), MSET_OK);
    assert_int_equal(mset_count(mset_guest_view(scene.guest)), 0);
    scene_close(&scene);
}

static void test_memory_wishes(void **state) {
    struct scene scene;
    unsigned char *const own = aligned_alloc(PAGE, 2 * PAGE);
    (void)state;
    scene_open(&scene);
    struct mset_region_config config = ram_at(0, 2);
    config.max_size = PAGE;
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM); /* less than its size */
    config.max_size = 2 * PAGE + 1;
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM);
    config = ram_at(0, 2);
    config.memory.source = (enum mset_memory_source)9;
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM);
    config.memory.source = MSET_MEMORY_CALLER;
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM); /* without any */
    config.memory.host = own + 1;
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM);
    config.memory.host = (void *)(uintptr_t)(UINTPTR_MAX - PAGE + 1);
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM); /* wraps on the host */
    config.memory.host = own;
    assert_ptr_equal(host_of(add(&scene, config)), own);
    config.kind = (enum mset_region_kind)77;
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM);
    scene_close(&scene);
    free(own);
}

static void test_null(void **state) {
    struct scene scene, other;
    struct mset_region *region = NULL;
    const struct mset_region_config config = ram_at(0, 1);
    const struct mset_gap_request wish = {.size = PAGE};
    uint64_t at;
    (void)state;
    scene_open(&scene);
    scene_open(&other);
    assert_int_equal(mset_guest_add(NULL, &config, &region), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_add(scene.guest, NULL, &region), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_add(scene.guest, &config, NULL), MSET_INVALID_PARAM);
    struct mset_region *const foreign = add(&other, config);
    struct mset_region *const mine[] = {NULL, foreign};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(mset_guest_remove(scene.guest, mine[i]), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_move(scene.guest, mine[i], 0), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_resize(scene.guest, mine[i], PAGE), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_show(scene.guest, mine[i], true), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_set_priority(scene.guest, mine[i], 1), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_set_read_only(scene.guest, mine[i], true), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_redirect(scene.guest, mine[i], 0), MSET_INVALID_PARAM);
    }
    assert_int_equal(mset_guest_set_logged(scene.guest, foreign, true), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_set_logged(NULL, NULL, true), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_remove(NULL, foreign), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_begin(NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_commit(NULL, NULL), MSET_INVALID_PARAM);
    mset_guest_rollback(NULL);
    assert_int_equal(mset_guest_find_room(NULL, &wish, &at), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_find_room(scene.guest, NULL, &at), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_discard(NULL, 0, PAGE), MSET_INVALID_PARAM);
    scene_close(&scene);
    scene_close(&other);
}

/* ---- what the calls do ------------------------------------------------------------------------
 */

static void test_priorities(void **state) {
    struct scene scene;
    (void)state;
    scene_open(&scene);
    struct mset_region *const ram = add(&scene, ram_at(0, 16));
    struct mset_region_config config = ram_at(4 * PAGE, 4);
    assert_int_equal(try_add(&scene, config), MSET_ALREADY_EXISTS);
    config.priority = 5;
    struct mset_region *const above = add(&scene, config);
    config.priority = -5;
    config.size = 32 * PAGE;
    struct mset_region *const below = add(&scene, config);
    assert_ptr_equal(seen_at(&scene, 3 * PAGE), ram);
    assert_ptr_equal(seen_at(&scene, 4 * PAGE), above);
    assert_ptr_equal(seen_at(&scene, 8 * PAGE), ram);
    assert_ptr_equal(seen_at(&scene, 16 * PAGE), below);
    assert_int_equal(mset_count(mset_guest_view(scene.guest)), 4);
    assert_int_equal(mset_guest_set_priority(scene.guest, above, 0), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_guest_set_priority(scene.guest, above, -9), MSET_OK);
    assert_ptr_equal(seen_at(&scene, 4 * PAGE), ram);
    assert_int_equal(mset_count(mset_guest_view(scene.guest)), 2);
    scene_close(&scene);
}

/* A BAR that is moved onto another one stays where it is; in one transaction they trade places. */
static void test_bars(void **state) {
    struct scene scene;
    (void)state;
    scene_open(&scene);
    struct mset_region *const a = add(&scene, ram_at(0x100000, 4));
    struct mset_region *const b = add(&scene, ram_at(0x200000, 4));
    const uint64_t generation = mset_guest_generation(scene.guest);
    assert_int_equal(mset_guest_move(scene.guest, a, 0x202000), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_guest_generation(scene.guest), generation);
    assert_ptr_equal(seen_at(&scene, 0x100000), a);
    assert_ptr_equal(seen_at(&scene, 0x202000), b);
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    assert_int_equal(mset_guest_begin(scene.guest), MSET_BAD_STATE);
    assert_int_equal(mset_guest_move(scene.guest, a, 0x200000), MSET_OK);
    assert_int_equal(mset_guest_move(scene.guest, b, 0x100000), MSET_OK);
    assert_ptr_equal(seen_at(&scene, 0x100000), a);
    assert_int_equal(mset_guest_commit(scene.guest, NULL), MSET_OK);
    assert_int_equal(mset_guest_commit(scene.guest, NULL), MSET_BAD_STATE);
    assert_ptr_equal(seen_at(&scene, 0x100000), b);
    assert_ptr_equal(seen_at(&scene, 0x200000), a);
    assert_int_not_equal(mset_guest_generation(scene.guest), generation);
    scene_close(&scene);
}

static void test_rollback(void **state) {
    struct scene scene;
    struct mset_region *born = NULL, *alias = NULL;
    struct mset_region_info info;
    (void)state;
    scene_open(&scene);
    struct mset_region *const ram = add(&scene, ram_at(0, 4));
    const struct mset_region_config config = ram_at(0x100000, 1);
    const uint64_t live = scene.memory.live_blocks;
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    assert_int_equal(mset_guest_add(scene.guest, &config, &born), MSET_OK);
    const struct mset_region_config window = alias_at(0x300000, 1, born, 0);
    assert_int_equal(mset_guest_add(scene.guest, &window, &alias), MSET_OK);
    assert_int_equal(mset_guest_move(scene.guest, ram, 0x200000), MSET_OK);
    assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_OK);
    assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_INVALID_PARAM); /* it is going */
    assert_int_equal(mset_guest_move(scene.guest, ram, 0), MSET_INVALID_PARAM);
    mset_region_get(ram, &info);
    assert_int_equal(info.config.start, 0x200000);
    mset_guest_rollback(scene.guest);
    assert_int_equal(scene.memory.live_blocks, live);
    mset_region_get(ram, &info);
    assert_int_equal(info.config.start, 0);
    assert_ptr_equal(seen_at(&scene, 0), ram);
    assert_null(seen_at(&scene, 0x100000));
    mset_guest_rollback(scene.guest); /* nothing is open */
    scene_close(&scene);
}

static void test_born_and_gone_at_once(void **state) {
    struct scene scene;
    struct mset_region *region = NULL;
    struct mset_commit_report report;
    const struct mset_region_config config = ram_at(0, 1);
    (void)state;
    scene_open(&scene);
    const uint64_t live = scene.memory.live_blocks;
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    assert_int_equal(mset_guest_add(scene.guest, &config, &region), MSET_OK);
    assert_int_equal(mset_guest_remove(scene.guest, region), MSET_OK);
    assert_int_equal(mset_guest_commit(scene.guest, &report), MSET_OK);
    assert_int_equal(report.added + report.removed, 0);
    assert_int_equal(scene.memory.live_blocks, live);
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    assert_int_equal(mset_guest_commit(scene.guest, &report), MSET_OK); /* nothing at all */
    scene_close(&scene);
}

/* What is left open when a guest is destroyed goes with it. */
static void test_destroyed_in_a_transaction(void **state) {
    struct scene scene;
    struct mset_region *region = NULL;
    const struct mset_region_config config = ram_at(0x100000, 1);
    (void)state;
    scene_open(&scene);
    add(&scene, ram_at(0, 1));
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    assert_int_equal(mset_guest_add(scene.guest, &config, &region), MSET_OK);
    assert_null(mset_guest_validate(scene.guest)); /* nothing is claimed meanwhile */
    scene_close(&scene);
}

static void test_aliases(void **state) {
    struct scene scene;
    struct mset_area area;
    uint64_t offset;
    (void)state;
    scene_open(&scene);
    struct mset_region_config config = ram_at(0, 8);
    config.hidden = true; /* seen through its aliases only */
    struct mset_region *const ram = add(&scene, config);
    assert_int_equal(try_add(&scene, alias_at(0, 2, NULL, 0)), MSET_INVALID_PARAM);
    struct scene other;
    scene_open(&other); /* a target in another guest */
    assert_int_equal(try_add(&scene, alias_at(0, 2, add(&other, config), 0)), MSET_INVALID_PARAM);
    scene_close(&other);
    assert_int_equal(try_add(&scene, alias_at(0, 2, ram, 7)), MSET_INVALID_PARAM);
    assert_int_equal(try_add(&scene, alias_at(0, 2, ram, 9)), MSET_INVALID_PARAM);
    config = alias_at(0, 2, ram, 1);
    config.target_offset++;
    assert_int_equal(try_add(&scene, config), MSET_INVALID_PARAM);
    struct mset_region *const low = add(&scene, alias_at(0, 4, ram, 0));
    struct mset_region *const high = add(&scene, alias_at(0x100000, 4, ram, 4));
    struct mset_region *const nested = add(&scene, alias_at(0x200000, 2, high, 1));
    assert_true(mset_find(mset_guest_view(scene.guest), 0x201000, &area));
    assert_ptr_equal(mset_region_of(&area, 0x201000, &offset), ram);
    assert_int_equal(offset, 6 * PAGE);
    assert_int_equal(mset_guest_kind(area.flags), MSET_REGION_RAM);
    assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_BAD_STATE);
    assert_int_equal(mset_guest_remove(scene.guest, high), MSET_BAD_STATE);
    assert_int_equal(mset_guest_resize(scene.guest, ram, 7 * PAGE), MSET_BAD_STATE);
    assert_int_equal(mset_guest_resize(scene.guest, high, 2 * PAGE), MSET_BAD_STATE);
    assert_int_equal(mset_guest_resize(scene.guest, nested, 4 * PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_redirect(scene.guest, nested, 3 * PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_redirect(scene.guest, nested, 5 * PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_redirect(scene.guest, nested, 1), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_redirect(scene.guest, ram, 0), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_redirect(scene.guest, high, 0), MSET_OK);
    assert_true(mset_find(mset_guest_view(scene.guest), 0x201000, &area)); /* and so did nested */
    assert_ptr_equal(mset_region_of(&area, 0x201000, &offset), ram);
    assert_int_equal(offset, 2 * PAGE);
    scene_check(&scene);
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK); /* all go together */
    assert_int_equal(mset_guest_remove(scene.guest, nested), MSET_OK);
    assert_int_equal(mset_guest_remove(scene.guest, low), MSET_OK);
    assert_int_equal(mset_guest_remove(scene.guest, high), MSET_OK);
    assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_OK);
    assert_int_equal(try_add(&scene, alias_at(0, 1, ram, 0)), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_commit(scene.guest, NULL), MSET_OK);
    assert_int_equal(mset_count(mset_guest_view(scene.guest)), 0);
    scene_close(&scene);
}

/* The firmware's copy of itself in RAM: written, then read-only, and back. */
static void test_shadowed_rom(void **state) {
    struct scene scene;
    (void)state;
    scene_open(&scene);
    struct mset_region *const ram = add(&scene, ram_at(0, 256));
    struct mset_region_config config = alias_at(0xe0000, 16, ram, 0xe0);
    config.read_only = true;
    struct mset_region *const shadow = add(&scene, config);
    struct mset_region_info info;
    mset_region_get(shadow, &info);
    assert_true(info.config.read_only);
    assert_int_equal(mset_guest_fill(&scene.cursor, 0xe0000, 1, 4, NULL), MSET_ACCESS_DENIED);
    assert_int_equal(mset_guest_set_read_only(scene.guest, shadow, false), MSET_OK);
    assert_int_equal(mset_count(mset_guest_view(scene.guest)), 1); /* as if it were not there */
    assert_int_equal(mset_guest_fill(&scene.cursor, 0xe0000, 1, 4, NULL), MSET_OK);
    assert_int_equal(mset_guest_set_read_only(scene.guest, ram, true), MSET_OK);
    assert_int_equal(mset_guest_fill(&scene.cursor, 0xe0000, 2, 4, NULL), MSET_ACCESS_DENIED);
    assert_int_equal(host_of(ram)[0xe0003], 1);
    struct mset_region *const device =
        add(&scene, (struct mset_region_config){.kind = MSET_REGION_MMIO,
                                                .start = 0x200000,
                                                .size = PAGE,
                                                .logged = true, /* which has no meaning */
                                                .io = &no_io});
    mset_region_get(device, &info);
    assert_false(info.config.logged);
    assert_int_equal(mset_guest_set_read_only(scene.guest, device, true), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_set_logged(scene.guest, device, true), MSET_UNSUPPORTED);
    mset_region_get(ram, &info);
    assert_int_equal(info.config.kind, MSET_REGION_ROM);
    mset_region_get(shadow, &info);
    assert_int_equal(info.config.kind, MSET_REGION_ALIAS);
    assert_false(info.config.read_only);
    assert_ptr_equal(info.config.target, ram);
    scene_close(&scene);
}

static void test_resize(void **state) {
    struct scene scene;
    int mark;
    (void)state;
    scene_open(&scene);
    struct mset_region_config config = ram_at(0, 2);
    config.max_size = 6 * PAGE;
    config.user = &mark;
    struct mset_region *const ram = add(&scene, config);
    assert_ptr_equal(mset_region_user(ram), &mark);
    const unsigned char *const host = host_of(ram);
    assert_int_equal(mset_guest_resize(scene.guest, ram, 7 * PAGE), MSET_OVER_LIMIT);
    assert_int_equal(mset_guest_resize(scene.guest, ram, 6 * PAGE), MSET_OK);
    assert_int_equal(mset_guest_fill(&scene.cursor, 0, 7, 6 * PAGE, NULL), MSET_OK);
    assert_int_equal(mset_guest_resize(scene.guest, ram, PAGE), MSET_OK);
    assert_null(seen_at(&scene, PAGE));
    assert_ptr_equal(host_of(ram), host);
    assert_int_equal(mset_guest_show(scene.guest, ram, false), MSET_OK);
    assert_null(seen_at(&scene, 0));
    assert_int_equal(mset_guest_show(scene.guest, ram, true), MSET_OK);
    assert_ptr_equal(seen_at(&scene, 0), ram);
    scene_close(&scene);
}

static void test_room(void **state) {
    struct scene scene;
    uint64_t at = 0;
    (void)state;
    scene_open_with(&scene, (struct mset_guest_options){.address_bits = 36});
    add(&scene, ram_at(0, 4));
    struct mset_gap_request wish = {.size = 4 * PAGE, .align = 16 * PAGE};
    assert_int_equal(mset_guest_find_room(scene.guest, &wish, &at), MSET_OK);
    assert_int_equal(at, 16 * PAGE);
    wish.flags = MSET_GAP_TOP_DOWN; /* below 2^36, not 2^64 */
    assert_int_equal(mset_guest_find_room(scene.guest, &wish, &at), MSET_OK);
    assert_int_equal(at, (UINT64_C(1) << 36) - 16 * PAGE);
    wish.hi = UINT64_C(1) << 50;
    assert_int_equal(mset_guest_find_room(scene.guest, &wish, &at), MSET_OK);
    assert_int_equal(at, (UINT64_C(1) << 36) - 16 * PAGE);
    wish.hi = 0x100000;
    assert_int_equal(mset_guest_find_room(scene.guest, &wish, &at), MSET_OK);
    assert_int_equal(at, 0x100000 - 16 * PAGE);
    wish.lo = UINT64_C(1) << 36;
    wish.hi = 0;
    assert_int_equal(mset_guest_find_room(scene.guest, &wish, &at), MSET_NOT_FOUND);
    scene_close(&scene);
}

/* More priorities than anybody has, and more areas than are few. */
static void test_many(void **state) {
    struct scene scene;
    struct mset_region *regions[40];
    (void)state;
    scene_open(&scene);
    for (int i = 0; i < 40; i++) {
        struct mset_region_config config = ram_at((uint64_t)i * PAGE, 2);
        config.priority = i * 37 % 41;
        regions[i] = add(&scene, config);
    }
    for (int i = 1; i < 40; i++) {
        const bool before = (i - 1) * 37 % 41 > i * 37 % 41;
        void *host = NULL;
        uint64_t bytes = 0;
        assert_int_equal(
            mset_guest_translate(&scene.cursor, (uint64_t)i * PAGE + 9, MSET_READ, &host, &bytes),
            MSET_OK);
        assert_ptr_equal(host, host_of(regions[before ? i - 1 : i]) + (before ? PAGE : 0) + 9);
        assert_ptr_equal(seen_at(&scene, (uint64_t)i * PAGE), regions[before ? i - 1 : i]);
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(mset_guest_remove(scene.guest, regions[i * 7 % 40]), MSET_OK);
        scene_check(&scene);
    }
    assert_int_equal(mset_count(mset_guest_view(scene.guest)), 0);
    scene_close(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_the_last_page),
        cmocka_unit_test(test_memory_wishes),
        cmocka_unit_test(test_null),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_born_and_gone_at_once),
        cmocka_unit_test(test_destroyed_in_a_transaction),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_shadowed_rom),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
