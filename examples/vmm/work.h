/*
 * work.h - gives the guest its commands, and keeps the shadow: what the guest's memory must contain
 * if every write of the guest has arrived where it should, and nothing else has.
 */
#ifndef VMM_WORK_H
#define VMM_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"
#include "protocol.h"

/* Memory that the guest works in. */
struct block {
    uint64_t va, pa, size;
    struct mset_region *region;
    uint64_t *shadow;
};
enum { LOW_BLOCK, HIGH_BLOCK, VIDEO_BLOCK, BLOCKS };

struct work {
    struct machine *machine;
    struct block blocks[BLOCKS];
    double waited; /* seconds in work_rises(): many where the guest's processor is a busy one */
};

bool work_open(struct work *work, struct machine *machine);
void work_close(struct work *work);

/* ---- one command ---------------------------------------------------------------------------- */

/* Does it and returns true, with the mailbox as the guest has left it in *mailbox. */
bool work_do(struct work *work, struct mailbox *mailbox);

/* The same in two steps, so that something can happen in between. */
bool work_begin(struct work *work, const struct mailbox *mailbox);
bool work_end(struct work *work, struct mailbox *mailbox);
/* Waits until the counters of the command have risen; false if it has ended, or takes too long. */
bool work_rises(struct work *work);
bool work_is_done(struct work *work);

/* ---- on the guest and the shadow ------------------------------------------------------------ */

bool work_fill(struct work *work, const struct block *block, uint64_t seed);

/* The shadow gets the writes of a COMMAND_SCATTER that has ended. */
void work_scattered(const struct block *block, const struct mailbox *scatter);

/* The checksum of the block by three ways: the guest adds up, the monitor reads, the shadow. */
struct sums {
    uint64_t guest, monitor, shadow;
};
bool work_sums(struct work *work, const struct block *block, struct sums *sums);

#endif
