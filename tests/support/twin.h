/*
 * twin.h - a set of the library and the page model side by side.
 *
 * Every operation goes to both, and whatever can be seen of it is compared: status, calls to the
 * backends in their order, questions (may_split, the callback of protect), what
 * mset_last_failure() says, the changes that observers are told, and that a call sees the set in
 * its old state. twin_compare() compares the two states. Every function returns NULL or a
 * complaint, which lives in the twin.
 *
 * Two observers are attached: a mirror (mirror.h), which must hold what the set holds, and the
 * library's accounting, which is counted again.
 *
 * From its first call to a backend on, an operation gets no more memory: it must have reserved
 * what it needs, so an operation that was allowed to begin cannot fail for want of it.
 *
 * An operation can be carried out in three ways (enum operation_way). While a plan is open every
 * other call that changes the set is tried, in vain. What the plan shows is what observers are told
 * later; and a plan that is dropped has changed nothing.
 */
#ifndef MSET_TEST_SUPPORT_TWIN_H
#define MSET_TEST_SUPPORT_TWIN_H

#include <mset/plan.h>

#include "counting_allocator.h"
#include "mirror.h"
#include "operation.h"
#include "page_model.h"

#define TWIN_HISTORY 24

struct twin_options {
    uint64_t base;
    uint64_t page_size; /* the set is told 0 for 4096 */
    size_t pages;
    bool merge;
    bool unobserved;             /* nobody is attached: the library takes other ways then */
    uint64_t no_split, no_merge; /* see struct seam_rules */
    uint64_t guard, max_areas, max_bytes;
};

struct past {
    struct operation operation;
    struct refusal refusal;
    enum operation_way way;
};

struct twin {
    struct twin_options options;
    struct counting_allocator memory;
    struct stage stage;
    struct page_model model;
    struct mset *set;
    struct mirror mirror;
    struct mset_accounting accounting;
    mset_status status;       /* of the last operation */
    struct area_list asked;   /* by the last protect */
    struct change_list shown; /* by the last plan */
    bool was_shown;
    mset_status rehearsed;  /* what the plan said that was dropped */
    uint64_t books;         /* memory that is not the tree's */
    uint64_t splits;        /* so many there should be since the set was created ... */
    uint64_t merges;        /* ... and so many of these */
    struct area_list areas; /* for comparisons */

    struct refusal refusal; /* for the next operation only: calls that backends refuse */
    enum operation_way way; /* for the next operation only; those without a plan go directly */
    uint64_t starve_at;     /* for the next operation only: the allocation that fails; 0: none */
    bool starve_on;         /* and all after it */
    bool starved;           /* the last operation failed for want of memory */
    bool stuck;             /* the last operation could not be undone: some of it is done */

    struct past history[TWIN_HISTORY];
    uint64_t steps;
    char complaint[1024];
};

void twin_open(struct twin *twin, const struct twin_options *options);
/* Both begin empty again. Complains about leaked memory and references. */
const char *twin_reset(struct twin *twin);
const char *twin_close(struct twin *twin);
/* All areas go to a new set, in one call of mset_load_metadata, and the old one is destroyed. No
   cursor may be open. */
const char *twin_reload(struct twin *twin);

const char *twin_apply(struct twin *twin, const struct operation *operation);

/*
 * Can the model tell what should happen? Not if an area would grow out of the universe but not
 * out of the address space.
 */
bool twin_can_judge(const struct twin *twin, const struct operation *operation);

enum twin_depth {
    TWIN_QUICK, /* all but the listing and the cursors over parts */
    TWIN_FULL
};
const char *twin_compare(struct twin *twin, enum twin_depth depth);

/* The last operations as C, oldest first, on standard error. */
void twin_print_history(const struct twin *twin);

/* ---- for twin.c, twin_apply.c and twin_compare.c ------------------------------------------- */

const char *twin_complain(struct twin *twin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *twin_compare_references(struct twin *twin);

/* The operation on the set, in either of two ways, and on the model. */
mset_status twin_call(struct twin *twin, const struct operation *operation);
mset_status twin_plan(struct twin *twin, const struct operation *operation,
                      struct mset_plan **plan);
mset_status twin_foretell(struct twin *twin, const struct operation *operation);
/* The name of a call that is not turned away although a plan is open, or NULL. */
const char *twin_try_all_calls(struct twin *twin);

#endif
