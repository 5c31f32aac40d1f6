/*
 * buddy.c - a frame source over one region: blocks of 2^order frames, split on demand, joined when
 * both halves are free.
 *
 * The only state is, for each order, the set of free blocks (bit_tree.h). Nothing is written into
 * the frames, so they need no storage, and nothing is kept about frames that are handed out, so
 * any aligned piece of an allocated block can come back by itself.
 *
 *     frame    0 1 2 3 4 5 6 7 8 9          a region of 10 frames, 2 and 3 handed out
 *     order 0  . . . . . . . . . .
 *     order 1  x . . . x                    blocks are numbered pa / (4096 << order), so that a
 *     order 2  . x .                        block's buddy is its number with bit 0 flipped,
 *     order 3  . .                          whatever the base of the region
 *
 * The invariants are in buddy.h.
 */
#include "frames/buddy.h"
#include "base/assert.h"
#include "base/memory.h"

static uint64_t min64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static unsigned floor_log2(uint64_t x) {
    return 63u - (unsigned)__builtin_clzll(x);
}

/* The order of the largest naturally aligned block at `pa` that is no longer than `size`. */
static unsigned largest_order(uint64_t pa, uint64_t size, unsigned limit) {
    const unsigned fits = floor_log2(size) - FRAME_SHIFT;
    const unsigned aligned =
        pa == 0 ? limit : (unsigned)__builtin_ctzll(pa) - (unsigned)FRAME_SHIFT;
    return (unsigned)min64(min64(fits, aligned), limit);
}

void mset_frames_free_range(struct mset_frames *frames, uint64_t pa, uint64_t size) {
    MSET_ASSERT((pa | size) % MSET_PAGE_SIZE == 0);
    while (size != 0) {
        const unsigned order = largest_order(pa, size, MSET_BUDDY_ORDERS - 1);
        mset_frames_free(frames, pa, order);
        pa += MSET_PAGE_SIZE << order;
        size -= MSET_PAGE_SIZE << order;
    }
}

/* ---- free blocks -------------------------------------------------------------------------- */

static uint64_t block_number(uint64_t pa, unsigned order) {
    return pa >> FRAME_SHIFT >> order;
}

static uint64_t block_address(uint64_t number, unsigned order) {
    return number << order << FRAME_SHIFT;
}

static bool block_free(const struct mset_buddy *buddy, uint64_t number, unsigned order) {
    const struct order *const o = &buddy->order[order];
    return bit_tree_has(&o->free, number - o->first);
}

static void put(struct mset_buddy *buddy, uint64_t number, unsigned order) {
    struct order *const o = &buddy->order[order];
    bit_tree_add(&o->free, number - o->first);
    o->count++;
    buddy->nonempty |= UINT64_C(1) << order;
}

static void take(struct mset_buddy *buddy, uint64_t number, unsigned order) {
    struct order *const o = &buddy->order[order];
    bit_tree_remove(&o->free, number - o->first);
    if (--o->count == 0) {
        buddy->nonempty &= ~(UINT64_C(1) << order);
    }
}

/* No block is larger than the region: there are no orders for that. */
static bool in_region(const struct mset_buddy *buddy, uint64_t pa, uint64_t size) {
    MSET_ASSERT_INTERNAL(size <= buddy->size);
    return pa >= buddy->base && pa - buddy->base <= buddy->size - size;
}

/* Does the block share a frame with a free one? */
static bool touches_free(const struct mset_buddy *buddy, uint64_t pa, unsigned order) {
    for (unsigned k = 0; k < buddy->orders; k++) {
        const struct order *const o = &buddy->order[k];
        const uint64_t from = block_number(pa, k) - o->first;
        const uint64_t to = from + (k < order ? (UINT64_C(1) << (order - k)) - 1 : 0);
        if (bit_tree_next(&o->free, from) <= to) {
            return true;
        }
    }
    return false;
}

/* ---- the source --------------------------------------------------------------------------- */

static mset_status buddy_alloc(struct mset_frames *frames, unsigned order, uint64_t *pa) {
    struct mset_buddy *const buddy = (struct mset_buddy *)(void *)frames;
    const uint64_t candidates = order < buddy->orders ? buddy->nonempty >> order : 0;
    if (candidates == 0) {
        return MSET_NO_MEMORY;
    }
    unsigned have = order + (unsigned)__builtin_ctzll(candidates);
    uint64_t number = bit_tree_next(&buddy->order[have].free, 0) + buddy->order[have].first;
    take(buddy, number, have);
    while (have > order) { /* keep the lower half, give the upper one back */
        have--;
        number *= 2;
        put(buddy, number + 1, have);
    }
    buddy->free_frames -= UINT64_C(1) << order;
    *pa = block_address(number, order);
    MSET_ASSERT_EXPENSIVE(!touches_free(buddy, *pa, order));
    return MSET_OK;
}

