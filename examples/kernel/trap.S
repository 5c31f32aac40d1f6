/*
 * trap.S - every way into the kernel and back.
 *
 * All exceptions and the call gate push the same frame (struct trap_frame) and go through trap().
 * enter_user() goes to ring 3 and remembers the stack in the task state, so that traps from there
 * land just below its frame; leave_user() drops what lies below and makes enter_user() return.
 */
#define TSS_RSP0 4

    .text
/* 16 bytes each. Exceptions 8, 10..14, 17, 21, 29 and 30 come with an error code. */
    .balign 16
    .global trap_stubs
trap_stubs:
    .set vector, 0
    .rept 32
    .balign 16
    .if !((0x60227d00 >> vector) & 1)
    push $0
    .endif
    push $vector
    jmp enter_kernel
    .set vector, vector + 1
    .endr

    .global trap_call_stub
trap_call_stub:
    push $0
    push $0x80

enter_kernel:
    push %rax
    push %rcx
    push %rdx
    push %rbx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    cld
    call trap
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbp
    pop %rbx
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp               /* vector, error code */
    iretq

/* uint64_t enter_user(uint64_t code, uint64_t address, uint64_t value) */
    .global enter_user
enter_user:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, task_state + TSS_RSP0
    push $0x1b                  /* ss, rsp: the programs have no stack */
    push $0
    push $2                     /* flags: no interrupts */
    push $0x23                  /* cs, rip */
    push %rdi
    mov %rsi, %rdi
    mov %rdx, %rsi
    iretq

/* _Noreturn void leave_user(uint64_t value) */
    .global leave_user
leave_user:
    mov task_state + TSS_RSP0, %rsp
    mov %rdi, %rax
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
