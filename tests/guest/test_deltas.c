/*
 * test_deltas.c - what a change costs in slots: never more than must be, ids used again, vCPUs
 * paused only where memory that stays would be away for a moment; limits; listeners that come and
 * go.
 */
#include "scene.h"

#include <mset/kvm.h>

#include <errno.h>
#include <string.h>

#include "fake_kvm.h"
#include "watcher.h"

struct machine {
    struct scene scene;
    struct fake_kvm fake;
    struct mset_kvm *kvm;
    struct mset_region *ram;
    uint64_t pauses;
    bool paused;
};

static void pause_it(void *context) {
    struct machine *const machine = context;
    assert_false(machine->paused);
    machine->paused = true;
    machine->pauses++;
}

static void resume_it(void *context) {
    struct machine *const machine = context;
    assert_true(machine->paused);
    machine->paused = false;
}

static void attach(struct machine *machine, struct mset_kvm_config config) {
    config.vm = FAKE_VM;
    config.control = fake_kvm_control;
    config.control_context = &machine->fake;
    config.pause = pause_it;
    config.resume = resume_it;
    config.pause_context = machine;
    config.allocator = &machine->scene.memory.base;
    assert_int_equal(mset_kvm_create(&config, &machine->kvm), MSET_OK);
    assert_int_equal(mset_guest_attach(machine->scene.guest, mset_kvm_listener(machine->kvm)),
                     MSET_OK);
}

/* 64 pages of RAM at 1 MiB, one slot. */
static void machine_open(struct machine *machine) {
    memset(machine, 0, sizeof *machine);
    scene_open(&machine->scene);
    fake_kvm_open(&machine->fake);
    attach(machine, (struct mset_kvm_config){.vm = 0});
    machine->ram = add(&machine->scene, ram_at(0x100000, 64));
    assert_int_equal(machine->fake.sets, 1);
    machine->fake.sets = 0;
}

static void machine_close(struct machine *machine) {
    assert_null(machine->fake.complaint);
    assert_false(machine->paused);
    assert_int_equal(mset_guest_detach(machine->scene.guest, mset_kvm_listener(machine->kvm)),
                     MSET_OK);
    assert_int_equal(fake_kvm_count(&machine->fake), 0);
    mset_kvm_destroy(machine->kvm);
    fake_kvm_close(&machine->fake);
    scene_close(&machine->scene);
}

/* Since asked last: so many calls, and was it paused? */
static void expect(struct machine *machine, uint64_t calls, uint64_t pauses) {
    assert_int_equal(machine->fake.sets, calls);
    assert_int_equal(machine->pauses, pauses);
    machine->fake.sets = machine->pauses = 0;
    scene_check(&machine->scene);
}

/* ---- the smallest difference ------------------------------------------------------------------
 */

static void test_split_and_merge(void **state) {
    struct machine machine;
    struct mset_kvm_statistics statistics;
    (void)state;
    machine_open(&machine);
    struct mset_guest *const guest = machine.scene.guest;
    struct mset_region_config config = alias_at(0x110000, 1, machine.ram, 0x10);
    config.read_only = true;
    config.hidden = true;
    struct mset_region *const hole = add(&machine.scene, config);
    struct mset_region *const other = add(&machine.scene, ram_at(0x10000000, 8));
    expect(&machine, 1, 0);
    for (unsigned round = 0; round < 50; round++) {
        assert_int_equal(mset_guest_show(guest, hole, true), MSET_OK);
        expect(&machine, 4, 1); /* one goes, three come */
        assert_int_equal(fake_kvm_at(&machine.fake, 0x110000)->flags, 2);
        assert_int_equal(mset_guest_show(guest, hole, false), MSET_OK);
        expect(&machine, 4, 1);
    }
    mset_kvm_get_statistics(machine.kvm, &statistics);
    assert_int_equal(statistics.slots, 2);
    assert_int_equal(statistics.ids, 4); /* no more than ever were there at once */
    /* A change elsewhere pauses nobody. */
    assert_int_equal(mset_guest_remove(guest, other), MSET_OK);
    expect(&machine, 1, 0);
    machine_close(&machine);
}

