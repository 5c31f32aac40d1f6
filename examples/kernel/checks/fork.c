/* fork.c - a child has its parent's memory, and each of them keeps what it writes to itself. */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "process.h"
#include "trap.h"
#include "user.h"

enum { PAGES = 64, HALF = PAGES / 2, MIDDLE = PAGES / 4 };

#define START (USER_FIRST + 0x1e0000)
#define OLD(page) USER_VALUE(page)
#define NEW(page) USER_VALUE(PAGES + (page))

static uint64_t faults, copies;

/* Writes to each page and says how many frames that took. */
static uint64_t write_pages(unsigned first, unsigned end) {
    const uint64_t free_before = memory_free_frames();
    for (unsigned page = first; page < end; page++) {
        const struct user_result result = user_write(START + page * PAGE, NEW(page));
        EXPECT(result.status == MSET_OK && result.faults == 1);
        EXPECT(trap_faults().error == (FAULT_USER | FAULT_WRITE | FAULT_PRESENT));
        EXPECT(user_write(START + page * PAGE, NEW(page)).faults == 0);
        faults += result.faults;
    }
    return free_before - memory_free_frames();
}

/* The first `changed` pages hold new values, the others old ones. */
static void expect_values(const struct process *process, unsigned changed) {
    process_run(process);
    for (unsigned page = 0; page < PAGES; page++) {
        const struct user_result seen = user_read(START + page * PAGE);
        EXPECT(seen.status == MSET_OK && seen.faults == 0);
        EXPECT(seen.value == (page < changed ? NEW(page) : OLD(page)));
    }
}

/* Rights may be given to the area, but not to the frames that two processes have. */
static void share_through_mprotect(struct process *parent) {
    process_run(parent);
    EXPECT(process_mprotect(parent, START, PAGES * PAGE, MSET_READ) == MSET_OK);
    EXPECT(user_write(START, 0).status == MSET_ACCESS_DENIED);
    EXPECT(process_mprotect(parent, START, PAGES * PAGE, READ_WRITE) == MSET_OK);
}

void check_fork(void) {
    struct process parent, child;
    EXPECT(process_create(&parent) == MSET_OK);
    process_run(&parent);
    EXPECT(process_mmap(&parent, START, PAGES * PAGE, READ_WRITE, MSET_MAP_FAIL) == MSET_OK);
    for (unsigned page = 0; page < PAGES; page++) {
        EXPECT(user_write(START + page * PAGE, OLD(page)).status == MSET_OK);
    }
    const uint64_t free_before = memory_free_frames();
    EXPECT(process_fork(&parent, &child) == MSET_OK);
    const uint64_t tables = free_before - memory_free_frames();

    /* Half of the pages are written at once after the fork, half of the rest after an mprotect. */
    copies += write_pages(0, MIDDLE);
    share_through_mprotect(&parent);
    copies += write_pages(MIDDLE, HALF);
    EXPECT(copies == HALF);
    expect_values(&child, 0);
    expect_values(&parent, HALF);

    /* The child is now the last owner of the old frames, and of those it does not write, shares. */
    process_run(&child);
    EXPECT(write_pages(0, HALF) == 0);
    expect_values(&child, HALF);
    EXPECT(mset_space_validate(parent.space) == NULL && mset_space_validate(child.space) == NULL);
    process_exit(&child);
    EXPECT(memory_free_frames() == free_before);

    process_run(&parent);
    EXPECT(write_pages(HALF, PAGES) == 0);
    expect_values(&parent, PAGES);
    print("%u pages in %lu tables, %lu write faults, %lu copies, last owners copied none", PAGES,
          tables, faults, copies);
    process_exit(&parent);
}
