/*
 * test_dirty.c - dirty pages of ranges over several slots, whatever their first page is modulo 64,
 * and whatever happens to the slots in between; with manual clearing and without.
 */
#include "scene.h"

#include <mset/kvm.h>

#include <string.h>

#include "fake_kvm.h"
#include "support/rng.h"

enum { PAGES = 1000, WORDS = PAGES / 64 + 1 };
#define BASE UINT64_C(0x40000000)

struct machine {
    struct scene scene;
    struct fake_kvm fake;
    struct mset_kvm *kvm;
    struct mset_region *ram;
    bool dirty[PAGES];
    uint64_t bitmap[WORDS + 2]; /* with a guard at both ends */
};

/* RAM of PAGES pages, logged; the read-only windows cut it into slots at odd places. */
static void machine_open(struct machine *machine, bool manual) {
    memset(machine, 0, sizeof *machine);
    scene_open(&machine->scene);
    fake_kvm_open(&machine->fake);
    machine->fake.has_manual = true;
    const struct mset_kvm_config config = {.vm = FAKE_VM,
                                           .control = fake_kvm_control,
                                           .control_context = &machine->fake,
                                           .manual_clear = manual,
                                           .allocator = &machine->scene.memory.base};
    assert_int_equal(mset_kvm_create(&config, &machine->kvm), MSET_OK);
    assert_int_equal(machine->fake.manual, manual);
    assert_int_equal(mset_guest_attach(machine->scene.guest, mset_kvm_listener(machine->kvm)),
                     MSET_OK);
    struct mset_region_config ram = ram_at(BASE, PAGES);
    ram.logged = true;
    machine->ram = add(&machine->scene, ram);
    const uint64_t windows[] = {3, 70, 71, 200, 511, 777};
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        struct mset_region_config window =
            alias_at(BASE + windows[i] * PAGE, 1, machine->ram, windows[i]);
        window.priority = 1;
        window.read_only = true;
        (void)add(&machine->scene, window);
    }
}

static void machine_close(struct machine *machine) {
    assert_null(machine->fake.complaint);
    mset_kvm_destroy(machine->kvm);
    fake_kvm_close(&machine->fake);
    scene_close(&machine->scene);
}

static void write_page(struct machine *machine, uint64_t page) {
    if (fake_kvm_write(&machine->fake, BASE + page * PAGE + 123)) {
        machine->dirty[page] = true;
    }
}

/* Exactly the pages of the range that were written. */
static void collect(struct machine *machine, uint64_t first, uint64_t count) {
    memset(machine->bitmap, 0, sizeof machine->bitmap);
    machine->bitmap[0] = machine->bitmap[(count + 63) / 64 + 1] = 0x5555;
    assert_int_equal(mset_kvm_collect_dirty(machine->kvm, BASE + first * PAGE, count * PAGE,
                                            &machine->bitmap[1]),
                     MSET_OK);
    for (uint64_t i = 0; i < (count + 63) / 64 * 64; i++) {
        const bool told = (machine->bitmap[1 + i / 64] >> i % 64 & 1) != 0;
        assert_int_equal(told, i < count && machine->dirty[first + i]);
    }
    assert_int_equal(machine->bitmap[0], 0x5555);
    assert_int_equal(machine->bitmap[(count + 63) / 64 + 1], 0x5555);
    memset(&machine->dirty[first], 0, count * sizeof *machine->dirty);
}

static void test_ranges(void **state) {
    (void)state;
    for (unsigned manual = 0; manual < 2; manual++) {
        struct machine machine;
        struct rng rng = {manual + 5};
        machine_open(&machine, manual != 0);
        for (unsigned round = 0; round < 600; round++) {
            for (unsigned i = 0; i < 40; i++) {
                write_page(&machine, rng_below(&rng, PAGES));
            }
            const uint64_t first = rng_below(&rng, PAGES);
            collect(&machine, first, 1 + rng_below(&rng, PAGES - first));
        }
        collect(&machine, 0, PAGES);
        collect(&machine, 0, PAGES); /* nothing is told twice */
        machine_close(&machine);
    }
}

static void test_cut_and_joined(void **state) {
    (void)state;
    for (unsigned manual = 0; manual < 2; manual++) {
        struct machine machine;
        machine_open(&machine, manual != 0);
        struct mset_guest *const guest = machine.scene.guest;
        write_page(&machine, 5);
        write_page(&machine, 900);
        struct mset_region_config window = alias_at(BASE + 6 * PAGE, 2, machine.ram, 6);
        window.priority = 2;
        window.read_only = true;
        struct mset_region *const cut = add(&machine.scene, window);
        write_page(&machine, 5);
        write_page(&machine, 20);
        assert_int_equal(mset_guest_show(guest, cut, false), MSET_OK);
        collect(&machine, 0, 21);
        write_page(&machine, 7);
        /* Gone, and logging switched off: what was written before is told. */
        assert_int_equal(mset_guest_set_logged(guest, machine.ram, false), MSET_OK);
        write_page(&machine, 8); /* nobody sees this */
        machine.dirty[8] = false;
        assert_int_equal(mset_guest_show(guest, machine.ram, false), MSET_OK);
        collect(&machine, 0, PAGES);
        assert_int_equal(mset_guest_show(guest, machine.ram, true), MSET_OK);
        collect(&machine, 0, PAGES);
        machine_close(&machine);
    }
}

static void test_forgetting(void **state) {
    struct machine machine;
    (void)state;
    machine_open(&machine, false);
    for (uint64_t page = 100; page < 140; page++) {
        write_page(&machine, page);
    }
    assert_int_equal(mset_kvm_collect_dirty(machine.kvm, BASE + 110 * PAGE, 20 * PAGE, NULL),
                     MSET_OK);
    memset(&machine.dirty[110], 0, 20 * sizeof *machine.dirty);
    collect(&machine, 0, PAGES);
    machine_close(&machine);
}

