/* trap.c - see trap.h: the tables that the processor wants, and what is done about a trap. */
#include "trap.h"

#include "console.h"
#include "cpu.h"
#include "process.h"

enum { EXCEPTIONS = 32, PAGE_FAULT = 14, CALL = 0x80, STUB_SIZE = 16, GATES = CALL + 1 };
enum { KERNEL_CODE = 0x08, TASK_STATE = 0x28 };
enum { GATE_KERNEL = 0x8e, GATE_USER = 0xee }; /* interrupt gates, and from which ring */
enum { FAULTS_PER_ACCESS = 8 };                /* more can only be the same one again and again */

/* What trap.S pushes. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, flags, rsp, ss;
};

struct gate {
    uint16_t address_0;
    uint16_t segment;
    uint8_t stack;
    uint8_t type;
    uint16_t address_16;
    uint32_t address_32;
    uint32_t zero;
};

struct __attribute__((packed)) table_pointer {
    uint16_t last;
    const void *table;
};

/* The 64-bit task state: all we need of it is the stack for traps from ring 3, in words 1 and 2. */
uint32_t task_state[26];

extern char trap_stubs[], trap_call_stub[];
extern uint64_t gdt[];
void trap(struct trap_frame *frame);

static _Alignas(16) struct gate gates[GATES];
static struct trap_faults faults;

static void set_gate(unsigned vector, const char *stub, uint8_t type) {
    const uint64_t address = (uint64_t)stub;
    gates[vector] = (struct gate){.address_0 = (uint16_t)address,
                                  .segment = KERNEL_CODE,
                                  .type = type,
                                  .address_16 = (uint16_t)(address >> 16),
                                  .address_32 = (uint32_t)(address >> 32)};
}

void trap_setup(void) {
    for (unsigned vector = 0; vector < EXCEPTIONS; vector++) {
        set_gate(vector, trap_stubs + (size_t)vector * STUB_SIZE, GATE_KERNEL);
    }
    set_gate(CALL, trap_call_stub, GATE_USER);
    const struct table_pointer idt = {.last = sizeof gates - 1, .table = gates};
    __asm__ volatile("lidt %0" : : "m"(idt));

    const uint64_t address = (uint64_t)task_state;
    gdt[TASK_STATE / 8] = (sizeof task_state - 1) | (address & 0xffffff) << 16 |
                          UINT64_C(0x89) << 40 | (address >> 24 & 0xff) << 56;
    gdt[TASK_STATE / 8 + 1] = address >> 32;
    __asm__ volatile("ltr %w0" : : "r"(TASK_STATE) : "memory");
}

void trap_forget_faults(void) {
    faults = (struct trap_faults){.refused = MSET_OK};
}

struct trap_faults trap_faults(void) {
    return faults;
}

static uint64_t access_of(uint64_t error) {
    if ((error & FAULT_FETCH) != 0) {
        return MSET_EXEC;
    }
    return (error & FAULT_WRITE) != 0 ? MSET_WRITE : MSET_READ;
}

/* Comes back if the access can be made again. */
static void page_fault(uint64_t address, uint64_t error) {
    faults.count++;
    faults.error = error;
    faults.address = address;
    faults.refused = faults.count > FAULTS_PER_ACCESS ? MSET_BAD_STATE
                                                      : process_fault(address, access_of(error));
    if (faults.refused != MSET_OK) {
        leave_user(0);
    }
}

void trap(struct trap_frame *frame) {
    const bool is_fault = frame->vector == PAGE_FAULT;
    const uint64_t address = is_fault ? cpu_fault_address() : 0;
    if (frame->vector == CALL) {
        leave_user(frame->rax);
    }
    if (!is_fault || (frame->error & FAULT_USER) == 0 || (frame->error & FAULT_RESERVED) != 0) {
        panic("exception %lu, error %lx, at %lx, address %lx", frame->vector, frame->error,
              frame->rip, address);
    }
    page_fault(address, frame->error);
}
