/*
 * check_rollback.c - KVM refuses a call in the middle of a commit: what was done is undone, the
 * commit says so, and the guest, which reads all the time, does not notice.
 */
#include "check.h"

#include <errno.h>
#include <inttypes.h>

#include "layout.h"

enum { CALLS = 3 /* a split: a slot goes, two come */ };

/* A commit whose n-th call is refused. */
static void refuse(struct check *check, struct work *work, bool shown, unsigned n) {
    struct memory *const memory = &work->machine->memory;
    struct memory_picture before;
    memory_take_picture(memory, &before);
    memory->calls.refuse = n;
    const mset_status status = memory_show(memory, memory->hole, shown, NULL);
    const struct mset_guest_failure failure = mset_guest_last_failure(memory->guest);
    check_that(check, memory->calls.refuse == 0 && status == MSET_BAD_STATE,
               "a commit that KVM refused did not fail");
    check_that(check, failure.code == -ENOMEM && failure.lost == NULL,
               "the failure does not say what KVM said");
    check_that(check, memory_looks_like(memory, &before), "the old layout is not back");
    check_that(check, mset_guest_validate(memory->guest) == NULL, "the guest's map is damaged");
    check_that(check, work_rises(work), "the guest has stopped");
}

/* More slots than there are allowed: found before KVM is asked for anything. */
static void ask_for_too_many(struct check *check, struct work *work) {
    struct memory *const memory = &work->machine->memory;
    struct memory_picture before;
    const uint64_t changes = memory->calls.changes;
    memory_take_picture(memory, &before);
    check_that(check, mset_guest_begin(memory->guest) == MSET_OK, "no transaction");
    for (uint64_t i = 0; i < SLOTS; i++) {
        const struct mset_region_config hole = {.kind = MSET_REGION_RESERVED,
                                                .start = HOLE + 2 * i * PAGE,
                                                .size = PAGE,
                                                .priority = 2};
        struct mset_region *region;
        check_that(check, mset_guest_add(memory->guest, &hole, &region) == MSET_OK,
                   "no region in a transaction");
    }
    check_that(check, mset_guest_commit(memory->guest, NULL) == MSET_OVER_LIMIT,
               "more slots than allowed were not refused");
    check_that(check, memory->calls.changes == changes, "KVM was asked although it was too much");
    check_that(check, memory_looks_like(memory, &before), "the old layout is not back");
}

void check_rollback(struct check *check, struct work *work) {
    struct machine *const machine = work->machine;
    struct memory *const memory = &machine->memory;
    struct mailbox read = {
        .command = COMMAND_READ, .address = LOW, .size = 4 * MIB, .seed = mixed(LOW_BLOCK)};
    const uint64_t spurious = machine->exits.spurious, refused = memory->calls.refused;
    check_that(check, work_begin(work, &read) && work_rises(work), "the guest does not run");
    for (unsigned n = 1; n <= CALLS; n++) {
        refuse(check, work, true, n);
    }
    check_that(check, memory_show(memory, memory->hole, true, NULL) == MSET_OK, "no split");
    for (unsigned n = 1; n <= CALLS; n++) {
        refuse(check, work, false, n);
    }
    check_that(check, memory_show(memory, memory->hole, false, NULL) == MSET_OK, "no merge");
    ask_for_too_many(check, work);
    check_that(check, work_end(work, &read), "the guest does not stop");
    check_that(check, read.wrong == 0, "the guest has read something wrong");
    check_that(check, machine->exits.spurious == spurious, "the guest has left memory");
    check_saw(check,
              "%" PRIu64 " calls refused, each of %u in a split and in a merge: slots and view as "
              "before, %" PRIu64 " reads right; %u slots too many refused without a call",
              memory->calls.refused - refused, CALLS, read.right, SLOTS);
}
