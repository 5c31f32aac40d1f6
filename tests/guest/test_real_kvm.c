/*
 * test_real_kvm.c - the same against the kernel's KVM, where there is one: it accepts every
 * difference, and then has exactly the slots there should be (asked by trying to add others); the
 * strict KVM of our own answers as it does; and a guest's writes are told as dirty pages.
 *
 * The guest is a virtual processor in real mode that executes `mov %al, (0); hlt` with DS wherever
 * the test wants a byte to be written.
 */
#include "scene.h"

#include <mset/kvm.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_kvm.h"
#include "support/rng.h"

enum { PAGES = 96, PROBE_SLOT = 400 };

static int kvm_fd = -1;

/* ---- the strict KVM and the real one -----------------------------------------------------------
 */

static struct kvm_userspace_memory_region random_region(struct rng *rng, unsigned char *memory) {
    struct kvm_userspace_memory_region region = {.slot = (uint32_t)rng_below(rng, 6),
                                                 .flags = (uint32_t)rng_below(rng, 4),
                                                 .guest_phys_addr = rng_below(rng, 12) * PAGE,
                                                 .memory_size = rng_below(rng, 4) * PAGE,
                                                 .userspace_addr =
                                                     (uintptr_t)memory + rng_below(rng, 3) * PAGE};
    if (rng_chance(rng, 3)) {
        region.memory_size += 512;
    }
    if (rng_chance(rng, 3)) {
        region.userspace_addr += 512;
    }
    if (rng_chance(rng, 2)) {
        region.guest_phys_addr = UINT64_MAX - PAGE + 1;
    }
    if (rng_chance(rng, 2)) {
        region.slot = 1 << 15;
    }
    return region;
}

static void test_rules(void **state) {
    struct fake_kvm fake;
    struct rng rng = {77};
    unsigned char *const memory = aligned_alloc(PAGE, 16 * PAGE);
    unsigned answers[3] = {0};
    (void)state;
    if (kvm_fd < 0) {
        skip();
    }
    const int vm = ioctl(kvm_fd, KVM_CREATE_VM, 0);
    assert_true(vm >= 0);
    fake_kvm_open(&fake);
    for (unsigned i = 0; i < 3000; i++) {
        const struct kvm_userspace_memory_region region = random_region(&rng, memory);
        const int real = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0 ? 0 : -errno;
        const int ours = fake_kvm_control(&fake, FAKE_VM, KVM_SET_USER_MEMORY_REGION,
                                          (unsigned long)(uintptr_t)&region);
        assert_int_equal(ours, real);
        answers[real == 0 ? 0 : real == -EEXIST ? 1 : 2]++;
    }
    assert_true(answers[0] > 100 && answers[1] > 100 && answers[2] > 100);
    print_message("%u accepted, %u overlapping, %u wrong: as the kernel\n", answers[0], answers[1],
                  answers[2]);
    fake_kvm_close(&fake);
    assert_int_equal(close(vm), 0);
    free(memory);
}

/* ---- a machine ----------------------------------------------------------------------------------
 */

struct machine {
    struct scene scene;
    int vm, cpu;
    struct kvm_run *run;
    size_t run_size;
    struct mset_kvm *kvm;
    struct mset_region *ram;
    unsigned pauses;
};

static void count_pause(void *context) {
    ((struct machine *)context)->pauses++;
}

static void machine_open(struct machine *machine, bool manual) {
    memset(machine, 0, sizeof *machine);
    machine->vm = ioctl(kvm_fd, KVM_CREATE_VM, 0);
    assert_true(machine->vm >= 0);
    scene_open(&machine->scene);
    const struct mset_kvm_config config = {.vm = machine->vm,
                                           .pause = count_pause,
                                           .pause_context = machine,
                                           .manual_clear = manual,
                                           .allocator = &machine->scene.memory.base};
    assert_int_equal(mset_kvm_create(&config, &machine->kvm), MSET_OK);
    assert_int_equal(mset_guest_attach(machine->scene.guest, mset_kvm_listener(machine->kvm)),
                     MSET_OK);
    machine->ram = add(&machine->scene, ram_at(0, PAGES));
}

static void machine_close(struct machine *machine) {
    if (machine->run != NULL) {
        assert_int_equal(munmap(machine->run, machine->run_size), 0);
        assert_int_equal(close(machine->cpu), 0);
    }
    assert_int_equal(mset_guest_detach(machine->scene.guest, mset_kvm_listener(machine->kvm)),
                     MSET_OK);
    mset_kvm_destroy(machine->kvm);
    assert_int_equal(close(machine->vm), 0);
    scene_close(&machine->scene);
}

/* Is there a slot at this page? Another one can be added only where there is none. */
static bool has_slot(const struct machine *machine, uint64_t page) {
    static _Alignas(4096) unsigned char memory[4096];
    struct kvm_userspace_memory_region probe = {.slot = PROBE_SLOT,
                                                .guest_phys_addr = page * PAGE,
                                                .memory_size = PAGE,
                                                .userspace_addr = (uintptr_t)memory};
    if (ioctl(machine->vm, KVM_SET_USER_MEMORY_REGION, &probe) != 0) {
        assert_int_equal(errno, EEXIST);
        return true;
    }
    probe.memory_size = 0;
    assert_int_equal(ioctl(machine->vm, KVM_SET_USER_MEMORY_REGION, &probe), 0);
    return false;
}

static void compare(const struct machine *machine) {
    for (uint64_t page = 0; page < PAGES + 32; page++) {
        struct mset_area area;
        const bool memory = mset_find(mset_guest_view(machine->scene.guest), page * PAGE, &area) &&
                            (area.flags & MSET_READ) != 0;
        assert_int_equal(has_slot(machine, page), memory);
    }
}

