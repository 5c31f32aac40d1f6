/*
 * test_failures.c - every allocation, every call to KVM and every listener refuses once, or from
 * then on, at every position of a transaction that does everything at once; nothing may have
 * happened.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "area_tree/node.h"

static struct world world;
static uint64_t injected;

static void agree(void) {
    world_compare(&world);
    if (world.complaint[0] != '\0') {
        fail_msg("%s", world.complaint);
    }
}

static void pend(int id, const struct model_region *region) {
    world.model.pending.regions[id] = *region;
    world.model.pending.regions[id].exists = true;
}

static mset_status add(int id, struct model_region region) {
    struct mset_region *handle = NULL;
    region.exists = true;
    if (region.kind != MSET_REGION_ALIAS) {
        region.target = -1;
    }
    region.max_size = region.size;
    region.shown = true;
    world_content_open(&world, id, &region);
    const struct mset_region_config config = world_config(&world, id, &region);
    const mset_status status = mset_guest_add(world.guest, &config, &handle);
    world.contents[id].handle = handle;
    if (status == MSET_OK) {
        pend(id, &region);
    } else {
        world_content_close(&world, id);
    }
    return status;
}

/* RAM, a BAR in a hole, a read-only window, logged memory: nine slots or so. */
static void build(bool manual) {
    const struct world_options options = {.base = UINT64_C(1) << 32,
                                          .unit = 4096,
                                          .with_kvm = true,
                                          .kvm_first = true,
                                          .manual = manual};
    world_open(&world, &options);
    assert_int_equal(add(0, (struct model_region){.size = 24, .logged = true}), MSET_OK);
    assert_int_equal(
        add(1,
            (struct model_region){.kind = MSET_REGION_MMIO, .start = 4, .size = 2, .priority = 1}),
        MSET_OK);
    assert_int_equal(add(2, (struct model_region){.kind = MSET_REGION_ALIAS,
                                                  .start = 10,
                                                  .size = 3,
                                                  .priority = 1,
                                                  .read_only = true,
                                                  .target_offset = 10}),
                     MSET_OK);
    assert_int_equal(add(3, (struct model_region){.start = 30, .size = 4}), MSET_OK);
    assert_int_equal(add(4, (struct model_region){.start = 36, .size = 4, .logged = true}),
                     MSET_OK);
    world.model.committed = world.model.pending;
    agree();
}

static void tear_down(void) {
    world_close(&world);
    if (world.complaint[0] != '\0') {
        fail_msg("%s", world.complaint);
    }
}

/* Everything at once: removed, added, moved, relogged, cut and joined. */
static mset_status change_all(void) {
    struct mset_guest *const guest = world.guest;
    struct model_state *const pending = &world.model.pending;
    mset_status status = mset_guest_begin(guest);
    assert_int_equal(status, MSET_OK);
    assert_int_equal(mset_guest_move(guest, world.contents[1].handle, world_address(&world, 15)),
                     MSET_OK);
    pending->regions[1].start = 15;
    assert_int_equal(mset_guest_remove(guest, world.contents[2].handle), MSET_OK);
    pending->regions[2].exists = false;
    assert_int_equal(mset_guest_move(guest, world.contents[3].handle, world_address(&world, 42)),
                     MSET_OK);
    pending->regions[3].start = 42;
    assert_int_equal(mset_guest_set_logged(guest, world.contents[4].handle, false), MSET_OK);
    pending->regions[4].logged = false;
    status = add(5, (struct model_region){.start = 26, .size = 3, .priority = -7});
    return status;
}

static void nothing_happened(void) {
    mset_guest_rollback(world.guest);
    world.model.pending = world.model.committed;
    if (world.contents[5].world != NULL) {
        world_content_close(&world, 5);
    }
    agree();
}

static void it_happened(void) {
    world.model.committed = world.model.pending;
    if (world.contents[2].world != NULL) {
        world_content_close(&world, 2);
    }
    agree();
}

/* Tries with these faults; true if it passed. What is refused after that is no failure: the other
   view is made anew by the next commit. */
static bool attempt(const struct world_faults *faults, mset_status wanted, bool *was_refused) {
    world_arm(&world, faults);
    mset_status status = change_all();
    if (status == MSET_OK) {
        status = mset_guest_commit(world.guest, NULL);
    }
    const bool refused = world_disarm(&world);
    if (was_refused != NULL) {
        *was_refused = refused;
    }
    if (status == MSET_OK) {
        it_happened();
        return true;
    }
    assert_true(refused);
    assert_int_equal(status, wanted);
    injected++;
    nothing_happened();
    return false;
}

