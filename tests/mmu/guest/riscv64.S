/*
 * riscv64.S - the guest that probes RISC-V tables: machine mode, which translates nothing itself.
 * Loads and stores go through MPRV as supervisor or user; execution by mret into the page, which
 * comes back by ecall. Guest-physical addresses are probed by HLV and HSV, and by mret as VS. The
 * assembler may not know the hypervisor's instructions and registers, hence the numbers.
 * Mailbox: mailbox.h; regs: satp, hgatp.
 *
 *     s0 mailbox  s1 batch  s2 batches done  s3 va  s4 op  s5 value  s6 fault  s7 probes left
 *     s8 probe  s9 hgatp, and with it: this is about the G-stage
 */
    .option norvc
    .option norelax
    .text
    .global _start
_start:
    la t0, trap
    csrw mtvec, t0
    li t0, -1                   # PMP: everything is everyone's
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li s0, 0x80800000
    addi s1, s0, 64
    li s2, 0
next_batch:
    ld t0, 0(s0)
    beq s2, t0, finish
    ld t0, 0(s1)
    csrw satp, t0
    ld s9, 8(s1)
    beqz s9, 1f
    csrw 0x680, s9              # hgatp
    csrw 0x280, zero            # vsatp
    li t0, 1 << 8
    csrs 0x600, t0              # hstatus.SPVP: as VS
    .word 0x62000073            # hfence.gvma
1:  sfence.vma
    ld s7, 32(s1)
    ld s8, 40(s1)
next_probe:
    beqz s7, batch_done
    ld s3, 0(s8)
    ld s4, 8(s8)
    li s5, 0
    li s6, 0
    bnez s9, probe_guest
    li t0, 3 << 11
    csrc mstatus, t0            # MPP: user, or below supervisor
    li t0, 3
    bge s4, t0, 1f
    li t1, 1 << 11
    csrs mstatus, t1
    j 2f
1:  addi s4, s4, -3
2:  li t0, 1 << 18              # SUM
    csrs mstatus, t0
    li t0, 2
    beq s4, t0, probe_exec
    li t0, 1 << 17              # MPRV
    csrs mstatus, t0
    bnez s4, 3f
    ld s5, 0(s3)
    j probed
3:  sd s3, 64(s3)
    j probed
probe_exec:
    addi t0, s3, 8
    csrw mepc, t0
    mret
probe_guest:
    li t0, 1
    beq s4, t0, 1f
    bgt s4, t0, 2f
    .word 0x6c09caf3            # hlv.d s5, (s3)
    j probed
1:  addi t0, s3, 64
    .word 0x6f32c073            # hsv.d s3, (t0)
    j probed
2:  li t0, 1 << 11              # MPP: supervisor; MPV: of the guest
    csrs mstatus, t0
    li t0, 1 << 39
    csrs mstatus, t0
    j probe_exec
probed:
    li t0, 1 << 17
    csrc mstatus, t0
    sd s5, 16(s8)
    sd s6, 24(s8)
    addi s8, s8, 32
    addi s7, s7, -1
    j next_probe
batch_done:
    addi s2, s2, 1
    sd s2, 8(s0)
    addi s1, s1, 64
    j next_batch
finish:
    li t0, 0x100000             # the test device: power off
    li t1, 0x5555
    sw t1, 0(t0)
    j .

    .balign 4
trap:                           # a fault, or ecall from a page: then all is well
    csrr s6, mcause
    li t0, 8
    beq s6, t0, 1f
    li t0, 9
    beq s6, t0, 1f
    li t0, 10
    beq s6, t0, 1f
    li t0, 1 << 32
    or s6, s6, t0
    csrr s5, mtval
    j 2f
1:  li s6, 0
2:  li t0, 1 << 17
    csrc mstatus, t0
    li t0, 1 << 39
    csrc mstatus, t0
    la t0, probed
    csrw mepc, t0
    li t0, 3 << 11              # back to machine mode
    csrs mstatus, t0
    mret