static void test_transactions(void **state) {
    struct machine machine;
    struct mset_region *windows[6];
    struct rng rng = {3};
    (void)state;
    if (kvm_fd < 0) {
        skip();
    }
    machine_open(&machine, false);
    struct mset_guest *const guest = machine.scene.guest;
    for (uint64_t i = 0; i < 6; i++) {
        struct mset_region_config config = alias_at(0, 1 + i, machine.ram, 10 * i);
        config.kind = i < 3 ? MSET_REGION_ALIAS : MSET_REGION_RESERVED;
        config.priority = (int)i + 1;
        config.read_only = i % 2 == 0;
        windows[i] = add(&machine.scene, config);
    }
    for (unsigned round = 0; round < 20; round++) {
        assert_int_equal(mset_guest_begin(guest), MSET_OK);
        for (unsigned i = 0; i < 3; i++) {
            struct mset_region *const window = windows[rng_below(&rng, 6)];
            assert_int_equal(mset_guest_move(guest, window, rng_below(&rng, 120) * PAGE), MSET_OK);
            assert_int_equal(mset_guest_show(guest, window, rng_chance(&rng, 80)), MSET_OK);
        }
        assert_int_equal(mset_guest_set_logged(guest, machine.ram, rng_chance(&rng, 50)), MSET_OK);
        assert_int_equal(mset_guest_commit(guest, NULL), MSET_OK);
        compare(&machine);
        scene_check(&machine.scene);
    }
    assert_true(machine.pauses > 4);
    machine_close(&machine);
}

/* ---- dirty pages --------------------------------------------------------------------------------
 */

/* The code lies in the last page: it is not written to. */
static void add_cpu(struct machine *machine) {
    static const unsigned char code[] = {0xa2, 0x00, 0x00, 0xf4}; /* mov %al, (0); hlt */
    memcpy(host_of(machine->ram) + (PAGES - 1) * PAGE, code, sizeof code);
    (void)ioctl(machine->vm, KVM_SET_TSS_ADDR, 0xfffbd000);
    machine->cpu = ioctl(machine->vm, KVM_CREATE_VCPU, 0);
    const int size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
    assert_true(machine->cpu >= 0 && size > 0);
    machine->run_size = (size_t)size;
    machine->run =
        mmap(NULL, machine->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, machine->cpu, 0);
    assert_true(machine->run != MAP_FAILED);
}

/* Writes the first byte of a page; the reason of the exit. */
static unsigned write_page(struct machine *machine, uint64_t page) {
    struct kvm_sregs segments;
    const struct kvm_regs regs = {.rax = 0x5a, .rflags = 2};
    assert_int_equal(ioctl(machine->cpu, KVM_GET_SREGS, &segments), 0);
    segments.cs.base = (PAGES - 1) * PAGE;
    segments.cs.selector = (uint16_t)(segments.cs.base >> 4);
    segments.ds.base = page * PAGE;
    segments.ds.selector = (uint16_t)(segments.ds.base >> 4);
    assert_int_equal(ioctl(machine->cpu, KVM_SET_SREGS, &segments), 0);
    assert_int_equal(ioctl(machine->cpu, KVM_SET_REGS, &regs), 0);
    assert_int_equal(ioctl(machine->cpu, KVM_RUN, 0), 0);
    return machine->run->exit_reason;
}

static void check_dirty(struct machine *machine, const bool *written) {
    uint64_t bitmap[PAGES / 64 + 1] = {0};
    assert_int_equal(mset_kvm_collect_dirty(machine->kvm, 0, PAGES * PAGE, bitmap), MSET_OK);
    for (uint64_t page = 0; page < PAGES; page++) {
        assert_int_equal(bitmap[page / 64] >> page % 64 & 1, written[page]);
    }
}

static void test_dirty_pages(void **state) {
    (void)state;
    if (kvm_fd < 0) {
        skip();
    }
    for (unsigned manual = 0; manual < 2; manual++) {
        struct machine machine;
        bool written[PAGES] = {false};
        struct rng rng = {manual + 1};
        machine_open(&machine, manual != 0);
        struct mset_guest *const guest = machine.scene.guest;
        struct mset_region_config config = alias_at(40 * PAGE, 2, machine.ram, 40);
        config.read_only = true;
        struct mset_region *const window = add(&machine.scene, config);
        add_cpu(&machine);
        assert_int_equal(mset_guest_set_logged(guest, machine.ram, true), MSET_OK);
        for (unsigned i = 0; i < 20; i++) {
            const uint64_t page = rng_below(&rng, 40);
            assert_int_equal(write_page(&machine, page), KVM_EXIT_HLT);
            written[page] = true;
        }
        assert_int_equal(write_page(&machine, 40), KVM_EXIT_MMIO); /* ROM */
        check_dirty(&machine, written);
        memset(written, 0, sizeof written);
        check_dirty(&machine, written);
        assert_int_equal(write_page(&machine, 60), KVM_EXIT_HLT);
        assert_int_equal(mset_guest_show(guest, window, false), MSET_OK); /* one slot again */
        assert_int_equal(write_page(&machine, 40), KVM_EXIT_HLT);
        written[60] = written[40] = true;
        check_dirty(&machine, written);
        assert_int_equal(host_of(machine.ram)[40 * PAGE], 0x5a);
        machine_close(&machine);
    }
}

static int find_kvm(void **state) {
    (void)state;
    kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm_fd < 0) {
        print_message("SKIPPED: /dev/kvm cannot be opened here: %s\n", strerror(errno));
    }
    return 0;
}

static int leave_kvm(void **state) {
    (void)state;
    return kvm_fd < 0 ? 0 : close(kvm_fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_dirty_pages),
    };
    return cmocka_run_group_tests(tests, find_kvm, leave_kvm);
}
