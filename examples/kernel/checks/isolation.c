/* isolation.c - a user's program reaches nothing of the kernel, and changes nothing of its own
 * code. */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "user.h"

static unsigned refused;

static void expect_refused(struct user_result result, mset_status why) {
    EXPECT(result.status == why && result.faults == 1);
    refused += result.status == why;
}

void check_isolation(void) {
    static const char *const places[] = {kernel_text, kernel_constants, kernel_data, kernel_end};
    const unsigned count = sizeof places / sizeof places[0];
    struct process process;
    if (!check_begin(&process)) {
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        const uint64_t address = (uint64_t)places[i];
        expect_refused(user_read(address), MSET_NOT_FOUND);
        expect_refused(user_write(address, 0), MSET_NOT_FOUND);
        expect_refused(user_execute(address), MSET_NOT_FOUND);
        EXPECT(process_munmap(&process, address, PAGE) == MSET_INVALID_PARAM);
    }
    expect_refused(user_read(0), MSET_NOT_FOUND);
    expect_refused(user_write(USER_CODE, 0), MSET_ACCESS_DENIED);
    EXPECT(process_munmap(&process, USER_CODE, PAGE) == MSET_INVALID_PARAM);
    print("%u accesses at %u places refused", refused, count + 2);
    process_exit(&process);
}
