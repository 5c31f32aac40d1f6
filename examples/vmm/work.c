/* work.c - commands through the mailbox, and their effect on the shadow. */
#include "work.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"

enum { NAP = 20 /* microseconds */, PATIENCE = 10 /* seconds */ };

/* ---- the mailbox ---------------------------------------------------------------------------- */

static bool read_mailbox(struct work *work, struct mailbox *mailbox) {
    return mset_guest_read(&work->machine->memory.cursor, MAILBOX, mailbox, sizeof *mailbox,
                           NULL) == MSET_OK;
}

bool work_begin(struct work *work, const struct mailbox *mailbox) {
    if (!work_is_done(work) || mset_guest_write(&work->machine->memory.cursor, MAILBOX, mailbox,
                                                sizeof *mailbox, NULL) != MSET_OK) {
        return false;
    }
    cpu_go(&work->machine->cpu);
    return true;
}

bool work_end(struct work *work, struct mailbox *mailbox) {
    const uint64_t stop = MAILBOX + offsetof(struct mailbox, stop);
    return mset_guest_store(&work->machine->memory.cursor, stop, sizeof mailbox->stop, 1) ==
               MSET_OK &&
           cpu_wait(&work->machine->cpu) && read_mailbox(work, mailbox);
}

bool work_do(struct work *work, struct mailbox *mailbox) {
    return work_begin(work, mailbox) && cpu_wait(&work->machine->cpu) &&
           read_mailbox(work, mailbox);
}

bool work_is_done(struct work *work) {
    return cpu_is_waiting(&work->machine->cpu);
}

static uint64_t counted(struct work *work) {
    struct mailbox now = {0};
    (void)read_mailbox(work, &now);
    return now.right + now.wrong + now.absent;
}

static double seconds(void) {
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool work_rises(struct work *work) {
    const uint64_t before = counted(work);
    const double begin = seconds();
    while (counted(work) == before && !work_is_done(work) && seconds() - begin < PATIENCE) {
        (void)usleep(NAP);
    }
    work->waited += seconds() - begin;
    return counted(work) != before;
}

/* ---- guest and shadow ----------------------------------------------------------------------- */

bool work_fill(struct work *work, const struct block *block, uint64_t seed) {
    struct mailbox fill = {
        .command = COMMAND_FILL, .address = block->va, .size = block->size, .seed = seed};
    for (uint64_t i = 0; i < block->size / sizeof *block->shadow; i++) {
        block->shadow[i] = mixed(seed + i);
    }
    return work_do(work, &fill);
}

void work_scattered(const struct block *block, const struct mailbox *scatter) {
    uint64_t *const shadow = block->shadow + (scatter->address - block->va) / sizeof *shadow;
    for (uint64_t i = 0; i < scatter->right; i++) {
        shadow[scattered(scatter->seed, i, scatter->size / sizeof *shadow)] =
            mixed(scatter->seed ^ i);
    }
}

static bool sum_memory(struct work *work, const struct block *block, uint64_t *sum) {
    uint64_t page[PAGE_WORDS];
    *sum = 0;
    for (uint64_t at = 0; at < block->size; at += sizeof page) {
        if (mset_guest_read(&work->machine->memory.cursor, block->pa + at, page, sizeof page,
                            NULL) != MSET_OK) {
            return false;
        }
        for (unsigned i = 0; i < PAGE_WORDS; i++) {
            *sum = summed(*sum, page[i]);
        }
    }
    return true;
}

bool work_sums(struct work *work, const struct block *block, struct sums *sums) {
    struct mailbox guest = {.command = COMMAND_SUM, .address = block->va, .size = block->size};
    memset(sums, 0, sizeof *sums);
    for (uint64_t i = 0; i < block->size / sizeof *block->shadow; i++) {
        sums->shadow = summed(sums->shadow, block->shadow[i]);
    }
    if (!sum_memory(work, block, &sums->monitor) || !work_do(work, &guest)) {
        return false;
    }
    sums->guest = guest.result;
    return true;
}

/* ---- the life of it ------------------------------------------------------------------------- */

bool work_open(struct work *work, struct machine *machine) {
    *work = (struct work){
        .machine = machine,
        .blocks = {{LOW, LOW, LOW_SIZE, machine->memory.low, NULL},
                   {HIGH_VA, HIGH_PA, HIGH_SIZE, machine->memory.high, NULL},
                   {VIDEO_HERE, VIDEO_HERE, VIDEO_SIZE, machine->memory.video, NULL}}};
    for (unsigned i = 0; i < BLOCKS; i++) {
        work->blocks[i].shadow = calloc(1, work->blocks[i].size);
        if (work->blocks[i].shadow == NULL) {
            return false;
        }
    }
    return true;
}

void work_close(struct work *work) {
    for (unsigned i = 0; i < BLOCKS; i++) {
        free(work->blocks[i].shadow);
    }
}
