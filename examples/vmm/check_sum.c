/* check_sum.c - at the end: what the guest reads, what the monitor reads, and what should be there.
 */
#include "check.h"

#include <inttypes.h>

#include "layout.h"

void check_sum(struct check *check, struct work *work) {
    const struct machine *const machine = work->machine;
    uint64_t all = 0, bytes = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        struct sums sums = {0};
        check_that(check, work_sums(work, &work->blocks[i], &sums), "the guest could not read");
        check_that(check, sums.guest == sums.shadow, "the guest reads something else");
        check_that(check, sums.monitor == sums.shadow, "the monitor reads something else");
        all = summed(all, sums.monitor);
        bytes += work->blocks[i].size;
    }
    check_that(check, machine->exits.spurious == 0, "the guest has left memory");
    check_that(check, mset_guest_validate(machine->memory.guest) == NULL, "the map is damaged");
    check_that(check, tables_validate(&machine->tables) == NULL, "the page tables are damaged");
    check_saw(check,
              "%" PRIx64 " over %" PRIu64 " MiB, as in the shadow; %" PRIu64
              " calls changed slots, the vCPU was held %" PRIu64 " times",
              all, bytes / MIB, machine->memory.calls.changes, machine->pauses);
}
