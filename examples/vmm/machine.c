/* machine.c - puts the parts together, and answers to exits. */
#include "machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot.h"
#include "layout.h"
#include "protocol.h"

/* ---- exits: all in the vCPU's thread -------------------------------------------------------- */

static enum cpu_next end(struct machine *machine, const char *why, uint64_t number) {
    (void)snprintf(machine->trouble, sizeof machine->trouble, "the vCPU ended: %s %#jx", why,
                   (uintmax_t)number);
    return CPU_ENDS;
}

/* Is there memory that would have served this access without an exit? */
static bool is_memory(struct machine *machine, uint64_t address, bool write) {
    void *host;
    uint64_t bytes;
    return mset_guest_translate(&machine->cursor, address, write ? MSET_WRITE : MSET_READ, &host,
                                &bytes) == MSET_OK;
}

/* The memory map knows whom it concerns: a device, the handler of ROM, or nobody. */
static enum cpu_next on_mmio(struct machine *machine, struct kvm_run *run) {
    const uint64_t address = run->mmio.phys_addr, size = run->mmio.len;
    const bool write = run->mmio.is_write != 0;
    if (is_memory(machine, address, write)) {
        (void)atomic_fetch_add(&machine->exits.spurious, 1);
    }
    if (write) {
        const mset_status status =
            mset_guest_write(&machine->cursor, address, run->mmio.data, size, NULL);
        (void)atomic_fetch_add(&machine->exits.absent, status != MSET_OK);
    } else if (mset_guest_read(&machine->cursor, address, run->mmio.data, size, NULL) != MSET_OK) {
        memset(run->mmio.data, 0xff, sizeof run->mmio.data);
        (void)atomic_fetch_add(&machine->exits.absent, 1);
    }
    return CPU_RUNS;
}

/* The processor has put the error code on the stack of ring 0. */
static enum cpu_next on_fault(struct machine *machine, const struct cpu *cpu) {
    enum { ERROR_WRITE = 2, ERROR_FETCH = 16 };
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    uint64_t error;
    if (ioctl(cpu->fd, KVM_GET_REGS, &regs) != 0 || ioctl(cpu->fd, KVM_GET_SREGS, &sregs) != 0 ||
        mset_guest_load(&machine->cursor, regs.rsp, sizeof error, &error) != MSET_OK) {
        return end(machine, "a page fault without an error code at", regs.rsp);
    }
    const uint64_t access = (error & ERROR_FETCH) != 0   ? MSET_EXEC
                            : (error & ERROR_WRITE) != 0 ? MSET_WRITE
                                                         : MSET_READ;
    const mset_status status = tables_fault(&machine->tables, sregs.cr2, access);
    return status == MSET_OK ? CPU_RUNS : end(machine, mset_status_text(status), sregs.cr2);
}

static enum cpu_next on_port(struct machine *machine, const struct cpu *cpu) {
    struct kvm_regs regs;
    switch (cpu->run->io.port) {
    case PORT_NEXT:
        return CPU_WAITS;
    case PORT_FAULT:
        return on_fault(machine, cpu);
    default:
        (void)ioctl(cpu->fd, KVM_GET_REGS, &regs);
        return end(machine, "an exception, ring 0's stack is at", regs.rsp);
    }
}

static enum cpu_next on_exit(void *context, struct cpu *cpu) {
    struct machine *const machine = context;
    enum cpu_next next;
    memory_reader_enters(&machine->memory);
    switch (cpu->run->exit_reason) {
    case KVM_EXIT_MMIO:
        next = on_mmio(machine, cpu->run);
        break;
    case KVM_EXIT_IO:
        next = on_port(machine, cpu);
        break;
    default:
        next = end(machine, "KVM_RUN returned for reason", cpu->run->exit_reason);
    }
    memory_reader_leaves(&machine->memory);
    return next;
}

/* ---- pausing: in the thread that changes memory --------------------------------------------- */

static void pause_machine(void *context) {
    struct machine *const machine = context;
    if (!machine->deaf) {
        machine->pauses++;
        cpu_hold(&machine->cpu);
    }
}

static void resume_machine(void *context) {
    struct machine *const machine = context;
    if (!machine->deaf) {
        cpu_release(&machine->cpu);
    }
}

/* ---- the life of it ------------------------------------------------------------------------- */

static bool has(int kvm, unsigned long capability) {
    return ioctl(kvm, KVM_CHECK_EXTENSION, capability) > 0;
}

static bool open_kvm(struct machine *machine, const char *device) {
    machine->kvm = open(device, O_RDWR | O_CLOEXEC);
    machine->vm = -1;
    if (machine->kvm < 0 || !has(machine->kvm, KVM_CAP_USER_MEMORY) ||
        !has(machine->kvm, KVM_CAP_READONLY_MEM) || !has(machine->kvm, KVM_CAP_IMMEDIATE_EXIT) ||
        !has(machine->kvm, KVM_CAP_SYNC_MMU)) {
        return false;
    }
    machine->vm = ioctl(machine->kvm, KVM_CREATE_VM, 0);
    /* Intel's processors want three pages for themselves, where no region is. */
    return machine->vm >= 0 && ioctl(machine->vm, KVM_SET_TSS_ADDR, 0xfffbd000) == 0;
}

enum machine_answer machine_open(struct machine *machine, const char *device, const char *image) {
    const struct memory_pause pause = {pause_machine, resume_machine, machine};
    memset(machine, 0, sizeof *machine);
    machine->cpu.fd = -1;
    if (!open_kvm(machine, device)) {
        return MACHINE_NO_KVM;
    }
    if (pthread_mutex_init(&machine->cpu.lock, NULL) != 0 ||
        pthread_cond_init(&machine->cpu.changed, NULL) != 0 ||
        !memory_open(&machine->memory, machine->vm, &pause) ||
        !tables_open(&machine->tables, &machine->memory) || !boot_load(&machine->memory, image)) {
        return MACHINE_FAILED;
    }
    mset_guest_cursor_init(&machine->cursor, machine->memory.guest);
    if (!cpu_open(&machine->cpu, machine->kvm, machine->vm, on_exit, machine) ||
        !boot_start(machine->cpu.fd, mset_pt_root(machine->tables.table))) {
        return MACHINE_FAILED;
    }
    cpu_go(&machine->cpu); /* to its first question for a command */
    return cpu_wait(&machine->cpu) ? MACHINE_READY : MACHINE_FAILED;
}

bool machine_flush(struct machine *machine) {
    struct mset_pt_gather gather;
    mset_pt_get_gather(machine->tables.table, &gather);
    if (gather.leaf_size != 0 && !boot_flush(machine->cpu.fd)) {
        return false;
    }
    mset_pt_flushed(machine->tables.table);
    return true;
}

void machine_close(struct machine *machine) {
    cpu_close(&machine->cpu);
    tables_close(&machine->tables);
    memory_close(&machine->memory);
    if (machine->vm >= 0) {
        (void)close(machine->vm);
    }
    if (machine->kvm >= 0) {
        (void)close(machine->kvm);
    }
}
