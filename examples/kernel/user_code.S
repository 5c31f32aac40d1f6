/*
 * user_code.S - the programs of ring 3, one memory access each: rdi is the address, rsi a value.
 *
 * They lie on a page of their own, which every address space shows at USER_CODE. The kernel is
 * called to end them. Executing needs an instruction at the address: see USER_VALUE in user.h.
 */
    .section .user_code, "ax"
    .global user_code_read, user_code_write, user_code_execute
user_code_read:
    mov (%rdi), %rax
    int $0x80
user_code_write:
    mov %rsi, (%rdi)
    int $0x80
user_code_execute:
    jmp *%rdi
