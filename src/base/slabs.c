/*
 * slabs.c - objects of equal size side by side.
 *
 *     one by one      | object |                       at a multiple of 128
 *     chunk, 64 KiB   | head | object | object ... |   at a multiple of 64 KiB, 64 bytes shorter
 *     region, 2 MiB   | chunk | chunk |  ...  |        32 of them, the last one shorter
 *
 * The head takes 192 bytes, so an object in a chunk lies 64 bytes behind a multiple of 128: its
 * address tells free() where it came from, and the chunk is found by clearing the lower bits. What
 * is 64 bytes short leaves room for the header of an allocator that has one, so that two chunks can
 * be neighbours.
 *
 * Invariants
 *
 *  S1  chunk->live objects are in use; the others are in the chain `freed` or from `fresh` on.
 *
 *  S2  A chunk is in the list of its kind if and only if it has room for one more.
 *
 *  S3  Of the chunks of a kind at most one has nothing in use.
 *
 *  S4  Bit i of region->free: chunk i is not in use. A region with such a chunk is in the list.
 */
#include <mset/slabs.h>

#include "assert.h"
#include "memory.h"

enum {
    CHUNK = 64 << 10,
    CHUNKS = 32, /* of a region */
    REGION = CHUNK * CHUNKS,
    SHORT = 64, /* less is asked for */
    HEAD = 192,
    UNIT = 128, /* objects are multiples of it */
    LARGEST = 4096,
    KINDS = 4,
    FEW = 64,      /* objects that come one by one */
    SINGLES = 128, /* chunks that come one by one */
};

struct list {
    struct list *next, *prev;
};

struct kind {
    size_t size; /* 0: not in use */
    unsigned few;
    unsigned empty; /* chunks with nothing in use: 0 or 1 */
    struct list open;
};

struct region {
    struct list list;
    uint32_t free; /* chunks */
};

struct chunk {
    struct list list;
    void *freed;
    uint32_t fresh; /* from the chunk's start */
    uint32_t live;
    struct kind *kind;
    struct region *region; /* NULL: came by itself */
    struct region first;   /* of the region whose first chunk this is */
};
_Static_assert(sizeof(struct chunk) <= HEAD, "the head of a chunk");
_Static_assert(HEAD % UNIT == SHORT && (CHUNK & (CHUNK - 1)) == 0, "an address tells");

struct mset_slabs {
    struct mset_allocator allocator; /* what we are */
    struct mset_allocator under;
    void (*advise)(void *context, void *memory, size_t size);
    void *context;
    struct kind kinds[KINDS];
    struct list regions; /* with a free chunk */
    unsigned singles;
    uint64_t bytes;
};

/* ---- lists ---------------------------------------------------------------------------------- */

static void list_init(struct list *head) {
    head->next = head->prev = head;
}

static bool list_empty(const struct list *head) {
    return head->next == head;
}

static void list_add(struct list *head, struct list *one) {
    one->next = head->next;
    one->prev = head;
    one->next->prev = one;
    head->next = one;
}

static void list_remove(struct list *one) {
    one->next->prev = one->prev;
    one->prev->next = one->next;
}

/* Both structures begin with their list. */
static struct chunk *chunk_in(struct list *list) {
    return (struct chunk *)(void *)list;
}

static struct region *region_in(struct list *list) {
    return (struct region *)(void *)list;
}

/* ---- memory from below ---------------------------------------------------------------------- */

static void *take(struct mset_slabs *slabs, size_t size, size_t align) {
    void *const memory = slabs->under.alloc(slabs->under.context, size, align);
    if (memory != NULL) {
        MSET_ASSERT((uintptr_t)memory % align == 0);
        slabs->bytes += size;
    }
    return memory;
}

static void give(struct mset_slabs *slabs, void *memory, size_t size, size_t align) {
    slabs->bytes -= size;
    slabs->under.free(slabs->under.context, memory, size, align);
}

