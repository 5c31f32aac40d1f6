/* fake_kvm.c - see fake_kvm.h. */
#include "fake_kvm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kvm.h>

void fake_kvm_open(struct fake_kvm *kvm) {
    *kvm = (struct fake_kvm){.slot_count = FAKE_SLOTS};
}

static void forget(struct fake_slot *slot) {
    free(slot->dirty);
    *slot = (struct fake_slot){0};
}

void fake_kvm_close(struct fake_kvm *kvm) {
    for (int i = 0; i < FAKE_SLOTS; i++) {
        forget(&kvm->slots[i]);
    }
}

static size_t words_of(const struct fake_slot *slot) {
    return (size_t)((slot->size / FAKE_PAGE + 63) / 64);
}

/* ---- KVM_SET_USER_MEMORY_REGION ---------------------------------------------------------------
 */

static bool sound(const struct fake_kvm *kvm, const struct kvm_userspace_memory_region *r) {
    const uint32_t known = KVM_MEM_LOG_DIRTY_PAGES | (kvm->no_read_only ? 0 : KVM_MEM_READONLY);
    return (r->flags & ~known) == 0 && r->slot < (uint32_t)kvm->slot_count &&
           ((r->guest_phys_addr | r->memory_size | r->userspace_addr) & (FAKE_PAGE - 1)) == 0 &&
           r->guest_phys_addr + r->memory_size >= r->guest_phys_addr &&
           r->memory_size / FAKE_PAGE <= 0x7fffffff;
}

static bool overlaps_another(const struct fake_kvm *kvm, uint32_t id, uint64_t start,
                             uint64_t size) {
    for (uint32_t i = 0; i < FAKE_SLOTS; i++) {
        const struct fake_slot *const slot = &kvm->slots[i];
        if (i != id && slot->size != 0 && start < slot->start + slot->size &&
            slot->start < start + size) {
            return true;
        }
    }
    return false;
}

static void keep_log(struct fake_slot *slot) {
    if ((slot->flags & KVM_MEM_LOG_DIRTY_PAGES) == 0) {
        free(slot->dirty);
        slot->dirty = NULL;
    } else if (slot->dirty == NULL) {
        slot->dirty = calloc(words_of(slot) + 1, sizeof *slot->dirty);
    }
}

static int set_region(struct fake_kvm *kvm, const struct kvm_userspace_memory_region *r) {
    struct fake_slot *const slot = &kvm->slots[r->slot % FAKE_SLOTS];
    const struct fake_slot old = *slot;
    if (!sound(kvm, r)) {
        return -EINVAL;
    }
    if (r->memory_size == 0) {
        if (slot->size == 0) {
            return -EINVAL;
        }
        forget(slot);
    } else {
        if (slot->size != 0 && (slot->size != r->memory_size || slot->host != r->userspace_addr ||
                                ((slot->flags ^ r->flags) & KVM_MEM_READONLY) != 0)) {
            return -EINVAL;
        }
        if ((slot->size == 0 || slot->start != r->guest_phys_addr) &&
            overlaps_another(kvm, r->slot, r->guest_phys_addr, r->memory_size)) {
            return -EEXIST;
        }
        kvm->moves += slot->size != 0 && slot->start != r->guest_phys_addr;
        slot->start = r->guest_phys_addr;
        slot->size = r->memory_size;
        slot->host = r->userspace_addr;
        slot->flags = r->flags;
        keep_log(slot);
    }
    if (kvm->look != NULL) {
        kvm->look(kvm->look_arg, &old, slot);
    }
    return 0;
}

/* ---- dirty logs -------------------------------------------------------------------------------
 */

static int get_log(struct fake_kvm *kvm, const struct kvm_dirty_log *log) {
    struct fake_slot *const slot = &kvm->slots[log->slot % FAKE_SLOTS];
    if (slot->dirty == NULL) {
        return -ENOENT;
    }
    memcpy(log->dirty_bitmap, slot->dirty, words_of(slot) * sizeof *slot->dirty);
    if (!kvm->manual) {
        memset(slot->dirty, 0, words_of(slot) * sizeof *slot->dirty);
    }
    return 0;
}

