/* user.h - accesses to memory, made by a program in ring 3 of the process that runs. */
#ifndef KERNEL_USER_H
#define KERNEL_USER_H

#include <mset/base.h>

/* What came of an access. */
struct user_result {
    mset_status status; /* MSET_OK: it was made. Else what the last fault was refused with */
    uint64_t value;     /* what was read */
    uint64_t faults;    /* page faults on the way */
};

/* Every value that is written starts with the instruction `int $0x80`, so it can be executed. */
#define USER_VALUE(number) ((uint64_t)(number) << 16 | 0x80cd)

struct user_result user_read(uint64_t address);
struct user_result user_write(uint64_t address, uint64_t value);
/* The address must hold a USER_VALUE, if it may be executed. */
struct user_result user_execute(uint64_t address);

#endif
