/*
 * machine.h - what stands behind the areas of a replay: nothing, or one of the library's
 * backends with page tables and frames.
 */
#ifndef REPLAY_MACHINE_H
#define REPLAY_MACHINE_H

#include "mset/backends.h"
#include "mset/formats.h"
#include "mset/set.h"
#include "trouble.h"

enum machine_kind { MACHINE_NONE, MACHINE_LINEAR, MACHINE_EAGER, MACHINE_LAZY };

struct machine {
    enum machine_kind kind;
    const struct mset_pt_format *format;
    uint64_t user_flag;        /* MSET_USER, where the format can express it */
    struct mset_buddy *tables; /* real memory, for page tables */
    void *table_memory;
    struct mset_buddy *data; /* addresses only: programs reserve far more than they touch */
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
};

/* An address space. */
struct space {
    struct mset *set;
    struct mset_page_table *table; /* NULL with MACHINE_NONE */
};

const char *machine_kind_name(enum machine_kind kind);
bool machine_kind_parse(const char *name, enum machine_kind *kind);

/* NULL, or why page tables of this format cannot hold a program of x86-64 Linux. */
const char *machine_misfit(const struct mset_pt_format *format);

/* Not to be moved afterwards: areas point at it. On failure there is nothing to destroy. */
mset_status machine_create(struct machine *machine, enum machine_kind kind,
                           const struct mset_pt_format *format);
void machine_destroy(struct machine *machine);

/* The backend of all areas; NULL with MACHINE_NONE. */
struct mset_backend *machine_backend(struct machine *machine);

/* After every call: nobody translates through the tables, so there is nothing to flush. */
void machine_flush(const struct space *space);

mset_status machine_add_space(struct machine *machine, struct space *space);
void machine_drop_space(struct space *space);

/* After the last space is gone: NULL, or what was not given back. */
const char *machine_leak(const struct machine *machine);

#endif