static void test_moves(void **state) {
    struct machine machine;
    (void)state;
    machine_open(&machine);
    struct mset_guest *const guest = machine.scene.guest;
    struct mset_region *const a = add(&machine.scene, ram_at(0x10000000, 8));
    struct mset_region *const b = add(&machine.scene, ram_at(0x20000000, 8));
    expect(&machine, 2, 0);
    assert_int_equal(mset_guest_move(guest, a, 0x30000000), MSET_OK);
    expect(&machine, 1, 0);
    assert_int_equal(machine.fake.moves, 1);
    /* By less than its size: KVM would allow it, but some addresses stay memory. */
    assert_int_equal(mset_guest_move(guest, a, 0x30001000), MSET_OK);
    expect(&machine, 2, 1);
    /* Two trade places: neither can go first, but one can when the other has been removed. */
    assert_int_equal(mset_guest_begin(guest), MSET_OK);
    assert_int_equal(mset_guest_move(guest, a, 0x20000000), MSET_OK);
    assert_int_equal(mset_guest_move(guest, b, 0x30001000), MSET_OK);
    struct mset_commit_report report;
    assert_int_equal(mset_guest_commit(guest, &report), MSET_OK);
    assert_int_equal(report.removed, 1);
    assert_int_equal(report.moved, 1);
    assert_int_equal(report.added, 1);
    assert_true(report.replaces);
    expect(&machine, 3, 1);
    /* Onto the place of one that goes in the same transaction. */
    assert_int_equal(mset_guest_begin(guest), MSET_OK);
    assert_int_equal(mset_guest_remove(guest, b), MSET_OK);
    assert_int_equal(mset_guest_move(guest, a, 0x30001000), MSET_OK);
    assert_int_equal(mset_guest_commit(guest, &report), MSET_OK);
    assert_int_equal(report.removed, 1);
    assert_int_equal(report.moved, 1);
    assert_int_equal(report.added, 0);
    assert_true(report.replaces);
    expect(&machine, 2, 1);
    machine_close(&machine);
}

/* The same memory seen twice: one of the two moves, which is not a matter of chance. */
static void test_moved_aliases(void **state) {
    struct machine machine;
    (void)state;
    machine_open(&machine);
    struct mset_guest *const guest = machine.scene.guest;
    struct mset_region *const first = add(&machine.scene, alias_at(0x10000000, 4, machine.ram, 0));
    struct mset_region *const second = add(&machine.scene, alias_at(0x20000000, 4, machine.ram, 0));
    expect(&machine, 2, 0);
    assert_int_equal(mset_guest_begin(guest), MSET_OK);
    assert_int_equal(mset_guest_move(guest, first, 0x30000000), MSET_OK);
    assert_int_equal(mset_guest_move(guest, second, 0x40000000), MSET_OK);
    assert_int_equal(mset_guest_commit(guest, NULL), MSET_OK);
    expect(&machine, 3, 0); /* one moved, the other removed and added */
    machine_close(&machine);
}

static void test_logging_in_place(void **state) {
    struct machine machine;
    struct mset_commit_report report;
    (void)state;
    machine_open(&machine);
    struct mset_guest *const guest = machine.scene.guest;
    assert_int_equal(mset_guest_begin(guest), MSET_OK);
    assert_int_equal(mset_guest_set_logged(guest, machine.ram, true), MSET_OK);
    assert_int_equal(mset_guest_commit(guest, &report), MSET_OK);
    assert_int_equal(report.relogged, 1);
    assert_false(report.replaces);
    expect(&machine, 1, 0);
    assert_int_equal(mset_guest_set_logged(guest, NULL, true), MSET_OK);
    expect(&machine, 0, 0);
    assert_int_equal(mset_guest_set_logged(guest, NULL, false), MSET_OK);
    expect(&machine, 1, 0);
    machine_close(&machine);
}

/* The same memory of the caller as another region, in the same place and elsewhere: for listeners
   it is another slot, because its region is another. */
