/*
 * trap.h - exceptions, page faults above all.
 *
 *     ring 3: access --> #PF --> trap() --> process_fault() --> MSET_OK: iretq, and the access is
 *                                                      |        made again
 *                                                      +------> else: the program ends, as by
 * SIGSEGV
 */
#ifndef KERNEL_TRAP_H
#define KERNEL_TRAP_H

#include <mset/base.h>

/* What page faults there were since trap_forget_faults(). */
struct trap_faults {
    uint64_t count;
    uint64_t error;      /* the last one's error code */
    uint64_t address;    /*   and address */
    mset_status refused; /* why it ended the program; MSET_OK: it did not */
};

#define FAULT_PRESENT UINT64_C(0x1) /* a page was there, but not for this */
#define FAULT_WRITE UINT64_C(0x2)
#define FAULT_USER UINT64_C(0x4)
#define FAULT_RESERVED UINT64_C(0x8)
#define FAULT_FETCH UINT64_C(0x10)

void trap_setup(void);
void trap_forget_faults(void);
struct trap_faults trap_faults(void);

/* See trap.S. */
uint64_t enter_user(uint64_t code, uint64_t address, uint64_t value);
_Noreturn void leave_user(uint64_t value);

#endif