static void buddy_free(struct mset_frames *frames, uint64_t pa, unsigned order) {
    struct mset_buddy *const buddy = (struct mset_buddy *)(void *)frames;
    MSET_ASSERT(order < buddy->orders);                         /* foreign */
    MSET_ASSERT(pa % (MSET_PAGE_SIZE << order) == 0);           /* misaligned */
    MSET_ASSERT(in_region(buddy, pa, MSET_PAGE_SIZE << order)); /* foreign */
    MSET_ASSERT(!touches_free(buddy, pa, order));               /* twice */

    buddy->free_frames += UINT64_C(1) << order;
    uint64_t number = block_number(pa, order);
    while (order + 1 < buddy->orders && block_free(buddy, number ^ 1, order)) {
        take(buddy, number ^ 1, order);
        number /= 2;
        order++;
    }
    put(buddy, number, order);
}

static void *buddy_virt(struct mset_frames *frames, uint64_t pa) {
    const struct mset_buddy *const buddy = (const struct mset_buddy *)(void *)frames;
    MSET_ASSERT(in_region(buddy, pa, 1));
    return buddy->memory == NULL ? NULL : buddy->memory + (pa - buddy->base);
}

static const struct mset_frames_ops buddy_ops = {buddy_alloc, buddy_free, buddy_virt};

/* ---- life --------------------------------------------------------------------------------- */

/* How many block numbers of this order the region touches, rounded out to whole pairs. */
static uint64_t order_bound(const struct mset_buddy_config *config, unsigned order) {
    const uint64_t first = block_number(config->base, order) & ~UINT64_C(1);
    const uint64_t last = block_number(config->base + config->size - 1, order) | 1;
    return last - first + 1;
}

/* One more than the order of the largest block that fits anywhere in a region of this size. */
static unsigned order_count(uint64_t size) {
    return (unsigned)min64(floor_log2(size) - FRAME_SHIFT + 1, MSET_BUDDY_ORDERS);
}

static bool config_ok(const struct mset_buddy_config *config) {
    const uint64_t limit = UINT64_C(1) << ADDRESS_BITS;
    return config != NULL && config->size != 0 &&
           (config->base | config->size) % MSET_PAGE_SIZE == 0 && config->base < limit &&
           config->size <= limit - config->base;
}

static void fill_region(struct mset_buddy *buddy) {
    uint64_t pa = buddy->base, size = buddy->size;
    MSET_ASSERT(buddy->orders > 0);
    while (size != 0) {
        const unsigned order = largest_order(pa, size, buddy->orders - 1);
        put(buddy, block_number(pa, order), order);
        pa += MSET_PAGE_SIZE << order;
        size -= MSET_PAGE_SIZE << order;
    }
    buddy->free_frames = buddy->size >> FRAME_SHIFT;
}

static size_t head_bytes(unsigned orders) {
    return sizeof(struct mset_buddy) + orders * sizeof(struct order);
}

/* Bytes of the structure and all bit trees behind it; 0: more than can be addressed. */
static size_t book_bytes(const struct mset_buddy_config *config) {
    const size_t head = head_bytes(order_count(config->size));
    uint64_t words = 0;
    for (unsigned k = 0; k < order_count(config->size); k++) {
        words += bit_tree_words(order_bound(config, k));
    }
    if (words > (SIZE_MAX - head) / sizeof(uint64_t)) { /* unreachable: with 64 bits of size_t */
        return 0;
    }
    return head + (size_t)words * sizeof(uint64_t);
}

/* Fills in zeroed memory: every set of free blocks is empty. */
static void open_books(struct mset_buddy *buddy, const struct mset_buddy_config *config) {
    buddy->frames.ops = &buddy_ops;
    buddy->base = config->base;
    buddy->size = config->size;
    buddy->memory = config->memory;
    buddy->orders = order_count(config->size);
    uint64_t *memory = (uint64_t *)(void *)((unsigned char *)buddy + head_bytes(buddy->orders));
    for (unsigned k = 0; k < buddy->orders; k++) {
        const uint64_t bound = order_bound(config, k);
        bit_tree_init(&buddy->order[k].free, bound, memory);
        buddy->order[k].first = block_number(config->base, k) & ~UINT64_C(1);
        memory += bit_tree_words(bound);
    }
}

