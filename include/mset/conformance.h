/*
 * conformance.h - does your backend, or your page table, do what backend.h asks? A kit that finds
 * out: link mset::conformance, a library of its own.
 *
 *     static const struct mset_conformance_backend traits[] = {{.name = "mine"}};
 *     const struct mset_conformance_subject subject = {
 *         .name = "mine", .context = &mine, .base = 0x40000000, .pages = 64,
 *         .backends = traits, .backend_count = 1,
 *         .open = my_open, .close = my_close, .look = my_look };
 *     struct mset_conformance_result result;
 *     if (!mset_conformance_run(&subject, NULL, &result)) return 1;
 *
 * The kit makes sets, gives them areas of your backends, and compares what your page table then
 * holds with an array that has one record per page. It does so
 *
 *     exhaustively   all sequences of calls over three ranges, the short ones first
 *     with faults    a call in a prepared state, with its 1st, 2nd, 3rd, ... request for a resource
 *                    refused, once or from then on, until it passes; and the same with another
 *                    backend that refuses its part of the operation
 *     at random      long sequences over all pages, with faults, plans, and refusals
 *
 * each direct, as a plan that is committed while nothing is to be had, and as one that is dropped.
 * It stops at the first counter-example, leaves out calls as long as it still is one, and prints
 * it as C. All is deterministic: the same subject and options give the same result.
 *
 * src/conformance/README.md is the guide. Hosted; memory comes from malloc.
 */
#ifndef MSET_CONFORMANCE_H
#define MSET_CONFORMANCE_H

#include "backend.h"
#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- rules -------------------------------------------------------------------------------- */

/* What can be violated; mset_conformance_rule_text() has the words that are printed. */
enum mset_conformance_rule {
    MSET_RULE_HOLDS = 0,
    /* after a call that succeeded, in the range it was for */
    MSET_RULE_STILL_MAPPED, /* unmapped, or moved away, and yet something is there */
    MSET_RULE_NOT_MAPPED,   /* an area allows access, and nothing is there (see lazy) */
    MSET_RULE_FLAGS,        /* the page allows something else than its area does */
    MSET_RULE_OFFSET,       /* the page shows another place than the area's offset says */
    MSET_RULE_CONTENTS,     /* what was written is gone */
    MSET_RULE_OLD_CONTENTS, /* a new page is not zero */
    MSET_RULE_MOVE,         /* a page that was mapped is not mapped at the new place */
    MSET_RULE_FAULT,        /* fault answered 0, and the access still would not pass */
    /* anywhere else */
    MSET_RULE_NEIGHBOUR,
    /* calls that did not succeed */
    MSET_RULE_FAILED_CHANGED, /* a page is not as it was */
    MSET_RULE_FAILED_KEPT,    /* resources in use are not as many as before */
    MSET_RULE_REFUSED,        /* refused though nothing was missing */
    MSET_RULE_STUCK, /* undoing was refused, and pages are not as mset_last_failure() says */
    /* plans */
    MSET_RULE_PREPARE_VISIBLE,  /* a page has changed while the plan waits */
    MSET_RULE_PREPARED_REFUSED, /* prepared, and then refused */
    MSET_RULE_ABORT_CHANGED,    /* a page is not as it was when the plan has been dropped */
    MSET_RULE_ABORT_KEPT,       /* resources are not given back when it has */
    /* at the end, and always */
    MSET_RULE_LEAK,       /* all is unmapped, and resources are in use */
    MSET_RULE_REFERENCES, /* references() is not the number of areas */
    MSET_RULE_INVALID,    /* validate() has a complaint */
    MSET_RULE_SET,        /* the set itself is wrong: a fault of mset */
    MSET_RULES
};

/* "a page is mapped after unmap" and the like; never NULL. */
MSET_API const char *mset_conformance_rule_text(enum mset_conformance_rule rule);

/* ---- subjects ----------------------------------------------------------------------------- */

#define MSET_CONFORMANCE_BACKENDS 4

/* What open() makes. Zero before. */
struct mset_conformance_world {
    void *page_table; /* given to the operations of the set */
    struct mset_backend *backend[MSET_CONFORMANCE_BACKENDS];
};

/* What the page table holds for one page. Zero before look(); of what is not mapped the rest does
   not count. */
struct mset_conformance_page {
    bool mapped;    /* something is kept for the page, even if no access is allowed */
    uint64_t flags; /* accesses that would pass, in bits of base.h; none for what is not present */
    uint64_t place; /* what is behind it, in the coordinate of offsets; see offset_matters */
};

