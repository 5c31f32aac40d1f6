/*
 * watcher.h - a listener that keeps the slots it is told of, complains of differences that do not
 * fit to them or of calls in the wrong order, and refuses when it is told to.
 */
#ifndef MSET_TEST_GUEST_WATCHER_H
#define MSET_TEST_GUEST_WATCHER_H

#include <mset/guest_listener.h>

enum { WATCHER_SLOTS = 64, WATCHER_REFUSAL = -9 };
enum watcher_refuses { REFUSE_NOTHING, REFUSE_PREPARE, REFUSE_APPLY };

struct watcher {
    struct mset_guest_listener listener;
    struct mset_slot slots[WATCHER_SLOTS];
    size_t count;
    enum watcher_refuses refuses; /* once: it goes back to nothing */
    bool prepared, paused;
    uint64_t prepares, applies, aborts, reverts, pauses;
    struct mset_slot_delta last; /* counts only, of the last apply */
    const char *complaint;
};

void watcher_open(struct watcher *watcher);

#endif
