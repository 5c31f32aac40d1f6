/*
 * fake_kvm.h - memory slots as strict as the kernel's, without a kernel (rules: Documentation/virt/
 * kvm/api.rst and kvm_set_memory_region()). Its control function is what mset_kvm_config wants. Can
 * be told to refuse the n-th call, and all after it.
 */
#ifndef MSET_TEST_GUEST_FAKE_KVM_H
#define MSET_TEST_GUEST_FAKE_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/faulty.h"

enum { FAKE_SLOTS = 96, FAKE_VM = 77 };
#define FAKE_PAGE UINT64_C(4096)
#define FAKE_REFUSAL (-5) /* EIO, which the rules never give */

struct fake_slot {
    uint64_t start, size; /* size 0: none */
    uint64_t host;
    uint32_t flags;
    uint64_t *dirty; /* NULL: not logged */
};

struct fake_kvm {
    struct fake_slot slots[FAKE_SLOTS];
    int slot_count;    /* what KVM_CAP_NR_MEMSLOTS tells */
    bool no_read_only; /* not KVM_CAP_READONLY_MEM */
    bool has_manual;   /* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 */
    int manual_bits;   /* what KVM_CHECK_EXTENSION tells about it; 0: all */
    bool manual;       /* it has been enabled */
    struct fault_point faults;
    uint64_t sets; /* calls of KVM_SET_USER_MEMORY_REGION */
    uint64_t moves;
    /* Told of every such call; may be NULL. */
    void (*look)(void *arg, const struct fake_slot *old, const struct fake_slot *new_slot);
    void *look_arg;
    const char *complaint; /* a call that no kernel allows, or NULL */
};

void fake_kvm_open(struct fake_kvm *kvm);
void fake_kvm_close(struct fake_kvm *kvm);
int fake_kvm_control(void *context, int fd, unsigned long request, unsigned long argument);
/* The guest writes to a page: false if there is no slot, or only a read-only one. */
bool fake_kvm_write(struct fake_kvm *kvm, uint64_t address);
/* The slot that holds an address, or NULL. */
const struct fake_slot *fake_kvm_at(const struct fake_kvm *kvm, uint64_t address);
size_t fake_kvm_count(const struct fake_kvm *kvm);

#endif
