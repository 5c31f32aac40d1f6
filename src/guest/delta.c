/*
 * delta.c - the slots before and after, compared: what stays is not mentioned, what only differs in
 * logging is switched, what only differs in its address is moved, and the rest is removed or added.
 *
 *     before   |---- a ----|  |- b -|        |-- c --|
 *     after    |-- a1 --|     |- b -|  |-- c --|
 *              removed a, added a1            moved c (if it does not overlap where c was)
 *
 * Both lists are in ascending order and do not overlap themselves, so they are walked side by side.
 */
#include "guest.h"

enum { REMOVED, RELOGGED, ADDED };

static bool same_but_logging(const struct mset_slot *a, const struct mset_slot *b) {
    return a->start == b->start && a->size == b->size && a->host == b->host &&
           a->region == b->region && a->read_only == b->read_only;
}

static bool overlap(const struct mset_slot *slot, uint64_t start, uint64_t size) {
    return slot->start <= start + (size - 1) && start <= slot->start + (slot->size - 1);
}

/* Takes what stays out of both lists, and what is only relogged over into its own. */
static void cancel(struct slot_list *removed, struct slot_list *relogged, struct slot_list *added) {
    size_t i = 0, k = 0, gone = 0, come = 0;
    while (i < removed->count || k < added->count) {
        const struct mset_slot *const old = i < removed->count ? &removed->slots[i] : NULL;
        const struct mset_slot *const new = k < added->count ? &added->slots[k] : NULL;
        if (old != NULL && new != NULL && same_but_logging(old, new)) {
            if (old->logged != new->logged) {
                relogged->slots[relogged->count++] = *new;
            }
            i++, k++;
        } else if (new == NULL || (old != NULL && old->start <= new->start)) {
            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): i is less than the count */
            removed->slots[gone++] = removed->slots[i++];
        } else {
            added->slots[come++] = added->slots[k++];
        }
    }
    removed->count = gone;
    added->count = come;
}

static bool any_replaced(const struct slot_list *removed, const struct slot_list *added) {
    size_t i = 0, k = 0;
    while (i < removed->count && k < added->count) {
        const struct mset_slot *const old = &removed->slots[i], *const new = &added->slots[k];
        if (overlap(old, new->start, new->size)) {
            return true;
        }
        if (old->start < new->start) {
            i++;
        } else {
            k++;
        }
    }
    return false;
}

/* ---- moves ---------------------------------------------------------------------------------- */

/* The removed slots by their host addresses; of those that share memory, the lowest. */
static mset_status index_hosts(const struct slot_list *removed, struct mset *hosts) {
    mset_status status = MSET_OK;
    for (size_t i = 0; i < removed->count && status == MSET_OK; i++) {
        const struct mset_area area = {.start = (uintptr_t)removed->slots[i].host,
                                       .size = removed->slots[i].size,
                                       .offset = i};
        status = mset_map(hosts, &area, MSET_MAP_FAIL, NULL);
        status = status == MSET_ALREADY_EXISTS ? MSET_OK : status;
    }
    return status;
}

/* Is there a slot among those that move which overlaps the range? Slots that move away from it
   later would be in the way, and it may be the same slot. */
static bool in_the_way(const struct slot_list *removed, const unsigned char *moving,
                       const struct mset_slot *to) {
    size_t low = 0, high = removed->count; /* the first slot that ends behind to->start */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct mset_slot *const slot = &removed->slots[middle];
        if (slot->start + (slot->size - 1) < to->start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low < removed->count && overlap(&removed->slots[low], to->start, to->size)) {
        if (moving[low++]) {
            return true;
        }
    }
    return false;
}

/* Is this added slot a removed one that has moved? Its number, or the count of removed ones. */
static size_t find_partner(const struct slot_list *removed, const struct mset *hosts,
                           const unsigned char *moving, const struct mset_slot *to) {
    struct mset_area area;
    if (!mset_find(hosts, (uintptr_t)to->host, &area) || area.start != (uintptr_t)to->host ||
        moving[area.offset]) {
        return removed->count;
    }
    const struct mset_slot *const from = &removed->slots[area.offset];
    const bool same = from->size == to->size && from->region == to->region &&
                      from->read_only == to->read_only && from->logged == to->logged;
    return same ? (size_t)area.offset : removed->count;
}

struct pairing {
    struct mset *hosts;
    unsigned char *moving; /* by number of the removed slot */
    size_t *partners;      /* by number of the added slot */
};

static void pair(struct delta *delta, const struct pairing *pairing) {
    struct slot_list *const removed = &delta->lists[REMOVED], *const added = &delta->lists[ADDED];
    for (size_t k = 0; k < added->count; k++) {
        pairing->partners[k] =
            find_partner(removed, pairing->hosts, pairing->moving, &added->slots[k]);
        if (pairing->partners[k] != removed->count) {
            pairing->moving[pairing->partners[k]] = 1;
        }
    }
    for (size_t k = 0; k < added->count; k++) {
        const size_t partner = pairing->partners[k];
        if (partner != removed->count && in_the_way(removed, pairing->moving, &added->slots[k])) {
            pairing->moving[partner] = 0;
            pairing->partners[k] = removed->count;
        }
    }
}

