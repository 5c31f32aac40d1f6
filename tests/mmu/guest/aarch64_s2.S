/*
 * aarch64_s2.S - the guest that probes AArch64 stage 2 tables: EL2, its own MMU off. Reads and
 * writes are asked of AT S12E1, whose answer has the physical address; for execution EL1 is entered
 * at the page, with its MMU off, and comes back by hvc. Mailbox: mailbox.h; regs: VTTBR, VTCR.
 *
 *     x20 batch  x21 batches done  x9 probe  x4 probes left  x5 address  x7 value  x10 fault
 */
    .equ MAILBOX, 0x40800000
    .text
    .global _start
_start:
    adr x0, vectors
    msr vbar_el2, x0
    mov x0, #0x80000000         // HCR: RW, VM
    orr x0, x0, #1
    msr hcr_el2, x0
    mov x0, #0x0800             // SCTLR_EL1: the MMU is off
    movk x0, #0x30d0, lsl #16
    msr sctlr_el1, x0
    ldr x20, =MAILBOX + 64
    mov x21, #0
next_batch:
    ldr x22, =MAILBOX
    ldr x0, [x22]
    cmp x21, x0
    b.eq finish
    ldp x1, x2, [x20]
    msr vttbr_el2, x1
    msr vtcr_el2, x2
    isb
    tlbi vmalls12e1
    dsb sy
    isb
    ldp x4, x9, [x20, #32]
next_probe:
    cbz x4, batch_done
    ldp x5, x6, [x9]
    mov x7, #0
    mov x10, #0
    adr x12, probed
    cmp x6, #1
    b.lt 1f
    b.eq 2f
    add x11, x5, #8
    msr elr_el2, x11
    mov x11, #0x3c5             // EL1h
    msr spsr_el2, x11
    eret
1:  at s12e1r, x5
    b 3f
2:  at s12e1w, x5
3:  isb
    mrs x7, par_el1
probed:
    stp x7, x10, [x9, #16]
    add x9, x9, #32
    sub x4, x4, #1
    b next_probe
batch_done:
    add x21, x21, #1
    str x21, [x22, #8]
    add x20, x20, #64
    b next_batch
finish:
    ldr x0, =0x84000008         // PSCI SYSTEM_OFF
    smc #0
    b .

fault:                          // an abort, or hvc from EL1: then all is well
    mrs x10, esr_el2
    lsr x11, x10, #26
    cmp x11, #0x16
    b.ne 1f
    mov x10, #0
    b 2f
1:  mrs x7, hpfar_el2
    orr x10, x10, #0x100000000
2:  br x12

    .balign 2048
vectors:
    .rept 8
    b .
    .balign 128
    .endr
    b fault                     // lower EL, AArch64: synchronous
    .balign 128
    .rept 7
    b .
    .balign 128
    .endr
