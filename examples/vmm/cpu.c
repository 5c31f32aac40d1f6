/* cpu.c - the vCPU's thread, and how others stop it. */
#include "cpu.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { KICK = SIGUSR1, PATIENCE = 20 /* seconds */ };

/* ---- the thread ----------------------------------------------------------------------------- */

/* Waits until it may run. A hold that comes later sets immediate_exit again. */
static bool enter(struct cpu *cpu) {
    (void)pthread_mutex_lock(&cpu->lock);
    while (!cpu->ended && (cpu->waiting || cpu->holds > 0)) {
        (void)pthread_cond_wait(&cpu->changed, &cpu->lock);
    }
    cpu->inside = !cpu->ended;
    cpu->run->immediate_exit = 0;
    const bool runs = cpu->inside;
    (void)pthread_mutex_unlock(&cpu->lock);
    return runs;
}

static void leave(struct cpu *cpu, enum cpu_next next) {
    (void)pthread_mutex_lock(&cpu->lock);
    cpu->inside = false;
    cpu->waiting = next == CPU_WAITS;
    cpu->ended = cpu->ended || next == CPU_ENDS;
    (void)pthread_cond_broadcast(&cpu->changed);
    (void)pthread_mutex_unlock(&cpu->lock);
}

static void *run(void *arg) {
    struct cpu *const cpu = arg;
    while (enter(cpu)) {
        const int result = ioctl(cpu->fd, KVM_RUN, 0);
        if (result < 0) {
            leave(cpu, errno == EINTR || errno == EAGAIN ? CPU_RUNS : CPU_ENDS);
        } else {
            leave(cpu, cpu->exit(cpu->context, cpu));
        }
    }
    return NULL;
}

/* ---- from outside --------------------------------------------------------------------------- */

/*
 * Out of KVM_RUN: a signal interrupts it, and if the thread has not got there yet, immediate_exit
 * makes it come back at once.
 */
static void kick(struct cpu *cpu) {
    cpu->kicks++;
    cpu->run->immediate_exit = 1;
    (void)pthread_kill(cpu->thread, KICK);
}

void cpu_hold(struct cpu *cpu) {
    (void)pthread_mutex_lock(&cpu->lock);
    cpu->holds++;
    if (cpu->inside) {
        kick(cpu);
    }
    while (cpu->inside) {
        (void)pthread_cond_wait(&cpu->changed, &cpu->lock);
    }
    (void)pthread_mutex_unlock(&cpu->lock);
}

void cpu_release(struct cpu *cpu) {
    (void)pthread_mutex_lock(&cpu->lock);
    cpu->holds--;
    (void)pthread_cond_broadcast(&cpu->changed);
    (void)pthread_mutex_unlock(&cpu->lock);
}

void cpu_go(struct cpu *cpu) {
    (void)pthread_mutex_lock(&cpu->lock);
    cpu->waiting = false;
    (void)pthread_cond_broadcast(&cpu->changed);
    (void)pthread_mutex_unlock(&cpu->lock);
}

bool cpu_wait(struct cpu *cpu) {
    struct timespec end;
    int status = clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE;
    (void)pthread_mutex_lock(&cpu->lock);
    while (!cpu->waiting && !cpu->ended && status == 0) {
        status = pthread_cond_timedwait(&cpu->changed, &cpu->lock, &end);
    }
    const bool waits = cpu->waiting && !cpu->ended;
    (void)pthread_mutex_unlock(&cpu->lock);
    return waits;
}

bool cpu_is_waiting(struct cpu *cpu) {
    (void)pthread_mutex_lock(&cpu->lock);
    const bool waits = cpu->waiting && !cpu->ended;
    (void)pthread_mutex_unlock(&cpu->lock);
    return waits;
}

/* ---- the life of it ------------------------------------------------------------------------- */

static void interrupt(int number) {
    (void)number; /* that KVM_RUN is interrupted is all that is wanted */
}

static bool copy_cpuid(const struct cpu *cpu, int kvm) {
    enum { MOST = 256 };
    struct kvm_cpuid2 *const cpuid =
        calloc(1, sizeof *cpuid + MOST * sizeof(struct kvm_cpuid_entry2));
    if (cpuid == NULL) {
        return false;
    }
    cpuid->nent = MOST;
    const bool ok = ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) == 0 &&
                    ioctl(cpu->fd, KVM_SET_CPUID2, cpuid) == 0;
    free(cpuid);
    return ok;
}

bool cpu_open(struct cpu *cpu, int kvm, int vm, cpu_exit *exit, void *context) {
    const struct sigaction kicked = {.sa_handler = interrupt};
    const int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    cpu->exit = exit;
    cpu->context = context;
    cpu->waiting = true;
    cpu->fd = ioctl(vm, KVM_CREATE_VCPU, 0);
    if (cpu->fd < 0 || size <= 0 || !copy_cpuid(cpu, kvm) || sigaction(KICK, &kicked, NULL) != 0) {
        return false;
    }
    cpu->run_size = (size_t)size;
    cpu->run = mmap(NULL, cpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
    if (cpu->run == MAP_FAILED) {
        return false;
    }
    cpu->started = pthread_create(&cpu->thread, NULL, run, cpu) == 0;
    return cpu->started;
}

void cpu_close(struct cpu *cpu) {
    if (!cpu->started) {
        return;
    }
    (void)pthread_mutex_lock(&cpu->lock);
    cpu->ended = true;
    if (cpu->inside) {
        kick(cpu);
    }
    (void)pthread_cond_broadcast(&cpu->changed);
    (void)pthread_mutex_unlock(&cpu->lock);
    (void)pthread_join(cpu->thread, NULL);
    (void)munmap(cpu->run, cpu->run_size);
    (void)close(cpu->fd);
}
