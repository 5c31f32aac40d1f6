/* damage.c - one page of a table made other than it should be. See batch.h. */
#include <mset/page_table.h>

#include "batch.h"
#include "look.h"

/* Another page behind the same address. */
static bool damage_address(struct batch *batch, const struct span *span, uint64_t page) {
    return (span->flags & MSET_READ) != 0 && batch_add_probe(batch, span->start, READ) &&
           mset_pt_map_over(batch->table, span->start, span->pa ^ page, page, span->flags,
                            MSET_PT_REPLACE, NULL, NULL) == MSET_OK;
}

/* Writable or not, the other way round. */
static bool damage_right(struct batch *batch, const struct span *span, uint64_t page) {
    return (span->flags & MSET_READ) != 0 && batch_add_probe(batch, span->start, WRITE) &&
           mset_pt_protect(batch->table, span->start, page, span->flags ^ MSET_WRITE) == MSET_OK;
}

/* What keeps its address without access can be read. */
static bool damage_valid(struct batch *batch, const struct span *span, uint64_t page) {
    return (span->flags & MSET_ACCESS) == 0 && span->flags != MSET_PT_MARKER &&
           batch_add_probe(batch, span->start, READ) &&
           mset_pt_protect(batch->table, span->start, page, span->flags | MSET_READ) == MSET_OK;
}

/* A bit that QEMU faults on, in an entry of the smallest size. RISC-V's is N, which is good in
   every 16th page. */
static bool damage_reserved(struct batch *batch, const struct span *span, uint64_t page) {
    const char *wrong = NULL;
    struct mmu_leaf leaf;
    if ((span->flags & MSET_READ) == 0 || (span->pa >> 12 & 15) == 8 ||
        !look_leaf(batch, span->start, &leaf, &wrong) || leaf.last - leaf.va + 1 != page ||
        !batch_add_probe(batch, span->start, READ)) {
        return false;
    }
    *look_entry(batch, span->start) ^= batch->machine->row->reserved;
    return true;
}

bool batch_damage(struct batch *batch, enum damage kind) {
    static bool (*const damage[DAMAGES])(struct batch *, const struct span *, uint64_t) = {
        damage_address, damage_right, damage_valid, damage_reserved};
    const uint64_t sizes = mset_pt_leaf_sizes(batch->table), page = sizes & -sizes;
    const size_t count = batch->count--; /* the last probe makes room */
    for (size_t i = 0; i < batch->spans.count; i++) {
        if (damage[kind](batch, &batch->spans.span[i], page)) {
            mset_pt_flushed(batch->table);
            return true;
        }
        batch->count = count - 1;
    }
    batch->count = count;
    return false;
}