mset_status mset_buddy_create(const struct mset_buddy_config *config, struct mset_buddy **out) {
    if (out == NULL || !config_ok(config)) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_allocator *const allocator = mset_allocator_or_default(config->allocator);
    if (allocator == NULL) {
        return MSET_INVALID_PARAM;
    }
    const size_t bytes = book_bytes(config);
    if (bytes == 0) { /* unreachable: with 64 bits of size_t */
        return MSET_NO_MEMORY;
    }
    struct mset_buddy *const buddy =
        allocator->alloc(allocator->context, bytes, _Alignof(struct mset_buddy));
    if (buddy == NULL) {
        return MSET_NO_MEMORY;
    }
    memset(buddy, 0, bytes);
    buddy->allocator = *allocator;
    buddy->bytes = bytes;
    open_books(buddy, config);
    fill_region(buddy);
    *out = buddy;
    return MSET_OK;
}

void mset_buddy_destroy(struct mset_buddy *buddy) {
    if (buddy != NULL) {
        const struct mset_allocator allocator = buddy->allocator;
        allocator.free(allocator.context, buddy, buddy->bytes, _Alignof(struct mset_buddy));
    }
}

struct mset_frames *mset_buddy_frames(struct mset_buddy *buddy) {
    return buddy == NULL ? NULL : &buddy->frames;
}

/* ---- asking ------------------------------------------------------------------------------- */

void mset_buddy_get_statistics(const struct mset_buddy *buddy, struct mset_buddy_statistics *out) {
    if (out == NULL) {
        return;
    }
    memset(out, 0, sizeof *out);
    if (buddy == NULL) {
        return;
    }
    out->frames = buddy->size >> FRAME_SHIFT;
    out->free_frames = buddy->free_frames;
    out->used_frames = out->frames - out->free_frames;
    out->largest_free_order = buddy->nonempty == 0 ? -1 : (int)floor_log2(buddy->nonempty);
    for (unsigned k = 0; k < buddy->orders; k++) {
        out->free_blocks[k] = buddy->order[k].count;
    }
}

bool mset_buddy_is_free(const struct mset_buddy *buddy, uint64_t pa) {
    return buddy != NULL && in_region(buddy, pa, 1) &&
           touches_free(buddy, pa & ~(MSET_PAGE_SIZE - 1), 0);
}

static const char *validate_block(const struct mset_buddy *buddy, uint64_t number, unsigned k) {
    const uint64_t pa = block_address(number, k);
    if (!in_region(buddy, pa, MSET_PAGE_SIZE << k)) {
        return "a free block lies outside of the region";
    }
    if (k + 1 < buddy->orders && block_free(buddy, number ^ 1, k)) {
        return "two free buddies were not joined";
    }
    for (unsigned up = k + 1; up < buddy->orders; up++) {
        if (block_free(buddy, block_number(pa, up), up)) {
            return "a frame lies in two free blocks";
        }
    }
    return NULL;
}

static const char *validate_tree(const struct bit_tree *tree) {
    uint64_t bits = tree->bound;
    for (unsigned l = 0; l + 1 < tree->levels; l++) {
        bits = bit_tree_words_(bits);
        for (uint64_t w = 0; w < bits; w++) {
            const bool above = (tree->level[l + 1][w / 64] >> (w % 64) & 1) != 0;
            if (above != (tree->level[l][w] != 0)) {
                return "a summary bit does not agree with the word below it";
            }
        }
    }
    return NULL;
}

const char *mset_buddy_validate(const struct mset_buddy *buddy) {
    uint64_t frames = 0;
    if (buddy == NULL) {
        return "there is no buddy";
    }
    for (unsigned k = 0; k < buddy->orders; k++) {
        const struct order *const o = &buddy->order[k];
        const char *wrong = validate_tree(&o->free);
        uint64_t count = 0, bit = bit_tree_next(&o->free, 0);
        for (; wrong == NULL && bit != BIT_TREE_NONE; bit = bit_tree_next(&o->free, bit + 1)) {
            wrong = validate_block(buddy, bit + o->first, k);
            count++;
        }
        if (wrong != NULL) {
            return wrong;
        }
        if (count != o->count || (count != 0) != (buddy->nonempty >> k & 1)) {
            return "the number of free blocks of an order is wrong";
        }
        frames += count << k;
    }
    return frames == buddy->free_frames ? NULL : "the number of free frames is wrong";
}
