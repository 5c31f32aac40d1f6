/* kvm_calls.c - which slots KVM has got. */
#include "kvm_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int kvm_calls_control(void *context, int fd, unsigned long request, unsigned long argument) {
    struct kvm_calls *const calls = context;
    if (request == KVM_SET_USER_MEMORY_REGION) {
        calls->changes++;
        if (calls->refuse != 0 && --calls->refuse == 0) {
            calls->refused++;
            return -ENOMEM;
        }
    }
    const int result = ioctl(fd, request, argument);
    if (result < 0) {
        return -errno;
    }
    if (request == KVM_SET_USER_MEMORY_REGION) {
        struct kvm_userspace_memory_region slot;
        memcpy(&slot, (const void *)(uintptr_t)argument, sizeof slot);
        if (slot.slot < SLOTS) {
            calls->slots[slot.slot] = slot;
        }
    }
    return result;
}

static int by_address(const void *a, const void *b) {
    const struct kvm_userspace_memory_region *const one = a, *const other = b;
    return (one->guest_phys_addr > other->guest_phys_addr) -
           (one->guest_phys_addr < other->guest_phys_addr);
}

struct kvm_picture kvm_calls_picture(const struct kvm_calls *calls) {
    struct kvm_picture picture = {.count = 0};
    for (unsigned id = 0; id < SLOTS; id++) {
        if (calls->slots[id].memory_size != 0) {
            picture.slots[picture.count] = calls->slots[id];
            picture.slots[picture.count++].slot = 0; /* the guest does not see ids */
        }
    }
    qsort(picture.slots, picture.count, sizeof *picture.slots, by_address);
    return picture;
}

bool kvm_pictures_equal(const struct kvm_picture *a, const struct kvm_picture *b) {
    return a->count == b->count && memcmp(a->slots, b->slots, a->count * sizeof *a->slots) == 0;
}
