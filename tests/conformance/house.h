/*
 * house.h - the ready backends over a page table of any format, as subjects of the kit; and that
 * page table alone.
 */
#ifndef MSET_TEST_CONFORMANCE_HOUSE_H
#define MSET_TEST_CONFORMANCE_HOUSE_H

#include <mset/conformance.h>
#include <mset/mset.h>

#include "supply.h"

enum house_backend {
    HOUSE_LINEAR,
    HOUSE_EAGER,
    HOUSE_LAZY,
    HOUSE_COW,        /* nothing is shared, pages come by fault */
    HOUSE_COW_SHARED, /* all that is mapped is populated, and shared with a lodger at once */
    HOUSE_BACKENDS
};

struct house {
    struct mset_pt_config config; /* format, leaf sizes, ... of its page table */
    uint64_t page_size;
    enum house_backend backends[MSET_CONFORMANCE_BACKENDS]; /* those that stand in world.backend */
    size_t backend_count;
    struct mset_conformance_backend traits[MSET_CONFORMANCE_BACKENDS];

    unsigned char *memory; /* tables, then data; for all worlds */
    size_t table_bytes, data_bytes;

    /* One world. */
    struct supply supply;
    struct mset_buddy *table_buddy, *data_buddy;
    struct supplied_frames table_frames, data_frames;
    struct mset_page_table *table;
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
    struct mset_counted counted;
    struct mset_cow cow, cow_shared;
    struct lodger *lodger; /* NULL: there is none */
};

/* `large`: bytes of the larger leaf that matters. The name must live as long as the subject. */
void house_build(struct house *house, const struct mset_pt_config *config, uint64_t large,
                 struct mset_conformance_subject *subject);
void house_tear_down(struct house *house);
/* Which of the backends takes part next. */
void house_invite(struct house *house, struct mset_conformance_subject *subject,
                  enum house_backend backend);

/* The page table of such a house; `prepare`: with its functions of that kind. */
void house_table(struct house *house, const struct mset_conformance_subject *subject, bool prepare,
                 struct mset_conformance_table *table);

/* For tables that are almost as good. */
const struct mset_conformance_table_ops *house_table_ops(void);

#endif
