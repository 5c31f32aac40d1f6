/*
 * process.h - processes, as far as memory is concerned: an address space each, and the system calls
 * that change it. This is where the kernel meets mset.
 *
 *     0                                 nothing: a null pointer faults
 *     1 MiB        kernel text          read, execute          \
 *                  kernel constants     read                    | linear areas, global, not for
 *                  data, heap, frames   read, write             | the user: the direct map
 *     memory_end                                               /
 *     USER_FIRST   the user's           alloc areas, by system calls
 *     USER_END
 *     USER_CODE    the user's programs  read, execute: a linear area
 *
 * All of it but the user's part is the kernel's own address space, of which every process is born
 * as a clone.
 */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <mset/address_space.h>

#define USER_FIRST UINT64_C(0x40000000)
#define USER_END UINT64_C(0x7ffffff00000)
#define USER_CODE USER_END

struct process {
    struct mset_space *space;
};

/* Makes the kernel's own address space and goes there. */
void process_setup(void);

mset_status process_create(struct process *process);
mset_status process_fork(struct process *parent, struct process *child);
void process_exit(struct process *process);

/* From now on the processor translates by this process' tables; NULL: by the kernel's own. */
void process_run(const struct process *process);

/* The user's program made an access and the processor faulted. MSET_OK: let it try again. */
mset_status process_fault(uint64_t address, uint64_t access);

/* System calls. `rights`: MSET_READ, MSET_WRITE, MSET_EXEC. `how`: MSET_MAP_FAIL or
   MSET_MAP_REPLACE, and MSET_POPULATE for mmap. */
mset_status process_mmap(struct process *process, uint64_t start, uint64_t size, uint64_t rights,
                         unsigned how);
mset_status process_munmap(struct process *process, uint64_t start, uint64_t size);
mset_status process_mprotect(struct process *process, uint64_t start, uint64_t size,
                             uint64_t rights);
/* Makes a piece of one area larger, in place or where there is room; *to is where it is then. */
mset_status process_mremap(struct process *process, uint64_t from, uint64_t old_size,
                           uint64_t new_size, uint64_t *to);
mset_status process_mremap_fixed(struct process *process, uint64_t from, uint64_t size, uint64_t to,
                                 unsigned how);

#endif
