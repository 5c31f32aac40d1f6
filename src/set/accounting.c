/*
 * accounting.c - a ready observer: areas and bytes per flag set.
 *
 * The flag sets lie in a small hash table with open addressing. An entry is never taken out, so a
 * look-up ends at the first unused one.
 */
#include "set.h"

#include "../base/memory.h"

static size_t first_place(uint64_t flags) {
    return (size_t)(flags * UINT64_C(0x9e3779b97f4a7c15) >> 58); /* MSET_TALLIES is 2^6 */
}

/* Where the flag set is, or is to go; MSET_TALLIES: neither, the table is full. */
static size_t place_of(const struct mset_accounting *accounting, uint64_t flags) {
    size_t place = first_place(flags);
    for (size_t tries = 0; tries < MSET_TALLIES; tries++) {
        if (!accounting->used[place] || accounting->tallies[place].flags == flags) {
            return place;
        }
        place = (place + 1) % MSET_TALLIES;
    }
    return MSET_TALLIES;
}

static struct mset_tally *tally_of(struct mset_accounting *accounting, uint64_t flags) {
    const size_t place = place_of(accounting, flags);
    if (place == MSET_TALLIES) {
        return &accounting->rest;
    }
    accounting->used[place] = true;
    accounting->tallies[place].flags = flags;
    return &accounting->tallies[place];
}

static void add(struct mset_accounting *accounting, uint64_t flags, uint64_t areas,
                uint64_t bytes) {
    struct mset_tally *const tally = tally_of(accounting, flags & accounting->mask);
    tally->areas += areas;
    tally->bytes += bytes;
    accounting->total.areas += areas;
    accounting->total.bytes += bytes;
}

/* All sums are modulo 2^64, so that taking away is adding the negative. */
static void changed(struct mset_observer *observer, const struct mset_change *change) {
    struct mset_accounting *const accounting = (struct mset_accounting *)(void *)observer;
    const struct mset_area *const old_run = &change->old_run;
    const struct mset_area *const new_run = &change->new_run;
    switch (change->kind) {
    case MSET_SPLIT:
        add(accounting, new_run->flags, 1, 0);
        return;
    case MSET_MERGED:
        add(accounting, old_run->flags, UINT64_MAX, 0);
        return;
    case MSET_INSERTED:
        add(accounting, new_run->flags, 1, new_run->size);
        return;
    case MSET_REMOVED:
        add(accounting, old_run->flags, UINT64_MAX, 0 - old_run->size);
        return;
    default:
        add(accounting, old_run->flags, UINT64_MAX, 0 - old_run->size);
        add(accounting, new_run->flags, 1, new_run->size);
        return;
    }
}

mset_status mset_accounting_attach(struct mset_accounting *accounting, struct mset *set,
                                   uint64_t mask) {
    if (accounting == NULL || !mset_given(set) || mset_attached(set, &accounting->observer)) {
        return MSET_INVALID_PARAM;
    }
    memset(accounting, 0, sizeof *accounting);
    accounting->observer.changed = changed;
    accounting->mask = mask;
    struct at_path path;
    bool more = mset_at_first_from(&set->tree, 0, &path);
    for (; more; more = mset_at_next(&set->tree, &path)) {
        const struct at_run run = at_path_run(&path);
        add(accounting, run.attributes.flags, 1, run.last - run.first + 1);
    }
    return mset_attach(set, &accounting->observer);
}

bool mset_accounting_find(const struct mset_accounting *accounting, uint64_t flags,
                          struct mset_tally *out) {
    if (accounting == NULL || out == NULL) {
        return false;
    }
    const size_t place = place_of(accounting, flags & accounting->mask);
    if (place == MSET_TALLIES) {
        return false;
    }
    *out = accounting->used[place] ? accounting->tallies[place]
                                   : (struct mset_tally){.flags = flags & accounting->mask};
    return true;
}
