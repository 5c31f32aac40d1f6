/*
 * slots.c - the slots that KVM has. They lie by id in an array; a hash table with linear probing
 * finds the id of a guest address. Room for both is taken ahead, so nothing here fails while KVM is
 * being told.
 */
#include "kvm.h"

enum { FIRST_ROOM = 32 };

static uint32_t home(const struct kvm_slots *slots, uint64_t start) {
    const uint64_t hash = start / MSET_KVM_PAGE * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 32) & (slots->place_count - 1);
}

static uint32_t after(const struct kvm_slots *slots, uint32_t place) {
    return (place + 1) & (slots->place_count - 1);
}

static uint64_t start_at(const struct kvm_slots *slots, uint32_t place) {
    return slots->slots[slots->places[place] - 1].start;
}

static uint32_t find_place(const struct kvm_slots *slots, uint64_t start) {
    uint32_t place = home(slots, start);
    while (slots->places[place] != 0 && start_at(slots, place) != start) {
        place = after(slots, place);
    }
    return place;
}

static void enter(struct kvm_slots *slots, uint32_t id) {
    slots->places[find_place(slots, slots->slots[id].start)] = id + 1;
}

/* Those behind it move up, unless they are at home between it and themselves. */
static void leave(struct kvm_slots *slots, uint64_t start) {
    uint32_t hole = find_place(slots, start);
    for (uint32_t place = after(slots, hole); slots->places[place] != 0;
         place = after(slots, place)) {
        const uint32_t wanted = home(slots, start_at(slots, place));
        const uint32_t from_home = (place - wanted) & (slots->place_count - 1);
        const uint32_t from_hole = (place - hole) & (slots->place_count - 1);
        if (from_home >= from_hole) {
            slots->places[hole] = slots->places[place];
            hole = place;
        }
    }
    slots->places[hole] = 0;
}

/* ---- room ----------------------------------------------------------------------------------- */

static void free_arrays(const struct mset_kvm *kvm, const struct kvm_slots *slots) {
    kvm_free(kvm, slots->slots, slots->room * sizeof *slots->slots, _Alignof(struct kvm_slot));
    kvm_free(kvm, slots->free_ids, slots->room * sizeof(uint32_t), _Alignof(uint32_t));
    kvm_free(kvm, slots->places, slots->place_count * sizeof(uint32_t), _Alignof(uint32_t));
}

static void carry_over(struct kvm_slots *to, const struct kvm_slots *from) {
    if (from->room != 0) {
        memcpy(to->slots, from->slots, from->ids * sizeof *to->slots);
        memcpy(to->free_ids, from->free_ids, from->free * sizeof *to->free_ids);
    }
    memset(to->places, 0, to->place_count * sizeof *to->places);
    for (uint32_t id = 0; id < to->ids; id++) {
        if (to->slots[id].size != 0) {
            enter(to, id);
        }
    }
}

mset_status mset_kvm_slots_reserve(struct mset_kvm *kvm, uint64_t more) {
    struct kvm_slots *const old = &kvm->slots;
    const uint64_t wanted = old->used + more;
    if (wanted <= old->room) {
        return MSET_OK;
    }
    uint32_t room = old->room == 0 ? FIRST_ROOM : old->room;
    while (room < wanted) { /* ids are fewer than 2^30, see max_slots */
        room *= 2;
    }
    struct kvm_slots grown = *old;
    grown.room = room;
    grown.place_count = 2 * room;
    grown.slots = kvm_alloc(kvm, room * sizeof *grown.slots, _Alignof(struct kvm_slot));
    grown.free_ids = kvm_alloc(kvm, room * sizeof(uint32_t), _Alignof(uint32_t));
    grown.places = kvm_alloc(kvm, grown.place_count * sizeof(uint32_t), _Alignof(uint32_t));
    if (grown.slots == NULL || grown.free_ids == NULL || grown.places == NULL) {
        free_arrays(kvm, &grown);
        return MSET_NO_MEMORY;
    }
    carry_over(&grown, old);
    free_arrays(kvm, old);
    *old = grown;
    return MSET_OK;
}

void mset_kvm_slots_free(struct mset_kvm *kvm) {
    free_arrays(kvm, &kvm->slots);
}

/* ---- slots ---------------------------------------------------------------------------------- */

uint32_t mset_kvm_slots_find(const struct kvm_slots *slots, uint64_t start) {
    if (slots->used == 0) {
        return NO_ID;
    }
    const uint32_t place = find_place(slots, start);
    return slots->places[place] - 1; /* an empty place is NO_ID */
}

uint32_t mset_kvm_slots_next_id(const struct kvm_slots *slots) {
    return slots->free != 0 ? slots->free_ids[slots->free - 1] : slots->ids;
}

void mset_kvm_slots_add(struct kvm_slots *slots, const struct kvm_slot *slot) {
    const uint32_t id = mset_kvm_slots_next_id(slots);
    MSET_ASSERT(id < slots->room);
    if (slots->free != 0) {
        slots->free--;
    } else {
        slots->ids++;
    }
    slots->slots[id] = *slot;
    slots->used++;
    enter(slots, id);
}

void mset_kvm_slots_remove(struct kvm_slots *slots, uint32_t id) {
    leave(slots, slots->slots[id].start);
    slots->slots[id].size = 0;
    slots->free_ids[slots->free++] = id;
    slots->used--;
}

void mset_kvm_slots_move(struct kvm_slots *slots, uint32_t id, uint64_t start) {
    leave(slots, slots->slots[id].start);
    slots->slots[id].start = start;
    enter(slots, id);
}
