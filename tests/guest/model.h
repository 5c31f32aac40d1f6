/*
 * model.h - guest memory without any cleverness: a list of regions, and for each unit of the
 * address space a look at all of them. Shares no code with the library.
 */
#ifndef MSET_TEST_GUEST_MODEL_H
#define MSET_TEST_GUEST_MODEL_H

#include <mset/guest.h>

enum { MODEL_REGIONS = 14, MODEL_UNITS = 48 };

struct model_region {
    bool exists;
    enum mset_region_kind kind;     /* RAM, ROM (as made), MMIO, RESERVED, ALIAS */
    uint64_t start, size, max_size; /* in units; start from the base */
    int priority;
    bool shown, read_only, logged;
    int target; /* -1: none */
    uint64_t target_offset;
};

struct model_state {
    struct model_region regions[MODEL_REGIONS];
};

struct model {
    uint64_t base;
    uint64_t unit;       /* bytes */
    uint64_t slot_units; /* units in a page of memory slots */
    bool open;
    struct model_state committed, pending;
};

/* What a unit shows. */
struct model_sight {
    int region;                 /* -1: nothing */
    uint64_t offset;            /* in units, in the region */
    enum mset_region_kind kind; /* RAM, ROM, MMIO or RESERVED */
    bool logged;
};

struct model_slot {
    uint64_t start, size; /* in bytes */
    uint64_t offset;      /* in bytes, in the region */
    int region;
    bool read_only, logged;
};

struct model_sight model_look(const struct model_state *state, uint64_t unit);
/* Do two shown regions of one priority overlap? */
bool model_conflict(const struct model_state *state);
bool model_has_aliases(const struct model_state *state, int region);
/* How much of it its aliases need, in units. */
uint64_t model_needed(const struct model_state *state, int region);
/* All slots, in order; how many. `out` has room for MODEL_UNITS. */
size_t model_slots(const struct model *model, const struct model_state *state,
                   struct model_slot *out);

#endif
