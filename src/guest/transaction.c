/* transaction.c - several changes that happen at once: see the drawing in guest.h. */
#include "guest.h"

mset_status mset_change_begin(struct mset_guest *guest) {
    if (guest->committing) {
        return MSET_BAD_STATE;
    }
    guest->failure.code = 0;
    guest->failure.listener = NULL;
    return MSET_OK;
}

/* ---- the end of changes ---------------------------------------------------------------------- */

static void free_list(struct mset_region *region) {
    while (region != NULL) {
        struct mset_region *const following = region->next_changed;
        mset_region_free(region);
        region = following;
    }
}

void mset_lingering_free(struct mset_guest *guest) {
    free_list(guest->lingering);
    guest->lingering = NULL;
}

/* A lost listener may still have slots of regions that go now, or that never came to be because it
   was lost: the guest must not find other memory of the host there. */
static bool may_be_shown(const struct mset_guest *guest, bool committed) {
    return guest->failure.lost != NULL && (committed || guest->lost_one);
}

static void keep_lingering(struct mset_guest *guest, struct mset_region *going) {
    while (going != NULL) {
        struct mset_region *const following = going->next_changed;
        going->next_changed = guest->lingering;
        guest->lingering = going;
        going = following;
    }
}

/* Those on the list that are to go leave all lists before the first is freed: some are aliases of
   others. What is left on the list is done with. */
static void end_changes(struct mset_guest *guest, bool committed) {
    struct mset_region *going = NULL, *following;
    for (struct mset_region *region = guest->changes; region != NULL; region = following) {
        following = region->next_changed;
        region->changed = false;
        if (committed ? region->dying : region->born) {
            mset_region_unlink(region);
            region->next_changed = going;
            going = region;
        } else if (committed) {
            region->now = region->next;
            region->born = false;
        } else {
            region->next = region->now;
            region->dying = false;
        }
    }
    if (may_be_shown(guest, committed)) {
        keep_lingering(guest, going);
    } else {
        free_list(going);
    }
    guest->lost_one = false;
    guest->changes = NULL;
    guest->open = false;
}

void mset_changes_forget(struct mset_guest *guest) {
    end_changes(guest, false);
}

/* ---- commit ---------------------------------------------------------------------------------- */

/* From the changes to a spare that shows them, and what that means for slots. */
static mset_status prepare(struct mset_guest *guest, const struct mset *dirty,
                           struct delta *delta) {
    mset_status status = mset_layers_repair(guest);
    if (status == MSET_OK) {
        status = mset_spare_repair(guest);
    }
    if (status == MSET_OK) {
        status = mset_layers_apply(guest);
    }
    if (status == MSET_OK) {
        status = mset_spare_refresh(guest, dirty);
    }
    if (status == MSET_OK) {
        status = mset_delta_compare(guest, dirty, delta);
    }
    if (status == MSET_OK) {
        status = mset_listeners_tell(guest, &delta->told);
        if (status != MSET_OK) {
            mset_delta_free(guest, delta);
        }
    }
    return status;
}

static void take_back(struct mset_guest *guest, const struct mset *dirty) {
    mset_layers_undo(guest);
    for (struct mset_region *region = guest->changes; region != NULL;
         region = region->next_changed) {
        region->next = region->now;
    }
    if (guest->layers_broken || !mset_spare_there(guest) ||
        mset_spare_refresh(guest, dirty) != MSET_OK) {
        mset_spare_drop(guest);
    }
}

static void finish(struct mset_guest *guest, const struct mset *dirty,
                   const struct mset_slot_delta *delta) {
    mset_spare_publish(guest);
    mset_listeners_resume(guest, delta);
    if (guest->synchronize != NULL) {
        guest->synchronize(guest->context);
    }
    if (mset_spare_refresh(guest, dirty) != MSET_OK) {
        mset_spare_drop(guest);
    }
    mset_layers_settle(guest);
}

static struct mset_commit_report report_of(const struct mset_slot_delta *delta) {
    return (struct mset_commit_report){.removed = delta->removes,
                                       .added = delta->adds,
                                       .moved = delta->moves,
                                       .relogged = delta->relogs,
                                       .replaces = delta->replaces};
}

static mset_status run(struct mset_guest *guest, struct mset_commit_report *report) {
    struct mset *dirty = NULL;
    struct delta delta;
    mset_status status = mset_guest_dirty(guest, &dirty);
    if (status != MSET_OK) {
        return status;
    }
    status = prepare(guest, dirty, &delta);
    if (status == MSET_OK) {
        *report = report_of(&delta.told);
        finish(guest, dirty, &delta.told);
        mset_delta_free(guest, &delta);
    } else {
        take_back(guest, dirty);
    }
    mset_destroy(dirty);
    return status;
}

static mset_status commit(struct mset_guest *guest, struct mset_commit_report *report) {
    *report = (struct mset_commit_report){0};
    guest->committing = true;
    guest->lost_one = false;
    const mset_status status = guest->changes == NULL ? MSET_OK : run(guest, report);
    end_changes(guest, status == MSET_OK);
    guest->committing = false;
    return status;
}

mset_status mset_change_end(struct mset_guest *guest) {
    struct mset_commit_report report;
    return guest->open ? MSET_OK : commit(guest, &report);
}

mset_status mset_guest_begin(struct mset_guest *guest) {
    if (guest == NULL) {
        return MSET_INVALID_PARAM;
    }
    if (guest->open || guest->committing) {
        return MSET_BAD_STATE;
    }
    guest->open = true;
    return mset_change_begin(guest);
}

mset_status mset_guest_commit(struct mset_guest *guest, struct mset_commit_report *report) {
    struct mset_commit_report unwanted;
    if (guest == NULL) {
        return MSET_INVALID_PARAM;
    }
    if (!guest->open || guest->committing) {
        return MSET_BAD_STATE;
    }
    (void)mset_change_begin(guest);
    return commit(guest, report == NULL ? &unwanted : report);
}

void mset_guest_rollback(struct mset_guest *guest) {
    if (guest != NULL && guest->open && !guest->committing) {
        mset_changes_forget(guest);
    }
}
