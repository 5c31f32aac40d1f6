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
    uint64_t promoted, split, slot; /* where on the shelf, and how large: see shelf.h */
};

/* Makes the table and `count` probes, in the mailbox's batch `index`. NULL, or what went wrong. */
const char *batch_make(struct batch *batch, struct machine *machine, struct rng *rng,
                       unsigned index, size_t count);
void batch_free(struct batch *batch);

/* For those that make a batch: flags that the format has, and one more probe. False: not there. */
uint64_t batch_pick_flags(struct rng *rng, const struct mset_pt_format *format);
bool batch_add_probe(struct batch *batch, uint64_t va, unsigned op);

/* Another address, another right, a leaf without access that has some, a reserved bit. */
enum damage { ADDRESS, RIGHT, VALID, RESERVED, DAMAGES };

/* Makes one page of the table other than it should be, and probes it; false if there is none. */
bool batch_damage(struct batch *batch, enum damage kind);

/* After the run: has the probe of the damage found it? */
bool batch_damage_found(const struct batch *batch);

/* After the run: NULL, or what is wrong with the table, in which processors have set marks. */
const char *batch_validate(const struct batch *batch);

/* After the run: how many probes found something else; the first few are explained. */
unsigned batch_judge(const struct batch *batch, unsigned *explained);

#endif
