/* verdict.c - what the guest found against what it should have found. */
#include <inttypes.h>
#include <stdio.h>

#include "batch.h"
#include "mmu_model/mmu_model.h"
#include "page_table/rights.h"

enum { EXPLAINED = 5 };

static const char *const op_names[OPS] = {"read",      "write",      "execute",
                                          "user read", "user write", "user execute"};

static unsigned right_of(uint64_t op) {
    static const unsigned rights[OPS] = {MMU_READ,      MMU_WRITE,      MMU_EXEC,
                                         MMU_USER_READ, MMU_USER_WRITE, MMU_USER_EXEC};
    return rights[op];
}

/* AT leaves in PAR an address, or F with the cause: stage 2, translation or permission. */
static bool par_fits(uint64_t par, bool allowed, bool present, uint64_t pa) {
    if (allowed) {
        return (par & 1) == 0 && (par & UINT64_C(0xfffffffff000)) == pa - pa % MSET_PAGE_SIZE;
    }
    return (par & 1) != 0 && (par >> 9 & 1) != 0 && (par >> 1 & 0x3c) == (present ? 0x0c : 0x04);
}

/* The word that only this write can have changed: it holds the address, or what it held before. */
static bool written(const struct batch *batch, const struct span *span,
                    const struct mailbox_probe *probe, bool allowed) {
    if (span == NULL || span->flags == MSET_PT_MARKER) {
        return true; /* it would have no place */
    }
    const uint64_t pa = span->pa + (probe->va - span->start);
    const uint64_t *const word = machine_at(batch->machine, pa + WRITTEN);
    return *word == (allowed ? probe->va : UNWRITTEN);
}

/* The leaf shows that it has been used. */
static bool marked(const struct batch *batch, const struct mailbox_probe *probe) {
    struct mset_pt_run run;
    return mset_pt_query(batch->table, probe->va, 0, &run) == MSET_OK && run.accessed &&
           (run.dirty || probe->op % 3 != WRITE);
}

static bool fits(const struct batch *batch, const struct mailbox_probe *probe) {
    const struct mmu_row *const row = batch->machine->row;
    const struct span *const span = spans_find(&batch->spans, probe->va);
    const bool present = span != NULL && (span->flags & MSET_ACCESS) != 0;
    const unsigned rights = present ? rights_of(row->format, span->flags) : 0;
    const bool allowed = (rights & right_of(probe->op)) != 0;
    const uint64_t pa = present ? span->pa + (probe->va - span->start) : 0;
    if (row->fault(READ, present, &(uint64_t){0}) == 0 && probe->op != EXEC) {
        return par_fits(probe->value, allowed, present, pa);
    }
    if (!allowed) {
        uint64_t mask;
        const uint64_t expected = row->fault((unsigned)probe->op, present, &mask);
        return (probe->fault & mask) == expected &&
               (probe->op % 3 != WRITE || written(batch, span, probe, false));
    }
    if (probe->fault != 0 || !marked(batch, probe)) {
        return false;
    }
    switch (probe->op % 3) {
    case READ:
        return probe->value == pa;
    case WRITE:
        return written(batch, span, probe, true);
    default:
        return (uint32_t)probe->value == (uint32_t)pa;
    }
}

static void explain(const struct batch *batch, const struct mailbox_probe *probe) {
    const struct span *const span = spans_find(&batch->spans, probe->va);
    fprintf(stderr, "%s: %s at %#" PRIx64 ": found %#" PRIx64 ", fault %#" PRIx64 "; ",
            batch->machine->row->format, op_names[probe->op], probe->va, probe->value,
            probe->fault);
    if (span == NULL) {
        fprintf(stderr, "there should be nothing\n");
    } else {
        fprintf(stderr, "there should be %#" PRIx64 " with flags %#" PRIx64 "\n",
                span->pa + (probe->va - span->start), span->flags);
    }
}

unsigned batch_judge(const struct batch *batch, unsigned *explained) {
    unsigned wrong = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!fits(batch, &batch->probes[i])) {
            wrong++;
            if ((*explained)++ < EXPLAINED) {
                explain(batch, &batch->probes[i]);
            }
        }
    }
    return wrong;
}

/* The damage was probed last. */
bool batch_damage_found(const struct batch *batch) {
    return !fits(batch, &batch->probes[batch->count - 1]);
}

const char *batch_validate(const struct batch *batch) {
    const char *const wrong = mset_pt_validate(batch->table);
    return wrong != NULL || batch->lower == NULL ? wrong : mset_pt_validate(batch->lower);
}
