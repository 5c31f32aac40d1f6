/*
 * aarch64.S - the guest that probes AArch64 stage 1 tables: EL1, with probes of EL0 by unprivileged
 * loads and stores, and by eret. Every table of the lower half maps the first 64 MiB of RAM, where
 * this program and the probes are, to themselves. Mailbox: mailbox.h; regs: TTBR0, TCR, MAIR, TTBR1.
 *
 *     x20 batch  x21 batches done  x9 probe  x4 probes left  x5 va  x7 value  x10 fault
 */
    .equ MAILBOX, 0x40800000
    .text
    .global _start
_start:
    adr x0, vectors
    msr vbar_el1, x0
    ldr x0, =0x40700000
    mov sp, x0
    ldr x20, =MAILBOX + 64
    mov x21, #0
next_batch:
    ldr x22, =MAILBOX
    ldr x0, [x22]
    cmp x21, x0
    b.eq finish
    mrs x0, sctlr_el1
    bic x0, x0, #1              // off while the registers change
    msr sctlr_el1, x0
    isb
    ldp x1, x2, [x20]
    ldp x3, x8, [x20, #16]
    msr ttbr0_el1, x1
    msr tcr_el1, x2
    msr mair_el1, x3
    msr ttbr1_el1, x8
    isb
    tlbi vmalle1
    dsb sy
    isb
    mrs x0, sctlr_el1
    orr x0, x0, #1
    bic x0, x0, #(1 << 19)      // no WXN
    msr sctlr_el1, x0
    isb
    ldp x4, x9, [x20, #32]
next_probe:
    cbz x4, batch_done
    ldp x5, x6, [x9]
    mov x7, #0
    mov x10, #0
    adr x12, probed
    adr x11, table
    add x11, x11, x6, lsl #4
    br x11
table:                          // 16 bytes each, by op
    ldr x7, [x5]
    b probed
    nop
    nop
    str x5, [x5, #64]
    b probed
    nop
    nop
    add x11, x5, #8
    blr x11
    b probed
    nop
    ldtr x7, [x5]
    b probed
    nop
    nop
    sttr x5, [x5, #64]
    b probed
    nop
    nop
    add x11, x5, #24
    msr elr_el1, x11
    b enter_user
    nop
enter_user:
    mov x11, #0x3c0             // EL0, interrupts masked
    msr spsr_el1, x11
    eret
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
    hvc #0
    b .

fault:                          // an abort, or svc from EL0: then all is well
    mrs x10, esr_el1
    lsr x11, x10, #26
    cmp x11, #0x15
    b.ne 1f
    mov x10, #0
    b 2f
1:  mrs x7, far_el1
    orr x10, x10, #0x100000000
2:  msr elr_el1, x12
    mov x11, #0x3c5             // EL1h
    msr spsr_el1, x11
    eret

    .balign 2048
vectors:
    .rept 4                     // current EL, SP0
    b .
    .balign 128
    .endr
    b fault                     // current EL, SPx: synchronous
    .balign 128
    .rept 3
    b .
    .balign 128
    .endr
    b fault                     // lower EL: synchronous
    .balign 128
    .rept 7
    b .
    .balign 128
    .endr
