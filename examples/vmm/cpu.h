/*
 * cpu.h - a virtual processor in a thread of its own.
 *
 *      cpu_go()               exit says CPU_WAITS
 *     --------->  running  -------------------->  waiting  ----> cpu_go() ...
 *                  |   ^
 *       cpu_hold() v   | cpu_release()
 *                 held, outside of KVM_RUN
 */
#ifndef VMM_CPU_H
#define VMM_CPU_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

enum cpu_next {
    CPU_RUNS,
    CPU_WAITS, /* for cpu_go() */
    CPU_ENDS,  /* nothing more can be done with it */
};

struct cpu;
/* Called in the vCPU's thread after every exit: run->exit_reason and so on. */
typedef enum cpu_next cpu_exit(void *context, struct cpu *cpu);

struct cpu {
    int fd;
    struct kvm_run *run;
    size_t run_size;
    cpu_exit *exit;
    void *context;

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    unsigned holds;
    bool inside;  /* in KVM_RUN, or dealing with the exit */
    bool waiting; /* for cpu_go() */
    bool ended;
    uint64_t kicks; /* how often it had to be fetched out of KVM_RUN */
};

/* Makes it and its thread, which waits. */
bool cpu_open(struct cpu *cpu, int kvm, int vm, cpu_exit *exit, void *context);
void cpu_close(struct cpu *cpu);

void cpu_go(struct cpu *cpu);
/* Returns when it waits: true. False if it has ended, or goes on for too long. */
bool cpu_wait(struct cpu *cpu);
bool cpu_is_waiting(struct cpu *cpu);

/* When this returns it is outside of KVM_RUN, and remains there. Also before there is a vCPU. */
void cpu_hold(struct cpu *cpu);
void cpu_release(struct cpu *cpu);

#endif