/*
 * The n-th of one kind, once or from then on, for every n until none is refused any more; a new
 * world each time, and after a failure once more in the same one: it leaves nothing behind that
 * matters.
 */
static void sweep(bool of_kvm, mset_status wanted) {
    const struct world_faults none = {0};
    for (unsigned on = 0; on < 2; on++) {
        bool refused = true;
        for (uint64_t nth = 1; refused; nth++) {
            const struct world_faults faults = {
                .alloc = of_kvm ? 0 : nth, .kvm = of_kvm ? nth : 0, .on = on != 0};
            build(nth % 2 != 0);
            if (!attempt(&faults, wanted, &refused)) {
                assert_true(attempt(&none, MSET_OK, NULL));
            }
            tear_down();
            assert_true(refused || nth > 8);
            assert_true(nth < 1000);
        }
    }
}

static void test_every_allocation(void **state) {
    (void)state;
    sweep(false, MSET_NO_MEMORY);
}

static void test_every_call_to_kvm(void **state) {
    (void)state;
    sweep(true, MSET_BAD_STATE);
}

static void test_every_listener(void **state) {
    const struct world_faults none = {0};
    (void)state;
    for (unsigned i = REFUSE_PREPARE; i <= REFUSE_APPLY; i++) {
        const struct world_faults faults = {.watcher = (enum watcher_refuses)i};
        build(false);
        assert_false(attempt(&faults, MSET_BAD_STATE, NULL));
        assert_true(attempt(&none, MSET_OK, NULL));
        tear_down();
    }
}

/* The host refuses memory: with a code of its own. */
static void test_the_host(void **state) {
    const struct world_faults faults = {.host = 1}, none = {0};
    (void)state;
    build(false);
    assert_false(attempt(&faults, MSET_BAD_STATE, NULL));
    assert_true(attempt(&none, MSET_OK, NULL));
    tear_down();
}

/* The watcher refuses what KVM has done already, and KVM refuses to take it back. */
static void test_lost(void **state) {
    const struct world_faults none = {0};
    struct mset_kvm_statistics statistics;
    unsigned lost = 0;
    (void)state;
    for (uint64_t nth = 1; nth < 40; nth++) {
        const struct world_faults faults = {.watcher = REFUSE_APPLY, .kvm = nth, .on = true};
        build(nth % 2 != 0);
        world_arm(&world, &faults);
        assert_int_equal(change_all(), MSET_OK);
        assert_int_equal(mset_guest_commit(world.guest, NULL), MSET_BAD_STATE);
        mset_kvm_get_statistics(world.kvm, &statistics);
        if (statistics.lost) {
            const struct mset_region_config config = {.kind = MSET_REGION_RAM,
                                                      .start = 0x1000,
                                                      .size = 0x1000,
                                                      .memory = {.source = MSET_MEMORY_ANONYMOUS}};
            struct mset_region *region = NULL;
            lost++;
            assert_ptr_equal(mset_guest_last_failure(world.guest).lost,
                             mset_kvm_listener(world.kvm));
            assert_int_equal(mset_kvm_reset(world.kvm),
                             statistics.slots == 0 ? MSET_OK : MSET_BAD_STATE);
            world_arm(&world, &none);
            if (statistics.slots != 0) {
                assert_int_equal(mset_guest_add(world.guest, &config, &region), MSET_BAD_STATE);
            }
        }
        (void)world_disarm(&world);
        nothing_happened();
        assert_true(attempt(&none, MSET_OK, NULL));
        tear_down();
        if (!statistics.lost && nth > 20) {
            break;
        }
    }
    assert_true(lost > 8);
    assert_int_equal(mset_kvm_reset(NULL), MSET_INVALID_PARAM);
}

/* ---- memory that a lost listener shows ---------------------------------------------------------
 */

static int obtain_counted(void *context, struct mset_memory *memory) {
    uint64_t *const live = context;
    memory->host = aligned_alloc(MSET_PAGE_SIZE, memory->size);
    *live += memory->host != NULL;
    return memory->host != NULL ? 0 : MSET_NO_MEMORY;
}

