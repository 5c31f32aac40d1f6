/* shelf.c - see shelf.h. */
#include "shelf.h"

#include <inttypes.h>
#include <stdio.h>

#include "look.h"

enum { EACH = 4, LEAST = 100 };

/* Probes by log2 of the leaf, over all batches; leaves that were promoted, that were split. */
static unsigned hits[64], promoted, split;
static uint64_t sizes, splits, promotions;

/* The largest leaves may be larger than all RAM; then they begin at 0, and some of it is RAM. */
static uint64_t pa_for(const struct batch *batch, uint64_t size) {
    const uint64_t data = batch->machine->row->ram + DATA_OFFSET;
    return size > DATA_OFFSET
               ? 0
               : data + rng_below(batch->rng, (RAM_BYTES - DATA_OFFSET) / size) * size;
}

static bool put_on_shelf(struct batch *batch, uint64_t va, uint64_t pa, uint64_t size,
                         uint64_t flags) {
    spans_put(&batch->spans, (struct span){va, va + (size - 1), flags, pa});
    return mset_pt_map(batch->table, va, pa, size, flags) == MSET_OK;
}

/* Pages of the leaf that are data, at both ends and between. */
static void probe_leaf(struct batch *batch, uint64_t va, uint64_t pa, uint64_t size) {
    const struct mmu_row *const row = batch->machine->row;
    const uint64_t first = pa == 0 ? row->ram + DATA_OFFSET : pa;
    const uint64_t bytes = size <= DATA_OFFSET ? size : DATA_OFFSET;
    const uint64_t at[EACH] = {0, bytes - MSET_PAGE_SIZE, rng_below(batch->rng, bytes),
                               rng_below(batch->rng, bytes)};
    for (unsigned i = 0; i < EACH; i++) {
        const uint64_t offset = at[i] & ~(MSET_PAGE_SIZE - 1);
        (void)batch_add_probe(batch, va + (first - pa) + offset,
                              (unsigned)rng_below(batch->rng, row->ops));
    }
}

/* Both change the size of what is mapped, whatever config.promote does. */
static const char *resize(struct batch *batch, uint64_t va, uint64_t page, uint64_t slot,
                          uint64_t flags) {
    const uint64_t pa = pa_for(batch, slot);
    if (!put_on_shelf(batch, va, pa, page, flags) ||
        !put_on_shelf(batch, va + page, pa + page, slot - page, flags) ||
        mset_pt_promote(batch->table, va, slot) != MSET_OK) {
        return "nothing to promote on the shelf";
    }
    probe_leaf(batch, va, pa, slot);
    if (!put_on_shelf(batch, va + slot, pa, slot, flags) ||
        mset_pt_split(batch->table, va + slot, slot, page) != MSET_OK) {
        return "nothing to split on the shelf";
    }
    probe_leaf(batch, va + slot, pa, slot);
    batch->promoted = va;
    batch->split = va + slot;
    batch->slot = slot;
    return NULL;
}

const char *shelf_fill(struct batch *batch, uint64_t window, uint64_t window_size, bool high) {
    const uint64_t page = mset_pt_leaf_sizes(batch->table) & -mset_pt_leaf_sizes(batch->table);
    uint64_t largest = mset_pt_leaf_sizes(batch->table);
    while ((largest & (largest - 1)) != 0) {
        largest &= largest - 1;
    }
    /* Leaves of all sizes, and three slots that begin where a slot does. */
    const uint64_t slot = page * (page / 8), room = 2 * largest + 4 * slot;
    uint64_t va =
        high ? (window - room) & -largest : (window + window_size + (largest - 1)) & -largest;
    uint64_t flags;
    do {
        flags = batch_pick_flags(batch->rng, mset_pt_get_format(batch->table));
    } while ((flags & MSET_ACCESS) == 0);
    sizes |= mset_pt_leaf_sizes(batch->table);
    for (uint64_t size = largest; size >= page; size >>= 1) { /* so that each is aligned */
        if ((mset_pt_leaf_sizes(batch->table) & size) == 0) {
            continue;
        }
        const uint64_t pa = pa_for(batch, size);
        if (!put_on_shelf(batch, va, pa, size, flags)) {
            return "a leaf cannot be put on the shelf";
        }
        probe_leaf(batch, va, pa, size);
        va += size;
    }
    va = (va + (slot - 1)) & -slot;
    if (!put_on_shelf(batch, va + 2 * slot, pa_for(batch, page), page, 0)) { /* without access */
        return "a leaf without access cannot be put on the shelf";
    }
    return resize(batch, va, page, slot, flags);
}

/* ---- counting ----------------------------------------------------------------------------- */

static unsigned log2_of(uint64_t size) {
    unsigned n = 0;
    while (size >> n > 1) {
        n++;
    }
    return n;
}

const char *shelf_count(struct batch *batch) {
    const char *wrong = NULL;
    for (size_t i = 0; i < batch->count; i++) {
        const uint64_t va = batch->probes[i].va;
        struct mmu_leaf leaf;
        const bool there = look_leaf(batch, va, &leaf, &wrong);
        const uint64_t size = there ? leaf.last - leaf.va + 1 : 0;
        hits[log2_of(size)] += there;
        promoted += va - batch->promoted < batch->slot && size == batch->slot;
        split += va - batch->split < batch->slot && size != 0 && size < batch->slot;
    }
    struct mset_pt_statistics now;
    mset_pt_get_statistics(batch->table, &now);
    splits += now.splits;
    promotions += now.promotions;
    return wrong;
}

const char *shelf_verdict(const char *name) {
    bool enough = promoted >= LEAST && split >= LEAST && splits > 0 && promotions > 0;
    printf("%s: hit", name);
    for (unsigned n = 0; n < 64; n++) {
        static const char units[] = {'B', 'K', 'M', 'G', 'T', 'P', 'E'};
        if ((sizes >> n & 1) != 0) {
            printf(" %u%c %u,", 1u << n % 10, units[n / 10], hits[n]);
            enough = enough && hits[n] >= LEAST;
        }
    }
    printf(" promoted %u, split %u; %" PRIu64 " promotions, %" PRIu64 " splits\n", promoted, split,
           promotions, splits);
    return enough ? NULL : "too few probes hit leaves of some size, or promoted or split ones";
}
