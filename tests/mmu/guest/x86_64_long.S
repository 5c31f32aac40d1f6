/*
 * x86_64_long.S - the guest that probes x86-64 page tables, 4 or 5 levels.
 *
 * Started by multiboot in 32 bits; goes to long mode on the tables of the first batch, which map
 * the lowest 64 MiB to themselves for the supervisor, the 16th of them for the user. Ring 3 is
 * entered by iretq and left by ud2 or a fault. Mailbox: mailbox.h, at 8 MiB.
 *
 *     rsi batch   rbp probes left   rdi probe   rbx va   r10 where to go on after a fault
 *     rax value   r9 fault
 */
#define MAILBOX 0x800000
#define STACK 0x700000
#define USER 0xf00000

    .section .multiboot, "a"
    .balign 4
    .long 0x1badb002, 3, -(0x1badb002 + 3)

    .code32
    .text
    .global _start
_start:
    cli
    lgdt gdt_pointer
    mov $MAILBOX, %esi
    mov 64(%esi), %eax
    mov %eax, %cr3
    mov $0x20, %eax             /* PAE */
    testl $1, 16(%esi)
    jz 1f
    or $0x1000, %eax            /* LA57 */
1:  mov %eax, %cr4
    mov $0xc0000080, %ecx       /* EFER: LME, NXE */
    rdmsr
    or $0x900, %eax
    wrmsr
    mov $0x80010011, %eax       /* PG, WP, ET, PE */
    mov %eax, %cr0
    ljmp $0x08, $long_mode

    .code64
long_mode:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $STACK, %rsp
    lea tss(%rip), %rax         /* its descriptor holds the address in four pieces */
    lea gdt_tss(%rip), %rdx
    mov %ax, 2(%rdx)
    shr $16, %rax
    mov %al, 4(%rdx)
    mov %ah, 7(%rdx)
    mov $0x28, %eax
    ltr %ax
    lea fault_code(%rip), %rax
    mov $13, %ecx
    mov $0x8e, %edx
    call set_gate
    mov $14, %ecx
    call set_gate
    lea user_done(%rip), %rax
    mov $6, %ecx
    call set_gate
    lidt idt_pointer
    lea user_code(%rip), %rsi
    mov $USER, %edi
    mov $user_code_end - user_code, %ecx
    rep movsb

    mov $MAILBOX + 64, %rsi
    xor %r15d, %r15d
next_batch:
    cmp MAILBOX, %r15
    je finish
    mov %cr4, %rax              /* without PGE: global translations go as well */
    and $~0x80, %rax
    mov %rax, %cr4
    mov (%rsi), %rdx
    mov %rdx, %cr3
    or $0x80, %rax
    mov %rax, %cr4
    mov 32(%rsi), %rbp
    mov 40(%rsi), %rdi
next_probe:
    test %rbp, %rbp
    jz batch_done
    mov (%rdi), %rbx
    mov 8(%rdi), %rdx
    xor %eax, %eax
    xor %r9d, %r9d
    lea probed(%rip), %r10
    cmp $1, %rdx
    jb probe_read
    je probe_write
    cmp $3, %rdx
    jb probe_exec
    sub $3, %rdx                /* the user's: 16 bytes of code each */
    shl $4, %rdx
    add $USER, %rdx
    push $0x1b
    push $USER + 0x1000
    push $2
    push $0x23
    push %rdx
    iretq
probe_read:
    mov (%rbx), %rax
    jmp probed
probe_write:
    mov %rbx, 64(%rbx)
    jmp probed
probe_exec:
    lea 8(%rbx), %rcx
    call *%rcx
probed:
    mov $STACK, %rsp
    mov %rax, 16(%rdi)
    mov %r9, 24(%rdi)
    add $32, %rdi
    dec %rbp
    jmp next_probe
batch_done:
    inc %r15
    mov %r15, MAILBOX + 8
    add $64, %rsi
    jmp next_batch
finish:
    xor %eax, %eax
    out %al, $0xf4              /* isa-debug-exit */
1:  hlt
    jmp 1b

fault_code:                     /* #PF, #GP: an error code is on the stack */
    pop %r9
    bts $32, %r9
    mov %cr2, %rax
    jmp *%r10
user_done:                      /* #UD: the way back for ring 3; int is not everywhere */
    jmp *%r10

set_gate:                       /* rax handler, ecx vector, edx type */
    lea idt(%rip), %r8
    shl $4, %ecx
    add %rcx, %r8
    push %rax
    mov %ax, (%r8)
    movw $0x08, 2(%r8)
    movb $0, 4(%r8)
    mov %dl, 5(%r8)
    shr $16, %rax
    mov %ax, 6(%r8)
    movl $0, 8(%r8)
    pop %rax
    ret

    .balign 16
user_code:
    mov (%rbx), %rax
    ud2
    .balign 16
    mov %rbx, 64(%rbx)
    ud2
    .balign 16
    lea 24(%rbx), %rcx
    call *%rcx
    ud2
user_code_end:

    .data
    .balign 16
gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 08 code, ring 0 */
    .quad 0x00cf93000000ffff    /* 10 data, ring 0 */
    .quad 0x00cff3000000ffff    /* 18 data, ring 3 */
    .quad 0x00affb000000ffff    /* 20 code, ring 3 */
gdt_tss:
    .quad 0x0000890000000067    /* 28 */
    .quad 0
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt
idt_pointer:
    .word 4095
    .quad idt
    .balign 16
tss:
    .long 0
    .quad STACK                 /* rsp0 */
    .skip 92
    .bss
    .balign 16
idt:
    .skip 4096
