/*
 * boot.S - from the loader to C.
 *
 * A multiboot loader starts here in 32 bits, with the address of what it knows about the machine in
 * ebx. The processor goes to 64 bits on tables that map the lowest GiB to itself, in leaves of
 * 2 MiB; kernel_main() soon changes to an address space of its own.
 */
#define STACK_SIZE 0x10000

    .section .multiboot, "a"
    .balign 4
    .long 0x1badb002, 3, -(0x1badb002 + 3)

    .code32
    .text
    .global boot
boot:
    cli
    cld
    mov $stack_top, %esp
    mov %ebx, %ebp              /* what the loader knows */

    movl $boot_directories + 3, boot_root       /* present, writable */
    movl $boot_leaves + 3, boot_directories
    xor %ecx, %ecx
1:  mov %ecx, %eax
    shl $21, %eax
    or $0x83, %eax              /* present, writable, 2 MiB */
    mov %eax, boot_leaves(, %ecx, 8)
    inc %ecx
    cmp $512, %ecx
    jb 1b

    mov $boot_root, %eax
    mov %eax, %cr3
    mov $0xa0, %eax             /* PGE, PAE */
    mov %eax, %cr4
    mov $0xc0000080, %ecx       /* EFER: no-execute, long mode */
    rdmsr
    or $0x900, %eax
    wrmsr
    mov $0x80010011, %eax       /* PG, WP (read-only holds for the kernel as well), ET, PE */
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $0x08, $in_64_bits

    .code64
in_64_bits:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %ebp, %edi
    call kernel_main
1:  hlt
    jmp 1b

    .data
    .balign 16
    .global gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 08: code, ring 0 */
    .quad 0x00cf93000000ffff    /* 10: data, ring 0 */
    .quad 0x00cff3000000ffff    /* 18: data, ring 3 */
    .quad 0x00affb000000ffff    /* 20: code, ring 3 */
    .quad 0, 0                  /* 28: the task state, see trap.c */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .quad gdt

    .bss
    .balign 4096
boot_root:
    .skip 4096
boot_directories:
    .skip 4096
boot_leaves:
    .skip 4096
    .skip STACK_SIZE
stack_top:
