/*
 * counted.c - frames with several owners: see cow.h, and counted.h for the invariants.
 *
 * What is written down for a frame is the number of its owners beyond the first, and only where
 * that is not 0: in chunks of 512 frames, which are in a hash table by their number.
 *
 *     buckets     +---+---+---+---+
 *                 | o |   | o |   |       hash of pa >> 21
 *                 +-|-+---+-|-+---+
 *                   v       v
 *                 chunk   chunk --> chunk        extra[512]: 0 0 1 1 1 0 ...
 *
 * Counting by frame makes giving up parts of what was shared as a whole (a large leaf of which one
 * owner unmaps the middle) a matter of numbers that are there already, so it cannot fail. A count
 * by block would be one number instead of 512, but cutting it would need memory exactly where
 * memory is given back.
 */
#include "frames/counted.h"

#include "base/memory.h"

enum { FRAME_SHIFT = 12, CHUNK_SHIFT = 21, FEW_BUCKETS = 16 };

/* The part of a range that lies in one chunk. */
struct part {
    uint64_t pa, size;
    unsigned first, count; /* frames of the chunk */
};

static struct part first_part(uint64_t pa, uint64_t size) {
    const uint64_t chunk = UINT64_C(1) << CHUNK_SHIFT;
    const uint64_t room = chunk - (pa & (chunk - 1));
    struct part part = {.pa = pa, .size = size < room ? size : room};
    part.first = (unsigned)((pa & (chunk - 1)) >> FRAME_SHIFT);
    part.count = (unsigned)(part.size >> FRAME_SHIFT);
    return part;
}

/* ---- the hash table ------------------------------------------------------------------------ */