static void release_counted(void *context, struct mset_memory *memory) {
    uint64_t *const live = context;
    free(memory->host);
    --*live;
}

struct linger {
    uint64_t live; /* pieces of host memory */
    struct mset_guest *guest;
    struct fake_kvm fake;
    struct mset_kvm *kvm;
    struct watcher watcher;
    struct mset_region *hidden;
};

static mset_status linger_add(struct linger *linger, uint64_t start, bool hidden,
                              struct mset_region **region) {
    const struct mset_region_config config = {.kind = MSET_REGION_RAM,
                                              .start = start,
                                              .size = MSET_PAGE_SIZE,
                                              .hidden = hidden,
                                              .memory = {.source = MSET_MEMORY_ANONYMOUS}};
    return mset_guest_add(linger->guest, &config, region);
}

static void linger_open(struct linger *linger) {
    memset(linger, 0, sizeof *linger);
    const struct mset_memory_host host = {obtain_counted, release_counted, NULL, &linger->live};
    const struct mset_guest_options options = {.host = &host};
    assert_int_equal(mset_guest_create(&options, &linger->guest), MSET_OK);
    fake_kvm_open(&linger->fake);
    const struct mset_kvm_config config = {
        .vm = FAKE_VM, .control = fake_kvm_control, .control_context = &linger->fake};
    assert_int_equal(mset_kvm_create(&config, &linger->kvm), MSET_OK);
    watcher_open(&linger->watcher);
    assert_int_equal(mset_guest_attach(linger->guest, mset_kvm_listener(linger->kvm)), MSET_OK);
    assert_int_equal(mset_guest_attach(linger->guest, &linger->watcher.listener), MSET_OK);
    assert_int_equal(linger_add(linger, 0x1000, true, &linger->hidden), MSET_OK);
}

/* From now on: KVM does as it is told, the watcher refuses, KVM does not take it back. */
static void linger_arm(struct linger *linger) {
    fault_point_set(&linger->fake.faults, 2, true);
    linger->watcher.refuses = REFUSE_APPLY;
}

static void linger_close(struct linger *linger) {
    fault_point_set(&linger->fake.faults, 0, false);
    assert_int_equal(mset_kvm_reset(linger->kvm), MSET_OK);
    assert_int_equal(mset_guest_detach(linger->guest, mset_kvm_listener(linger->kvm)), MSET_OK);
}

static void linger_free(struct linger *linger) {
    mset_guest_destroy(linger->guest);
    assert_int_equal(linger->live, 0);
    mset_kvm_destroy(linger->kvm);
    fake_kvm_close(&linger->fake);
}

/* KVM keeps a slot of what the failed commit added: its memory stays until KVM has been reset. */
static void test_memory_added_in_vain(void **state) {
    struct linger linger;
    struct mset_region *region = NULL;
    (void)state;
    linger_open(&linger);
    linger_arm(&linger);
    assert_int_equal(linger_add(&linger, 0x5000, false, &region), MSET_BAD_STATE);
    assert_non_null(fake_kvm_at(&linger.fake, 0x5000));
    assert_int_equal(linger.live, 2);
    assert_int_equal(linger_add(&linger, 0x7000, false, &region), MSET_BAD_STATE);
    assert_int_equal(linger.live, 2); /* that one was never shown */
    linger_close(&linger);
    assert_int_equal(linger.live, 1);
    linger_free(&linger);
}

/* The same of what it shows against the guest's map, and is removed then. */
static void test_memory_removed_while_lost(void **state) {
    (void)state;
    for (unsigned destroyed = 0; destroyed < 2; destroyed++) {
        struct linger linger;
        linger_open(&linger);
        linger_arm(&linger);
        assert_int_equal(mset_guest_show(linger.guest, linger.hidden, true), MSET_BAD_STATE);
        assert_non_null(fake_kvm_at(&linger.fake, 0x1000));
        assert_int_equal(mset_guest_remove(linger.guest, linger.hidden), MSET_OK);
        assert_int_equal(linger.live, 1);
        if (destroyed == 0) {
            linger_close(&linger);
            assert_int_equal(linger.live, 0);
        }
        linger_free(&linger);
    }
}

