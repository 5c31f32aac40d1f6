/* create.c - the life of the KVM backend: what this kernel can do is asked once. */
#include "kvm.h"

#include <linux/kvm.h>

/* KVM has no more than 32767; a limit of our own keeps sizes of arrays small. */
enum { MOST_SLOTS = 1 << 24, OLD_KVM_SLOTS = 32 };

static uint32_t slots_there(struct mset_kvm *kvm) {
    const int told = mset_kvm_check(kvm, KVM_CAP_NR_MEMSLOTS);
    const uint32_t all = told > 0 ? (uint32_t)told : OLD_KVM_SLOTS;
    const uint32_t first = kvm->config.first_slot;
    const uint32_t ours = all > first ? all - first : 0;
    return ours < MOST_SLOTS ? ours : MOST_SLOTS;
}

mset_status mset_kvm_create(const struct mset_kvm_config *config, struct mset_kvm **out) {
    if (config == NULL || out == NULL) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_allocator *const allocator = mset_allocator_or_default(config->allocator);
    struct mset_kvm *const kvm =
        allocator->alloc(allocator->context, sizeof *kvm, _Alignof(struct mset_kvm));
    if (kvm == NULL) {
        return MSET_NO_MEMORY;
    }
    memset(kvm, 0, sizeof *kvm);
    kvm->listener.ops = &mset_kvm_ops;
    kvm->config = *config;
    kvm->allocator = *allocator;
    kvm->can_read_only = mset_kvm_check(kvm, KVM_CAP_READONLY_MEM) > 0;
    kvm->manual_clear = config->manual_clear && mset_kvm_enable_manual_clear(kvm);
    kvm->max_slots = slots_there(kvm);
    if (config->max_slots != 0 && config->max_slots < kvm->max_slots) {
        kvm->max_slots = config->max_slots;
    }
    *out = kvm;
    return MSET_OK;
}

void mset_kvm_destroy(struct mset_kvm *kvm) {
    if (kvm == NULL) {
        return;
    }
    while (kvm->kept != NULL) {
        struct bits *const bits = kvm->kept;
        kvm->kept = bits->next;
        mset_kvm_bits_free(kvm, bits);
    }
    mset_kvm_slots_free(kvm);
    const struct mset_allocator allocator = kvm->allocator;
    allocator.free(allocator.context, kvm, sizeof *kvm, _Alignof(struct mset_kvm));
}

struct mset_guest_listener *mset_kvm_listener(struct mset_kvm *kvm) {
    return &kvm->listener;
}

void mset_kvm_get_statistics(const struct mset_kvm *kvm, struct mset_kvm_statistics *out) {
    *out = (struct mset_kvm_statistics){.slots = kvm->slots.used,
                                        .max_slots = kvm->max_slots,
                                        .ids = kvm->slots.ids,
                                        .calls = kvm->calls,
                                        .lost = kvm->lost};
}
