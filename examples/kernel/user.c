/* user.c - see user.h. */
#include "user.h"

#include "memory.h"
#include "process.h"
#include "trap.h"

extern char user_code_read[], user_code_write[], user_code_execute[];

static struct user_result run(const char *program, uint64_t address, uint64_t value) {
    struct user_result result = {.status = MSET_OK};
    trap_forget_faults();
    result.value = enter_user(USER_CODE + (uint64_t)(program - kernel_user_code), address, value);
    const struct trap_faults faults = trap_faults();
    result.status = faults.refused;
    result.faults = faults.count;
    return result;
}

struct user_result user_read(uint64_t address) {
    return run(user_code_read, address, 0);
}

struct user_result user_write(uint64_t address, uint64_t value) {
    return run(user_code_write, address, value);
}

struct user_result user_execute(uint64_t address) {
    return run(user_code_execute, address, 0);
}