static void test_another_region(void **state) {
    struct machine machine;
    static _Alignas(4096) unsigned char memory[4096];
    (void)state;
    machine_open(&machine);
    struct mset_guest *const guest = machine.scene.guest;
    struct mset_region_config config = ram_at(0x10000000, 1);
    config.memory = (struct mset_memory_wish){.source = MSET_MEMORY_CALLER, .host = memory};
    struct mset_region *region = add(&machine.scene, config);
    for (unsigned i = 0; i < 2; i++) {
        struct mset_region *const old = region;
        assert_int_equal(mset_guest_begin(guest), MSET_OK);
        assert_int_equal(mset_guest_remove(guest, old), MSET_OK);
        config.start += i * UINT64_C(0x10000000);
        assert_int_equal(mset_guest_add(guest, &config, &region), MSET_OK);
        assert_int_equal(mset_guest_commit(guest, NULL), MSET_OK);
    }
    expect(&machine, 5, 1);
    machine_close(&machine);
}

/* What changes nothing that is seen as memory tells nobody anything. */
static void test_nothing_to_tell(void **state) {
    struct machine machine;
    static const struct mset_region_io io = {NULL, NULL};
    (void)state;
    machine_open(&machine);
    struct mset_region *const device =
        add(&machine.scene,
            (struct mset_region_config){
                .kind = MSET_REGION_MMIO, .start = 0x80000000, .size = PAGE, .io = &io});
    assert_int_equal(mset_guest_move(machine.scene.guest, device, 0x90000000), MSET_OK);
    struct mset_region_config config = ram_at(0x100000, 16);
    config.priority = -1;
    struct mset_region *const below = add(&machine.scene, config);
    assert_int_equal(mset_guest_remove(machine.scene.guest, below), MSET_OK);
    expect(&machine, 0, 0);
    machine_close(&machine);
}

/* ---- limits ------------------------------------------------------------------------------------
 */

static void test_limits(void **state) {
    struct machine machine;
    (void)state;
    machine_open(&machine);
    for (uint64_t i = 0; i < FAKE_SLOTS - 1; i++) {
        add(&machine.scene, ram_at(0x10000000 + i * 2 * PAGE, 1));
    }
    expect(&machine, FAKE_SLOTS - 1, 0);
    assert_int_equal(try_add(&machine.scene, ram_at(0x90000000, 1)), MSET_OVER_LIMIT);
    expect(&machine, 0, 0);
    /* One away, one there: that is no more. */
    assert_int_equal(mset_guest_begin(machine.scene.guest), MSET_OK);
    assert_int_equal(mset_guest_show(machine.scene.guest, machine.ram, false), MSET_OK);
    struct mset_region *region = NULL;
    const struct mset_region_config config = ram_at(0x90000000, 1);
    assert_int_equal(mset_guest_add(machine.scene.guest, &config, &region), MSET_OK);
    assert_int_equal(mset_guest_commit(machine.scene.guest, NULL), MSET_OK);
    expect(&machine, 2, 0);
    machine_close(&machine);
}

