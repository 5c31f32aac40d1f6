/*
 * check_bar.c - the registers and the memory of a device move while the guest runs, as when it
 * writes a BAR: onto free addresses, and not onto others.
 */
#include "check.h"

#include <inttypes.h>

#include "device.h"
#include "layout.h"

enum { MOVES = 201 /* odd: ends there */ };

static bool guest_loads(struct work *work, uint64_t address, uint64_t expected) {
    struct mailbox load = {.command = COMMAND_LOAD, .address = address};
    return work_do(work, &load) && load.result == expected;
}

/* Something else is there. */
static void try_to_move(struct check *check, struct work *work, struct mset_region *region,
                        uint64_t to) {
    struct memory *const memory = &work->machine->memory;
    struct memory_picture before;
    memory_take_picture(memory, &before);
    check_that(check, memory_move(memory, region, to, NULL) == MSET_ALREADY_EXISTS,
               "a move onto something else was not refused");
    check_that(check, memory_looks_like(memory, &before), "a refused move has changed something");
}

static void move_back_and_forth(struct check *check, struct work *work) {
    struct memory *const memory = &work->machine->memory;
    for (unsigned i = 0; i < MOVES; i++) {
        check_that(check,
                   memory_move(memory, memory->bar, i % 2 == 0 ? BAR_THERE : BAR_HERE, NULL) ==
                       MSET_OK,
                   "a move was refused");
        if (!check_that(check, work_rises(work), "the guest has stopped")) {
            break;
        }
    }
}

/* The registers: no slot, so KVM has nothing to do, and the guest finds them or nothing. */
void check_bar(struct check *check, struct work *work) {
    struct machine *const machine = work->machine;
    struct memory *const memory = &machine->memory;
    struct mailbox watch = {
        .command = COMMAND_WATCH, .address = BAR_HERE, .other = BAR_THERE, .seed = DEVICE_ID};
    const uint64_t pauses = machine->pauses, changes = memory->calls.changes;
    check_that(check, work_begin(work, &watch) && work_rises(work), "the guest does not run");
    move_back_and_forth(check, work);
    try_to_move(check, work, memory->bar, LOW);
    try_to_move(check, work, memory->bar, VIDEO_HERE);
    check_that(check, work_end(work, &watch), "the guest does not stop");
    check_that(check, watch.right > 0 && watch.absent > 0 && watch.wrong == 0,
               "the guest has seen something that is neither the device nor nothing");
    check_that(check, machine->pauses == pauses && memory->calls.changes == changes,
               "KVM was asked although no memory moved");
    const uint64_t absent = machine->exits.absent;
    check_that(check, guest_loads(work, BAR_THERE, DEVICE_ID), "the device is not at its address");
    check_that(check, guest_loads(work, BAR_HERE, UINT64_MAX) && machine->exits.absent > absent,
               "there is something at the old address");
    check_saw(check,
              "%u moves, the guest found the device %" PRIu64 " times, and %" PRIu64
              " times a hole; 2 moves onto memory refused, nothing changed",
              MOVES, watch.right, watch.absent);
}

/* The memory: a slot that KVM moves in one call, without a pause. */
void check_video(struct check *check, struct work *work) {
    struct machine *const machine = work->machine;
    struct memory *const memory = &machine->memory;
    struct block *const video = &work->blocks[VIDEO_BLOCK];
    struct mset_commit_report report = {0};
    struct sums sums;
    struct mailbox read = {
        .command = COMMAND_READ, .address = LOW, .size = 4 * MIB, .seed = mixed(LOW_BLOCK)};
    const uint64_t pauses = machine->pauses, first = video->shadow[0];
    check_that(check, work_begin(work, &read) && work_rises(work), "the guest does not run");
    try_to_move(check, work, memory->video, HOLE);
    check_that(check,
               memory_move(memory, memory->video, VIDEO_THERE, &report) == MSET_OK &&
                   report.moved == 1 && report.removed + report.added == 0 && !report.replaces,
               "the slot was not moved");
    video->va = video->pa = VIDEO_THERE;
    check_that(check, work_end(work, &read) && read.wrong == 0, "the guest has noticed");
    check_that(check, machine->pauses == pauses, "the vCPU was held for nothing");
    check_that(check, guest_loads(work, VIDEO_THERE, first), "the memory is not at its address");
    check_that(check, guest_loads(work, VIDEO_HERE, UINT64_MAX), "the memory has not gone");
    check_that(check, work_sums(work, video, &sums) && sums.guest == sums.shadow,
               "its contents have changed");
    check_saw(check, "%" PRIu64 " KiB moved by %" PRIu64 " call without a pause, contents the same",
              video->size / KIB, report.moved);
}
