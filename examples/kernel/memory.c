/*
 * memory.c - see memory.h.
 *
 * The heap keeps blocks whose sizes are powers of two, each aligned to its size; free blocks of a
 * size are a list. What was cut once stays cut: the library asks for few sizes.
 */
#include "memory.h"

#include "console.h"

enum { SMALLEST = 4, SIZES = 18, HEAP_SIZE = 1 << 20 }; /* 16 bytes to 128 KiB */

struct free_block {
    struct free_block *next;
};

struct heap {
    struct free_block *lists[SIZES];
    uint64_t cut;  /* bytes of the heap that have been cut into blocks */
    uint64_t used; /* bytes of blocks that are taken */
};

static _Alignas(1 << (SIZES - 1)) char heap_memory[HEAP_SIZE];
static struct heap heap;
static struct mset_buddy *buddy;
static struct mset_counted pages;
static uint64_t end_of_memory;

/* The size of the block for a request is 1 << size_of(...). */
static unsigned size_of(size_t size, size_t align) {
    const size_t wanted = size > align ? size : align;
    unsigned n = SMALLEST;
    while (((size_t)1 << n) < wanted) {
        n++;
    }
    return n;
}

static void *cut_block(unsigned n) {
    const uint64_t size = UINT64_C(1) << n;
    const uint64_t start = (heap.cut + size - 1) & ~(size - 1);
    if (start + size > HEAP_SIZE) {
        return NULL;
    }
    heap.cut = start + size;
    return heap_memory + start;
}

static void *heap_alloc(void *context, size_t size, size_t align) {
    (void)context;
    const unsigned n = size_of(size, align);
    if (n >= SIZES) {
        return NULL;
    }
    struct free_block *const block = heap.lists[n];
    void *const memory = block != NULL ? block : cut_block(n);
    if (block != NULL) {
        heap.lists[n] = block->next;
    }
    heap.used += memory != NULL ? UINT64_C(1) << n : 0;
    return memory;
}

static void heap_free(void *context, void *memory, size_t size, size_t align) {
    (void)context;
    if (memory == NULL) {
        return;
    }
    const unsigned n = size_of(size, align);
    struct free_block *const block = memory;
    block->next = heap.lists[n];
    heap.lists[n] = block;
    heap.used -= UINT64_C(1) << n;
}

static const struct mset_allocator allocator = {.alloc = heap_alloc, .free = heap_free};

void memory_setup(uint64_t end) {
    const uint64_t base = (uint64_t)kernel_end;
    end_of_memory = end & ~(MSET_PAGE_SIZE - 1);
    const struct mset_buddy_config config = {
        .base = base, .size = end_of_memory - base, .memory = kernel_end, .allocator = &allocator};
    if (mset_buddy_create(&config, &buddy) != MSET_OK) {
        panic("no frames below %lx", end);
    }
    mset_counted_init(&pages, mset_buddy_frames(buddy), &allocator);
}

uint64_t memory_end(void) {
    return end_of_memory;
}

const struct mset_allocator *memory_heap(void) {
    return &allocator;
}

uint64_t memory_heap_used(void) {
    return heap.used;
}

struct mset_frames *memory_frames(void) {
    return mset_buddy_frames(buddy);
}

struct mset_counted *memory_pages(void) {
    return &pages;
}

uint64_t memory_free_frames(void) {
    struct mset_buddy_statistics statistics;
    mset_buddy_get_statistics(buddy, &statistics);
    return statistics.free_frames;
}
