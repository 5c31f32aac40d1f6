/*
 * world.h - several processes over one memory, each with an address space of the library and a
 * processor of tests/mmu_model that translates through its table and remembers what it has used.
 *
 * The world is the caller of the library: it flushes what config.flush says and nothing else, and
 * looks at every frame that comes back: whoever may still reach it, by a table or by something
 * remembered, is a complaint. Freed frames are overwritten.
 *
 * All memory, tables and data frames fail at one fault point. What is wrong is written down once,
 * as text, so that no test framework is needed (a fuzzer uses the same files).
 */
#ifndef MSET_TEST_ADDRESS_SPACE_WORLD_H
#define MSET_TEST_ADDRESS_SPACE_WORLD_H

#include <mset/mset.h>

#include "mmu_model/mmu_model.h"
#include "support/counting_allocator.h"
#include "support/faulty.h"

#define KIB UINT64_C(0x400)
#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

enum { WORLD_PROCESSES = 4, WORLD_TEXT = 256 };

/* A format, and the larger leaf that matters in it. */
struct world_site {
    const char *name; /* of the format */
    bool hardware_marks, bbm_level_2;
    uint64_t leaf_sizes; /* 0: the usual ones */
    uint64_t large;
};

/* Sites of all kinds: stage 1 and 2, groups, break before make, marks by software, large pages. */
extern const struct world_site world_sites[];
extern const size_t world_site_count;

/* Areas with it contain a file: see world_file_word(). */
#define WORLD_FILE (UINT64_C(1) << 40)

struct world;

/* A source that looks at what comes back. */
struct watched_frames {
    struct mset_frames base;
    struct mset_frames *under;
    struct world *world;
    bool tables;
};

struct process {
    struct world *world;
    struct mset_space *space; /* NULL: there is none */
    struct mmu_machine mmu;
    uint64_t flushes;
};

struct world {
    const struct world_site *site;
    const struct mset_pt_format *format;
    uint64_t page;                /* smallest */
    uint64_t base, pages, window; /* addresses that tests use; window: bytes */
    uint64_t user;                /* MSET_USER where the format has it */
    unsigned read_right, write_right;

    struct counting_allocator memory;
    struct fault_point point;
    struct faulty_allocator allocator;
    struct mset_buddy *table_buddy, *data_buddy;
    struct faulty_frames table_source, data_source;
    struct watched_frames table_frames, data_frames;
    struct mset_counted counted;
    unsigned char *storage; /* tables, data, device */
    uint64_t table_bytes, data_bytes, device_bytes;
    int fill_code; /* what reading the file answers */

    struct process process[WORLD_PROCESSES];
    char complaint[WORLD_TEXT];
};

/* Physical addresses. */
#define WORLD_TABLES GIB
#define WORLD_DATA (2 * GIB)
#define WORLD_DEVICE (3 * GIB)

/* Nothing is there yet. False: no memory. */
bool world_open(struct world *world, const struct world_site *site);
/* Ends all processes; complains about what is left. */
const char *world_close(struct world *world);

void world_complain(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The first complaint, or NULL. */
const char *world_complaint(struct world *world);

/* The n-th request fails, and with `on` all after it; 0: none. */
void world_fail(struct world *world, uint64_t nth, bool on);

/* The config of process i, for what is special. */
struct mset_space_config world_config(struct world *world, unsigned i);
mset_status world_start(struct world *world, unsigned i);
mset_status world_fork(struct world *world, unsigned from, unsigned to);
void world_end(struct world *world, unsigned i);

/* What a call of the library has left: everything consistent? */
void world_check(struct world *world);

/* Everything that is in use, as numbers that are the same when the same is. */
struct world_use {
    uint64_t table_frames, data_frames, owners;
    uint64_t memory; /* bytes of the allocator, without nodes of sets */
};
struct world_use world_use(const struct world *world);
bool world_same_use(const struct world_use *a, const struct world_use *b);

/*
 * A processor reads or writes the word at `address`, faulting as often as it takes. The status is
 * that of the fault that was not resolved.
 */
mset_status world_load(struct world *world, unsigned i, uint64_t address, uint64_t *word);
mset_status world_store(struct world *world, unsigned i, uint64_t address, uint64_t word);

/* Where the word at a physical address is; NULL: nowhere. */
uint64_t *world_word(const struct world *world, uint64_t pa);

/* What the word at an offset of the file is. */
uint64_t world_file_word(uint64_t offset);

uint64_t world_address(const struct world *world, uint64_t page);

#endif