static uint64_t bucket_of(uint64_t number, uint64_t bucket_count) {
    return (number * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (bucket_count - 1);
}

static struct mset_count_chunk *find_chunk(const struct mset_counted *counted, uint64_t pa) {
    const uint64_t number = pa >> CHUNK_SHIFT;
    if (counted->recent != NULL && counted->recent->number == number) {
        return counted->recent;
    }
    if (counted->bucket_count == 0) {
        return NULL;
    }
    struct mset_count_chunk *chunk = counted->buckets[bucket_of(number, counted->bucket_count)];
    while (chunk != NULL && chunk->number != number) {
        chunk = chunk->next;
    }
    return chunk;
}

static void insert(struct mset_count_chunk **buckets, uint64_t bucket_count,
                   struct mset_count_chunk *chunk) {
    struct mset_count_chunk **const bucket = &buckets[bucket_of(chunk->number, bucket_count)];
    chunk->next = *bucket;
    *bucket = chunk;
}

static void free_buckets(struct mset_counted *counted) {
    const struct mset_allocator *const allocator = &counted->allocator;
    if (counted->bucket_count != 0) {
        allocator->free(allocator->context, counted->buckets,
                        counted->bucket_count * sizeof(struct mset_count_chunk *),
                        _Alignof(struct mset_count_chunk *));
    }
}

/* As many buckets as chunks, or more, if they are to be had; else lists are longer. */
static bool make_buckets(struct mset_counted *counted) {
    const struct mset_allocator *const allocator = &counted->allocator;
    const uint64_t count = counted->bucket_count == 0 ? FEW_BUCKETS : 2 * counted->bucket_count;
    const size_t bytes = count * sizeof(struct mset_count_chunk *);
    struct mset_count_chunk **const buckets =
        allocator->alloc(allocator->context, bytes, _Alignof(struct mset_count_chunk *));
    if (buckets == NULL) {
        return counted->bucket_count != 0;
    }
    memset(buckets, 0, bytes);
    for (uint64_t i = 0; i < counted->bucket_count; i++) {
        for (struct mset_count_chunk *chunk = counted->buckets[i], *next; chunk; chunk = next) {
            next = chunk->next;
            insert(buckets, count, chunk);
        }
    }
    free_buckets(counted);
    counted->buckets = buckets;
    counted->bucket_count = count;
    return true;
}

static struct mset_count_chunk *new_chunk(struct mset_counted *counted, uint64_t pa) {
    const struct mset_allocator *const allocator = &counted->allocator;
    struct mset_count_chunk *const chunk = allocator->alloc(
        allocator->context, sizeof(struct mset_count_chunk), _Alignof(struct mset_count_chunk));
    if (chunk == NULL) {
        return NULL;
    }
    if (counted->chunks >= counted->bucket_count && !make_buckets(counted)) {
        allocator->free(allocator->context, chunk, sizeof *chunk,
                        _Alignof(struct mset_count_chunk));
        return NULL;
    }
    memset(chunk, 0, sizeof *chunk);
    chunk->number = pa >> CHUNK_SHIFT;
    insert(counted->buckets, counted->bucket_count, chunk);
    counted->chunks++;
    return chunk;
}

static void remove_chunk(struct mset_counted *counted, struct mset_count_chunk *chunk) {
    const struct mset_allocator *const allocator = &counted->allocator;
    struct mset_count_chunk **link =
        &counted->buckets[bucket_of(chunk->number, counted->bucket_count)];
    while (*link != chunk) {
        link = &(*link)->next;
    }
    *link = chunk->next;
    counted->recent = NULL;
    allocator->free(allocator->context, chunk, sizeof *chunk, _Alignof(struct mset_count_chunk));
    if (--counted->chunks == 0) {
        free_buckets(counted);
        counted->buckets = NULL;
        counted->bucket_count = 0;
    }
}

/* ---- counts of one chunk ------------------------------------------------------------------- */

/* Without a branch in them, so that they become vector loops. */

static bool any_is(const uint32_t *counts, unsigned n, uint32_t value) {
    unsigned found = 0;
    for (unsigned i = 0; i < n; i++) {
        found |= counts[i] == value;
    }
    return found != 0;
}

static bool any_above_zero(const uint32_t *counts, unsigned n) {
    uint32_t bits = 0;
    for (unsigned i = 0; i < n; i++) {
        bits |= counts[i];
    }
    return bits != 0;
}

static void add_to_all(struct mset_counted *counted, struct mset_count_chunk *chunk,
                       const struct part *part, bool up) {
    uint32_t *const counts = chunk->extra + part->first;
    for (unsigned i = 0; i < part->count; i++) {
        counts[i] += up ? 1u : UINT32_MAX;
    }
    chunk->sum += up ? part->count : -(uint64_t)part->count;
    counted->extra += up ? part->count : -(uint64_t)part->count;
}

/* ---- sharing ------------------------------------------------------------------------------- */

static mset_status share_part(struct mset_counted *counted, const struct part *part) {
    struct mset_count_chunk *chunk = find_chunk(counted, part->pa);
    if (chunk == NULL) {
        chunk = new_chunk(counted, part->pa);
    }
    if (chunk == NULL) {
        return MSET_NO_MEMORY;
    }
    if (any_is(chunk->extra + part->first, part->count, UINT32_MAX)) {
        return MSET_OVER_LIMIT;
    }
    add_to_all(counted, chunk, part, true);
    counted->recent = chunk;
    return MSET_OK;
}

mset_status mset_counted_share(struct mset_counted *counted, uint64_t pa, uint64_t size) {
    mset_status status = counted->allocator.alloc == NULL ? MSET_INVALID_PARAM : MSET_OK;
    uint64_t done = 0;
    while (done < size && status == MSET_OK) {
        const struct part part = first_part(pa + done, size - done);
        status = share_part(counted, &part);
        done += status == MSET_OK ? part.size : 0;
    }
    if (status != MSET_OK) {
        mset_frames_free_range(&counted->frames, pa, done);
    }
    return status;
}

bool mset_counted_is_shared(const struct mset_counted *counted, uint64_t pa, uint64_t size) {
    bool shared = false;
    while (counted->chunks != 0 && size != 0 && !shared) {
        const struct part part = first_part(pa, size);
        const struct mset_count_chunk *const chunk = find_chunk(counted, pa);
        shared = chunk != NULL && any_above_zero(chunk->extra + part.first, part.count);
        pa += part.size;
        size -= part.size;
    }
    return shared;
}

uint64_t mset_counted_owners(const struct mset_counted *counted, uint64_t pa) {
    const struct part part = first_part(pa & ~(MSET_PAGE_SIZE - 1), MSET_PAGE_SIZE);
    const struct mset_count_chunk *const chunk = find_chunk(counted, pa);
    return chunk == NULL ? 1 : UINT64_C(1) + chunk->extra[part.first];
}

/* ---- the source ---------------------------------------------------------------------------- */

static struct mset_counted *counted_of(struct mset_frames *frames) {
    return (struct mset_counted *)(void *)frames;
}

static mset_status counted_alloc(struct mset_frames *frames, unsigned order, uint64_t *pa) {
    return mset_frames_alloc(counted_of(frames)->under, order, pa);
}

/* One by one: those with one owner are freed, in runs. */
static void give_up_mixed(struct mset_counted *counted, struct mset_count_chunk *chunk,
                          const struct part *part) {
    uint32_t *const counts = chunk->extra + part->first;
    uint64_t from = part->pa, gone = 0;
    for (unsigned i = 0; i < part->count; i++) {
        if (counts[i] == 0) {
            continue;
        }
        const uint64_t here = part->pa + ((uint64_t)i << FRAME_SHIFT);
        mset_frames_free_range(counted->under, from, here - from);
        from = here + MSET_PAGE_SIZE;
        counts[i]--;
        gone++;
    }
    mset_frames_free_range(counted->under, from, part->pa + part->size - from);
    chunk->sum -= gone;
    counted->extra -= gone;
}

static void give_up_part(struct mset_counted *counted, struct mset_count_chunk *chunk,
                         const struct part *part) {
    if (any_is(chunk->extra + part->first, part->count, 0)) {
        give_up_mixed(counted, chunk, part);
    } else {
        add_to_all(counted, chunk, part, false);
    }
    counted->recent = chunk;
    if (chunk->sum == 0) {
        remove_chunk(counted, chunk);
    }
}

static void counted_free(struct mset_frames *frames, uint64_t pa, unsigned order) {
    struct mset_counted *const counted = counted_of(frames);
    uint64_t size = MSET_PAGE_SIZE << order,
             single = 0; /* so many bytes before pa are not shared */
    if (counted->chunks == 0) {
        mset_frames_free(counted->under, pa, order);
        return;
    }
    while (size != 0) {
        const struct part part = first_part(pa, size);
        struct mset_count_chunk *const chunk = find_chunk(counted, pa);
        if (chunk != NULL) {
            mset_frames_free_range(counted->under, pa - single, single);
            give_up_part(counted, chunk, &part);
        }
        single = chunk == NULL ? single + part.size : 0;
        pa += part.size;
        size -= part.size;
    }
    mset_frames_free_range(counted->under, pa - single, single);
}

static void *counted_virt(struct mset_frames *frames, uint64_t pa) {
    return mset_frames_virt(counted_of(frames)->under, pa);
}

void mset_counted_init(struct mset_counted *counted, struct mset_frames *under,
                       const struct mset_allocator *allocator) {
    static const struct mset_frames_ops ops = {counted_alloc, counted_free, counted_virt};
    if (counted == NULL) {
        return;
    }
    memset(counted, 0, sizeof *counted);
    counted->frames.ops = &ops;
    counted->under = under;
    allocator = mset_allocator_or_default(allocator);
    if (allocator != NULL) {
        counted->allocator = *allocator;
    }
}

/* ---- checking ------------------------------------------------------------------------------ */

static const char *check_chunk(const struct mset_count_chunk *chunk) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < CHUNK_FRAMES; i++) {
        sum += chunk->extra[i];
    }
    if (sum == 0) {
        return "C1: a chunk has no shared frame";
    }
    return sum == chunk->sum ? NULL : "C1: a chunk's sum is not that of its counts";
}

const char *mset_counted_validate(const struct mset_counted *counted) {
    uint64_t chunks = 0, extra = 0;
    bool recent = counted->recent == NULL;
    for (uint64_t i = 0; i < counted->bucket_count; i++) {
        const struct mset_count_chunk *chunk = counted->buckets[i];
        for (; chunk != NULL && chunks <= counted->chunks; chunk = chunk->next) {
            const char *const wrong = bucket_of(chunk->number, counted->bucket_count) == i
                                          ? check_chunk(chunk)
                                          : "C2: a chunk is in the wrong bucket";
            if (wrong != NULL) {
                return wrong;
            }
            chunks++;
            extra += chunk->sum;
            recent |= counted->recent == chunk;
        }
    }
    if (chunks != counted->chunks) {
        return "C2: the number of chunks is not right";
    }
    if (extra != counted->extra) {
        return "C3: the number of owners is not right";
    }
    return recent && (chunks == 0) == (counted->bucket_count == 0)
               ? NULL
               : "C4: what is remembered is not there";
}
