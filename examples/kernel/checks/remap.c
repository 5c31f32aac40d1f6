/* remap.c - memory changes its place and its size, and keeps its contents. */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "user.h"

enum { PAGES = 20, MORE = 45, MOST = 80 };

#define START (USER_FIRST + 0x400000)
#define FAR \
    UINT64_C(0x7000001f5000) /* across a boundary of leaf tables, under another root entry */

static void expect_values(uint64_t start, unsigned pages) {
    for (unsigned i = 0; i < pages; i++) {
        const struct user_result seen = user_read(start + i * PAGE);
        EXPECT(seen.status == MSET_OK && seen.faults == 0 && seen.value == USER_VALUE(i));
    }
}

/* Fresh pages, which are then filled. */
static void fill(uint64_t start, unsigned first, unsigned end) {
    for (unsigned i = first; i < end; i++) {
        const struct user_result seen = user_read(start + i * PAGE);
        EXPECT(seen.status == MSET_OK && seen.faults == 1 && seen.value == 0);
        EXPECT(user_write(start + i * PAGE, USER_VALUE(i)).faults == 0);
    }
}

static void expect_gone(uint64_t start, unsigned pages) {
    for (unsigned i = 0; i < pages; i++) {
        EXPECT(user_read(start + i * PAGE).status == MSET_NOT_FOUND);
    }
}

static uint64_t area_size(const struct process *process, uint64_t address) {
    struct mset_area area = {.size = 0};
    return mset_find(mset_space_set(process->space), address, &area) ? area.size : 0;
}

void check_remap(void) {
    struct process process;
    uint64_t place = 0;
    if (!check_begin(&process)) {
        return;
    }
    EXPECT(process_mmap(&process, START, PAGES * PAGE, READ_WRITE, MSET_MAP_FAIL) == MSET_OK);
    fill(START, 0, PAGES);

    /* There is room behind it: it grows where it is. */
    EXPECT(process_mremap(&process, START, PAGES * PAGE, MORE * PAGE, &place) == MSET_OK);
    EXPECT(place == START && area_size(&process, START) == MORE * PAGE);
    fill(START, PAGES, MORE);

    /* Now something is in the way: it has to move. */
    EXPECT(process_mmap(&process, START + MORE * PAGE, PAGE, READ_WRITE, MSET_MAP_REPLACE) ==
           MSET_OK);
    EXPECT(process_mprotect(&process, START + MORE * PAGE, PAGE, MSET_READ) == MSET_OK);
    EXPECT(process_mremap(&process, START, MORE * PAGE, MOST * PAGE, &place) == MSET_OK);
    EXPECT(place != START && area_size(&process, place) == MOST * PAGE);
    expect_gone(START, MORE);
    expect_values(place, MORE);
    fill(place, MORE, MOST);

    /* To a place that was asked for, over what is there. */
    const uint64_t free_before = memory_free_frames();
    EXPECT(process_mmap(&process, FAR, PAGE, READ_WRITE, MSET_MAP_FAIL) == MSET_OK);
    EXPECT(process_mremap_fixed(&process, place, MOST * PAGE, FAR, MSET_MAP_FAIL) ==
           MSET_ALREADY_EXISTS);
    EXPECT(process_mremap_fixed(&process, place, MOST * PAGE, FAR, MSET_MAP_REPLACE) == MSET_OK);
    expect_gone(place, MOST);
    expect_values(FAR, MOST);
    EXPECT(mset_space_resident(process.space) == MOST * PAGE);
    const uint64_t tables = free_before - memory_free_frames();
    print("grown in place to %u pages, moved and grown to %u, moved far away (%lu more tables)",
          MORE, MOST, tables);
    EXPECT(mset_space_validate(process.space) == NULL);
    process_exit(&process);
}
