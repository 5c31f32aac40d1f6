/*
 * listener.c - a difference of slots as calls to KVM.
 *
 *     step    0 .. removes-1   .. + moves   .. + relogs   .. + adds
 *
 * Steps are done in this order, and undone in the reverse one. Deleting a slot that is logged, or
 * ending its logging, first asks for its dirty pages, which would be gone otherwise.
 */
#include "kvm.h"

#define MOST_PAGES UINT64_C(0x7fffffff) /* in a slot: KVM_MEM_MAX_NR_PAGES */

static struct mset_kvm *kvm_of(struct mset_guest_listener *listener) {
    return (struct mset_kvm *)listener;
}

static struct kvm_slot slot_of(const struct mset_slot *slot) {
    return (struct kvm_slot){slot->start, slot->size, slot->host, slot->read_only, slot->logged};
}

/* ---- prepare -------------------------------------------------------------------------------- */

/* KVM adds the size to the start, and the sum must not be 0. */
static bool ends_with_the_address_space(uint64_t start, uint64_t size) {
    return start + size == 0;
}

static mset_status judge_slot(const struct mset_kvm *kvm, const struct mset_slot *slot) {
    if (slot->size / MSET_KVM_PAGE > MOST_PAGES) {
        return MSET_OVER_LIMIT;
    }
    if (((slot->start | slot->size | (uintptr_t)slot->host) & (MSET_KVM_PAGE - 1)) != 0 ||
        (slot->read_only && !kvm->can_read_only) ||
        ends_with_the_address_space(slot->start, slot->size)) {
        return MSET_UNSUPPORTED;
    }
    return MSET_OK;
}

/* How many of the slots that are to change KVM does not have, since a reset. */
static size_t count_missing(const struct mset_kvm *kvm, const struct mset_slot_delta *delta) {
    size_t missing = 0;
    for (size_t i = 0; i < delta->removes; i++) {
        missing += mset_kvm_slots_find(&kvm->slots, delta->removed[i].start) == NO_ID;
    }
    for (size_t i = 0; i < delta->moves; i++) {
        missing += mset_kvm_slots_find(&kvm->slots, delta->moved[i].from.start) == NO_ID;
    }
    for (size_t i = 0; i < delta->relogs; i++) {
        missing += mset_kvm_slots_find(&kvm->slots, delta->relogged[i].start) == NO_ID;
    }
    return missing;
}

static bool only_removes(const struct mset_slot_delta *delta) {
    return delta->adds == 0 && delta->moves == 0 && delta->relogs == 0;
}

static mset_status judge(const struct mset_kvm *kvm, const struct mset_slot_delta *delta,
                         size_t missing) {
    const uint64_t used = kvm->slots.used < delta->removes ? 0 : kvm->slots.used - delta->removes;
    if (kvm->lost || (missing != 0 && !only_removes(delta))) {
        return MSET_BAD_STATE;
    }
    if (delta->adds > kvm->max_slots || used > kvm->max_slots - delta->adds) {
        return MSET_OVER_LIMIT;
    }
    mset_status status = MSET_OK;
    for (size_t i = 0; i < delta->adds && status == MSET_OK; i++) {
        status = judge_slot(kvm, &delta->added[i]);
    }
    for (size_t i = 0; i < delta->moves && status == MSET_OK; i++) {
        struct mset_slot there = delta->moved[i].from;
        there.start = delta->moved[i].to;
        status = judge_slot(kvm, &there);
    }
    return status;
}

static void drop_reserved(struct mset_kvm *kvm) {
    while (kvm->reserved != NULL) {
        struct bits *const bits = kvm->reserved;
        kvm->reserved = bits->next;
        mset_kvm_bits_free(kvm, bits);
    }
}

static bool reserve_one(struct mset_kvm *kvm, const struct mset_slot *slot) {
    struct bits *const bits =
        mset_kvm_bits_new(kvm, slot->start / MSET_KVM_PAGE, slot->size / MSET_KVM_PAGE);
    if (bits != NULL) {
        bits->next = kvm->reserved;
        kvm->reserved = bits;
    }
    return bits != NULL;
}