/* How one of the backends differs from the plain one, which maps at once and forgets nothing. */
struct mset_conformance_backend {
    const char *name;
    bool lazy;       /* pages may be missing until a fault asks for them */
    bool drops;      /* once another call was made they may be missing again, until a fault */
    bool late_flags; /* a page may allow less than its area does, until a fault asks for it */
    bool may_refuse; /* calls may be refused without a fault; still, nothing may have changed */
    /* place is to be the area's offset at that page. The kit uses offsets from `offset` up to
       `offset_room` bytes behind it (0: four times the universe), multiples of the page size. */
    bool offset_matters;
    uint64_t offset;
    uint64_t offset_room;
    bool contents; /* read() and write() reach its pages, and no two pages of one world share */
    bool zeroed;   /* new pages read as 0 */
};

/*
 * What is judged. All functions get `context`; those marked (optional) may be NULL, and what they
 * would show is not judged. Zero in a field that is not a function asks for the default. The
 * structure and all it points at must live through the run.
 */
struct mset_conformance_subject {
    const char *name;
    void *context;

    /* The universe: `pages` pages from `base`, in which all areas lie. 5 to 2^24 of them; it ends
       below 2^64. */
    uint64_t base;      /* multiple of the page size; better of `large` as well */
    uint64_t page_size; /* power of two; 0: 4096 */
    uint64_t pages;
    /* Bytes of a larger leaf, or whatever else has a boundary that matters; 0: there is none. At
       best the universe has room for two. */
    uint64_t large;

    /* Flags that areas get; NULL: read and write, read, none, read and execute. */
    const uint64_t *flags;
    size_t flag_count;
    uint64_t flags_shown;  /* bits that look() shows and that are compared; 0: MSET_ACCESS */
    uint64_t implies_read; /* those with which a page allows reading, too (mset_pt_format) */

    const struct mset_conformance_backend *backends; /* what world.backend[i] are */
    size_t backend_count;                            /* 1..MSET_CONFORMANCE_BACKENDS */

    /* Emptied tables and the like are kept for later: in_use is judged by close() only. */
    bool keeps_spare;

    /*
     * A fresh world, in which nothing is mapped. There is one world at a time and there are
     * hundreds of thousands in a run, so let it cost microseconds. False: not to be had; the run
     * ends with MSET_CONFORMANCE_UNUSABLE.
     */
    bool (*open)(void *context, struct mset_conformance_world *world);
    /* Ends it, whatever is still mapped. Returns how many resources were in use that should not
       have been, 0 where they are not counted: when all is well, nothing is mapped any more. */
    uint64_t (*close)(void *context);

    void (*look)(void *context, uint64_t address, struct mset_conformance_page *page);
    /* Contents (optional, together): a number kept in the page, whatever access is allowed. False:
       there is nothing. */
    bool (*write)(void *context, uint64_t address, uint64_t tag);
    bool (*read)(void *context, uint64_t address, uint64_t *tag);
    /* (optional) Called when an operation is over, before anything is looked at: flush, free what
       waits for a flush. Not while a plan is open. */
    void (*settle)(void *context);
    /* (optional) Your own checks: NULL, or what is wrong in one sentence. */
    const char *(*validate)(void *context);

    /*
     * Faults (optional, together). fail: from now on count requests for resources (memory, frames,
     * whatever can run out) anew, and refuse the nth, counted from 1, or with `on` that and all
     * later ones; 0: none. requests: how many there were since, refused ones included.
     */
    void (*fail)(void *context, uint64_t nth, bool on);
    uint64_t (*requests)(void *context);
    /* (optional) Resources taken and not given back, as a number that is the same when the same is
       in use. */
    uint64_t (*in_use)(void *context);
    /* (optional) References held to world.backend[i]: one per area. */
    uint64_t (*references)(void *context, size_t backend);
};

/*
 * A bare page table, without a backend: the kit wraps it in one whose areas are mapped at once to
 * the place in their offset. Every function answers 0, or a mset_status, or less than 0, and then
 * has changed nothing. Ranges are multiples of the page size.
 */
