/* fork.c - a child has its parent's memory, and each of them keeps what it writes to itself. */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "trap.h"
#include "user.h"

enum { PAGES = 64, HALF = PAGES / 2, MIDDLE = PAGES / 4 };

#define START (USER_FIRST + 0x1e0000)
#define LAST (PAGE - 8) /* a page's last word */
#define OLD(page) USER_VALUE(page)
#define NEW(page) USER_VALUE(PAGES + (page))

static uint64_t faults, copies;

static uint64_t frame_of(const struct process *process, unsigned page) {
    struct mset_space_place place = {.pa = 0};
    EXPECT(mset_space_translate(process->space, START + page * PAGE, 0, 0, &place) == MSET_OK);
    return place.pa;
}

/* Writes to the first word of each page, and says how many of them were copied for it. */
static uint64_t write_pages(const struct process *process, unsigned first, unsigned end) {
    const uint64_t free_before = memory_free_frames();
    uint64_t copied = 0;
    process_run(process);
    for (unsigned page = first; page < end; page++) {
        const uint64_t frame = frame_of(process, page);
        const struct user_result result = user_write(START + page * PAGE, NEW(page));
        EXPECT(result.status == MSET_OK && result.faults == 1);
        EXPECT(trap_faults().error == (FAULT_USER | FAULT_WRITE | FAULT_PRESENT));
        EXPECT(user_write(START + page * PAGE, NEW(page)).faults == 0);
        faults += result.faults;
        copied += frame_of(process, page) != frame;
    }
    EXPECT(free_before - memory_free_frames() == copied);
    return copied;
}

/* The first word of the first `changed` pages is new, all else is old. */
static void expect_values(const struct process *process, unsigned changed) {
    process_run(process);
    for (unsigned page = 0; page < PAGES; page++) {
        const struct user_result first = user_read(START + page * PAGE);
        const struct user_result last = user_read(START + page * PAGE + LAST);
        EXPECT(first.status == MSET_OK && first.faults == 0 && last.faults == 0);
        EXPECT(first.value == (page < changed ? NEW(page) : OLD(page)));
        EXPECT(last.value == OLD(page));
    }
}

/* Rights may be given to the area, but not to the frames that two processes have. */
static void share_through_mprotect(struct process *parent) {
    process_run(parent);
    EXPECT(process_mprotect(parent, START, PAGES * PAGE, MSET_READ) == MSET_OK);
    EXPECT(user_write(START, 0).status == MSET_ACCESS_DENIED);
    EXPECT(process_mprotect(parent, START, PAGES * PAGE, READ_WRITE) == MSET_OK);
}

/* Half of the pages, half of these after an mprotect. */
static void parent_writes(struct process *parent) {
    copies += write_pages(parent, 0, MIDDLE);
    share_through_mprotect(parent);
    copies += write_pages(parent, MIDDLE, HALF);
    EXPECT(copies == HALF);
}

void check_fork(void) {
    struct process parent, child;
    if (!check_begin(&parent)) {
        return;
    }
    EXPECT(process_mmap(&parent, START, PAGES * PAGE, READ_WRITE, MSET_MAP_FAIL) == MSET_OK);
    for (unsigned page = 0; page < PAGES; page++) {
        EXPECT(user_write(START + page * PAGE, OLD(page)).status == MSET_OK);
        EXPECT(user_write(START + page * PAGE + LAST, OLD(page)).status == MSET_OK);
    }
    const uint64_t free_before = memory_free_frames();
    if (!EXPECT(process_fork(&parent, &child) == MSET_OK)) {
        return;
    }
    const uint64_t tables = free_before - memory_free_frames();
    parent_writes(&parent);
    expect_values(&child, 0);
    expect_values(&parent, HALF);

    /* The child is the last owner of the frames that the parent has copied. */
    EXPECT(write_pages(&child, 0, HALF) == 0);
    expect_values(&child, HALF);
    EXPECT(mset_space_validate(parent.space) == NULL && mset_space_validate(child.space) == NULL);
    process_exit(&child);
    EXPECT(memory_free_frames() == free_before);

    /* And now the parent is that of all others. */
    EXPECT(write_pages(&parent, HALF, PAGES) == 0);
    expect_values(&parent, PAGES);
    print("%u pages, the child's %lu tables, %lu write faults, %lu copies, none by last owners",
          PAGES, tables, faults, copies);
    process_exit(&parent);
}
