/*
 * test_kvm.c - a processor walks the tables: a virtual machine of one page of code reads, writes
 * and executes through a page table made by the library, and we see what it got.
 *
 * Skipped, and saying so, where /dev/kvm cannot be used.
 *
 *     guest-physical                       guest-virtual
 *     rig.base    frames of the tables     (not mapped)
 *     DATA        page 0: the stage        STAGE  code, fault handler, descriptors, stack
 *                 page i: 0xf4 | i << 8    wherever a case maps them; 0xf4 is HLT, so that
 *                                          executing such a page stops right behind its start
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include <cmocka.h>

#include "page_table/run_model.h"

#define DATA (256 * MIB)
#define STAGE (UINT64_C(77) << 39) /* far from what the cases map */
#define DATA_PAGES 2048

/* Offsets in the stage. */
enum { READ_AT = 0x00, WRITE_AT = 0x10, JUMP_AT = 0x20, FAULT_AT = 0x40, GDT_AT = 0x100 };
enum { IDT_AT = 0x200, STACK_END = 0xff0 };

struct machine {
    struct rig rig;
    unsigned char *data;
    int kvm, vm, cpu;
    struct kvm_run *run;
    size_t run_size;
};

static struct machine machine = {.kvm = -1, .vm = -1, .cpu = -1};

/* ---- the stage ---------------------------------------------------------------------------- */

static void put(uint64_t at, const void *bytes, size_t size) {
    memcpy(machine.data + at, bytes, size);
}

static void make_stage(void) {
    static const unsigned char read[] = {0x48, 0x8b, 0x03, 0xf4};   /* mov (%rbx), %rax; hlt */
    static const unsigned char write[] = {0x48, 0x89, 0x03, 0xf4};  /* mov %rax, (%rbx); hlt */
    static const unsigned char jump[] = {0xff, 0xe3};               /* jmp *%rbx */
    static const unsigned char fault[] = {0x58, 0xf4};              /* pop %rax; hlt */
    static const uint64_t gdt[] = {0, UINT64_C(0x00af9b000000ffff), /* code, 64 bits */
                                   UINT64_C(0x00cf93000000ffff)};   /* data */
    const uint64_t handler = STAGE + FAULT_AT;
    const uint64_t gate[] = {(handler & 0xffff) | 8 << 16 | UINT64_C(0x8e00) << 32 |
                                 (handler >> 16 & 0xffff) << 48,
                             handler >> 32};
    put(READ_AT, read, sizeof read);
    put(WRITE_AT, write, sizeof write);
    put(JUMP_AT, jump, sizeof jump);
    put(FAULT_AT, fault, sizeof fault);
    put(GDT_AT, gdt, sizeof gdt);
    put(IDT_AT + 14 * 16, gate, sizeof gate); /* page fault */
}

static uint64_t tag(uint64_t page) {
    return 0xf4 | page << 8;
}

static void fill_data(void) {
    memset(machine.data, 0, DATA_PAGES * PAGE);
    for (uint64_t i = 1; i < DATA_PAGES; i++) {
        const uint64_t value = tag(i);
        put(i * PAGE, &value, sizeof value);
    }
    make_stage();
}

/* ---- the machine -------------------------------------------------------------------------- */

static bool add_memory(uint32_t slot, uint64_t pa, uint64_t size, void *memory) {
    struct kvm_userspace_memory_region region = {.slot = slot,
                                                 .guest_phys_addr = pa,
                                                 .memory_size = size,
                                                 .userspace_addr = (uintptr_t)memory};
    return ioctl(machine.vm, KVM_SET_USER_MEMORY_REGION, &region) == 0;
}

static bool copy_cpuid(void) {
    enum { ENTRIES = 128 };
    struct kvm_cpuid2 *const cpuid =
        calloc(1, sizeof *cpuid + ENTRIES * sizeof(struct kvm_cpuid_entry2));
    assert_non_null(cpuid);
    cpuid->nent = ENTRIES;
    const bool ok = ioctl(machine.kvm, KVM_GET_SUPPORTED_CPUID, cpuid) == 0 &&
                    ioctl(machine.cpu, KVM_SET_CPUID2, cpuid) == 0;
    free(cpuid);
    return ok;
}

