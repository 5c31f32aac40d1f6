/* control.c - the calls to KVM: the only file that knows their numbers and structures. */
#include <errno.h>
#include <sys/ioctl.h>

#include "kvm.h"

#include <linux/kvm.h>

static int control(struct mset_kvm *kvm, unsigned long request, unsigned long argument) {
    const struct mset_kvm_config *const config = &kvm->config;
    if (config->control != NULL) {
        return config->control(config->control_context, config->vm, request, argument);
    }
    const int result = ioctl(config->vm, request, argument);
    return result < 0 ? -errno : result;
}

static unsigned long pointer(const void *to) {
    return (unsigned long)(uintptr_t)to;
}

int mset_kvm_check(struct mset_kvm *kvm, unsigned long capability) {
    return control(kvm, KVM_CHECK_EXTENSION, capability);
}

bool mset_kvm_enable_manual_clear(struct mset_kvm *kvm) {
    const struct kvm_enable_cap wanted = {.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
                                          .args = {KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE}};
    const int has = mset_kvm_check(kvm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);
    return has > 0 && (has & KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE) != 0 &&
           control(kvm, KVM_ENABLE_CAP, pointer(&wanted)) == 0;
}

int mset_kvm_set(struct mset_kvm *kvm, uint32_t id, const struct kvm_slot *slot) {
    const struct kvm_userspace_memory_region region = {
        .slot = kvm->config.first_slot + id,
        .flags =
            (slot->read_only ? KVM_MEM_READONLY : 0) | (slot->logged ? KVM_MEM_LOG_DIRTY_PAGES : 0),
        .guest_phys_addr = slot->start,
        .memory_size = slot->size,
        .userspace_addr = (uintptr_t)slot->host};
    kvm->calls++;
    return control(kvm, KVM_SET_USER_MEMORY_REGION, pointer(&region));
}

int mset_kvm_get_log(struct mset_kvm *kvm, uint32_t id, uint64_t *words) {
    const struct kvm_dirty_log log = {.slot = kvm->config.first_slot + id, .dirty_bitmap = words};
    return control(kvm, KVM_GET_DIRTY_LOG, pointer(&log));
}

int mset_kvm_clear_log(struct mset_kvm *kvm, uint32_t id, uint64_t first, uint32_t pages,
                       uint64_t *words) {
    const struct kvm_clear_dirty_log log = {.slot = kvm->config.first_slot + id,
                                            .first_page = first,
                                            .num_pages = pages,
                                            .dirty_bitmap = words};
    return control(kvm, KVM_CLEAR_DIRTY_LOG, pointer(&log));
}
