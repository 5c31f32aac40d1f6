/*
 * guest_listener.h - who needs guest memory as slots: a hypervisor (kvm.h is one), vhost, VFIO.
 *
 * A slot is a run of the flat view that is memory, cut down to whole pages of
 * options.slot_page_size at both ends. A commit that changes slots tells every listener the
 * difference, and nothing about slots that stay as they are:
 *
 *     prepare   each in turn: can you? takes all the memory that apply will need
 *     pause     only if delta.replaces: hold what runs the guest
 *     apply     each in turn: do it, all or nothing
 *               (readers of the guest see the new view)
 *     resume
 *
 * If one refuses to prepare, those that agreed are told to abort. If one refuses to apply, those
 * before it are told to revert, in reverse order, the others to abort; then resume. prepare is
 * followed by exactly one of: a successful apply, or abort. Answers are those of backends
 * (backend.h): 0, a mset_status, or a negative code of its own.
 *
 * The pointers in a delta are good during the call. A listener may look at the guest, which during
 * all of these calls still shows the old view; it may not change it.
 */
#ifndef MSET_GUEST_LISTENER_H
#define MSET_GUEST_LISTENER_H

#include "guest.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_slot {
    uint64_t start; /* guest-physical */
    uint64_t size;
    void *host;
    struct mset_region *region; /* mset_region_get() has the descriptor */
    bool read_only;
    bool logged;
};

/* The same memory, otherwise unchanged. `to` overlaps no slot that is there before the commit, but
   for removed ones. */
struct mset_slot_move {
    struct mset_slot from;
    uint64_t to; /* guest-physical */
};

/* Each list in ascending order of addresses (moved: no order). Do them in this order. */
struct mset_slot_delta {
    const struct mset_slot *removed;
    size_t removes;
    const struct mset_slot_move *moved;
    size_t moves;
    const struct mset_slot *relogged; /* as they shall be: `logged` has changed */
    size_t relogs;
    const struct mset_slot *added;
    size_t adds;
    bool replaces; /* see struct mset_commit_report */
};

struct mset_guest_listener_ops {
    int (*prepare)(struct mset_guest_listener *listener, const struct mset_slot_delta *delta);
    void (*abort)(struct mset_guest_listener *listener, const struct mset_slot_delta *delta);
    int (*apply)(struct mset_guest_listener *listener, const struct mset_slot_delta *delta);
    /* Undoes the apply of this delta. What it refuses is lost (struct mset_guest_failure). */
    int (*revert)(struct mset_guest_listener *listener, const struct mset_slot_delta *delta);
    void (*pause)(struct mset_guest_listener *listener);
    void (*resume)(struct mset_guest_listener *listener);
    /* After an apply that was refused: is the listener where it was before? NULL: it is. */
    bool (*lost)(struct mset_guest_listener *listener);
};

/* Embed it as the first member of your own structure. Any operation may be NULL. */
struct mset_guest_listener {
    const struct mset_guest_listener_ops *ops;
    struct mset_guest_listener *next; /* the guest's */
    bool lost;                        /* the guest's */
};

/*
 * Attaching tells the listener all slots that are there as added ones, detaching as removed ones.
 * If it refuses it has not been attached, or detached. Listeners are told in the order in which
 * they came. MSET_BAD_STATE during a transaction, MSET_INVALID_PARAM for one that is attached here
 * already, or is not. O(slots).
 */
MSET_API mset_status mset_guest_attach(struct mset_guest *guest,
                                       struct mset_guest_listener *listener);
MSET_API mset_status mset_guest_detach(struct mset_guest *guest,
                                       struct mset_guest_listener *listener);

#ifdef __cplusplus
}
#endif
#endif