/* Loads the page table and with it forgets all translations. */
static bool load_tables(void) {
    struct kvm_sregs s;
    if (ioctl(machine.cpu, KVM_GET_SREGS, &s) != 0) {
        return false;
    }
    s.cr3 = mset_pt_root(machine.rig.pt);
    s.cr4 = 0x20;       /* PAE */
    s.cr0 = 0x80010031; /* PG, WP, NE, ET, PE */
    s.efer = 0xd00;     /* NXE, LMA, LME */
    const struct kvm_segment code = {
        .limit = 0xffffffff, .selector = 8, .present = 1, .type = 11, .s = 1, .l = 1, .g = 1};
    const struct kvm_segment data = {
        .limit = 0xffffffff, .selector = 16, .present = 1, .type = 3, .s = 1, .db = 1, .g = 1};
    s.cs = code;
    s.ds = s.es = s.fs = s.gs = s.ss = data;
    s.gdt.base = STAGE + GDT_AT;
    s.gdt.limit = 3 * 8 - 1;
    s.idt.base = STAGE + IDT_AT;
    s.idt.limit = 15 * 16 - 1;
    return ioctl(machine.cpu, KVM_SET_SREGS, &s) == 0;
}

static bool machine_open(void) {
    machine.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    machine.vm = machine.kvm < 0 ? -1 : ioctl(machine.kvm, KVM_CREATE_VM, 0);
    if (machine.vm < 0) {
        return false;
    }
    (void)ioctl(machine.vm, KVM_SET_TSS_ADDR, 0xfffbd000);
    if (!add_memory(0, machine.rig.base, machine.rig.bytes, machine.rig.storage) ||
        !add_memory(1, DATA, DATA_PAGES * PAGE, machine.data)) {
        return false;
    }
    machine.cpu = ioctl(machine.vm, KVM_CREATE_VCPU, 0);
    const int size = ioctl(machine.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (machine.cpu < 0 || size <= 0 || !copy_cpuid()) {
        return false;
    }
    machine.run_size = (size_t)size;
    machine.run = mmap(NULL, machine.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, machine.cpu, 0);
    return machine.run != MAP_FAILED && load_tables();
}

static void machine_close(void) {
    if (machine.run != NULL && machine.run != MAP_FAILED) {
        (void)munmap(machine.run, machine.run_size);
    }
    const int open_files[] = {machine.cpu, machine.vm, machine.kvm};
    for (unsigned i = 0; i < 3; i++) {
        if (open_files[i] >= 0) {
            (void)close(open_files[i]);
        }
    }
    rig_close(&machine.rig);
    free(machine.data);
}

/* Runs from an offset in the stage until HLT; false if there was a page fault. */
static bool attempt(unsigned at, uint64_t va, uint64_t *rax) {
    struct kvm_regs regs = {
        .rip = STAGE + at, .rbx = va, .rax = *rax, .rsp = STAGE + STACK_END, .rflags = 2};
    assert_int_equal(ioctl(machine.cpu, KVM_SET_REGS, &regs), 0);
    int status;
    do {
        status = ioctl(machine.cpu, KVM_RUN, 0);
    } while (status != 0 && errno == EINTR);
    assert_int_equal(status, 0);
    assert_int_equal(machine.run->exit_reason, KVM_EXIT_HLT);
    assert_int_equal(ioctl(machine.cpu, KVM_GET_REGS, &regs), 0);
    *rax = regs.rax;
    const bool faulted = regs.rip - (STAGE + FAULT_AT) <= 2;
    assert_true(faulted || regs.rip == (at == JUMP_AT ? va + 1 : STAGE + at + 4));
    return !faulted;
}

/* ---- comparing ---------------------------------------------------------------------------- */

/* How often the processor did each thing, [0], and refused to, [1]. */
static unsigned reads[2], writes[2], jumps[2];

/* What the slow walker says is what the processor does. */
static void compare(uint64_t va) {
    const struct slow_answer expected = rig_look(&machine.rig, va);
    assert_null(expected.complaint);
    uint64_t value = 0;
    assert_int_equal(attempt(READ_AT, va, &value), expected.present);
    if (expected.present) {
        assert_int_equal(value, tag((expected.pa - DATA) / PAGE));
    }
    assert_int_equal(attempt(WRITE_AT, va, &value), expected.present && expected.write);
    value = 0;
    assert_int_equal(attempt(JUMP_AT, va, &value), expected.present && expected.execute);
    reads[!expected.present]++;
    writes[!(expected.present && expected.write)]++;
    jumps[!(expected.present && expected.execute)]++;
}

static const uint64_t tries[] = {
    0,
    2 * MIB,
    GIB - 2 * MIB,
    GIB,
    (UINT64_C(1) << 47) - 4 * MIB,
    -(UINT64_C(1) << 47),
    UINT64_MAX - 4 * MIB + 1,
};

static uint64_t pick_flags(struct rng *rng) {
    static const uint64_t flags[] = {0, MSET_READ, MSET_READ | MSET_WRITE, MSET_ACCESS,
                                     MSET_READ | MSET_EXEC | MSET_USER | MSET_GLOBAL};
    return flags[rng_below(rng, sizeof flags / sizeof *flags)];
}

static void change(struct rng *rng, uint64_t window) {
    const uint64_t va = window + rng_below(rng, 4) * MIB + rng_below(rng, 3) * PAGE;
    const uint64_t room = (window + 4 * MIB - va) / PAGE;
    const uint64_t most = rng_chance(rng, 50) ? 4 : 1024;
    const uint64_t size = (1 + rng_below(rng, room < most ? room : most)) * PAGE;
    const uint64_t shift = rng_chance(rng, 60) ? va % (2 * MIB) : rng_below(rng, 512) * PAGE;
    uint64_t pa = DATA + 2 * MIB + shift;
    if (pa + size > DATA + DATA_PAGES * PAGE) {
        pa = DATA + DATA_PAGES * PAGE - size;
    }
    if (rng_chance(rng, 50)) { /* taken: fine */
        (void)mset_pt_map(machine.rig.pt, va, pa, size, pick_flags(rng));
    } else if (rng_chance(rng, 70)) {
        assert_int_equal(mset_pt_protect(machine.rig.pt, va, size, pick_flags(rng)), MSET_OK);
    } else {
        assert_int_equal(mset_pt_unmap(machine.rig.pt, va, size, NULL, NULL), MSET_OK);
    }
}

static void test_processor_agrees(void **state) {
    (void)state;
    struct rng rng = {11};
    rig_open(&machine.rig, 64, 2 * MIB); /* such machines may have no 1 GiB leaves */
    machine.data = aligned_alloc(PAGE, DATA_PAGES * PAGE);
    assert_non_null(machine.data);
    fill_data();
    assert_int_equal(mset_pt_map(machine.rig.pt, STAGE, DATA, PAGE, MSET_ACCESS), MSET_OK);
    if (!machine_open()) {
        print_message("SKIPPED: /dev/kvm cannot be used here: %s\n", strerror(errno));
        machine_close();
        skip();
        return;
    }
    unsigned accessed = 0;
    for (unsigned i = 0; i < 200; i++) {
        const uint64_t window = tries[rng_below(&rng, sizeof tries / sizeof *tries)];
        change(&rng, window);
        assert_true(load_tables());
        for (unsigned k = 0; k < 6; k++) {
            compare(window + rng_below(&rng, 1024) * PAGE);
        }
        for (uint64_t at = 0; at < 4 * MIB; at += 2 * MIB) {
            compare(window + at);
            compare(window + at + 2 * MIB - PAGE);
        }
        rig_validate(&machine.rig); /* also with the marks the processor set */
        struct mset_pt_run run;
        accessed += mset_pt_query(machine.rig.pt, window, 0, &run) == MSET_OK && run.accessed;
    }
    assert_true(accessed > 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(reads[i] > 50 && writes[i] > 50 && jumps[i] > 50);
    }
    machine_close();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_processor_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
