/* huge.c - 2 MiB are one leaf until somebody wants less of it, and a fork alone does not. */
#include "check.h"
#include "console.h"
#include "cpu.h"
#include "memory.h"
#include "trap.h"
#include "user.h"

enum { PAGES = PAGE_2M / PAGE, MIDDLE = 200 };

#define START (USER_FIRST + 4 * PAGE_2M)
#define OTHER (START + PAGE_2M)

/* The size of the leaf at an address, as a processor would find it: down from its register. */
static uint64_t leaf_size(uint64_t address) {
    uint64_t entry = cpu_root() | 1;
    for (unsigned shift = 39;; shift -= 9) {
        const uint64_t *const table = (const uint64_t *)(entry & UINT64_C(0xffffffffff000));
        entry = table[address >> shift & 511];
        if ((entry & 1) == 0) {
            return 0;
        }
        if (shift == 12 || (shift < 39 && (entry & 0x80) != 0)) {
            return UINT64_C(1) << shift;
        }
    }
}

static unsigned write_all(uint64_t number) {
    unsigned written = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        const struct user_result result = user_write(START + i * PAGE, USER_VALUE(number + i));
        written += result.status == MSET_OK && result.faults == 0;
    }
    return written;
}

static void expect_values(uint64_t number, uint64_t middle) {
    for (unsigned i = 0; i < PAGES; i++) {
        const struct user_result seen = user_read(START + i * PAGE);
        EXPECT(seen.faults == 0 && seen.value == USER_VALUE((i == MIDDLE ? middle : number) + i));
    }
}

/* One page gets other rights. Says how many tables that took. */
static uint64_t cut_by_mprotect(struct process *process) {
    const uint64_t free_before = memory_free_frames();
    EXPECT(leaf_size(START) == PAGE_2M);
    EXPECT(write_all(1000) == PAGES);
    EXPECT(process_mprotect(process, START + MIDDLE * PAGE, PAGE, MSET_READ) == MSET_OK);
    EXPECT(leaf_size(START) == PAGE && leaf_size(OTHER) == PAGE_2M);
    expect_values(1000, 1000);
    EXPECT(user_write(START + MIDDLE * PAGE, 0).status == MSET_ACCESS_DENIED);
    EXPECT(write_all(2000) == PAGES - 1);
    expect_values(2000, 1000);
    return free_before - memory_free_frames();
}

/* The child writes to one page of the leaf and gets a copy of that only; when it has gone, one
   fault makes the parent's leaf writable, as large as it was. Says how many frames the child
   needed. */
static uint64_t share_by_fork(struct process *parent) {
    struct process child;
    EXPECT(user_write(OTHER, USER_VALUE(1)).faults == 0);
    if (!EXPECT(process_fork(parent, &child) == MSET_OK)) {
        return 0;
    }
    process_run(&child);
    const uint64_t free_before = memory_free_frames();
    EXPECT(leaf_size(OTHER) == PAGE_2M);
    EXPECT(user_write(OTHER, USER_VALUE(2)).faults == 1);
    EXPECT(leaf_size(OTHER) == PAGE);
    const uint64_t needed = free_before - memory_free_frames();
    process_run(parent);
    EXPECT(user_read(OTHER).value == USER_VALUE(1));
    EXPECT(mset_space_validate(parent->space) == NULL && mset_space_validate(child.space) == NULL);
    process_exit(&child);
    EXPECT(user_write(OTHER + PAGE, USER_VALUE(3)).faults == 1);
    EXPECT(user_write(OTHER, USER_VALUE(3)).faults == 0);
    EXPECT(leaf_size(OTHER) == PAGE_2M);
    return needed;
}

void check_huge(void) {
    struct process process;
    if (!check_begin(&process)) {
        return;
    }
    EXPECT(process_mmap(&process, START, 2 * PAGE_2M, READ_WRITE, MSET_MAP_FAIL | MSET_POPULATE) ==
           MSET_OK);
    const uint64_t tables = cut_by_mprotect(&process);
    const uint64_t frames = share_by_fork(&process);
    EXPECT(tables == 1 && frames == 2);
    EXPECT(mset_space_validate(process.space) == NULL);
    print("one of %u pages protected for %lu table, one written after a fork for %lu frames", PAGES,
          tables, frames);
    process_exit(&process);
}