static int clear_log(struct fake_kvm *kvm, const struct kvm_clear_dirty_log *log) {
    struct fake_slot *const slot = &kvm->slots[log->slot % FAKE_SLOTS];
    const uint64_t pages = slot->size / FAKE_PAGE;
    const uint64_t end = log->first_page + log->num_pages;
    if (slot->dirty == NULL) {
        return -ENOENT;
    }
    if (!kvm->manual || log->first_page % 64 != 0 || end > pages ||
        (log->num_pages % 64 != 0 && end != pages)) {
        return -EINVAL;
    }
    const uint64_t *const words = log->dirty_bitmap;
    for (uint64_t i = 0; i < (log->num_pages + 63) / 64; i++) {
        slot->dirty[log->first_page / 64 + i] &= ~words[i];
    }
    return 0;
}

/* ---- what is asked ----------------------------------------------------------------------------
 */

static int check(const struct fake_kvm *kvm, unsigned long capability) {
    switch (capability) {
    case KVM_CAP_NR_MEMSLOTS:
        return kvm->slot_count;
    case KVM_CAP_READONLY_MEM:
        return !kvm->no_read_only;
    case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
        return !kvm->has_manual ? 0 : kvm->manual_bits != 0 ? kvm->manual_bits : 3;
    default:
        return 0;
    }
}

static int enable(struct fake_kvm *kvm, const struct kvm_enable_cap *wanted) {
    if (wanted->cap != KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 || !kvm->has_manual ||
        wanted->args[0] != KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE) {
        return -EINVAL;
    }
    kvm->manual = true;
    return 0;
}

static bool refuses(struct fault_point *faults) {
    faults->requests++;
    const bool hit = faults->at != 0 && (faults->requests == faults->at ||
                                         (faults->on && faults->requests > faults->at));
    faults->hit += hit;
    faults->injected += hit;
    return hit;
}

static int answer(struct fake_kvm *kvm, unsigned long request, const void *argument) {
    if (refuses(&kvm->faults)) {
        return FAKE_REFUSAL;
    }
    switch (request) {
    case KVM_SET_USER_MEMORY_REGION:
        kvm->sets++;
        return set_region(kvm, argument);
    case KVM_GET_DIRTY_LOG:
        return get_log(kvm, argument);
    case KVM_CLEAR_DIRTY_LOG:
        return clear_log(kvm, argument);
    case KVM_ENABLE_CAP:
        return enable(kvm, argument);
    default:
        return -ENOTTY;
    }
}

int fake_kvm_control(void *context, int fd, unsigned long request, unsigned long argument) {
    struct fake_kvm *const kvm = context;
    if (fd != FAKE_VM) {
        kvm->complaint = "another file than that of the virtual machine";
    }
    if (request == KVM_CHECK_EXTENSION) {
        return check(kvm, argument);
    }
    const int code = answer(kvm, request, (const void *)(uintptr_t)argument);
    if (code != 0 && code != FAKE_REFUSAL) {
        kvm->complaint = code == -EEXIST   ? "KVM: slots would overlap"
                         : code == -ENOENT ? "KVM: there is no such dirty log"
                         : code == -ENOTTY ? "KVM: no such request"
                                           : "KVM: this cannot be done to a slot";
    }
    return code;
}

/* ---- the guest --------------------------------------------------------------------------------
 */

static struct fake_slot *find(struct fake_kvm *kvm, uint64_t address) {
    for (int i = 0; i < FAKE_SLOTS; i++) {
        if (address - kvm->slots[i].start < kvm->slots[i].size) {
            return &kvm->slots[i];
        }
    }
    return NULL;
}

const struct fake_slot *fake_kvm_at(const struct fake_kvm *kvm, uint64_t address) {
    return find((struct fake_kvm *)kvm, address);
}

bool fake_kvm_write(struct fake_kvm *kvm, uint64_t address) {
    struct fake_slot *const slot = find(kvm, address);
    if (slot == NULL || (slot->flags & KVM_MEM_READONLY) != 0) {
        return false;
    }
    if (slot->dirty != NULL) {
        const uint64_t page = (address - slot->start) / FAKE_PAGE;
        slot->dirty[page / 64] |= UINT64_C(1) << page % 64;
    }
    return true;
}

size_t fake_kvm_count(const struct fake_kvm *kvm) {
    size_t count = 0;
    for (int i = 0; i < FAKE_SLOTS; i++) {
        count += kvm->slots[i].size != 0;
    }
    return count;
}