static void test_what_kvm_cannot(void **state) {
    struct machine machine;
    unsigned char *const nowhere = (unsigned char *)(uintptr_t)PAGE; /* never touched */
    (void)state;
    memset(&machine, 0, sizeof machine);
    scene_open(&machine.scene);
    fake_kvm_open(&machine.fake);
    machine.fake.no_read_only = true;
    attach(&machine, (struct mset_kvm_config){.first_slot = 60, .max_slots = 3});
    struct mset_region_config config = ram_at(0, 1);
    config.memory = (struct mset_memory_wish){.source = MSET_MEMORY_CALLER, .host = nowhere};
    config.kind = MSET_REGION_ROM;
    assert_int_equal(try_add(&machine.scene, config), MSET_UNSUPPORTED);
    config.kind = MSET_REGION_RAM;
    config.size = UINT64_C(1) << 43; /* 2^31 pages */
    assert_int_equal(try_add(&machine.scene, config), MSET_OVER_LIMIT);
    config.size -= PAGE;
    struct mset_region *const largest = add(&machine.scene, config);
    assert_int_equal(machine.fake.slots[60].size, config.size);
    assert_int_equal(mset_guest_remove(machine.scene.guest, largest), MSET_OK);
    assert_int_equal(try_add(&machine.scene, ram_at(TOP_PAGE, 1)), MSET_UNSUPPORTED);
    struct mset_region *const first = add(&machine.scene, ram_at(0, 1));
    add(&machine.scene, ram_at(2 * PAGE, 1));
    struct mset_region *const last = add(&machine.scene, ram_at(4 * PAGE, 1));
    assert_int_equal(mset_guest_move(machine.scene.guest, last, TOP_PAGE), MSET_UNSUPPORTED);
    /* The first of two, and of two moves. */
    assert_int_equal(mset_guest_begin(machine.scene.guest), MSET_OK);
    assert_int_equal(mset_guest_move(machine.scene.guest, first, TOP_PAGE), MSET_OK);
    assert_int_equal(mset_guest_move(machine.scene.guest, last, TOP_PAGE - 2 * PAGE), MSET_OK);
    assert_int_equal(mset_guest_commit(machine.scene.guest, NULL), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_begin(machine.scene.guest), MSET_OK);
    assert_int_equal(mset_guest_move(machine.scene.guest, last, TOP_PAGE), MSET_OK);
    assert_int_equal(mset_guest_move(machine.scene.guest, first, TOP_PAGE - 2 * PAGE), MSET_OK);
    assert_int_equal(mset_guest_commit(machine.scene.guest, NULL), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_begin(machine.scene.guest), MSET_OK);
    assert_int_equal(mset_guest_set_read_only(machine.scene.guest, first, true), MSET_OK);
    assert_int_equal(mset_guest_set_read_only(machine.scene.guest, last, true), MSET_OK);
    assert_int_equal(mset_guest_commit(machine.scene.guest, NULL), MSET_UNSUPPORTED);
    assert_int_equal(try_add(&machine.scene, ram_at(PAGE * 20, 1)), MSET_OVER_LIMIT);
    assert_int_equal(machine.fake.sets, 5);
    machine_close(&machine);
}

/* A granularity below KVM's pages, and slots that would not be whole ones. */
static void test_pages_of_slots(void **state) {
    struct machine machine;
    (void)state;
    memset(&machine, 0, sizeof machine);
    scene_open_with(&machine.scene,
                    (struct mset_guest_options){.page_size = 256, .slot_page_size = 256});
    fake_kvm_open(&machine.fake);
    attach(&machine, (struct mset_kvm_config){.vm = 0});
    struct mset_region_config config = ram_at(256, 1);
    assert_int_equal(try_add(&machine.scene, config), MSET_UNSUPPORTED);
    config = ram_at(0, 1);
    struct mset_region *const whole = add(&machine.scene, config);
    assert_int_equal(mset_guest_move(machine.scene.guest, whole, 8 * PAGE + 256), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_move(machine.scene.guest, whole, 8 * PAGE), MSET_OK);
    assert_int_equal(machine.fake.sets, 2);
    machine_close(&machine);
    scene_open_with(&machine.scene, (struct mset_guest_options){.page_size = 256});
    struct watcher watcher;
    watcher_open(&watcher);
    assert_int_equal(mset_guest_attach(machine.scene.guest, &watcher.listener), MSET_OK);
    config = ram_at(0, 4);
    add(&machine.scene, config);
    const struct mset_region_config hole = {
        .kind = MSET_REGION_RESERVED, .start = PAGE + 256, .size = 256, .priority = 1};
    struct mset_region *const reserved = add(&machine.scene, hole);
    assert_int_equal(watcher.count, 2); /* the page around the hole is in no slot */
    assert_int_equal(mset_guest_move(machine.scene.guest, reserved, PAGE + 512), MSET_OK);
    assert_int_equal(watcher.count, 2); /* and that has not changed */
    assert_int_equal(watcher.applies, 2);
    add(&machine.scene, ram_at(UINT64_C(0x100100), 1)); /* askew: no slot at all */
    assert_int_equal(watcher.count, 2);
    assert_null(watcher.complaint);
    assert_int_equal(mset_guest_detach(machine.scene.guest, &watcher.listener), MSET_OK);
    scene_close(&machine.scene);
}

/* ---- listeners ---------------------------------------------------------------------------------
 */

