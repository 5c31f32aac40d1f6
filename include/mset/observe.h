/*
 * observe.h - what an operation does to the areas of a set, change by change.
 *
 * Every operation is a sequence of elementary changes. A plan shows them before it is committed
 * (plan.h), an observer is told while it is:
 *
 *     kind              before            after             areas
 *     MSET_SPLIT        |------ old ----- |   |..| new    | +1     new: the upper part, cut off
 *     MSET_TRIMMED      |------ old ----- |   | new |         0     lost its head or its tail
 *     MSET_REMOVED      |------ old ----- |                  -1
 *     MSET_INSERTED                           |  new  |      +1
 *     MSET_GROWN        |- old -|             |--- new ---|   0
 *     MSET_PROTECTED    |- old -|             |- new -|       0     other flags
 *     MSET_MOVED        |- old -|                |- new -|    0     the same at another place
 *     MSET_MERGED       |..|- old -|          |-- new ----|  -1     old: the upper part, absorbed
 *
 * `old` is an area as it is at that moment, after all changes told before: whoever starts with the
 * areas of a set and applies each change as it comes has the areas of the set after every
 * operation. A piece out of the middle of an area is first split off at both ends (to be protected
 * or moved), or at its upper end and then trimmed away (to be unmapped).
 *
 * Order: what goes, in address order; what is protected or moved, in address order; what comes;
 * then what merges, in address order. An operation that fails tells nothing, but for one that
 * could not be undone (mset_last_failure() has a `done` part): that tells what was done, in the
 * order of the calls to backends.
 */
#ifndef MSET_OBSERVE_H
#define MSET_OBSERVE_H

#include "backend.h"
#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset;

enum mset_change_kind {
    MSET_SPLIT,
    MSET_TRIMMED,
    MSET_REMOVED,
    MSET_INSERTED,
    MSET_GROWN,
    MSET_PROTECTED,
    MSET_MOVED,
    MSET_MERGED,
};

struct mset_change {
    enum mset_change_kind kind;
    struct mset_area old_run; /* all zero for MSET_INSERTED */
    struct mset_area new_run; /* all zero for MSET_REMOVED */
};

/* "split", "trimmed", ...; never NULL. */
MSET_API const char *mset_change_text(enum mset_change_kind kind);

/*
 * Embed it as the first member of your own structure. `changed` comes after the last thing that
 * can fail; it may not use the set, which is about to change, not even to ask. The change is a
 * copy, good during the call. Cost: none for sets without observers; with one, unmapping visits
 * every area it removes.
 */
struct mset_observer {
    void (*changed)(struct mset_observer *observer, const struct mset_change *change);
    struct mset_observer *next; /* the set's */
};

/*
 * Observers are told in the order in which they were attached. They are yours and must stay where
 * they are until detached or until mset_destroy(), which tells that all areas are removed. An
 * observer watches one set at a time. Attaching it twice to the same set, or detaching it from
 * another, is MSET_INVALID_PARAM, as NULL is. Not from inside a callback. Cost: O(observers).
 */
MSET_API mset_status mset_attach(struct mset *set, struct mset_observer *observer);
MSET_API mset_status mset_detach(struct mset *set, struct mset_observer *observer);

/* ---- accounting ---------------------------------------------------------------------------- */

struct mset_tally {
    uint64_t flags; /* those that are counted apart, after the mask */
    uint64_t areas;
    uint64_t bytes; /* modulo 2^64 */
};

/* How many different flag sets are told apart; a power of two. */
#define MSET_TALLIES 64

/*
 * A ready observer: areas and bytes per flag set, as `flags & mask` tells them apart (what VmData,
 * VmExe and the like are made of). O(1) per change. Flag sets beyond the first MSET_TALLIES are
 * counted together in `rest`. A flag set stays in the table when its last area has gone.
 */
struct mset_accounting {
    struct mset_observer observer;
    uint64_t mask;
    struct mset_tally total;
    struct mset_tally rest;
    bool used[MSET_TALLIES];
    struct mset_tally tallies[MSET_TALLIES]; /* hashed by flags: see mset_accounting_find() */
};

/* Counts what is in the set: O(areas), then attaches. Ends with mset_detach() or mset_destroy(). */
MSET_API mset_status mset_accounting_attach(struct mset_accounting *accounting, struct mset *set,
                                            uint64_t mask);
/* The areas and bytes of one flag set, zero if there never was one; false: it is in `rest`. */
MSET_API bool mset_accounting_find(const struct mset_accounting *accounting, uint64_t flags,
                                   struct mset_tally *out);

#ifdef __cplusplus
}
#endif
#endif
