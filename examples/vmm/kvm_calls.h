/*
 * kvm_calls.h - between mset_kvm and ioctl(2): remembers which slots KVM has really got, and
 * refuses a call when a check wants to see what happens then.
 */
#ifndef VMM_KVM_CALLS_H
#define VMM_KVM_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

enum { SLOTS = 16 }; /* what this monitor allows itself: struct mset_kvm_config.max_slots */

struct kvm_calls {
    struct kvm_userspace_memory_region slots[SLOTS]; /* by id; size 0: none */
    uint64_t changes;                                /* calls that change slots, refused ones too */
    uint64_t refused;
    unsigned refuse; /* which change from now on is refused, once; 0: none */
};

/* For struct mset_kvm_config.control. */
int kvm_calls_control(void *context, int fd, unsigned long request, unsigned long argument);

/* The slots in the order of their addresses: two of these are equal if the guest sees the same. */
struct kvm_picture {
    struct kvm_userspace_memory_region slots[SLOTS];
    unsigned count;
};
struct kvm_picture kvm_calls_picture(const struct kvm_calls *calls);
bool kvm_pictures_equal(const struct kvm_picture *a, const struct kvm_picture *b);

#endif
