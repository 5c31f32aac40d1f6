/*
 * check_walk.c - the processor walks the tables that the library has written: the guest fills all
 * its memory, through leaves of both sizes, reads it back, and uses a device.
 */
#include "check.h"

#include <inttypes.h>

#include "device.h"
#include "layout.h"

static uint64_t guest_load(struct work *work, uint64_t address) {
    struct mailbox load = {.command = COMMAND_LOAD, .address = address};
    return work_do(work, &load) ? load.result : 0;
}

static void use_device(struct check *check, struct work *work) {
    const struct device *const device = &work->machine->memory.device;
    struct mailbox store = {
        .command = COMMAND_STORE, .address = BAR_HERE + DEVICE_NUMBER, .seed = mixed(7)};
    check_that(check, work_do(work, &store) && device->number == mixed(7),
               "the device has not got what the guest has written");
    check_that(check, guest_load(work, BAR_HERE) == DEVICE_ID, "the device has not been read");
    check_that(check, guest_load(work, BAR_HERE + DEVICE_NUMBER) == mixed(7),
               "the device has not kept its number");
    check_that(check, device->reads == 2 && device->writes == 1,
               "the device was not used as often as the guest did");
}

void check_walk(struct check *check, struct work *work) {
    struct mset_pt_statistics leaves;
    struct mset_pt_run low, high;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        struct sums sums = {0};
        check_that(check, work_fill(work, &work->blocks[i], mixed(i)), "the guest could not write");
        check_that(check, work_sums(work, &work->blocks[i], &sums), "the guest could not read");
        check_that(check, sums.guest == sums.shadow, "the guest does not read what it wrote");
        check_that(check, sums.monitor == sums.shadow, "the guest wrote somewhere else");
        bytes += work->blocks[i].size;
    }
    const struct mset_page_table *const table = work->machine->tables.table;
    check_that(check,
               mset_pt_query(table, LOW, 0, &low) == MSET_OK && low.leaf_size == 2 * MIB &&
                   mset_pt_query(table, HIGH_VA, 0, &high) == MSET_OK && high.leaf_size == 4 * KIB,
               "the leaves are not as large as planned");
    use_device(check, work);
    mset_pt_get_statistics(table, &leaves);
    check_saw(check,
              "%" PRIu64 " MiB written and read through %" PRIu64 " leaves of 2 MiB and %" PRIu64
              " of 4 KiB; a device read %" PRIu64 " times and written %" PRIu64 " time",
              bytes / MIB, leaves.leaves[1], leaves.leaves[0], work->machine->memory.device.reads,
              work->machine->memory.device.writes);
}