/* Takes the pairs out of the lists. */
static void emit(struct delta *delta, const struct pairing *pairing) {
    struct slot_list *const removed = &delta->lists[REMOVED], *const added = &delta->lists[ADDED];
    const size_t none = removed->count;
    size_t gone = 0, come = 0;
    for (size_t k = 0; k < added->count; k++) {
        if (pairing->partners[k] == none) {
            added->slots[come++] = added->slots[k];
        } else {
            delta->moved[delta->told.moves++] = (struct mset_slot_move){
                removed->slots[pairing->partners[k]], added->slots[k].start};
        }
    }
    for (size_t i = 0; i < none; i++) {
        if (!pairing->moving[i]) {
            removed->slots[gone++] = removed->slots[i];
        }
    }
    removed->count = gone;
    added->count = come;
}

static mset_status find_moves(const struct mset_guest *guest, struct delta *delta) {
    struct slot_list *const removed = &delta->lists[REMOVED], *const added = &delta->lists[ADDED];
    const size_t olds = removed->count, news = added->count;
    if (olds == 0 || news == 0) {
        return MSET_OK;
    }
    const size_t bytes = news * sizeof(size_t) + olds;
    struct pairing pairing = {.hosts = mset_guest_new_set(guest, 0, guest->slot_page_size),
                              .partners = guest_alloc(guest, bytes, _Alignof(size_t))};
    delta->moved_room = olds < news ? olds : news;
    delta->moved = guest_alloc(guest, delta->moved_room * sizeof *delta->moved,
                               _Alignof(struct mset_slot_move));
    const bool there = pairing.hosts != NULL && pairing.partners != NULL && delta->moved != NULL;
    mset_status status = there ? index_hosts(removed, pairing.hosts) : MSET_NO_MEMORY;
    if (status == MSET_OK) {
        pairing.moving = (unsigned char *)(pairing.partners + news);
        memset(pairing.moving, 0, olds);
        pair(delta, &pairing);
        emit(delta, &pairing);
    }
    mset_destroy(pairing.hosts);
    guest_free(guest, pairing.partners, bytes, _Alignof(size_t));
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void tell(struct delta *delta) {
    struct mset_slot_delta *const told = &delta->told;
    told->removed = delta->lists[REMOVED].slots;
    told->removes = delta->lists[REMOVED].count;
    told->moved = delta->moved;
    told->relogged = delta->lists[RELOGGED].slots;
    told->relogs = delta->lists[RELOGGED].count;
    told->added = delta->lists[ADDED].slots;
    told->adds = delta->lists[ADDED].count;
}

static mset_status gather(const struct mset_guest *guest, const struct mset *dirty,
                          struct delta *delta) {
    struct slot_list *const lists = delta->lists;
    mset_status status = mset_slots_gather(guest, guest_live(guest)->set, dirty, &lists[REMOVED]);
    if (status == MSET_OK) {
        status = mset_slots_gather(guest, guest->views[1 - guest->live].set, dirty, &lists[ADDED]);
    }
    const size_t most =
        lists[REMOVED].count < lists[ADDED].count ? lists[REMOVED].count : lists[ADDED].count;
    return status == MSET_OK ? mset_slots_reserve(guest, &lists[RELOGGED], most) : status;
}

mset_status mset_delta_compare(const struct mset_guest *guest, const struct mset *dirty,
                               struct delta *delta) {
    *delta = (struct delta){.moved = NULL};
    mset_status status = gather(guest, dirty, delta);
    if (status == MSET_OK) {
        cancel(&delta->lists[REMOVED], &delta->lists[RELOGGED], &delta->lists[ADDED]);
        delta->told.replaces = any_replaced(&delta->lists[REMOVED], &delta->lists[ADDED]);
        status = find_moves(guest, delta);
    }
    if (status != MSET_OK) {
        mset_delta_free(guest, delta);
        return status;
    }
    tell(delta);
    return MSET_OK;
}

mset_status mset_delta_all(const struct mset_guest *guest, struct delta *delta) {
    *delta = (struct delta){.moved = NULL};
    const mset_status status =
        mset_slots_gather(guest, guest_live(guest)->set, NULL, &delta->lists[ADDED]);
    if (status != MSET_OK) {
        mset_delta_free(guest, delta);
        return status;
    }
    tell(delta);
    return MSET_OK;
}

void mset_delta_free(const struct mset_guest *guest, struct delta *delta) {
    for (size_t i = 0; i < sizeof delta->lists / sizeof *delta->lists; i++) {
        mset_slots_free(guest, &delta->lists[i]);
    }
    guest_free(guest, delta->moved, delta->moved_room * sizeof *delta->moved,
               _Alignof(struct mset_slot_move));
    delta->moved = NULL;
}