static void test_wrong_ranges(void **state) {
    struct machine machine;
    uint64_t word = 0;
    (void)state;
    machine_open(&machine, true);
    const struct {
        uint64_t start, size;
    } wrong[] = {{BASE, 0}, {BASE + 1, PAGE}, {BASE, PAGE + 1}, {TOP_PAGE, 2 * PAGE}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(mset_kvm_collect_dirty(machine.kvm, wrong[i].start, wrong[i].size, &word),
                         MSET_INVALID_PARAM);
    }
    assert_int_equal(mset_kvm_collect_dirty(NULL, BASE, PAGE, &word), MSET_INVALID_PARAM);
    assert_int_equal(mset_kvm_collect_dirty(machine.kvm, TOP_PAGE, PAGE, &word), MSET_OK);
    assert_int_equal(word, 0);
    machine_close(&machine);
}

/* A refusal, or no memory, half-way: what has been told is set, the rest comes with the next call.
 */
static void test_refusals(void **state) {
    (void)state;
    for (unsigned manual = 0; manual < 2; manual++) {
        struct machine machine;
        struct rng rng = {9};
        machine_open(&machine, manual != 0);
        for (uint64_t nth = 1; nth < 20; nth++) {
            uint64_t bitmap[WORDS] = {0};
            for (unsigned i = 0; i < 40; i++) {
                write_page(&machine, rng_below(&rng, PAGES));
            }
            fault_point_set(&machine.fake.faults, manual == 0 || nth % 2 == 0 ? nth : 0, false);
            counting_allocator_fail(&machine.scene.memory, nth % 2 == 0 ? 0 : nth, false);
            mset_status status = MSET_BAD_STATE;
            for (unsigned again = 0; again < 3 && status != MSET_OK; again++) {
                status = mset_kvm_collect_dirty(machine.kvm, BASE, PAGES * PAGE, bitmap);
            }
            assert_int_equal(status, MSET_OK);
            for (uint64_t page = 0; page < PAGES; page++) {
                assert_int_equal(bitmap[page / 64] >> page % 64 & 1, machine.dirty[page]);
                machine.dirty[page] = false;
            }
        }
        fault_point_set(&machine.fake.faults, 0, false);
        machine_close(&machine);
    }
}

/* Cutting a logged slot is refused when its dirty pages cannot be had. */
static void test_no_pages_lost(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth < 7; nth++) {
        struct machine machine;
        machine_open(&machine, false);
        write_page(&machine, 5);
        write_page(&machine, 60);
        fault_point_set(&machine.fake.faults, nth, false);
        struct mset_region_config window = alias_at(BASE + 6 * PAGE, 2, machine.ram, 6);
        window.priority = 2;
        window.read_only = true;
        const mset_status status = try_add(&machine.scene, window);
        assert_int_equal(status, machine.fake.faults.hit != 0 ? MSET_BAD_STATE : MSET_OK);
        fault_point_set(&machine.fake.faults, 0, false);
        collect(&machine, 0, PAGES);
        machine_close(&machine);
    }
}

/* A reset takes all slots out, and is refused where that would lose pages. */
static void test_reset_keeps_pages(void **state) {
    (void)state;
    for (unsigned manual = 0; manual < 2; manual++) {
        struct machine machine;
        machine_open(&machine, manual != 0);
        struct mset_guest_listener *const listener = mset_kvm_listener(machine.kvm);
        write_page(&machine, 5);
        write_page(&machine, 400);
        counting_allocator_fail(&machine.scene.memory, 2, true);
        assert_int_equal(mset_kvm_reset(machine.kvm), MSET_NO_MEMORY);
        counting_allocator_fail(&machine.scene.memory, 0, false);
        fault_point_set(&machine.fake.faults, 1, false);
        assert_int_equal(mset_kvm_reset(machine.kvm), MSET_BAD_STATE);
        fault_point_set(&machine.fake.faults, 0, false);
        assert_int_equal(mset_kvm_reset(machine.kvm), MSET_OK);
        assert_int_equal(fake_kvm_count(&machine.fake), 0);
        assert_int_equal(mset_guest_detach(machine.scene.guest, listener), MSET_OK);
        assert_int_equal(mset_guest_attach(machine.scene.guest, listener), MSET_OK);
        collect(&machine, 0, PAGES);
        machine_close(&machine);
    }
}

/* Without KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, or where enabling it is refused, it works all the
 * same. */
static void test_no_manual_clearing(void **state) {
    struct fake_kvm fake;
    struct mset_kvm *kvm = NULL;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        fake_kvm_open(&fake);
        fake.has_manual = i != 0;
        fake.manual_bits = i == 3 ? 2 : 0; /* another variant only */
        fault_point_set(&fake.faults, i == 1 ? 1 : 0, false);
        const struct mset_kvm_config config = {.vm = FAKE_VM,
                                               .control = fake_kvm_control,
                                               .control_context = &fake,
                                               .manual_clear = true};
        assert_int_equal(mset_kvm_create(&config, &kvm), MSET_OK);
        assert_int_equal(fake.manual, i == 2);
        mset_kvm_destroy(kvm);
        fake_kvm_close(&fake);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_cut_and_joined),
        cmocka_unit_test(test_forgetting),
        cmocka_unit_test(test_wrong_ranges),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_pages_lost),
        cmocka_unit_test(test_reset_keeps_pages),
        cmocka_unit_test(test_no_manual_clearing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
