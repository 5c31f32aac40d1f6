/*
 * mailbox.h - how the test and the guests talk: by structures in the guest's RAM, 8 MiB above
 * its start. Guests are assembly, so the offsets are theirs too.
 *
 *     mailbox            batch                    probe
 *      0 batches          0 regs[0..3]             0 va
 *      8 done             32 probes                8 op
 *     16 options          40 address of probes    16 value, or the fault's address
 *     64 batch[0], ...    64 bytes each           24 0, or 2^32 | the fault's code
 *
 * Every page that is mapped holds, at these offsets,
 *      0 its own physical address: what a read must find
 *      8 code that loads the low half of that address as the value and comes back: what an
 *        execution must find
 *     24 the same for the user
 *     64 what writes leave: the virtual addresses they were written through. A probe of a write
 *        has the offset of a word of its own in the low bits of va, which no other probe has
 */
#ifndef MSET_TEST_MMU_MAILBOX_H
#define MSET_TEST_MMU_MAILBOX_H

#include <stdint.h>

enum { MAILBOX_OFFSET = 0x800000, MAILBOX_BATCHES = 64 };

enum mailbox_op { READ, WRITE, EXEC, USER_READ, USER_WRITE, USER_EXEC, OPS };

struct mailbox_batch {
    uint64_t regs[4]; /* what switches the MMU on: see formats.c */
    uint64_t probes;
    uint64_t address;
    uint64_t reserved[2];
};

struct mailbox {
    uint64_t batches;
    uint64_t done; /* batches, by the guest */
    uint64_t options;
    uint64_t reserved[5];
    struct mailbox_batch batch[MAILBOX_BATCHES];
};

#define MAILBOX_FAULT (UINT64_C(1) << 32)
#define UNWRITTEN UINT64_C(0x5ac35ac35ac35ac3) /* in the word of a write before the run */

enum { SUPERVISOR_CODE = 8, USER_CODE = 24, WRITTEN = 64 };

struct mailbox_probe {
    uint64_t va;
    uint64_t op;
    uint64_t value;
    uint64_t fault;
};

#endif