/* Two are lost: the memory stays until the second is detached, and it is told which that is. */
static void test_two_lost(void **state) {
    struct linger linger;
    struct mset_region *region = NULL;
    struct fake_kvm other_fake;
    struct mset_kvm *other;
    (void)state;
    linger_open(&linger);
    assert_int_equal(mset_guest_detach(linger.guest, &linger.watcher.listener), MSET_OK);
    fake_kvm_open(&other_fake);
    const struct mset_kvm_config config = {
        .vm = FAKE_VM, .control = fake_kvm_control, .control_context = &other_fake};
    assert_int_equal(mset_kvm_create(&config, &other), MSET_OK);
    assert_int_equal(mset_guest_attach(linger.guest, mset_kvm_listener(other)), MSET_OK);
    assert_int_equal(mset_guest_attach(linger.guest, &linger.watcher.listener), MSET_OK);
    linger_arm(&linger);
    fault_point_set(&other_fake.faults, 2, true);
    assert_int_equal(linger_add(&linger, 0x5000, false, &region), MSET_BAD_STATE);
    assert_ptr_equal(mset_guest_last_failure(linger.guest).lost, mset_kvm_listener(linger.kvm));
    linger_close(&linger);
    assert_int_equal(linger.live, 2);
    assert_ptr_equal(mset_guest_last_failure(linger.guest).lost, mset_kvm_listener(other));
    assert_non_null(fake_kvm_at(&other_fake, 0x5000));
    fault_point_set(&other_fake.faults, 0, false);
    assert_int_equal(mset_kvm_reset(other), MSET_OK);
    assert_int_equal(mset_guest_detach(linger.guest, mset_kvm_listener(other)), MSET_OK);
    assert_int_equal(linger.live, 1);
    assert_null(mset_guest_last_failure(linger.guest).lost);
    mset_kvm_destroy(other);
    fake_kvm_close(&other_fake);
    linger_free(&linger);
}

/* ---- what could not be brought back ------------------------------------------------------------
 */

enum { MANY = 10 * AT_LEAF_CAPACITY };

struct crowd {
    struct counting_allocator memory;
    struct mset_guest *guest;
    struct mset_region *regions[MANY];
    uint64_t at; /* of the first one */
};

#define CROWD_STEP UINT64_C(0x2000)
#define CROWD_FAR (UINT64_C(1) << 40)

/* So many regions that their layer and the views are trees of several nodes. */
static void crowd_open(struct crowd *crowd) {
    static _Alignas(4096) unsigned char page[4096];
    counting_allocator_open(&crowd->memory);
    const struct mset_guest_options options = {.allocator = &crowd->memory.base};
    assert_int_equal(mset_guest_create(&options, &crowd->guest), MSET_OK);
    assert_int_equal(mset_guest_begin(crowd->guest), MSET_OK);
    for (uint64_t i = 0; i < MANY; i++) {
        const struct mset_region_config config = {
            .kind = MSET_REGION_RAM,
            .start = i * CROWD_STEP,
            .size = 0x1000,
            .memory = {.source = MSET_MEMORY_CALLER, .host = page}};
        assert_int_equal(mset_guest_add(crowd->guest, &config, &crowd->regions[i]), MSET_OK);
    }
    assert_int_equal(mset_guest_commit(crowd->guest, NULL), MSET_OK);
    crowd->at = 0;
}

static mset_status move_crowd(struct crowd *crowd, uint64_t to) {
    assert_int_equal(mset_guest_begin(crowd->guest), MSET_OK);
    for (uint64_t i = 0; i < MANY; i++) {
        const uint64_t which = i * 7 % MANY;
        assert_int_equal(
            mset_guest_move(crowd->guest, crowd->regions[which], to + which * CROWD_STEP), MSET_OK);
    }
    const mset_status status = mset_guest_commit(crowd->guest, NULL);
    crowd->at = status == MSET_OK ? to : crowd->at;
    return status;
}

static void check_crowd(const struct crowd *crowd) {
    const struct mset *const view = mset_guest_view(crowd->guest);
    assert_null(mset_guest_validate(crowd->guest));
    assert_int_equal(mset_count(view), MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        struct mset_area area;
        assert_true(mset_find(view, crowd->at + i * CROWD_STEP, &area));
        assert_ptr_equal(mset_region_of(&area, area.start, NULL), crowd->regions[i]);
    }
}

/* No memory from the n-th request on, not even for the way back; nor at the next attempt, for a
   while: readers see the old map all the time, and as soon as there is memory everything goes on.
 */