static void test_attaching(void **state) {
    struct scene scene;
    struct watcher watcher, other;
    static const struct mset_guest_listener_ops nothing = {.prepare = NULL};
    struct mset_guest_listener indifferent = {.ops = &nothing}, empty = {.ops = NULL};
    (void)state;
    scene_open(&scene);
    watcher_open(&watcher);
    watcher_open(&other);
    add(&scene, ram_at(0, 4));
    add(&scene, ram_at(0x100000, 4));
    assert_int_equal(mset_guest_attach(scene.guest, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_attach(NULL, &watcher.listener), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_attach(scene.guest, &empty), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_detach(scene.guest, &watcher.listener), MSET_INVALID_PARAM);
    for (unsigned i = REFUSE_PREPARE; i <= REFUSE_APPLY; i++) {
        watcher.refuses = (enum watcher_refuses)i;
        assert_int_equal(mset_guest_attach(scene.guest, &watcher.listener), MSET_BAD_STATE);
        assert_int_equal(mset_guest_last_failure(scene.guest).code, WATCHER_REFUSAL);
        assert_ptr_equal(mset_guest_last_failure(scene.guest).listener, &watcher.listener);
    }
    assert_int_equal(mset_guest_attach(scene.guest, &watcher.listener), MSET_OK);
    assert_int_equal(mset_guest_last_failure(scene.guest).code, 0);
    assert_int_equal(mset_guest_attach(scene.guest, &watcher.listener), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_attach(scene.guest, &indifferent), MSET_OK);
    struct mset_region *const ro = add(&scene, ram_at(0x800000, 4));
    assert_int_equal(mset_guest_set_read_only(scene.guest, ro, true), MSET_OK); /* replaces */
    assert_int_equal(watcher.pauses, 1);
    assert_int_equal(mset_guest_remove(scene.guest, ro), MSET_OK);
    assert_int_equal(mset_guest_attach(scene.guest, &other.listener), MSET_OK);
    assert_int_equal(watcher.count, 2);
    add(&scene, ram_at(0x200000, 4));
    assert_int_equal(other.count, 3);
    /* The last one refuses: all others take it back. */
    other.refuses = REFUSE_PREPARE;
    assert_int_equal(try_add(&scene, ram_at(0x300000, 1)), MSET_BAD_STATE);
    assert_int_equal(watcher.aborts, 2); /* the first one was that of attaching */
    other.refuses = REFUSE_APPLY;
    assert_int_equal(try_add(&scene, ram_at(0x300000, 1)), MSET_BAD_STATE);
    assert_int_equal(watcher.reverts, 1);
    assert_int_equal(watcher.count, 3);
    /* The first one refuses: the others are told to abort. */
    watcher.refuses = REFUSE_APPLY;
    assert_int_equal(try_add(&scene, ram_at(0x300000, 1)), MSET_BAD_STATE);
    assert_int_equal(other.applies, 3);
    assert_false(other.prepared);
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    assert_int_equal(mset_guest_detach(scene.guest, &watcher.listener), MSET_BAD_STATE);
    mset_guest_rollback(scene.guest);
    watcher.refuses = REFUSE_PREPARE;
    assert_int_equal(mset_guest_detach(scene.guest, &watcher.listener), MSET_BAD_STATE);
    assert_int_equal(mset_guest_detach(scene.guest, &other.listener), MSET_OK);
    assert_int_equal(mset_guest_detach(scene.guest, &watcher.listener), MSET_OK);
    assert_int_equal(watcher.count + other.count, 0);
    assert_null(watcher.complaint);
    assert_null(other.complaint);
    scene_close(&scene); /* the indifferent one is forgotten */
}

/* One that comes late, when there is no memory, or are too many slots for it. */
static void test_late(void **state) {
    struct scene scene;
    struct fake_kvm fake;
    struct mset_kvm *kvm = NULL;
    (void)state;
    scene_open(&scene);
    fake_kvm_open(&fake);
    struct mset_region *regions[40], *more = NULL;
    for (uint64_t i = 0; i < 40; i++) {
        regions[i] = add(&scene, ram_at(i * 2 * PAGE, 1));
    }
    struct mset_kvm_config config = {.vm = FAKE_VM,
                                     .control = fake_kvm_control,
                                     .control_context = &fake,
                                     .max_slots = 20,
                                     .allocator = &scene.memory.base};
    assert_int_equal(mset_kvm_create(&config, &kvm), MSET_OK);
    assert_int_equal(mset_guest_attach(scene.guest, mset_kvm_listener(kvm)), MSET_OVER_LIMIT);
    mset_kvm_destroy(kvm);
    config.max_slots = 1000; /* more than there are */
    assert_int_equal(mset_kvm_create(&config, &kvm), MSET_OK);
    mset_status status = MSET_NO_MEMORY;
    for (uint64_t nth = 1; status != MSET_OK; nth++) {
        counting_allocator_fail(&scene.memory, nth, false);
        status = mset_guest_attach(scene.guest, mset_kvm_listener(kvm));
        assert_int_equal(status, scene.memory.refused != 0 ? MSET_NO_MEMORY : MSET_OK);
        scene_check(&scene);
    }
    counting_allocator_fail(&scene.memory, 0, false);
    assert_int_equal(fake_kvm_count(&fake), 40);
    /* Some go, and then more come at once than there was room for. */
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(mset_guest_remove(scene.guest, regions[i * 3]), MSET_OK);
    }
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    for (uint64_t i = 0; i < 50; i++) {
        const struct mset_region_config ram = ram_at((200 + i * 2) * PAGE, 1);
        assert_int_equal(mset_guest_add(scene.guest, &ram, &more), MSET_OK);
    }
    assert_int_equal(mset_guest_commit(scene.guest, NULL), MSET_OK);
    assert_int_equal(fake_kvm_count(&fake), 80);
    assert_int_equal(mset_guest_detach(scene.guest, mset_kvm_listener(kvm)), MSET_OK);
    assert_int_equal(fake_kvm_count(&fake), 0);
    assert_null(fake.complaint);
    mset_kvm_destroy(kvm);
    /* A kernel that does not tell how many there are, and one that has none for us. */
    fake.slot_count = 0;
    struct mset_kvm_statistics statistics;
    assert_int_equal(mset_kvm_create(&config, &kvm), MSET_OK);
    mset_kvm_get_statistics(kvm, &statistics);
    assert_int_equal(statistics.max_slots, 32);
    mset_kvm_destroy(kvm);
    fake.slot_count = INT32_MAX;
    config.first_slot = 5;
    config.max_slots = 0;
    assert_int_equal(mset_kvm_create(&config, &kvm), MSET_OK);
    mset_kvm_get_statistics(kvm, &statistics);
    assert_int_equal(statistics.max_slots, 1 << 24);
    mset_kvm_destroy(kvm);
    config.first_slot = UINT32_MAX;
    assert_int_equal(mset_kvm_create(&config, &kvm), MSET_OK);
    assert_int_equal(mset_guest_attach(scene.guest, mset_kvm_listener(kvm)), MSET_OVER_LIMIT);
    mset_kvm_destroy(kvm);
    fake_kvm_close(&fake);
    scene_close(&scene);
}