/* ---- regions -------------------------------------------------------------------------------- */

/* The head of its first chunk has the region, whether that chunk is in use or not. */
static struct region *new_region(struct mset_slabs *slabs) {
    struct chunk *const first = take(slabs, REGION - SHORT, REGION);
    if (first == NULL) {
        return NULL;
    }
    if (slabs->advise != NULL) {
        slabs->advise(slabs->context, first, REGION - SHORT);
    }
    first->first.free = UINT32_MAX;
    list_add(&slabs->regions, &first->first.list);
    return &first->first;
}

static struct chunk *first_of(struct region *region) {
    return (struct chunk *)(void *)((char *)region - offsetof(struct chunk, first));
}

static struct chunk *chunk_of_region(struct mset_slabs *slabs) {
    struct region *const region =
        list_empty(&slabs->regions) ? new_region(slabs) : region_in(slabs->regions.next);
    if (region == NULL) {
        return NULL;
    }
    const unsigned i = (unsigned)__builtin_ctz(region->free);
    region->free &= region->free - 1;
    if (region->free == 0) {
        list_remove(&region->list);
    }
    struct chunk *const chunk =
        (struct chunk *)(void *)((char *)first_of(region) + (size_t)i * CHUNK);
    chunk->region = region;
    return chunk;
}

static void free_in_region(struct mset_slabs *slabs, const struct chunk *chunk) {
    struct region *const region = chunk->region;
    struct chunk *const first = first_of(region);
    if (region->free == 0) {
        list_add(&slabs->regions, &region->list);
    }
    region->free |= UINT32_C(1) << (((const char *)chunk - (char *)first) / CHUNK);
    if (region->free == UINT32_MAX) {
        list_remove(&region->list);
        give(slabs, first, REGION - SHORT, REGION);
    }
}

/* ---- chunks --------------------------------------------------------------------------------- */

static struct chunk *single_chunk(struct mset_slabs *slabs) {
    struct chunk *const chunk = take(slabs, CHUNK - SHORT, CHUNK);
    if (chunk != NULL) {
        slabs->singles++;
        chunk->region = NULL;
    }
    return chunk;
}

static struct chunk *new_chunk(struct mset_slabs *slabs, struct kind *kind) {
    struct chunk *chunk = NULL;
    if (slabs->singles >= SINGLES || !list_empty(&slabs->regions)) {
        chunk = chunk_of_region(slabs);
    }
    if (chunk == NULL) {
        chunk = single_chunk(slabs);
    }
    if (chunk != NULL) {
        chunk->freed = NULL;
        chunk->fresh = HEAD;
        chunk->live = 0;
        chunk->kind = kind;
        kind->empty++;
        list_add(&kind->open, &chunk->list);
    }
    return chunk;
}

static void free_chunk(struct mset_slabs *slabs, struct chunk *chunk) {
    list_remove(&chunk->list);
    chunk->kind->empty--;
    if (chunk->region != NULL) {
        free_in_region(slabs, chunk);
    } else {
        slabs->singles--;
        give(slabs, chunk, CHUNK - SHORT, CHUNK);
    }
}

static bool has_room(const struct chunk *chunk) {
    return chunk->freed != NULL || chunk->fresh + chunk->kind->size <= CHUNK - SHORT;
}

/* ---- objects -------------------------------------------------------------------------------- */

static void *pop(struct chunk *chunk) {
    void *object = chunk->freed;
    if (object != NULL) {
        memcpy(&chunk->freed, object, sizeof chunk->freed);
    } else {
        object = (char *)chunk + chunk->fresh;
        chunk->fresh += (uint32_t)chunk->kind->size;
    }
    chunk->kind->empty -= chunk->live == 0;
    chunk->live++;
    if (!has_room(chunk)) {
        list_remove(&chunk->list);
    }
    return object;
}

