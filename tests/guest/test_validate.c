/* test_validate.c - mset_guest_validate() sees each invariant of src/guest/guest.h broken. */
#include "scene.h"

#include "guest/guest.h"
#include "set/set.h"

struct house {
    struct scene scene;
    struct mset_region *ram, *above, *alias;
    struct mset_region *buried; /* below all others: nobody sees it */
};

static void open_house(struct house *house) {
    scene_open(&house->scene);
    house->ram = add(&house->scene, ram_at(0, 16));
    struct mset_region_config config = ram_at(4 * PAGE, 2);
    config.priority = 1;
    house->above = add(&house->scene, config);
    config.priority = -1;
    house->buried = add(&house->scene, config);
    config = alias_at(0x100000, 2, house->ram, 3);
    config.priority = 0;
    house->alias = add(&house->scene, config);
}

/* Says so while it is broken, and nothing once it is mended. */
static void expect(struct house *house, const char *complaint) {
    assert_string_equal(mset_guest_validate(house->scene.guest), complaint);
}

/* The spare has one area, which is another in one respect; or the same number at other places. */
static void differ_in_one(struct house *house, struct mset *spare, const struct mset_area *right) {
    struct mset_area areas[5] = {*right, *right, *right, *right, *right};
    areas[0].start += PAGE, areas[0].size -= PAGE, areas[0].offset += PAGE;
    areas[1].size -= PAGE;
    areas[2].flags ^= MSET_EXEC;
    areas[3].backend = &house->above->backend;
    areas[4].offset += PAGE;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(mset_unmap_metadata(spare, right->start, right->size), MSET_OK);
        assert_int_equal(mset_replace_metadata(spare, &areas[i]), MSET_OK);
        expect(house, "the two flat views differ");
    }
    assert_int_equal(mset_replace_metadata(spare, right), MSET_OK);
    assert_null(mset_guest_validate(house->scene.guest));
}

static void test_views(void **state) {
    struct house house;
    (void)state;
    open_house(&house);
    struct mset_guest *const guest = house.scene.guest;
    struct mset *const live = guest->views[guest->live].set;
    struct mset_area area;
    assert_true(mset_find(live, 0, &area));
    const struct mset_area right = area;
    area.offset += PAGE;
    assert_int_equal(mset_replace_metadata(live, &area), MSET_OK);
    expect(&house, "the flat view shows what is not there");
    area = right;
    area.flags ^= MSET_WRITE;
    assert_int_equal(mset_replace_metadata(live, &area), MSET_OK);
    expect(&house, "the flat view shows what is not there");
    area = right;
    area.backend = &house.above->backend;
    assert_int_equal(mset_replace_metadata(live, &area), MSET_OK);
    expect(&house, "the flat view shows what is not there");
    assert_int_equal(mset_replace_metadata(live, &right), MSET_OK);
    area = right;
    area.start = 0x200000;
    assert_int_equal(mset_replace_metadata(live, &area), MSET_OK);
    expect(&house, "the flat view shows what is not there");
    assert_int_equal(mset_unmap_metadata(live, area.start, area.size), MSET_OK);
    struct mset *const spare = guest->views[1 - guest->live].set;
    assert_int_equal(mset_replace_metadata(spare, &area), MSET_OK);
    expect(&house, "the two flat views differ");
    assert_int_equal(mset_unmap_metadata(spare, area.start, area.size), MSET_OK);
    area = right;
    area.offset += PAGE;
    assert_int_equal(mset_replace_metadata(spare, &area), MSET_OK);
    expect(&house, "the two flat views differ");
    assert_int_equal(mset_replace_metadata(spare, &right), MSET_OK);
    differ_in_one(&house, spare, &right);
    live->told++;
    expect(&house, mset_validate(live));
    live->told--;
    guest->views[guest->live].few_first[0]++;
    expect(&house, "the short list of areas is not that of the flat view");
    guest->views[guest->live].few_first[0]--;
    guest->views[guest->live].few_count++;
    expect(&house, "the short list of areas is not that of the flat view");
    guest->views[guest->live].few_count--;
    scene_close(&house.scene);
}

static void test_holes(void **state) {
    struct house house;
    (void)state;
    open_house(&house);
    struct mset_guest *const guest = house.scene.guest;
    struct mset_area area;
    assert_true(mset_find(guest->views[0].set, 0x100000, &area));
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(mset_unmap_metadata(guest->views[i].set, 0x100000, PAGE), MSET_OK);
        mset_view_gather_few(&guest->views[i]);
    }
    expect(&house, "a region is not in the flat view");
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(mset_replace_metadata(guest->views[i].set, &area), MSET_OK);
        mset_view_gather_few(&guest->views[i]);
    }
    scene_close(&house.scene);
}

static void test_layers(void **state) {
    struct house house;
    (void)state;
    open_house(&house);
    struct mset_guest *const guest = house.scene.guest;
    const int priority = guest->layers[0].priority;
    guest->layers[0].priority = guest->layers[1].priority;
    expect(&house, "layers are not in the order of their priorities");
    guest->layers[0].priority = priority + 1;
    expect(&house, "a region is not in its layer");
    guest->layers[0].priority = priority;
    house.alias->now.target_offset = 15 * PAGE;
    expect(&house, "an alias sticks out of its target");
    house.alias->now.target_offset = 17 * PAGE;
    expect(&house, "an alias sticks out of its target");
    house.alias->now = house.alias->next;
    house.ram->now.shown = false;
    expect(&house, "layers hold other regions than shown");
    house.ram->now.shown = true;
    house.ram->now.size += PAGE;
    expect(&house, "a region is not in its layer");
    house.ram->now.size -= PAGE;
    house.ram->now.start += PAGE;
    expect(&house, "a region is not in its layer");
    house.ram->now.start += UINT64_C(1) << 40;
    expect(&house, "a region is not in its layer");
    house.ram->now = house.ram->next;
    struct mset *const layer = guest->layers[1].set;
    layer->told++;
    expect(&house, mset_validate(layer));
    layer->told--;
    struct mset *const lowest = guest->layers[2].set;
    struct mset_area area = {4 * PAGE, 2 * PAGE, 0, &house.above->backend, 0};
    assert_int_equal(mset_replace_metadata(lowest, &area), MSET_OK);
    expect(&house, "a region is not in its layer");
    area.backend = &house.buried->backend;
    assert_int_equal(mset_replace_metadata(lowest, &area), MSET_OK);
    scene_close(&house.scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
