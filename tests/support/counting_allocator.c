/*
 * counting_allocator.c - see counting_allocator.h.
 *
 *     raw (malloc)        memory (handed out)
 *     |  slack  | header  | size bytes            | guard |
 *
 * The header sits right before the memory, the guard right behind it; both hold a mark.
 */
#include "counting_allocator.h"

#include <stdlib.h>
#include <string.h>

#define MARK_LIVE UINT64_C(0x6d7365742d6c6976)
#define MARK_DEAD UINT64_C(0x6d7365742d646561)
#define FILL_FRESH 0xa5
#define FILL_FREED 0xdd
#define GUARD_SIZE sizeof(uint64_t)

struct header {
    void *raw;
    size_t size;
    size_t align;
    uint64_t mark;
};

static void complain(struct counting_allocator *memory, const char *what) {
    if (memory->complaint == NULL) {
        memory->complaint = what;
    }
}

static bool must_fail(struct counting_allocator *memory) {
    memory->calls++;
    if (memory->fail_at == 0 || memory->calls < memory->fail_at) {
        return false;
    }
    return memory->fail_on || memory->calls == memory->fail_at;
}

static void write_header(unsigned char *at, void *raw, size_t size, size_t align) {
    const struct header header = {raw, size, align, MARK_LIVE};
    const uint64_t guard = MARK_LIVE;
    memcpy(at - sizeof header, &header, sizeof header);
    memcpy(at + size, &guard, sizeof guard);
}

static void *counting_alloc(void *context, size_t size, size_t align) {
    struct counting_allocator *memory = context;
    if (align == 0 || (align & (align - 1)) != 0) {
        complain(memory, "asked for an alignment that is no power of two");
        return NULL;
    }
    if (size == 0) {
        complain(memory, "asked for no bytes");
        return NULL;
    }
    if (must_fail(memory)) {
        memory->refused++;
        return NULL;
    }
    unsigned char *raw = malloc(sizeof(struct header) + align + size + GUARD_SIZE);
    if (raw == NULL) {
        return NULL;
    }
    const uintptr_t first = (uintptr_t)raw + sizeof(struct header);
    unsigned char *at = raw + sizeof(struct header) + ((0 - first) & (align - 1));
    memset(at, FILL_FRESH, size);
    write_header(at, raw, size, align);
    memory->live_blocks++;
    memory->live_bytes += size;
    return at;
}

static void counting_free(void *context, void *freed, size_t size, size_t align) {
    struct counting_allocator *memory = context;
    unsigned char *at = freed;
    struct header header;
    uint64_t guard;
    if (at == NULL) {
        complain(memory, "freed NULL");
        return;
    }
    memcpy(&header, at - sizeof header, sizeof header);
    if (header.mark != MARK_LIVE) {
        complain(memory, "freed what was not live");
        return;
    }
    if (header.size != size || header.align != align) {
        complain(memory, "freed with another size or alignment than it was allocated with");
    }
    memcpy(&guard, at + header.size, sizeof guard);
    if (guard != MARK_LIVE) {
        complain(memory, "wrote past the end of its memory");
    }
    memory->live_blocks--;
    memory->live_bytes -= header.size;
    memset(at, FILL_FREED, header.size);
    header.mark = MARK_DEAD;
    memcpy(at - sizeof header, &header, sizeof header);
    free(header.raw);
}

void counting_allocator_open(struct counting_allocator *memory) {
    *memory = (struct counting_allocator){
        .base = {.alloc = counting_alloc, .free = counting_free, .context = memory}};
}

void counting_allocator_fail(struct counting_allocator *memory, uint64_t nth, bool on) {
    memory->calls = 0;
    memory->refused = 0;
    memory->fail_at = nth;
    memory->fail_on = on;
}

const char *counting_allocator_complaint(const struct counting_allocator *memory, bool closed) {
    if (memory->complaint == NULL && closed && memory->live_blocks != 0) {
        return "memory was leaked";
    }
    return memory->complaint;
}
