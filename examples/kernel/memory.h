/*
 * memory.h - what the library needs of a kernel: memory for its books, and frames.
 *
 *     0          1 MiB            kernel_end                              end of memory
 *     | firmware | kernel, heap   | frames of the buddy: tables and pages |
 *
 * Physical memory is seen by the kernel at its own address (the direct map starts at 0).
 */
#ifndef KERNEL_MEMORY_H
#define KERNEL_MEMORY_H

#include <mset/cow.h>
#include <mset/frames.h>

/* From the linker script; multiples of the page size. */
extern char kernel_text[], kernel_user_code[], kernel_constants[], kernel_data[], kernel_end[];

/* `end`: the first physical address that is no memory any more. */
void memory_setup(uint64_t end);

uint64_t memory_end(void);

const struct mset_allocator *memory_heap(void);
uint64_t memory_heap_used(void); /* bytes */

struct mset_frames *memory_frames(void);
struct mset_counted *memory_pages(void); /* the same frames, for pages that can be shared */
uint64_t memory_free_frames(void);

#endif
