/* demand.c - pages come with the first access to them, zero, and no sooner. */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "trap.h"
#include "user.h"

enum { PAGES = 1000 }; /* more than one table of leaves */

#define START UINT64_C(0x12345678000)

static uint64_t tables_of(const struct process *process) {
    struct mset_pt_statistics statistics;
    uint64_t tables = 0;
    mset_pt_get_statistics(mset_space_table(process->space), &statistics);
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        tables += statistics.tables[level];
    }
    return tables;
}

void check_demand(void) {
    const uint64_t free_before = memory_free_frames();
    struct process process;
    uint64_t faults = 0;
    if (!check_begin(&process)) {
        return;
    }
    EXPECT(process_mmap(&process, START, PAGES * PAGE, READ_WRITE, MSET_MAP_FAIL) == MSET_OK);
    EXPECT(free_before - memory_free_frames() == tables_of(&process));

    for (unsigned i = 0; i < PAGES; i++) {
        const struct user_result seen = user_read(START + i * PAGE);
        EXPECT(seen.status == MSET_OK && seen.value == 0 && seen.faults == 1);
        EXPECT(trap_faults().address == START + i * PAGE && trap_faults().error == FAULT_USER);
        faults += seen.faults + user_write(START + i * PAGE, USER_VALUE(i)).faults;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        const struct user_result seen = user_read(START + i * PAGE);
        EXPECT(seen.value == USER_VALUE(i));
        faults += seen.faults;
    }
    EXPECT(faults == PAGES);

    const uint64_t used = free_before - memory_free_frames();
    print("%u pages touched, %lu faults, %lu frames = %u pages + %lu tables", PAGES, faults, used,
          PAGES, tables_of(&process));
    EXPECT(used == PAGES + tables_of(&process));
    EXPECT(mset_space_resident(process.space) == PAGES * PAGE);
    EXPECT(mset_space_validate(process.space) == NULL);
    process_exit(&process);
}
