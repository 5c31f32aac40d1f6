/*
 * dry.c - no frames left, at every possible place.
 *
 * All free frames but a few are hoarded, and one more is let go for each attempt, until there are
 * enough. Every attempt before must leave everything as it was.
 */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "user.h"

enum { PAGES = 40 };

#define KEPT USER_FIRST
/* Another entry of the root, and across a boundary of leaf tables: four tables are needed. */
#define START (USER_FIRST + UINT64_C(0x80001f0000))

/* A list of frames, each of which holds the address of the next. */
static uint64_t hoard;

static void hoard_all(void) {
    uint64_t pa;
    while (mset_frames_alloc(memory_frames(), 0, &pa) == MSET_OK) {
        *(uint64_t *)mset_frames_virt(memory_frames(), pa) = hoard;
        hoard = pa;
    }
}

static bool let_go_one(void) {
    const uint64_t pa = hoard;
    if (pa == 0) {
        return false;
    }
    hoard = *(uint64_t *)mset_frames_virt(memory_frames(), pa);
    mset_frames_free(memory_frames(), pa, 0);
    return true;
}

static void expect_untouched(const struct process *process) {
    EXPECT(mset_space_resident(process->space) == PAGE);
    EXPECT(!mset_overlaps(mset_space_set(process->space), START, PAGES * PAGE));
    EXPECT(user_read(KEPT).value == USER_VALUE(1));
    EXPECT(user_read(START).status == MSET_NOT_FOUND);
    EXPECT(mset_space_validate(process->space) == NULL);
}

/* A fault that cannot be served ends the program; with one more frame it goes on. */
static void fault_without_frames(void) {
    EXPECT(memory_free_frames() == 0);
    EXPECT(user_write(KEPT + PAGE, 1).status == MSET_NO_MEMORY);
    EXPECT(let_go_one());
    EXPECT(user_write(KEPT + PAGE, 1).status == MSET_OK);
    EXPECT(memory_free_frames() == 0);
}

void check_dry(void) {
    struct process process;
    uint64_t failures = 0;
    if (!check_begin(&process)) {
        return;
    }
    EXPECT(process_mmap(&process, KEPT, 2 * PAGE, READ_WRITE, MSET_MAP_FAIL) == MSET_OK);
    EXPECT(user_write(KEPT, USER_VALUE(1)).status == MSET_OK);
    const uint64_t heap_before = memory_heap_used();
    hoard_all();

    for (;;) {
        const mset_status status =
            process_mmap(&process, START, PAGES * PAGE, READ_WRITE, MSET_MAP_FAIL | MSET_POPULATE);
        if (status == MSET_OK || !EXPECT(status == MSET_NO_MEMORY)) {
            break;
        }
        expect_untouched(&process);
        failures++;
        if (!EXPECT(memory_free_frames() == failures - 1 && memory_heap_used() == heap_before) ||
            !EXPECT(let_go_one())) {
            break;
        }
    }
    print("%lu populates failed without a trace, the one with %lu frames did not", failures,
          failures);
    EXPECT(user_write(START + (PAGES - 1) * PAGE, 1).faults == 0);
    fault_without_frames();
    while (let_go_one()) {
    }
    process_exit(&process);
}
