/* scene.h - shorthand for tests that make their maps by hand: a guest whose memory is counted. */
#ifndef MSET_TEST_GUEST_SCENE_H
#define MSET_TEST_GUEST_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mset/guest_access.h>
#include <mset/guest_listener.h>

#include "support/counting_allocator.h"

#define PAGE MSET_PAGE_SIZE
#define TOP_PAGE (UINT64_C(0) - PAGE)

struct scene {
    struct counting_allocator memory;
    struct mset_guest *guest;
    struct mset_guest_cursor cursor;
};

static inline void scene_open_with(struct scene *scene, struct mset_guest_options options) {
    counting_allocator_open(&scene->memory);
    options.allocator = &scene->memory.base;
    assert_int_equal(mset_guest_create(&options, &scene->guest), MSET_OK);
    mset_guest_cursor_init(&scene->cursor, scene->guest);
}

static inline void scene_open(struct scene *scene) {
    scene_open_with(scene, (struct mset_guest_options){.page_size = 0});
}

static inline void scene_check(const struct scene *scene) {
    assert_null(mset_guest_validate(scene->guest));
    assert_null(counting_allocator_complaint(&scene->memory, false));
}

static inline void scene_close(struct scene *scene) {
    assert_null(mset_guest_validate(scene->guest));
    mset_guest_destroy(scene->guest);
    assert_null(counting_allocator_complaint(&scene->memory, true));
}

static inline struct mset_region_config ram_at(uint64_t start, uint64_t pages) {
    return (struct mset_region_config){.kind = MSET_REGION_RAM,
                                       .start = start,
                                       .size = pages * PAGE,
                                       .memory = {.source = MSET_MEMORY_ANONYMOUS}};
}

static inline struct mset_region_config alias_at(uint64_t start, uint64_t pages,
                                                 struct mset_region *target, uint64_t page) {
    return (struct mset_region_config){.kind = MSET_REGION_ALIAS,
                                       .start = start,
                                       .size = pages * PAGE,
                                       .priority = 1,
                                       .target = target,
                                       .target_offset = page * PAGE};
}

static inline struct mset_region *add(struct scene *scene, struct mset_region_config config) {
    struct mset_region *region = NULL;
    assert_int_equal(mset_guest_add(scene->guest, &config, &region), MSET_OK);
    scene_check(scene);
    return region;
}

static inline mset_status try_add(struct scene *scene, struct mset_region_config config) {
    struct mset_region *region = NULL;
    const mset_status status = mset_guest_add(scene->guest, &config, &region);
    scene_check(scene);
    return status;
}

static inline unsigned char *host_of(const struct mset_region *region) {
    struct mset_region_info info;
    mset_region_get(region, &info);
    return info.memory.host;
}

/* The region seen at an address; NULL: nothing. */
static inline const struct mset_region *seen_at(const struct scene *scene, uint64_t address) {
    struct mset_area area;
    return mset_find(mset_guest_view(scene->guest), address, &area)
               ? mset_region_of(&area, address, NULL)
               : NULL;
}

#endif
