/*
 * check_split.c - a hole splits a slot in two and is filled again, while the guest reads elsewhere
 * in it all the time.
 *
 *     one slot      |============ low ===========|
 *     two slots     |==== low ====|      |== low |
 *                     ^ the guest   hole
 *
 * KVM cannot shorten a slot: it is deleted and two are added, and for a moment the memory the guest
 * reads is not there. So the commit says that it replaces slots, and the backend has the vCPU held.
 * The control lets the vCPU run on, and counts what it stumbles over.
 */
#include "check.h"

#include <inttypes.h>

#include "layout.h"

enum { ROUNDS = 1000, CONTROL_ROUNDS = 200, WATCHED = 4 * MIB };
enum { PATIENCE = 8 /* seconds of waiting for the guest */, HASTE = 16 };

struct tally {
    uint64_t commits, replacing, pauses, kicks, spurious;
    struct mailbox guest;
};

/*
 * So that it is reading again when the next commit comes. Where it has to share a processor with
 * others that takes milliseconds; then there is not time for it after every commit.
 */
static bool let_read(struct work *work, const struct tally *tally) {
    return (work->waited > PATIENCE && tally->commits % HASTE != 0) || work_rises(work);
}

static bool show_hole(struct check *check, struct work *work, bool shown, struct tally *tally) {
    struct memory *const memory = &work->machine->memory;
    struct mset_commit_report report;
    if (!check_that(check, memory_show(memory, memory->hole, shown, &report) == MSET_OK,
                    "a commit was refused")) {
        return false;
    }
    tally->commits++;
    tally->replacing += report.replaces;
    check_that(check, report.removed + report.added == 3, "a commit did not split or merge a slot");
    return check_that(check, let_read(work, tally), "the guest has stopped");
}

static void split_and_merge(struct check *check, struct work *work, unsigned rounds,
                            struct tally *tally) {
    struct machine *const machine = work->machine;
    const struct mailbox read = {
        .command = COMMAND_READ, .address = LOW, .size = WATCHED, .seed = mixed(LOW_BLOCK)};
    const uint64_t pauses = machine->pauses, spurious = machine->exits.spurious,
                   kicks = machine->cpu.kicks;
    *tally = (struct tally){0};
    if (!check_that(check, work_begin(work, &read) && work_rises(work), "the guest does not run")) {
        return;
    }
    for (unsigned i = 0; i < rounds; i++) {
        if (!show_hole(check, work, true, tally) || !show_hole(check, work, false, tally)) {
            break;
        }
    }
    check_that(check, work_end(work, &tally->guest), "the guest does not stop");
    check_that(check, tally->guest.wrong == 0, "the guest has read something wrong");
    tally->pauses = machine->pauses - pauses;
    tally->kicks = machine->cpu.kicks - kicks;
    tally->spurious = machine->exits.spurious - spurious;
}

void check_split(struct check *check, struct work *work) {
    struct tally tally;
    split_and_merge(check, work, ROUNDS, &tally);
    check_that(check, tally.spurious == 0, "the guest has left memory that was there");
    check_that(check, tally.pauses == tally.replacing && tally.replacing == tally.commits,
               "the vCPU was not held exactly when slots were replaced");
    check_that(check, tally.kicks > 0, "the vCPU was never in the guest when it was to be held");
    check_saw(check,
              "%u splits and merges, %" PRIu64 " of %" PRIu64 " commits paused the vCPU, %" PRIu64
              " times out of KVM_RUN; %" PRIu64 " reads meanwhile, %" PRIu64 " spurious exits",
              ROUNDS, tally.pauses, tally.commits, tally.kicks, tally.guest.right, tally.spurious);
}

/* It is a race: how often the guest loses it is printed, not judged. */
void check_split_unpaused(struct check *check, struct work *work) {
    struct machine *const machine = work->machine;
    const uint64_t spurious = machine->exits.spurious;
    struct tally tally;
    machine->deaf = true;
    split_and_merge(check, work, CONTROL_ROUNDS, &tally);
    machine->deaf = false;
    machine->exits.spurious = spurious;
    check_saw(check,
              "the control: %u splits and merges, %" PRIu64 " reads meanwhile, %" PRIu64
              " spurious exits",
              CONTROL_ROUNDS, tally.guest.right, tally.spurious);
}
