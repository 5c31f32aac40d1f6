/*
 * machine.c - the machine a replay runs on: page tables in real memory, and 1 TiB of physical
 * memory that consists of addresses only, so that every backend can replay every trace on any
 * computer.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_BASE UINT64_C(0x100000)
#define TABLE_BYTES ((size_t)512 << 20) /* touched only where tables are */
#define DATA_BASE (UINT64_C(1) << 40)
#define DATA_BYTES (UINT64_C(1) << 40)

static const char *const names[] = {"none", "linear", "eager", "lazy"};

const char *machine_kind_name(enum machine_kind kind) {
    return names[kind];
}

bool machine_kind_parse(const char *name, enum machine_kind *kind) {
    for (unsigned at = 0; at < sizeof names / sizeof *names; at++) {
        if (strcmp(name, names[at]) == 0) {
            *kind = (enum machine_kind)at;
            return true;
        }
    }
    return false;
}

static mset_status add_frames(struct machine *machine) {
    machine->table_memory = aligned_alloc(MSET_PAGE_SIZE, TABLE_BYTES);
    if (machine->table_memory == NULL) {
        return MSET_NO_MEMORY;
    }
    const struct mset_buddy_config tables = {
        .base = TABLE_BASE, .size = TABLE_BYTES, .memory = machine->table_memory};
    const mset_status status = mset_buddy_create(&tables, &machine->tables);
    if (status != MSET_OK || machine->kind == MACHINE_LINEAR) {
        return status;
    }
    const struct mset_buddy_config data = {.base = DATA_BASE, .size = DATA_BYTES};
    return mset_buddy_create(&data, &machine->data);
}

/* Addresses of such a program have 47 bits, its pages 4 KiB. */
const char *machine_misfit(const struct mset_pt_format *format) {
    if ((format->leaf_sizes & MSET_PAGE_SIZE) == 0) {
        return "its pages are larger than 4 KiB";
    }
    if (format->low_last >> 46 == 0) {
        return "its addresses have fewer than 47 bits";
    }
    return NULL;
}

void machine_flush(const struct space *space) {
    if (space->table != NULL) {
        mset_pt_flushed(space->table);
    }
}

mset_status machine_create(struct machine *machine, enum machine_kind kind,
                           const struct mset_pt_format *format) {
    *machine = (struct machine){.kind = kind, .format = format, .user_flag = MSET_USER};
    if (kind == MACHINE_NONE) {
        return MSET_OK;
    }
    machine->user_flag &= format->flags;
    const mset_status status = add_frames(machine);
    if (status != MSET_OK) {
        machine_destroy(machine);
        return status;
    }
    mset_linear_init(&machine->linear);
    if (machine->data != NULL) {
        mset_eager_init(&machine->eager, mset_buddy_frames(machine->data), NULL);
        mset_lazy_init(&machine->lazy, mset_buddy_frames(machine->data));
    }
    return MSET_OK;
}

void machine_destroy(struct machine *machine) {
    mset_buddy_destroy(machine->data);
    mset_buddy_destroy(machine->tables);
    free(machine->table_memory);
    *machine = (struct machine){0};
}

struct mset_backend *machine_backend(struct machine *machine) {
    switch (machine->kind) {
    case MACHINE_LINEAR:
        return &machine->linear.backend;
    case MACHINE_EAGER:
        return &machine->eager.backend;
    case MACHINE_LAZY:
        return &machine->lazy.backend;
    case MACHINE_NONE:
    default:
        return NULL;
    }
}

static mset_status add_table(struct machine *machine, struct space *space) {
    if (machine->kind == MACHINE_NONE) {
        return MSET_OK;
    }
    const struct mset_pt_config config = {.format = machine->format,
                                          .frames = mset_buddy_frames(machine->tables)};
    return mset_pt_create(&config, &space->table);
}

mset_status machine_add_space(struct machine *machine, struct space *space) {
    const struct mset_options options = {.flags = MSET_MERGE}; /* as Linux */
    *space = (struct space){0};
    mset_status status = mset_create(&options, &space->set);
    if (status == MSET_OK) {
        status = add_table(machine, space);
    }
    if (status != MSET_OK) {
        mset_destroy(space->set);
        *space = (struct space){0};
    }
    return status;
}

void machine_drop_space(struct space *space) {
    if (space->set != NULL) {
        mset_clear(space->set, space->table);
    }
    mset_destroy(space->set);
    mset_pt_destroy(space->table);
    *space = (struct space){0};
}

const char *machine_leak(const struct machine *machine) {
    struct mset_buddy_statistics tables = {0}, data = {0};
    if (machine->tables != NULL) {
        mset_buddy_get_statistics(machine->tables, &tables);
    }
    if (machine->data != NULL) {
        mset_buddy_get_statistics(machine->data, &data);
    }
    if (tables.used_frames != 0) {
        return "page tables were not given back";
    }
    if (data.used_frames != 0 || machine->eager.held != 0 || machine->lazy.held != 0) {
        return "data frames were not given back";
    }
    const bool held = machine->linear.areas + machine->eager.areas + machine->lazy.areas != 0;
    return held ? "references to the backend were not given back" : NULL;
}
