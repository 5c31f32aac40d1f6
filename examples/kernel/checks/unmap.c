/* unmap.c - what is cut out of the middle is gone at once, and what lies beside it is not. */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "user.h"

enum { PAGES = 100, FIRST = 30, LAST = 69 };

void check_unmap(void) {
    const uint64_t start = USER_FIRST + 0x1f0000; /* across a boundary of leaf tables */
    struct process process;
    unsigned refused = 0, kept = 0;
    if (!check_begin(&process)) {
        return;
    }
    EXPECT(process_mmap(&process, start, PAGES * PAGE, READ_WRITE, MSET_MAP_FAIL) == MSET_OK);
    for (unsigned i = 0; i < PAGES; i++) {
        EXPECT(user_write(start + i * PAGE, USER_VALUE(i)).status == MSET_OK);
    }

    const uint64_t free_before = memory_free_frames();
    const uint64_t size = (LAST - FIRST + 1) * PAGE;
    EXPECT(process_munmap(&process, start + FIRST * PAGE, size) == MSET_OK);
    const uint64_t given_back = memory_free_frames() - free_before;
    EXPECT(given_back == LAST - FIRST + 1);

    for (unsigned i = 0; i < PAGES; i++) {
        const struct user_result seen = user_read(start + i * PAGE);
        if (i >= FIRST && i <= LAST) {
            EXPECT(seen.status == MSET_NOT_FOUND);
            refused += user_write(start + i * PAGE, 0).status == MSET_NOT_FOUND;
        } else {
            EXPECT(seen.faults == 0);
            kept += seen.value == USER_VALUE(i);
        }
    }
    print("%u of %u pages, %lu frames back, %u writes refused, %u neighbours kept",
          LAST - FIRST + 1, PAGES, given_back, refused, kept);
    EXPECT(refused == LAST - FIRST + 1);
    EXPECT(kept == PAGES - refused);
    EXPECT(mset_space_validate(process.space) == NULL);
    process_exit(&process);
}