/* ioctl itself, asked for what is no virtual machine. */
static void test_no_machine(void **state) {
    struct scene scene;
    struct mset_kvm *kvm = NULL;
    const struct mset_kvm_config config = {.vm = -1};
    (void)state;
    scene_open(&scene);
    add(&scene, ram_at(0, 1));
    assert_int_equal(mset_kvm_create(&config, &kvm), MSET_OK);
    assert_int_equal(mset_guest_attach(scene.guest, mset_kvm_listener(kvm)), MSET_BAD_STATE);
    assert_int_equal(mset_guest_last_failure(scene.guest).code, -EBADF);
    mset_kvm_destroy(kvm);
    scene_close(&scene);
}

/* A listener may look, but not change. */
struct meddler {
    struct mset_guest_listener listener;
    struct scene *scene;
    struct mset_region *region;
    unsigned told;
};

static int meddle(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    struct meddler *const meddler = (struct meddler *)listener;
    struct mset_guest *const guest = meddler->scene->guest;
    const struct mset_region_config config = ram_at(0x500000, 1);
    struct mset_region *region = NULL;
    meddler->told++;
    assert_int_equal(delta->adds, 1);
    assert_int_equal(mset_guest_add(guest, &config, &region), MSET_BAD_STATE);
    assert_int_equal(mset_guest_begin(guest), MSET_BAD_STATE);
    assert_int_equal(mset_guest_discard(guest, 0, PAGE), MSET_BAD_STATE);
    assert_int_equal(mset_guest_commit(guest, NULL), MSET_BAD_STATE);
    mset_guest_rollback(guest);
    if (meddler->region != NULL) {
        assert_int_equal(mset_guest_move(guest, meddler->region, 0), MSET_BAD_STATE);
        assert_int_equal(mset_guest_set_logged(guest, NULL, true), MSET_BAD_STATE);
    }
    assert_null(seen_at(meddler->scene, delta->added[0].start)); /* still the old view */
    return 0;
}

