/*
 * slate.h - a page table and a backend that could not be simpler: an array with one record per
 * page. As it is it keeps all rules; with a slip it makes one mistake that others have made.
 *
 *     slate     present  flags  frame        frames    used  number in it
 *       page 0     x       rw     3             0        -       0
 *       page 1     -       -      -             ...
 *       ...
 *
 * Resources are frames, and a token for every change (what a real table needs for its own tables).
 */
#ifndef MSET_TEST_CONFORMANCE_SLATE_H
#define MSET_TEST_CONFORMANCE_SLATE_H

#include <mset/conformance.h>
#include <mset/set.h>

#include "supply.h"

enum { SLATE_PAGES = 16, SLATE_FRAMES = 64 };

/* One plausible mistake each. */
enum slip {
    NO_SLIP,
    MAP_FORGETS_THE_LAST_PAGE,
    UNMAP_FORGETS_THE_LAST_PAGE,
    UNMAP_HITS_THE_NEIGHBOUR,
    UNMAP_KEEPS_FRAMES_WITHOUT_ACCESS,
    UNMAP_REFUSES_MANY_PAGES,
    PROTECT_ONLY_ADDS,
    PROTECT_IGNORES_NONE,
    PROTECT_UNMAPS,
    FAILED_MAP_LEAVES_PAGES,
    FAILED_MAP_KEEPS_FRAMES,
    FAILED_PROTECT_CHANGES_THE_FIRST_PAGE,
    NEW_FRAMES_ARE_NOT_ZEROED,
    MOVE_LOSES_THE_LAST_PAGE,
    MOVE_DROPS_CONTENTS,
    PROTECT_DROPS_CONTENTS,
    NO_REFERENCE_FOR_SPLITS,
    PREPARE_TAKES_TOO_LITTLE,
    PREPARE_UNMAPS_ALREADY,
    ABORT_FORGETS_A_RESERVATION,
    ABORT_UNMAPS_NEVERTHELESS,
    FAULT_FORGETS_WRITES,
    FAULT_TAKES_THE_OFFSET_OF_THE_AREA,
    FAULT_LOSES_WHAT_WAS_DROPPED,
    SECOND_REFUSAL_UNMAPS
};

struct slate_page {
    bool present;
    bool kept; /* not present, but its frame waits for a fault */
    uint64_t flags;
    unsigned frame;
};

struct slate {
    struct mset_backend backend;
    struct mset_backend_ops ops;
    enum slip slip;
    bool lazy;   /* frames come with faults */
    bool device; /* lazy: the place is the area's offset, there are no frames */
    bool drops;  /* now and then a page is not present any more, until a fault */
    bool around; /* a fault brings the next page of the area, too */
    bool late;   /* writing is allowed when a fault asks for it */
    bool prepares;

    /* One world. */
    struct supply supply;
    struct slate_page page[SLATE_PAGES];
    uint64_t place[SLATE_PAGES]; /* device */
    bool used[SLATE_FRAMES];
    uint64_t number[SLATE_FRAMES];
    unsigned reserved; /* frames for maps to come */
    unsigned tokens;   /* for changes to come */
    unsigned refusals; /* one after the other */
    uint64_t settled;
    unsigned asked; /* the page that the last fault was about */
    uint64_t areas;
};

/* `slate` has slip, lazy, ... prepares set; the rest becomes what they ask for. */
void slate_build(struct slate *slate, struct mset_conformance_backend *traits,
                 struct mset_conformance_subject *subject);

#endif
