/* watcher.c - see watcher.h. */
#include "watcher.h"

static struct watcher *watcher_of(struct mset_guest_listener *listener) {
    return (struct watcher *)listener;
}

static void complain(struct watcher *watcher, const char *what) {
    if (watcher->complaint == NULL) {
        watcher->complaint = what;
    }
}

/* ---- the list ---------------------------------------------------------------------------------
 */

static bool overlap(const struct mset_slot *a, const struct mset_slot *b) {
    return a->start <= b->start + (b->size - 1) && b->start <= a->start + (a->size - 1);
}

static bool same(const struct mset_slot *a, const struct mset_slot *b) {
    return a->start == b->start && a->size == b->size && a->host == b->host &&
           a->region == b->region && a->read_only == b->read_only;
}

static void take(struct watcher *watcher, const struct mset_slot *slot) {
    size_t i = 0;
    while (i < watcher->count && !same(&watcher->slots[i], slot)) {
        i++;
    }
    if (i == watcher->count || watcher->slots[i].logged != slot->logged) {
        complain(watcher, "a slot is removed, or moved, that is not there");
        return;
    }
    watcher->slots[i] = watcher->slots[--watcher->count];
}

static void put(struct watcher *watcher, const struct mset_slot *slot) {
    for (size_t i = 0; i < watcher->count; i++) {
        if (overlap(&watcher->slots[i], slot)) {
            complain(watcher, "a slot comes where another one is");
        }
    }
    if (slot->size == 0 || watcher->count == WATCHER_SLOTS) {
        complain(watcher, "an empty slot, or too many");
        return;
    }
    watcher->slots[watcher->count++] = *slot;
}

static void relog(struct watcher *watcher, const struct mset_slot *slot, bool logged) {
    for (size_t i = 0; i < watcher->count; i++) {
        if (same(&watcher->slots[i], slot)) {
            if (watcher->slots[i].logged == logged) {
                complain(watcher, "logging is switched to what it is");
            }
            watcher->slots[i].logged = logged;
            return;
        }
    }
    complain(watcher, "logging is switched where no slot is");
}

static void move(struct watcher *watcher, const struct mset_slot *slot, uint64_t to) {
    struct mset_slot moved = *slot;
    moved.start = to;
    take(watcher, slot);
    put(watcher, &moved);
}

/* ---- what it is told --------------------------------------------------------------------------
 */

static bool refuses(struct watcher *watcher, enum watcher_refuses now) {
    const bool refuse = watcher->refuses == now;
    watcher->refuses = refuse ? REFUSE_NOTHING : watcher->refuses;
    return refuse;
}

static int prepare(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    struct watcher *const watcher = watcher_of(listener);
    watcher->prepares++;
    if (watcher->prepared || watcher->paused) {
        complain(watcher, "prepared twice, or while paused");
    }
    if (delta->removes + delta->moves + delta->relogs + delta->adds == 0) {
        complain(watcher, "told of nothing");
    }
    watcher->prepared = !refuses(watcher, REFUSE_PREPARE);
    return watcher->prepared ? 0 : WATCHER_REFUSAL;
}

static void abort_prepared(struct mset_guest_listener *listener,
                           const struct mset_slot_delta *delta) {
    struct watcher *const watcher = watcher_of(listener);
    (void)delta;
    watcher->aborts++;
    if (!watcher->prepared) {
        complain(watcher, "aborted without having been prepared");
    }
    watcher->prepared = false;
}

static void do_all(struct watcher *watcher, const struct mset_slot_delta *delta) {
    for (size_t i = 0; i < delta->removes; i++) {
        take(watcher, &delta->removed[i]);
    }
    for (size_t i = 0; i < delta->moves; i++) {
        move(watcher, &delta->moved[i].from, delta->moved[i].to);
    }
    for (size_t i = 0; i < delta->relogs; i++) {
        relog(watcher, &delta->relogged[i], delta->relogged[i].logged);
    }
    for (size_t i = 0; i < delta->adds; i++) {
        put(watcher, &delta->added[i]);
    }
}

static int apply(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    struct watcher *const watcher = watcher_of(listener);
    watcher->applies++;
    if (!watcher->prepared) {
        complain(watcher, "applied without having been prepared");
    }
    if (watcher->paused != delta->replaces) {
        complain(watcher, "paused if nothing is replaced, or not if something is");
    }
    if (refuses(watcher, REFUSE_APPLY)) {
        return WATCHER_REFUSAL; /* abort follows */
    }
    watcher->prepared = false;
    watcher->last = *delta;
    do_all(watcher, delta);
    return 0;
}

static int revert(struct mset_guest_listener *listener, const struct mset_slot_delta *delta) {
    struct watcher *const watcher = watcher_of(listener);
    watcher->reverts++;
    for (size_t i = 0; i < delta->adds; i++) {
        take(watcher, &delta->added[i]);
    }
    for (size_t i = 0; i < delta->relogs; i++) {
        relog(watcher, &delta->relogged[i], !delta->relogged[i].logged);
    }
    for (size_t i = 0; i < delta->moves; i++) {
        struct mset_slot back = delta->moved[i].from;
        back.start = delta->moved[i].to;
        move(watcher, &back, delta->moved[i].from.start);
    }
    for (size_t i = 0; i < delta->removes; i++) {
        put(watcher, &delta->removed[i]);
    }
    return 0;
}

static void pause_it(struct mset_guest_listener *listener) {
    struct watcher *const watcher = watcher_of(listener);
    if (watcher->paused || !watcher->prepared) {
        complain(watcher, "paused twice, or before it was prepared");
    }
    watcher->paused = true;
    watcher->pauses++;
}

static void resume_it(struct mset_guest_listener *listener) {
    struct watcher *const watcher = watcher_of(listener);
    if (!watcher->paused || watcher->prepared) {
        complain(watcher, "resumed without a pause, or too early");
    }
    watcher->paused = false;
}

static const struct mset_guest_listener_ops ops = {.prepare = prepare,
                                                   .abort = abort_prepared,
                                                   .apply = apply,
                                                   .revert = revert,
                                                   .pause = pause_it,
                                                   .resume = resume_it};

void watcher_open(struct watcher *watcher) {
    *watcher = (struct watcher){.listener = {.ops = &ops}};
}
