/*
 * protect.c - rights are taken and given while the processor remembers translations.
 *
 * Each change is made right after an access through the very page, so what the processor remembers
 * of it would let the next one pass if mset or flush() had left it alone.
 */
#include "check.h"
#include "console.h"
#include "trap.h"
#include "user.h"

enum { PAGES = 64, ROUNDS = 10 };

#define START USER_FIRST

static struct { uint64_t refused, passed; } sum;

static void set_rights(struct process *process, unsigned page, unsigned pages, uint64_t rights) {
    EXPECT(process_mprotect(process, START + page * PAGE, pages * PAGE, rights) == MSET_OK);
}

static void expect_refused(struct user_result result, uint64_t error) {
    EXPECT(result.status == MSET_ACCESS_DENIED && result.faults == 1);
    EXPECT(trap_faults().error == error);
    sum.refused += result.status == MSET_ACCESS_DENIED;
}

static void expect_passed(struct user_result result) {
    EXPECT(result.status == MSET_OK && result.faults == 0);
    sum.passed += result.status == MSET_OK && result.faults == 0;
}

static void expect_holds(unsigned page, uint64_t value) {
    const struct user_result seen = user_read(START + page * PAGE);
    expect_passed(seen);
    EXPECT(seen.value == value);
}

/* One page to every kind of rights and back, accesses in between. */
static void turn_page(struct process *process, unsigned page) {
    const uint64_t address = START + page * PAGE;
    const uint64_t value = USER_VALUE(page + 1);
    expect_passed(user_write(address, value));
    set_rights(process, page, 1, MSET_READ);
    expect_refused(user_write(address, 0), FAULT_USER | FAULT_WRITE | FAULT_PRESENT);
    expect_holds(page, value);
    expect_refused(user_execute(address), FAULT_USER | FAULT_FETCH | FAULT_PRESENT);
    set_rights(process, page, 1, MSET_READ | MSET_EXEC);
    expect_passed(user_execute(address));
    set_rights(process, page, 1, 0);
    expect_refused(user_read(address), FAULT_USER);
    expect_refused(user_execute(address), FAULT_USER | FAULT_FETCH);
    set_rights(process, page, 1, READ_WRITE);
    expect_holds(page, value);
    expect_refused(user_execute(address), FAULT_USER | FAULT_FETCH | FAULT_PRESENT);
    expect_passed(user_write(address, value));
}

/* All pages in one call, after each of them was written: more than flush() does one by one. */
static void turn_all(struct process *process) {
    for (unsigned page = 0; page < PAGES; page++) {
        expect_passed(user_write(START + page * PAGE, USER_VALUE(page)));
    }
    set_rights(process, 0, PAGES, MSET_READ);
    for (unsigned page = 0; page < PAGES; page++) {
        expect_refused(user_write(START + page * PAGE, 0),
                       FAULT_USER | FAULT_WRITE | FAULT_PRESENT);
        expect_holds(page, USER_VALUE(page));
    }
    set_rights(process, 0, PAGES, READ_WRITE);
}

void check_protect(void) {
    struct process process;
    if (!check_begin(&process)) {
        return;
    }
    EXPECT(process_mmap(&process, START, PAGES * PAGE, READ_WRITE, MSET_MAP_FAIL | MSET_POPULATE) ==
           MSET_OK);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned page = 0; page < PAGES; page++) {
            turn_page(&process, page);
        }
        turn_all(&process);
        EXPECT(mset_space_validate(process.space) == NULL);
    }
    print("%u times %u pages, %lu accesses passed, %lu refused", ROUNDS, PAGES, sum.passed,
          sum.refused);
    process_exit(&process);
}
