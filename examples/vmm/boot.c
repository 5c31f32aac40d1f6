/*
 * boot.c - descriptors and registers, as the manuals of x86 want them.
 *
 *     DESCRIPTORS   + 0x000  GDT   nothing, ring 0 code, data, ring 3 data, code, TSS (2 places)
 *                   + 0x100  TSS   the stack of ring 0
 *                   + 0x200  IDT   page faults to IMAGE_FAULT, all others to IMAGE_TRAP
 */
#include "boot.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "layout.h"

enum { GDT = 0, TSS = 0x100, IDT = 0x200, TSS_SIZE = 0x68, GATES = 32, PAGE_FAULT = 14 };
enum { KERNEL_CODE = 0x08, USER_DATA = 0x18 | 3, USER_CODE = 0x20 | 3, TASK = 0x28 };

/* ---- in guest memory ------------------------------------------------------------------------ */

static void put_gate(unsigned char *idt, unsigned vector, uint64_t handler) {
    const uint64_t present_interrupt_gate = 0x8e00;
    const uint64_t words[2] = {(handler & 0xffff) | (uint64_t)KERNEL_CODE << 16 |
                                   present_interrupt_gate << 32 | (handler >> 16 & 0xffff) << 48,
                               handler >> 32};
    memcpy(idt + sizeof words * vector, words, sizeof words);
}

static bool write_descriptors(struct memory *memory) {
    const uint64_t tss = DESCRIPTORS + TSS, kernel_stack = KERNEL_STACK + 4 * KIB;
    const uint64_t gdt[] = {0,
                            UINT64_C(0x00af9b000000ffff),
                            UINT64_C(0x00cf93000000ffff),
                            UINT64_C(0x00cff3000000ffff),
                            UINT64_C(0x00affb000000ffff),
                            (TSS_SIZE - 1) | tss << 16 | UINT64_C(0x8b) << 40,
                            0};
    unsigned char page[4 * KIB] = {0};
    memcpy(page + GDT, gdt, sizeof gdt);
    memcpy(page + TSS + 4, &kernel_stack, sizeof kernel_stack);
    for (unsigned vector = 0; vector < GATES; vector++) {
        put_gate(page + IDT, vector, vector == PAGE_FAULT ? IMAGE_FAULT : IMAGE_TRAP);
    }
    return mset_guest_write(&memory->cursor, DESCRIPTORS, page, sizeof page, NULL) == MSET_OK;
}

static bool load_image(struct memory *memory, const char *name) {
    unsigned char image[IMAGE_SIZE + 1];
    FILE *const file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        return false;
    }
    const size_t size = fread(image, 1, sizeof image, file);
    (void)fclose(file);
    if (size == 0 || size > IMAGE_SIZE) {
        (void)fprintf(stderr, "%s: not the image of the guest\n", name);
        return false;
    }
    return mset_guest_write(&memory->cursor, IMAGE, image, size, NULL) == MSET_OK;
}

bool boot_load(struct memory *memory, const char *image) {
    return load_image(memory, image) && write_descriptors(memory);
}

/* ---- registers ------------------------------------------------------------------------------ */

static struct kvm_segment segment(unsigned selector, unsigned type) {
    const bool code = (type & 8) != 0;
    return (struct kvm_segment){.limit = 0xffffffff,
                                .selector = (uint16_t)selector,
                                .type = (uint8_t)type,
                                .present = 1,
                                .dpl = 3,
                                .db = !code,
                                .s = 1,
                                .l = code,
                                .g = 1};
}

bool boot_start(int vcpu, uint64_t root) {
    struct kvm_sregs s;
    if (ioctl(vcpu, KVM_GET_SREGS, &s) != 0) {
        return false;
    }
    s.cs = segment(USER_CODE, 11);
    s.ds = s.es = s.fs = s.gs = s.ss = segment(USER_DATA, 3);
    s.tr = (struct kvm_segment){.base = DESCRIPTORS + TSS,
                                .limit = TSS_SIZE - 1,
                                .selector = TASK,
                                .type = 11,
                                .present = 1};
    s.gdt.base = DESCRIPTORS + GDT;
    s.gdt.limit = 7 * 8 - 1;
    s.idt.base = DESCRIPTORS + IDT;
    s.idt.limit = GATES * 16 - 1;
    s.cr3 = root;
    s.cr4 = 0x20;       /* PAE */
    s.cr0 = 0x80010031; /* PG, WP, NE, ET, PE */
    s.efer = 0xd00;     /* NXE, LMA, LME */
    const struct kvm_regs regs = {.rip = IMAGE_PROGRAM,
                                  .rsp = USER_STACK + USER_STACK_SIZE - 8, /* as after a call */
                                  .rflags = 0x3002}; /* ring 3 may use ports */
    return ioctl(vcpu, KVM_SET_SREGS, &s) == 0 && ioctl(vcpu, KVM_SET_REGS, &regs) == 0;
}

bool boot_flush(int vcpu) {
    struct kvm_sregs s;
    if (ioctl(vcpu, KVM_GET_SREGS, &s) != 0) {
        return false;
    }
    const uint64_t root = s.cr3;
    s.cr3 = DESCRIPTORS; /* anything else: that it changes is what makes KVM flush */
    if (ioctl(vcpu, KVM_SET_SREGS, &s) != 0) {
        return false;
    }
    s.cr3 = root;
    return ioctl(vcpu, KVM_SET_SREGS, &s) == 0;
}
