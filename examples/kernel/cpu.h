/* cpu.h - the few instructions that C has no words for. */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include <stdint.h>

/* Loads the root of a page table; the processor forgets all translations that are not global. */
static inline void cpu_load_root(uint64_t root) {
    __asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
}

static inline uint64_t cpu_root(void) {
    uint64_t root;
    __asm__ volatile("mov %%cr3, %0" : "=r"(root));
    return root;
}

/* Forgets what the processor remembers about one page. */
static inline void cpu_forget_page(uint64_t address) {
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Where the last page fault happened. */
static inline uint64_t cpu_fault_address(void) {
    uint64_t address;
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    return address;
}

static inline void cpu_out(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t cpu_in(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

#endif
