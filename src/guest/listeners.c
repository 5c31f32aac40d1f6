/* listeners.c - telling those who keep slots: prepare, pause, apply; or everything back. */
#include "guest.h"

static const struct mset_guest_listener_ops *ops_of(const struct mset_guest_listener *listener) {
    return listener->ops;
}

static int prepare(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    const struct mset_guest_listener_ops *const ops = ops_of(listener);
    return ops->prepare == NULL ? 0 : ops->prepare(listener, delta);
}

static void abort_one(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    const struct mset_guest_listener_ops *const ops = ops_of(listener);
    if (ops->abort != NULL) {
        ops->abort(listener, delta);
    }
}

static void note_lost(struct mset_guest *guest, struct mset_guest_listener *listener) {
    listener->lost = true;
    guest->failure.lost = listener;
    guest->lost_one = true;
}

/* The lost one is gone. Another that is lost takes its place; else nothing lingers any more. */
static void forget_lost(struct mset_guest *guest) {
    struct mset_guest_listener *other = guest->listeners;
    while (other != NULL && !other->lost) {
        other = other->next;
    }
    guest->failure.lost = other;
    if (other == NULL) {
        mset_lingering_free(guest);
    }
}

static int apply(struct mset_guest *guest, struct mset_guest_listener *listener,
                 const struct mset_slot_delta *delta) {
    const struct mset_guest_listener_ops *const ops = ops_of(listener);
    const int code = ops->apply == NULL ? 0 : ops->apply(listener, delta);
    if (code != 0 && ops->lost != NULL && ops->lost(listener)) {
        note_lost(guest, listener);
    }
    return code;
}

static void revert(struct mset_guest *guest, struct mset_guest_listener *listener,
                   const struct mset_slot_delta *delta) {
    const struct mset_guest_listener_ops *const ops = ops_of(listener);
    if (ops->revert != NULL && ops->revert(listener, delta) != 0) {
        note_lost(guest, listener);
    }
}

static void pause_all(struct mset_guest *guest, const struct mset_slot_delta *delta) {
    struct mset_guest_listener *listener = delta->replaces ? guest->listeners : NULL;
    for (; listener != NULL; listener = listener->next) {
        if (ops_of(listener)->pause != NULL) {
            ops_of(listener)->pause(listener);
        }
    }
}

void mset_listeners_resume(struct mset_guest *guest, const struct mset_slot_delta *delta) {
    struct mset_guest_listener *listener = delta->replaces ? guest->listeners : NULL;
    for (; listener != NULL; listener = listener->next) {
        if (ops_of(listener)->resume != NULL) {
            ops_of(listener)->resume(listener);
        }
    }
}

/* The listeners before `end`, the last one first: there are few, and the list has one direction. */
static void backwards(struct mset_guest *guest, const struct mset_guest_listener *end,
                      const struct mset_slot_delta *delta, bool applied) {
    while (end != guest->listeners) {
        struct mset_guest_listener *listener = guest->listeners;
        while (listener->next != end) {
            listener = listener->next;
        }
        if (applied) {
            revert(guest, listener, delta);
        } else {
            abort_one(listener, delta);
        }
        end = listener;
    }
}

static int prepare_all(struct mset_guest *guest, const struct mset_slot_delta *delta,
                       struct mset_guest_listener **refused) {
    for (struct mset_guest_listener *listener = guest->listeners; listener != NULL;
         listener = listener->next) {
        const int code = prepare(listener, delta);
        if (code != 0) {
            backwards(guest, listener, delta, false);
            *refused = listener;
            return code;
        }
    }
    return 0;
}

static int apply_all(struct mset_guest *guest, const struct mset_slot_delta *delta,
                     struct mset_guest_listener **refused) {
    for (struct mset_guest_listener *listener = guest->listeners; listener != NULL;
         listener = listener->next) {
        const int code = apply(guest, listener, delta);
        if (code != 0) {
            *refused = listener;
            return code;
        }
    }
    return 0;
}

static void abort_from(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    for (; listener != NULL; listener = listener->next) {
        abort_one(listener, delta);
    }
}

static bool nothing(const struct mset_slot_delta *delta) {
    return delta->removes == 0 && delta->moves == 0 && delta->relogs == 0 && delta->adds == 0;
}

mset_status mset_listeners_tell(struct mset_guest *guest, const struct mset_slot_delta *delta) {
    struct mset_guest_listener *refused = NULL;
    if (nothing(delta)) {
        return MSET_OK;
    }
    int code = prepare_all(guest, delta, &refused);
    if (code == 0) {
        pause_all(guest, delta);
        code = apply_all(guest, delta, &refused);
        if (code != 0) {
            backwards(guest, refused, delta, true);
            abort_from(refused, delta);
            mset_listeners_resume(guest, delta);
        }
    }
    return mset_guest_answer(guest, code, refused);
}

/* ---- one that comes or goes ------------------------------------------------------------------ */

static bool attached(const struct mset_guest *guest, const struct mset_guest_listener *wanted) {
    const struct mset_guest_listener *listener = guest->listeners;
    while (listener != NULL && listener != wanted) {
        listener = listener->next;
    }
    return listener != NULL;
}

static mset_status tell_one(struct mset_guest *guest, struct mset_guest_listener *listener,
                            const struct mset_slot_delta *delta) {
    int code = nothing(delta) ? 0 : prepare(listener, delta);
    if (code == 0 && !nothing(delta)) {
        code = apply(guest, listener, delta);
        if (code != 0) {
            abort_one(listener, delta);
        }
    }
    return mset_guest_answer(guest, code, listener);
}

/* All slots there are, as added or as removed ones. */
static mset_status tell_all(struct mset_guest *guest, struct mset_guest_listener *listener,
                            bool comes) {
    struct delta delta;
    mset_status status = mset_delta_all(guest, &delta);
    if (status != MSET_OK) {
        return status;
    }
    if (!comes) {
        delta.told.removed = delta.told.added;
        delta.told.removes = delta.told.adds;
        delta.told.added = NULL;
        delta.told.adds = 0;
    }
    guest->committing = true;
    status = tell_one(guest, listener, &delta.told);
    guest->committing = false;
    mset_delta_free(guest, &delta);
    return status;
}

static mset_status begin(struct mset_guest *guest, const struct mset_guest_listener *listener,
                         bool comes) {
    if (guest == NULL || listener == NULL || listener->ops == NULL ||
        attached(guest, listener) == comes) {
        return MSET_INVALID_PARAM;
    }
    return guest->open ? MSET_BAD_STATE : mset_change_begin(guest);
}

mset_status mset_guest_attach(struct mset_guest *guest, struct mset_guest_listener *listener) {
    mset_status status = begin(guest, listener, true);
    if (status == MSET_OK) {
        status = tell_all(guest, listener, true);
    }
    if (status == MSET_OK) {
        struct mset_guest_listener **link = &guest->listeners;
        while (*link != NULL) {
            link = &(*link)->next;
        }
        listener->next = NULL;
        listener->lost = false;
        *link = listener;
    }
    return status;
}

mset_status mset_guest_detach(struct mset_guest *guest, struct mset_guest_listener *listener) {
    mset_status status = begin(guest, listener, false);
    if (status == MSET_OK) {
        status = tell_all(guest, listener, false);
    }
    if (status == MSET_OK) {
        struct mset_guest_listener **link = &guest->listeners;
        while (*link != listener) {
            link = &(*link)->next;
        }
        *link = listener->next;
        if (guest->failure.lost == listener) {
            forget_lost(guest);
        }
    }
    return status;
}
