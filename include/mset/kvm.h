/*
 * kvm.h - guest memory (guest.h) as memory slots of a KVM virtual machine. Linux; a library of its
 * own: link mset::kvm.
 *
 *     const struct mset_kvm_config config = {
 *         .vm = vm_fd, .pause = stop_vcpus, .resume = run_vcpus};
 *     struct mset_kvm *kvm;
 *     mset_kvm_create(&config, &kvm);
 *     mset_guest_attach(guest, mset_kvm_listener(kvm));
 *     ...
 *     mset_guest_detach(guest, mset_kvm_listener(kvm));
 *     mset_kvm_destroy(kvm);
 *
 * Every commit becomes the fewest calls of KVM_SET_USER_MEMORY_REGION that lead from the old slots
 * to the new ones: one to remove, add, move or switch logging of a slot, none for slots that stay.
 * Ids of slots that go are used again. ROM becomes read-only slots: the guest reads directly, its
 * writes exit as MMIO does.
 *
 * Running vCPUs: to cut or join slots KVM has to delete and add them, and a vCPU that touches such
 * memory in between exits as if nothing were there. So when a commit removes a range that it also
 * adds, `pause` is called before the first change and `resume` after the last, and the new view of
 * the guest is in force by then. Between them no vCPU may be inside KVM_RUN. Other commits call
 * neither.
 *
 * Refusals: what KVM could not take (more slots than it has; 2^31 pages or more in one, read-only
 * ones where there are none, one that ends at 2^64) is found before anything is changed:
 * MSET_OVER_LIMIT for the first two, else MSET_UNSUPPORTED. If it refuses a call all the same,
 * those before are undone, and mset_guest_last_failure().code is -errno. If that is refused too,
 * the listener is `lost`: see mset_kvm_reset().
 *
 * Threads: as for the guest that it is attached to. mset_kvm_collect_dirty() counts as a change.
 */
#ifndef MSET_KVM_H
#define MSET_KVM_H

#include "base.h"
#include "guest_listener.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_kvm;

/* Zero in any field asks for the default. */
struct mset_kvm_config {
    int vm; /* from KVM_CREATE_VM; stays yours */
    /* NULL: ioctl(2). Like it, but an error is returned as -errno. */
    int (*control)(void *context, int fd, unsigned long request, unsigned long argument);
    void *control_context;
    void (*pause)(void *context);
    void (*resume)(void *context);
    void *pause_context;
    uint32_t first_slot; /* ids first_slot .. first_slot + max_slots - 1 are used */
    uint32_t max_slots;  /* 0: all that KVM has from first_slot on */
    /* Turns KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 on where KVM has it: collecting a part of a slot then
       costs what the part costs. For the whole virtual machine, and not to be undone. */
    bool manual_clear;
    const struct mset_allocator *allocator; /* NULL: mset_allocator_default(); copied */
};

MSET_API mset_status mset_kvm_create(const struct mset_kvm_config *config, struct mset_kvm **kvm);
/* Frees the object, which must not be attached; slots that KVM still has stay. NULL is fine. */
MSET_API void mset_kvm_destroy(struct mset_kvm *kvm);

MSET_API struct mset_guest_listener *mset_kvm_listener(struct mset_kvm *kvm);

/* ---- dirty pages --------------------------------------------------------------------------- */

/* Bits are pages of so many bytes. */
#define MSET_KVM_PAGE UINT64_C(4096)

/*
 * Which pages of a range of guest-physical memory has the guest written since they were collected
 * last? Sets their bits: bit i of `bitmap` is the page at start + i * 4096, in words of 64 bits;
 * what is set already stays. All logged slots are asked that touch the range, however they have
 * been cut, joined or removed meanwhile, and what was written before logging was switched off
 * (mset_guest_set_logged()) is still told. What is reported is forgotten, in the range and nowhere
 * else. Without a bitmap it is only forgotten. Memory that has come to another address is for you
 * to send whole: KVM and the guest do not say which of its pages were written at which of the two.
 *
 * MSET_INVALID_PARAM for ranges that are empty, wrap or are not aligned. MSET_NO_MEMORY, or
 * MSET_BAD_STATE if KVM refuses: bits that are set then have been reported, call again for the
 * rest.
 */
MSET_API mset_status mset_kvm_collect_dirty(struct mset_kvm *kvm, uint64_t start, uint64_t size,
                                            uint64_t *bitmap);

/* ---- looking inside, and out of trouble ---------------------------------------------------- */

struct mset_kvm_statistics {
    uint32_t slots; /* in use */
    uint32_t max_slots;
    uint32_t ids;   /* ever in use at the same time */
    uint64_t calls; /* of KVM_SET_USER_MEMORY_REGION, those that were refused included */
    bool lost;      /* KVM refused a change and its undoing */
};
MSET_API void mset_kvm_get_statistics(const struct mset_kvm *kvm, struct mset_kvm_statistics *out);

/*
 * Removes every slot that KVM has confirmed, and is not lost any more. Then detach the listener,
 * and attach it again: it gets all the slots there should be. While it is lost every commit that
 * changes slots is MSET_BAD_STATE; so is, after a reset, one that needs a slot which was removed.
 * MSET_BAD_STATE if KVM still refuses, MSET_NO_MEMORY without any for dirty pages, which are kept.
 *
 * Until then KVM may have slots of memory that is in the guest's map no more, or not yet. The guest
 * keeps such memory until the listener is detached; the caller's (MSET_MEMORY_CALLER) has to stay
 * as long.
 */
MSET_API mset_status mset_kvm_reset(struct mset_kvm *kvm);

#ifdef __cplusplus
}
#endif
#endif