static void test_no_way_back(void **state) {
    struct crowd crowd;
    uint64_t refused = 1;
    (void)state;
    crowd_open(&crowd);
    for (uint64_t nth = 1; refused != 0; nth++) {
        const uint64_t there = crowd.at == 0 ? CROWD_FAR : 0;
        counting_allocator_fail(&crowd.memory, nth, true);
        mset_status status = move_crowd(&crowd, there);
        refused = crowd.memory.refused;
        assert_true(status == MSET_OK || (status == MSET_NO_MEMORY && refused != 0));
        injected += refused != 0;
        check_crowd(&crowd);
        for (uint64_t again = 1; status != MSET_OK; again += 3) {
            counting_allocator_fail(&crowd.memory, again, true);
            status = move_crowd(&crowd, there);
            injected += crowd.memory.refused != 0;
            check_crowd(&crowd);
        }
        nth += nth > 40 ? 6 : 0;
    }
    mset_guest_destroy(crowd.guest);
    assert_null(counting_allocator_complaint(&crowd.memory, true));
}

/* A change that is nothing to the layers and much to the views: what covers everything is shown. */
static void test_no_way_back_for_a_view(void **state) {
    struct crowd crowd;
    struct mset_region *cover = NULL;
    (void)state;
    crowd_open(&crowd);
    const struct mset_region_config config = {
        .kind = MSET_REGION_RESERVED, .size = MANY * CROWD_STEP, .priority = 1, .hidden = true};
    assert_int_equal(mset_guest_add(crowd.guest, &config, &cover), MSET_OK);
    mset_status status = MSET_NO_MEMORY;
    for (uint64_t nth = 1; status != MSET_OK; nth++) {
        counting_allocator_fail(&crowd.memory, nth, true);
        status = mset_guest_show(crowd.guest, cover, true);
        injected += crowd.memory.refused != 0;
        assert_null(mset_guest_validate(crowd.guest));
        if (status != MSET_OK) {
            check_crowd(&crowd);
        }
    }
    counting_allocator_fail(&crowd.memory, 0, false);
    assert_int_equal(mset_count(mset_guest_view(crowd.guest)), 1);
    assert_int_equal(mset_guest_show(crowd.guest, cover, false), MSET_OK);
    check_crowd(&crowd);
    mset_guest_destroy(crowd.guest);
    assert_null(counting_allocator_complaint(&crowd.memory, true));
}

static void print_injected(void) {
    print_message("faults injected: %llu\n", (unsigned long long)injected);
}

static void test_creating(void **state) {
    struct counting_allocator memory;
    struct mset_guest *guest = NULL;
    struct mset_kvm *kvm = NULL;
    struct fake_kvm fake;
    (void)state;
    counting_allocator_open(&memory);
    fake_kvm_open(&fake);
    const struct mset_guest_options options = {.allocator = &memory.base};
    for (uint64_t nth = 1; guest == NULL; nth++) {
        counting_allocator_fail(&memory, nth, false);
        const mset_status status = mset_guest_create(&options, &guest);
        assert_int_equal(status, memory.refused != 0 ? MSET_NO_MEMORY : MSET_OK);
        assert_true(guest != NULL || memory.live_blocks == 0);
    }
    mset_guest_destroy(guest);
    const struct mset_kvm_config config = {.vm = FAKE_VM,
                                           .control = fake_kvm_control,
                                           .control_context = &fake,
                                           .allocator = &memory.base};
    counting_allocator_fail(&memory, 1, false);
    assert_int_equal(mset_kvm_create(&config, &kvm), MSET_NO_MEMORY);
    assert_int_equal(mset_kvm_create(&config, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_kvm_create(NULL, &kvm), MSET_INVALID_PARAM);
    mset_kvm_destroy(NULL);
    assert_null(counting_allocator_complaint(&memory, true));
    print_injected();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_every_call_to_kvm),
        cmocka_unit_test(test_every_listener),
        cmocka_unit_test(test_the_host),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_memory_added_in_vain),
        cmocka_unit_test(test_memory_removed_while_lost),
        cmocka_unit_test(test_two_lost),
        cmocka_unit_test(test_no_way_back),
        cmocka_unit_test(test_no_way_back_for_a_view),
        cmocka_unit_test(test_creating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
