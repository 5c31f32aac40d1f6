/*
 * check_rom.c - a window of system memory becomes ROM and RAM again, as firmware does with what it
 * has copied there, while the guest writes to it. Each write goes through or is refused, and those
 * that are refused are exactly those that the monitor has seen.
 *
 * The window lies in the slot that the guest's program runs in: each change cuts or joins it.
 */
#include "check.h"

#include <inttypes.h>

#include "layout.h"

enum { CHANGES = 200 };

static bool guest_stores(struct work *work, uint64_t value) {
    struct mailbox store = {.command = COMMAND_STORE, .address = SHADOW, .seed = value};
    return work_do(work, &store);
}

static bool guest_loads(struct work *work, uint64_t value) {
    struct mailbox load = {.command = COMMAND_LOAD, .address = SHADOW};
    return work_do(work, &load) && load.result == value;
}

static bool set_read_only(struct work *work, bool read_only) {
    struct memory *const memory = &work->machine->memory;
    struct mset_commit_report report;
    return memory_set_read_only(memory, memory->shadow, read_only, &report) == MSET_OK &&
           report.replaces;
}

/* One by one, with the guest standing still in between. */
static void check_each(struct check *check, struct work *work) {
    const struct memory *const memory = &work->machine->memory;
    const uint64_t refused = memory->rom_writes;
    check_that(check, guest_stores(work, 1) && guest_loads(work, 1), "no write to RAM");
    check_that(check, set_read_only(work, true), "RAM could not become ROM");
    check_that(check, guest_stores(work, 2) && guest_loads(work, 1), "a write to ROM went through");
    check_that(check, memory->rom_writes == refused + 1, "a refused write was not seen");
    check_that(check, set_read_only(work, false), "ROM could not become RAM");
    check_that(check, guest_stores(work, 3) && guest_loads(work, 3), "no write to RAM");
    check_that(check, memory->rom_writes == refused + 1, "a write to RAM was seen");
}

void check_rom(struct check *check, struct work *work) {
    struct machine *const machine = work->machine;
    const uint64_t refused = machine->memory.rom_writes, spurious = machine->exits.spurious;
    struct mailbox rewrite = {.command = COMMAND_REWRITE, .address = SHADOW};
    check_each(check, work);
    const uint64_t before = machine->memory.rom_writes;
    check_that(check, work_begin(work, &rewrite) && work_rises(work), "the guest does not run");
    for (unsigned i = 0; i < CHANGES && check->complaint == NULL; i++) {
        check_that(check, set_read_only(work, i % 2 == 0), "a change was refused");
        check_that(check, work_rises(work), "the guest has stopped");
    }
    check_that(check, work_end(work, &rewrite), "the guest does not stop");
    check_that(check, rewrite.right > 0 && rewrite.wrong > 0, "all writes went the same way");
    check_that(check, machine->memory.rom_writes - before == rewrite.wrong,
               "the refused writes are not those that were seen");
    check_that(check, machine->exits.spurious == spurious, "the guest has left memory");
    check_saw(check,
              "%u changes while the guest writes: %" PRIu64 " writes went through, %" PRIu64
              " refused, and as many seen; %" PRIu64 " spurious exits",
              CHANGES + 2, rewrite.right + 2, machine->memory.rom_writes - refused,
              machine->exits.spurious - spurious);
}
