/*
 * kvm.h - the insides of the KVM backend, shared by the files of this room.
 *
 *     listener.c   what the guest tells, as steps that can be undone
 *     slots.c      what KVM has confirmed: slots by id, found by their guest address
 *     control.c    the calls to KVM, and nothing else
 *     dirty.c      dirty pages of a range
 *     bits.c       dirty pages that have been taken from KVM and from here not yet
 *
 * `slots` always says what KVM has: it changes right after each call that KVM has answered with
 * yes.
 */
#ifndef MSET_SRC_KVM_H
#define MSET_SRC_KVM_H

#include <mset/kvm.h>

#include "../base/assert.h"
#include "../base/memory.h"

/* ---- bits.c ------------------------------------------------------------------------------- */

/* Dirty pages from page number `first` on. */
struct bits {
    struct bits *next;
    uint64_t first;
    uint64_t pages;
    uint64_t words[];
};

struct page_range {
    uint64_t first, end; /* page numbers; end is not part of it */
};

struct bits *mset_kvm_bits_new(const struct mset_kvm *kvm, uint64_t first, uint64_t pages);
void mset_kvm_bits_free(const struct mset_kvm *kvm, struct bits *bits);
/* Puts them aside for later, or frees them if there are none. */
void mset_kvm_bits_keep(struct mset_kvm *kvm, struct bits *bits);
/* Takes those in the range out, and sets them in `bitmap`, whose bit 0 is the range's first page.
 */
void mset_kvm_bits_take(struct bits *bits, const struct page_range *range, uint64_t *bitmap);
void mset_kvm_bits_take_kept(struct mset_kvm *kvm, const struct page_range *range,
                             uint64_t *bitmap);

/* ---- slots.c ------------------------------------------------------------------------------ */

struct kvm_slot {
    uint64_t start;
    uint64_t size; /* 0: the id is free */
    void *host;
    bool read_only;
    bool logged;
};

struct kvm_slots {
    struct kvm_slot *slots; /* by id, from first_slot on */
    uint32_t *free_ids;     /* a stack; as many as `slots` */
    uint32_t room;
    uint32_t used;        /* slots with a size */
    uint32_t ids;         /* that were ever given out */
    uint32_t free;        /* on the stack */
    uint32_t *places;     /* a hash table of ids + 1, by start */
    uint32_t place_count; /* a power of two, at least twice the ids */
};

#define NO_ID UINT32_MAX

/* Room for so many more slots, so that adding them cannot fail. */
mset_status mset_kvm_slots_reserve(struct mset_kvm *kvm, uint64_t more);
void mset_kvm_slots_free(struct mset_kvm *kvm);
uint32_t mset_kvm_slots_find(const struct kvm_slots *slots, uint64_t start);
uint32_t mset_kvm_slots_next_id(const struct kvm_slots *slots);
void mset_kvm_slots_add(struct kvm_slots *slots, const struct kvm_slot *slot);
void mset_kvm_slots_remove(struct kvm_slots *slots, uint32_t id);
void mset_kvm_slots_move(struct kvm_slots *slots, uint32_t id, uint64_t start);

/* ---- the object --------------------------------------------------------------------------- */

struct mset_kvm {
    struct mset_guest_listener listener; /* first */
    struct mset_kvm_config config;
    struct mset_allocator allocator;
    uint32_t max_slots;
    bool can_read_only;
    bool manual_clear;
    bool lost;
    uint64_t calls;
    struct kvm_slots slots;
    struct bits *kept;     /* dirty pages of what is no more, or was not asked for */
    struct bits *reserved; /* for the slots that a delta ends to log */
};

static inline void *kvm_alloc(const struct mset_kvm *kvm, size_t size, size_t align) {
    return kvm->allocator.alloc(kvm->allocator.context, size, align);
}

static inline void kvm_free(const struct mset_kvm *kvm, void *memory, size_t size, size_t align) {
    if (memory != NULL) {
        kvm->allocator.free(kvm->allocator.context, memory, size, align);
    }
}

/* ---- control.c ---------------------------------------------------------------------------- */

int mset_kvm_check(struct mset_kvm *kvm, unsigned long capability);
bool mset_kvm_enable_manual_clear(struct mset_kvm *kvm);
/* Makes the slot with this id what `slot` says; a size of 0 deletes it. 0 or -errno. */
int mset_kvm_set(struct mset_kvm *kvm, uint32_t id, const struct kvm_slot *slot);
/* `words` have room for all pages of the slot. */
int mset_kvm_get_log(struct mset_kvm *kvm, uint32_t id, uint64_t *words);
/* Forgets the pages set in words, the first of which is page `first`, a multiple of 64, of the
 * slot. */
int mset_kvm_clear_log(struct mset_kvm *kvm, uint32_t id, uint64_t first, uint32_t pages,
                       uint64_t *words);

/* ---- listener.c --------------------------------------------------------------------------- */

extern const struct mset_guest_listener_ops mset_kvm_ops;

#endif
