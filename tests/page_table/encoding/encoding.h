/*
 * encoding.h - entries that the library has written, compared with literal numbers.
 *
 * What the tests say about a format is taken from its manual and shared with nothing in the
 * library: where the indexes are in an address, and how an entry points at a table.
 */
#ifndef MSET_TEST_PAGE_TABLE_ENCODING_H
#define MSET_TEST_PAGE_TABLE_ENCODING_H

#include <mset/formats.h>
#include <mset/frames.h>

#include "support/counting_allocator.h"

#define KIB UINT64_C(0x400)
#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)
#define TIB UINT64_C(0x10000000000)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* By level, 0 the lowest. */
struct encoding_format {
    const struct mset_pt_format *format;
    uint8_t shift[MSET_PT_LEVELS];
    uint8_t index_bits[MSET_PT_LEVELS];
    /* An entry that points at a table: the field of the address, how far it is shifted down
       against the address, and all else. */
    uint64_t table_field;
    unsigned table_shift;
    uint64_t table_rest;
    /* An empty entry at level 0, and above. */
    uint64_t empty[2];
};

struct encoding {
    struct counting_allocator memory;
    struct mset_buddy *buddy;
    unsigned char *storage;
    const struct encoding_format *of;
    struct mset_page_table *pt;
};

/* `config` says all but format, frames and allocator; NULL: nothing special. */
void encoding_open(struct encoding *e, const struct encoding_format *of,
                   const struct mset_pt_config *config);
void encoding_close(struct encoding *e);

/* The place of an entry. The tables on the way must be there and their entries right. */
uint64_t *encoding_at(const struct encoding *e, unsigned level, uint64_t va);

/* Asserts that the call says MSET_OK, and that the table is valid. */
void encoding_map(struct encoding *e, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
void encoding_protect(struct encoding *e, uint64_t va, uint64_t size, uint64_t flags);
/* Asserts what the entry is. */
void encoding_is(const struct encoding *e, unsigned level, uint64_t va, uint64_t entry);
/* Asserts what the library reads out of the leaf at va. */
void encoding_reads(const struct encoding *e, uint64_t va, uint64_t pa, uint64_t flags,
                    unsigned marks);

/* A leaf, by itself in a table. */
struct encoding_leaf {
    unsigned level;
    uint64_t va, pa, size, flags;
    uint64_t entry;
};

/* Each is mapped, read back, and made by protect. */
void encoding_check_leaves(const struct encoding_format *of, const struct mset_pt_config *config,
                           const struct encoding_leaf *leaves, size_t n);

/* The same for leaves of the smallest size at one place. */
struct encoding_flags {
    uint64_t flags;
    uint64_t entry;
};
void encoding_check_flags(const struct encoding_format *of, const struct mset_pt_config *config,
                          uint64_t pa, const struct encoding_flags *cases, size_t n);

/* A group of n entries: the first, what each is more than the one before, and the last. */
struct encoding_group {
    unsigned level;
    uint64_t va, pa, size, flags;
    uint64_t n, first, step, last;
};
void encoding_check_groups(const struct encoding_format *of, const struct mset_pt_config *config,
                           const struct encoding_group *groups, size_t n);

/* Neither map nor protect takes them. */
void encoding_check_unsupported(const struct encoding_format *of, const uint64_t *flags, size_t n);

/* The processor, or who acts for it, makes `after` of the entry that was written. */
struct encoding_mark {
    uint64_t flags, before, after;
    unsigned marks; /* that the library then sees */
};
/* With config.hardware_marks, at one place as above; marks are cleared again by harvest. */
void encoding_check_marks(const struct encoding_format *of, uint64_t pa,
                          const struct encoding_mark *cases, size_t n);

#endif
