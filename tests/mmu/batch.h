/*
 * batch.h - one page table, made by random calls of the library, and the probes of it. What they
 * should find comes from spans.h, which knows no tables.
 */
#ifndef MSET_TEST_MMU_BATCH_H
#define MSET_TEST_MMU_BATCH_H

#include <mset/page_table.h>

#include "machine.h"
#include "page_table/spans.h"
#include "support/rng.h"

struct batch {
    struct machine *machine;
    struct rng *rng;
    struct mset_page_table *table; /* the one that is probed */
    struct mset_page_table *lower; /* that maps the guest, where it is not the same */
    struct spans spans;
    struct mailbox_probe *probes;
    size_t count;
};

/* Makes the table and `count` probes, in the mailbox's batch `index`. NULL, or what went wrong. */
const char *batch_make(struct batch *batch, struct machine *machine, struct rng *rng,
                       unsigned index, size_t count);
void batch_free(struct batch *batch);

/* Makes one page of the table other than it should be, and probes it; false if there is none. */
bool batch_damage(struct batch *batch);

/* After the run: how many probes found something else; the first few are explained. */
unsigned batch_judge(const struct batch *batch, unsigned *explained);

#endif
