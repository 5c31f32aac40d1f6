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
        return (par & 1) == 0 && (par & UINT64_C(0xfffffffff000)) == pa;
    }
    return (par & 1) != 0 && (par >> 9 & 1) != 0 && (par >> 1 & 0x3c) == (present ? 0x0c : 0x04);
}

/* What a write leaves is there, unless another probe has written through another address later:
   then that is there. */
static bool written(const struct machine *machine, uint64_t pa) {
    const uint64_t *const words = machine_at(machine, pa);
    return words[3] != 0;
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
        return (probe->fault & mask) == expected;
    }
    if (probe->fault != 0) {
        return false;
    }
    switch (probe->op % 3) {
    case READ:
        return probe->value == pa;
    case WRITE:
        return written(batch->machine, pa);
    default:
        return true;
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
