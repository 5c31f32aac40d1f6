/*
 * start.S - the guest's ring 0. Of a fault it only tells the monitor, by a write to a port that
 * returns when it has been dealt with; then the instruction is tried again. layout.h has the
 * addresses.
 */
#include "ports.h"

    .section .stubs, "ax"

    /* Page fault. The monitor finds the error code on the stack, which is mapped where it lies. */
    outb %al, $PORT_FAULT
    addq $8, %rsp
    iretq

    .balign 16
    /* Anything else is the end. */
1:  outb %al, $PORT_TRAP
    jmp 1b

    .section .note.GNU-stack, "", @progbits
