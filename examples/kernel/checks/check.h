/*
 * check.h - what the kernel verifies about itself.
 *
 * A check gets no arguments, prints figures in the middle of its line, and says EXPECT() of all
 * that has to hold. When it returns, frames and heap must be as they were before.
 */
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "process.h"

struct check {
    const char *name;
    void (*run)(void);
};

/* Runs them, then compares frames and heap with those at the start. Returns how many failed. */
unsigned check_all(const struct check *checks, unsigned count);

/* The first expectation that does not hold is shown with the verdict. Returns `holds`. */
bool check_expect(bool holds, const char *file, unsigned line, const char *text);
#define EXPECT(condition) check_expect((condition), __FILE_NAME__, __LINE__, #condition)

/* A process to check with, which then runs. False: there is none, and that is noted. */
bool check_begin(struct process *process);

#define PAGE UINT64_C(0x1000)
#define PAGE_2M UINT64_C(0x200000)
#define READ_WRITE (MSET_READ | MSET_WRITE)

void check_demand(void);
void check_unmap(void);
void check_protect(void);
void check_fork(void);
void check_remap(void);
void check_huge(void);
void check_dry(void);
void check_isolation(void);
void check_random(void);

#endif
