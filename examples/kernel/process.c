/* process.c - see process.h. */
#include "process.h"

#include <mset/formats.h>

#include "console.h"
#include "cpu.h"
#include "memory.h"

enum { FLUSH_PAGES = 32 }; /* to forget more than that one by one takes longer than all at once */

static struct process kernel;
static const struct process *running; /* whose tables the processor uses; NULL: those of boot.S */

/* mset has changed tables, and the processor must forget what they said. Only one root is in use:
   what was remembered of another went when this one was loaded. Nothing in the user's part is
   global, so loading it again will do; invlpg drops cached pointers to tables as well. */
static void flush(void *context, const struct mset_pt_gather *gather) {
    const struct process *const process = context;
    if (process != running) {
        return;
    }
    if ((gather->last - gather->start) / gather->leaf_size >= FLUSH_PAGES) {
        cpu_load_root(mset_space_root(process->space));
        return;
    }
    for (uint64_t i = 0; i <= (gather->last - gather->start) / gather->leaf_size; i++) {
        cpu_forget_page(gather->start + i * gather->leaf_size);
    }
}

/* What a new page contains; here would be the place to read a file. It also makes mset keep the
   offsets we choose for areas. */
static int fill(void *context, const struct mset_area *area, uint64_t address, void *page,
                uint64_t size) {
    (void)context, (void)area, (void)address, (void)page, (void)size;
    return 0; /* it stays zero */
}

static void map_kernel(const char *from, const char *to, uint64_t at, uint64_t flags) {
    const uint64_t pa = (uint64_t)from;
    const mset_status status =
        mset_space_map_linear(kernel.space, at, (uint64_t)(to - from), pa, flags, MSET_MAP_FAIL);
    if (status != MSET_OK) {
        panic("kernel at %lx: %s", at, mset_status_text(status));
    }
}

void process_setup(void) {
    const struct mset_space_config config = {
        .table = {.format = &mset_pt_x86_64,
                  .frames = memory_frames(),
                  .leaf_sizes = 0x1000 | 0x200000}, /* not every processor has 1 GiB */
        .pages = memory_pages(),
        .allocator = memory_heap(),
        .flush = flush,
        .fill = fill,
        .context = &kernel};
    const mset_status status = mset_space_create(&config, &kernel.space);
    if (status != MSET_OK) {
        panic("kernel space: %s", mset_status_text(status));
    }
    const char *const end = (const char *)memory_end();
    map_kernel(kernel_text, kernel_user_code, (uint64_t)kernel_text,
               MSET_READ | MSET_EXEC | MSET_GLOBAL);
    map_kernel(kernel_constants, kernel_data, (uint64_t)kernel_constants, MSET_READ | MSET_GLOBAL);
    map_kernel(kernel_data, end, (uint64_t)kernel_data, MSET_READ | MSET_WRITE | MSET_GLOBAL);
    map_kernel(kernel_user_code, kernel_constants, USER_CODE, MSET_READ | MSET_EXEC | MSET_USER);
    process_run(NULL);
}

void process_run(const struct process *process) {
    process = process != NULL ? process : &kernel;
    if (process != running) {
        running = process;
        cpu_load_root(mset_space_root(process->space));
    }
}

mset_status process_create(struct process *process) {
    return process_fork(&kernel, process);
}

mset_status process_fork(struct process *parent, struct process *child) {
    return mset_space_clone(parent->space, child, &child->space);
}

void process_exit(struct process *process) {
    if (process == running) {
        process_run(NULL);
    }
    mset_space_destroy(process->space);
    process->space = NULL;
}

static bool is_users(uint64_t start, uint64_t size) {
    return start >= USER_FIRST && start < USER_END && size <= USER_END - start;
}

/* The kernel's areas are none for a user's program, whatever they allow. */
mset_status process_fault(uint64_t address, uint64_t access) {
    const bool is_code = address - USER_CODE < MSET_PAGE_SIZE;
    return is_users(address, 1) || is_code ? mset_space_fault(running->space, address, access)
                                           : MSET_NOT_FOUND;
}

/* ---- system calls -------------------------------------------------------------------------- */

/* A new area's offset is its address, and travels with it. Neighbours whose offsets follow each
   other become one area, as what mremap moves and the part it adds do. */
mset_status process_mmap(struct process *process, uint64_t start, uint64_t size, uint64_t rights,
                         unsigned how) {
    return is_users(start, size)
               ? mset_space_map_alloc(process->space, start, size, rights | MSET_USER, start, how)
               : MSET_INVALID_PARAM;
}

mset_status process_munmap(struct process *process, uint64_t start, uint64_t size) {
    return is_users(start, size) ? mset_space_unmap(process->space, start, size)
                                 : MSET_INVALID_PARAM;
}

mset_status process_mprotect(struct process *process, uint64_t start, uint64_t size,
                             uint64_t rights) {
    return is_users(start, size)
               ? mset_space_protect(process->space, start, size, rights, MSET_HOLES_SKIP)
               : MSET_INVALID_PARAM;
}

mset_status process_mremap_fixed(struct process *process, uint64_t from, uint64_t size, uint64_t to,
                                 unsigned how) {
    return is_users(from, size) && is_users(to, size)
               ? mset_space_move(process->space, from, size, to, how)
               : MSET_INVALID_PARAM;
}

/* The new part is mapped first, where it will be: it is empty, so taking it away cannot fail. */
static mset_status move_and_grow(struct process *process, const struct mset_area *piece,
                                 uint64_t new_size, uint64_t *to) {
    struct mset_space *const space = process->space;
    const struct mset_gap_request wish = {.size = new_size, .lo = USER_FIRST, .hi = USER_END};
    mset_status status = mset_space_find_free(space, &wish, to);
    if (status != MSET_OK) {
        return status;
    }
    const uint64_t tail = *to + piece->size;
    const uint64_t tail_size = new_size - piece->size;
    status = mset_space_map_alloc(space, tail, tail_size, piece->flags, piece->offset + piece->size,
                                  MSET_MAP_FAIL);
    if (status != MSET_OK) {
        return status;
    }
    status = mset_space_move(space, piece->start, piece->size, *to, MSET_MAP_FAIL);
    if (status != MSET_OK) {
        (void)mset_space_unmap(space, tail, tail_size);
    }
    return status;
}

mset_status process_mremap(struct process *process, uint64_t from, uint64_t old_size,
                           uint64_t new_size, uint64_t *to) {
    struct mset_area area;
    if (!is_users(from, old_size) || old_size == 0 || new_size <= old_size ||
        !mset_find(mset_space_set(process->space), from, &area) ||
        old_size > area.start + area.size - from) {
        return MSET_INVALID_PARAM;
    }
    *to = from;
    if (from + old_size == area.start + area.size && is_users(from, new_size) &&
        mset_space_grow(process->space, from, MSET_HIGH, new_size - old_size) == MSET_OK) {
        return MSET_OK;
    }
    const struct mset_area piece = {from, old_size, area.flags, area.backend,
                                    area.offset + (from - area.start)};
    return move_and_grow(process, &piece, new_size, to);
}