/* For the pages of slots that end to be logged. */
static mset_status reserve_bits(struct mset_kvm *kvm, const struct mset_slot_delta *delta) {
    bool there = true;
    for (size_t i = 0; i < delta->removes && there; i++) {
        there = !delta->removed[i].logged || reserve_one(kvm, &delta->removed[i]);
    }
    for (size_t i = 0; i < delta->relogs && there; i++) {
        there = delta->relogged[i].logged || reserve_one(kvm, &delta->relogged[i]);
    }
    if (!there) {
        drop_reserved(kvm);
    }
    return there ? MSET_OK : MSET_NO_MEMORY;
}

static int prepare(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    struct mset_kvm *const kvm = kvm_of(listener);
    const size_t missing = count_missing(kvm, delta);
    mset_status status = judge(kvm, delta, missing);
    if (status == MSET_OK) { /* undoing adds what was missing, too */
        status = mset_kvm_slots_reserve(kvm, delta->adds + missing);
    }
    return (int)(status == MSET_OK ? reserve_bits(kvm, delta) : status);
}

static void abort_prepared(struct mset_guest_listener *listener,
                           const struct mset_slot_delta *delta) {
    (void)delta;
    drop_reserved(kvm_of(listener));
}

/* ---- one call ------------------------------------------------------------------------------- */

static int add(struct mset_kvm *kvm, const struct mset_slot *wanted) {
    const struct kvm_slot slot = slot_of(wanted);
    const int code = mset_kvm_set(kvm, mset_kvm_slots_next_id(&kvm->slots), &slot);
    if (code == 0) {
        mset_kvm_slots_add(&kvm->slots, &slot);
    }
    return code;
}

static int delete_id(struct mset_kvm *kvm, uint32_t id) {
    struct kvm_slot gone = kvm->slots.slots[id];
    gone.size = 0;
    gone.logged = gone.read_only = false;
    const int code = mset_kvm_set(kvm, id, &gone);
    if (code == 0) {
        mset_kvm_slots_remove(&kvm->slots, id);
    }
    return code;
}

/* What KVM does not have, after a reset, needs no deleting. */
static int delete_slot(struct mset_kvm *kvm, const struct mset_slot *slot) {
    const uint32_t id = mset_kvm_slots_find(&kvm->slots, slot->start);
    return id == NO_ID ? 0 : delete_id(kvm, id);
}

static struct bits *take_reserved(struct mset_kvm *kvm, uint64_t start) {
    struct bits **link = &kvm->reserved;
    while (*link != NULL && (*link)->first != start / MSET_KVM_PAGE) {
        link = &(*link)->next;
    }
    struct bits *const bits = *link;
    if (bits != NULL) {
        *link = bits->next;
    }
    return bits;
}

/* The dirty pages of a slot that is about to end being logged. */
static int save_log(struct mset_kvm *kvm, uint64_t start) {
    const uint32_t id = mset_kvm_slots_find(&kvm->slots, start);
    struct bits *const bits = id == NO_ID ? NULL : take_reserved(kvm, start);
    if (bits == NULL) { /* it is not logged */
        return 0;
    }
    const int code = mset_kvm_get_log(kvm, id, bits->words);
    if (code == 0) {
        mset_kvm_bits_keep(kvm, bits);
    } else {
        mset_kvm_bits_free(kvm, bits);
    }
    return code;
}

static int move(struct mset_kvm *kvm, uint64_t from, uint64_t to) {
    const uint32_t id = mset_kvm_slots_find(&kvm->slots, from);
    struct kvm_slot slot = kvm->slots.slots[id];
    slot.start = to;
    const int code = mset_kvm_set(kvm, id, &slot);
    if (code == 0) {
        mset_kvm_slots_move(&kvm->slots, id, to);
    }
    return code;
}