static void test_meddling(void **state) {
    static const struct mset_guest_listener_ops ops = {.prepare = meddle, .apply = meddle};
    struct scene scene;
    struct meddler meddler = {.listener = {.ops = &ops}, .scene = &scene};
    (void)state;
    scene_open(&scene);
    assert_int_equal(mset_guest_attach(scene.guest, &meddler.listener), MSET_OK);
    meddler.region = add(&scene, ram_at(0, 1));
    const struct mset_region_config config = ram_at(0x100000, 1);
    struct mset_region *region = NULL;
    assert_int_equal(mset_guest_begin(scene.guest), MSET_OK);
    assert_int_equal(mset_guest_add(scene.guest, &config, &region), MSET_OK);
    assert_int_equal(mset_guest_commit(scene.guest, NULL), MSET_OK);
    assert_int_equal(meddler.told, 4);
    assert_ptr_equal(seen_at(&scene, 0x100000), region);
    scene_close(&scene);
}

static void add_many(struct machine *machine, uint64_t start, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        (void)add(&machine->scene, ram_at(start + i * 2 * PAGE, 1));
    }
}

/* After a reset KVM has no slots where the guest has: nothing that needs them may be done until the
   listener has been attached anew. */
static void test_reset(void **state) {
    struct machine machine;
    (void)state;
    machine_open(&machine);
    struct mset_guest *const guest = machine.scene.guest;
    struct mset_region *const other = add(&machine.scene, ram_at(0x800000, 4));
    add_many(&machine, 0x1000000, 20);
    assert_int_equal(mset_kvm_reset(machine.kvm), MSET_OK);
    assert_int_equal(fake_kvm_count(&machine.fake), 0);
    assert_int_equal(mset_guest_move(guest, other, 0x900000), MSET_BAD_STATE);
    assert_int_equal(mset_guest_set_logged(guest, other, true), MSET_BAD_STATE);
    assert_int_equal(mset_guest_resize(guest, other, PAGE), MSET_BAD_STATE);
    assert_ptr_equal(seen_at(&machine.scene, 0x803000), other);
    assert_int_equal(mset_guest_remove(guest, other), MSET_OK); /* it is not there anyway */
    add_many(&machine, 0x2000000, 20);
    assert_int_equal(fake_kvm_count(&machine.fake), 20);
    /* Refused half-way all come back that should be there: more than there ever were. */
    fault_point_set(&machine.fake.faults, 20, false);
    assert_int_equal(mset_guest_detach(guest, mset_kvm_listener(machine.kvm)), MSET_BAD_STATE);
    fault_point_set(&machine.fake.faults, 0, false);
    assert_int_equal(fake_kvm_count(&machine.fake), 41);
    assert_int_equal(mset_guest_detach(guest, mset_kvm_listener(machine.kvm)), MSET_OK);
    assert_int_equal(fake_kvm_count(&machine.fake), 0);
    assert_int_equal(mset_guest_attach(guest, mset_kvm_listener(machine.kvm)), MSET_OK);
    assert_int_equal(fake_kvm_count(&machine.fake), 41);
    assert_int_equal(mset_guest_move(guest, machine.ram, 0x900000), MSET_OK);
    machine_close(&machine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_and_merge),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_moved_aliases),
        cmocka_unit_test(test_logging_in_place),
        cmocka_unit_test(test_another_region),
        cmocka_unit_test(test_nothing_to_tell),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_what_kvm_cannot),
        cmocka_unit_test(test_pages_of_slots),
        cmocka_unit_test(test_attaching),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_no_machine),
        cmocka_unit_test(test_meddling),
        cmocka_unit_test(test_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