static void push(struct mset_slabs *slabs, struct chunk *chunk, void *object) {
    struct kind *const kind = chunk->kind;
    if (!has_room(chunk)) {
        list_add(&kind->open, &chunk->list);
    }
    memcpy(object, &chunk->freed, sizeof chunk->freed);
    chunk->freed = object;
    chunk->live--;
    if (chunk->live == 0) {
        kind->empty++;
        if (kind->empty > 1) {
            free_chunk(slabs, chunk);
        }
    }
}

static struct kind *kind_of(struct mset_slabs *slabs, size_t size, size_t align) {
    if (size % UNIT != 0 || size - 1 >= LARGEST || align > SHORT) {
        return NULL;
    }
    for (struct kind *kind = slabs->kinds; kind < slabs->kinds + KINDS; kind++) {
        if (kind->size == 0) {
            kind->size = size;
            list_init(&kind->open);
        }
        if (kind->size == size) {
            return kind;
        }
    }
    return NULL;
}

static void *one_by_one(struct mset_slabs *slabs, struct kind *kind) {
    void *const object = take(slabs, kind->size, UNIT);
    kind->few += object != NULL;
    return object;
}

static void *slabs_alloc(void *context, size_t size, size_t align) {
    struct mset_slabs *const slabs = context;
    struct kind *const kind = kind_of(slabs, size, align);
    if (kind == NULL) {
        return slabs->under.alloc(slabs->under.context, size, align);
    }
    if (kind->few < FEW) {
        return one_by_one(slabs, kind);
    }
    struct chunk *const chunk =
        list_empty(&kind->open) ? new_chunk(slabs, kind) : chunk_in(kind->open.next);
    return chunk != NULL ? pop(chunk) : one_by_one(slabs, kind);
}

static void slabs_free(void *context, void *object, size_t size, size_t align) {
    struct mset_slabs *const slabs = context;
    struct kind *const kind = kind_of(slabs, size, align);
    if (kind == NULL) {
        slabs->under.free(slabs->under.context, object, size, align);
    } else if ((uintptr_t)object % UNIT == 0) {
        kind->few--;
        give(slabs, object, size, UNIT);
    } else {
        push(slabs, (struct chunk *)(void *)((char *)object - (uintptr_t)object % CHUNK), object);
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

mset_status mset_slabs_create(const struct mset_slabs_config *given, struct mset_slabs **out) {
    const struct mset_slabs_config usual = {NULL, NULL, NULL};
    const struct mset_slabs_config config = given == NULL ? usual : *given;
    const struct mset_allocator *const under = mset_allocator_or_default(config.under);
    if (out == NULL || under == NULL || under->alloc == NULL || under->free == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset_slabs *const slabs =
        under->alloc(under->context, sizeof *slabs, _Alignof(struct mset_slabs));
    if (slabs == NULL) {
        return MSET_NO_MEMORY;
    }
    *slabs = (struct mset_slabs){.allocator = {slabs_alloc, slabs_free, slabs},
                                 .under = *under,
                                 .advise = config.advise,
                                 .context = config.context};
    list_init(&slabs->regions);
    *out = slabs;
    return MSET_OK;
}

void mset_slabs_destroy(struct mset_slabs *slabs) {
    if (slabs == NULL) {
        return;
    }
    for (struct kind *kind = slabs->kinds; kind < slabs->kinds + KINDS; kind++) {
        if (kind->size != 0 && kind->empty != 0) {
            free_chunk(slabs, chunk_in(kind->open.next));
        }
    }
    MSET_ASSERT(slabs->bytes == 0);
    const struct mset_allocator under = slabs->under;
    under.free(under.context, slabs, sizeof *slabs, _Alignof(struct mset_slabs));
}

const struct mset_allocator *mset_slabs_allocator(struct mset_slabs *slabs) {
    return slabs != NULL ? &slabs->allocator : NULL;
}

uint64_t mset_slabs_bytes(const struct mset_slabs *slabs) {
    return slabs != NULL ? slabs->bytes : 0;
}