static int relog(struct mset_kvm *kvm, uint64_t start, bool logged) {
    const uint32_t id = mset_kvm_slots_find(&kvm->slots, start);
    struct kvm_slot slot = kvm->slots.slots[id];
    slot.logged = logged;
    const int code = mset_kvm_set(kvm, id, &slot);
    if (code == 0) {
        kvm->slots.slots[id] = slot;
    }
    return code;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static size_t step_count(const struct mset_slot_delta *delta) {
    return delta->removes + delta->moves + delta->relogs + delta->adds;
}

static int do_step(struct mset_kvm *kvm, const struct mset_slot_delta *delta, size_t i) {
    if (i < delta->removes) {
        const int code = save_log(kvm, delta->removed[i].start);
        return code == 0 ? delete_slot(kvm, &delta->removed[i]) : code;
    }
    i -= delta->removes;
    if (i < delta->moves) {
        return move(kvm, delta->moved[i].from.start, delta->moved[i].to);
    }
    i -= delta->moves;
    if (i < delta->relogs) {
        const int code = save_log(kvm, delta->relogged[i].start);
        return code == 0 ? relog(kvm, delta->relogged[i].start, delta->relogged[i].logged) : code;
    }
    return add(kvm, &delta->added[i - delta->relogs]);
}

static int undo_step(struct mset_kvm *kvm, const struct mset_slot_delta *delta, size_t i) {
    if (i < delta->removes) {
        return add(kvm, &delta->removed[i]);
    }
    i -= delta->removes;
    if (i < delta->moves) {
        return move(kvm, delta->moved[i].to, delta->moved[i].from.start);
    }
    i -= delta->moves;
    if (i < delta->relogs) {
        return relog(kvm, delta->relogged[i].start, !delta->relogged[i].logged);
    }
    return delete_slot(kvm, &delta->added[i - delta->relogs]);
}

/* Undoes the steps before `end`. One that is refused is the last: those before it may need it. */
static int undo(struct mset_kvm *kvm, const struct mset_slot_delta *delta, size_t end) {
    int code = 0;
    while (end > 0 && code == 0) {
        code = undo_step(kvm, delta, --end);
    }
    if (code != 0) {
        kvm->lost = true;
    }
    return code;
}

static int apply(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    struct mset_kvm *const kvm = kvm_of(listener);
    for (size_t i = 0; i < step_count(delta); i++) {
        const int code = do_step(kvm, delta, i);
        if (code != 0) {
            (void)undo(kvm, delta, i);
            return code;
        }
    }
    drop_reserved(kvm);
    return 0;
}

static int revert(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    return undo(kvm_of(listener), delta, step_count(delta));
}

static bool is_lost(struct mset_guest_listener *listener) {
    return kvm_of(listener)->lost;
}

/* ---- vCPUs ---------------------------------------------------------------------------------- */

static void pause_vcpus(struct mset_guest_listener *listener) {
    const struct mset_kvm_config *const config = &kvm_of(listener)->config;
    if (config->pause != NULL) {
        config->pause(config->pause_context);
    }
}

static void resume_vcpus(struct mset_guest_listener *listener) {
    const struct mset_kvm_config *const config = &kvm_of(listener)->config;
    if (config->resume != NULL) {
        config->resume(config->pause_context);
    }
}

const struct mset_guest_listener_ops mset_kvm_ops = {.prepare = prepare,
                                                     .abort = abort_prepared,
                                                     .apply = apply,
                                                     .revert = revert,
                                                     .pause = pause_vcpus,
                                                     .resume = resume_vcpus,
                                                     .lost = is_lost};

/* ---- a new beginning ------------------------------------------------------------------------ */

/* With its dirty pages kept, as in a commit. */
static int reset_slot(struct mset_kvm *kvm, uint32_t id) {
    const struct kvm_slot *const slot = &kvm->slots.slots[id];
    if (slot->logged) {
        const struct mset_slot what = {.start = slot->start, .size = slot->size};
        if (!reserve_one(kvm, &what)) {
            return MSET_NO_MEMORY;
        }
        const int code = save_log(kvm, slot->start);
        if (code != 0) {
            return code;
        }
    }
    return delete_id(kvm, id);
}

mset_status mset_kvm_reset(struct mset_kvm *kvm) {
    int code = 0;
    if (kvm == NULL) {
        return MSET_INVALID_PARAM;
    }
    for (uint32_t id = 0; id < kvm->slots.ids && code == 0; id++) {
        code = kvm->slots.slots[id].size == 0 ? 0 : reset_slot(kvm, id);
    }
    if (code != 0) {
        return code < 0 ? MSET_BAD_STATE : (mset_status)code;
    }
    kvm->lost = false;
    return MSET_OK;
}