struct mset_conformance_table_ops {
    int (*map)(void *table, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
    int (*unmap)(void *table, uint64_t va, uint64_t size);
    int (*protect)(void *table, uint64_t va, uint64_t size, uint64_t flags);
    void (*query)(const void *table, uint64_t va, struct mset_conformance_page *page);
    /* (optional) Carries what is mapped; without it the kit unmaps here and maps there. */
    int (*move)(void *table, uint64_t from, uint64_t to, uint64_t size);
    /* (optional, together) As in struct mset_backend_ops. */
    int (*prepare)(void *table, const struct mset_step *step);
    void (*abort)(void *table, const struct mset_step *step);
};

/* As in struct mset_conformance_subject, but for the flags: default without "none". */
struct mset_conformance_table {
    const char *name;
    void *context;
    uint64_t base, page_size, pages, large;
    uint64_t pa, pa_room; /* physical addresses to use; 0 bytes: four times the universe */
    const uint64_t *flags;
    size_t flag_count;
    uint64_t flags_shown, implies_read;
    bool keeps_spare;
    const struct mset_conformance_table_ops *ops;
    void *(*open)(void *context); /* the table; NULL: not to be had */
    uint64_t (*close)(void *context);
    void (*settle)(void *context);
    const char *(*validate)(void *context);
    void (*fail)(void *context, uint64_t nth, bool on);
    uint64_t (*requests)(void *context);
    uint64_t (*in_use)(void *context);
};

/* ---- running ------------------------------------------------------------------------------ */

#define MSET_CONFORMANCE_EXHAUSTIVE 0x1u
#define MSET_CONFORMANCE_FAULTS 0x2u
#define MSET_CONFORMANCE_RANDOM 0x4u

/* Operations that nobody will ask of the subject, and so the kit does not either. */
#define MSET_CONFORMANCE_NO_REPLACE 0x1u /* map and move with MSET_MAP_REPLACE */
#define MSET_CONFORMANCE_NO_MOVE 0x2u
#define MSET_CONFORMANCE_NO_PLANS 0x4u
#define MSET_CONFORMANCE_NO_PARTNER 0x8u /* another backend in the same operation */

/* Gets text piece by piece. */
typedef void (*mset_conformance_print)(void *arg, const char *text);

/* Zero in any field asks for the default, so `{0}` or a NULL pointer will do. */
struct mset_conformance_options {
    unsigned effort;              /* percent of the usual work, which is some seconds; 0: 100 */
    unsigned parts;               /* 0: all */
    unsigned without;             /* MSET_CONFORMANCE_NO_... */
    uint64_t seed;                /* of what is random */
    mset_conformance_print print; /* NULL: to standard error */
    void *print_arg;
};

enum mset_conformance_verdict {
    MSET_CONFORMANCE_PASSED,
    MSET_CONFORMANCE_FAILED,
    MSET_CONFORMANCE_UNUSABLE, /* the subject makes no sense, open() failed, or no memory */
};

struct mset_conformance_result {
    enum mset_conformance_verdict verdict;
    enum mset_conformance_rule rule; /* HOLDS unless FAILED */
    const char *rule_text;           /* its name */
    char detail[160];                /* what was seen, or why UNUSABLE; "" if PASSED */
    uint64_t address;                /* of the page, if the rule is about one */
    unsigned counter_calls;          /* calls in the counter-example printed */

    /* What was done, the search for a short counter-example not counted. */
    unsigned exhaustive_length; /* all sequences up to this many calls were tried */
    uint64_t sequences;         /* worlds opened, filled, compared, emptied */
    uint64_t calls;             /* of the set's changing functions */
    uint64_t comparisons;       /* of all pages */
    uint64_t faults;            /* requests that were refused */
    uint64_t refusals;          /* refusals by the kit's own backend */
    uint64_t stuck;             /* operations whose undoing was refused as well */
    uint64_t plans;             /* calls made as a plan */
};

/*
 * Runs the kit, prints a counter-example if there is one, fills *result (may be NULL), and returns
 * whether all rules hold. `options` may be NULL. Takes some seconds at the usual effort, not much
 * of which depends on the size of the universe.
 */
MSET_API bool mset_conformance_run(const struct mset_conformance_subject *subject,
                                   const struct mset_conformance_options *options,
                                   struct mset_conformance_result *result);
MSET_API bool mset_conformance_run_table(const struct mset_conformance_table *table,
                                         const struct mset_conformance_options *options,
                                         struct mset_conformance_result *result);

/* ---- what printed lines are made of ------------------------------------------------------- */

/* The update of printed mset_protect() calls: every piece gets the flags at `arg`. */
MSET_API bool mset_conformance_set_flags(void *arg, const struct mset_area *piece, uint64_t *flags);

/*
 * The other backend in the kit's sets: does nothing, cannot prepare, and refuses one call to come
 * with a code of its own, as no backend of yours would like to see its neighbour do.
 */
struct mset_conformance_partner {
    struct mset_backend backend;
    uint64_t refuse;   /* the call that is refused, from 1; counts down; 0: none */
    uint64_t refusals; /* so far */
};
MSET_API void mset_conformance_partner_init(struct mset_conformance_partner *partner);

#ifdef __cplusplus
}
#endif
#endif
