/*
 * operation.h - one call that changes a set, as data: so that it can be applied to the library
 * and to the model, kept in a history, and printed as the line of C it stands for.
 */
#ifndef MSET_TEST_SUPPORT_OPERATION_H
#define MSET_TEST_SUPPORT_OPERATION_H

#include <mset/set.h>

#include "rng.h"
#include "stage.h"

enum operation_kind {
    OP_MAP,
    OP_UNMAP,
    OP_CLEAR,
    OP_PROTECT,
    OP_MOVE,
    OP_GROW,
    OP_SHRINK,
    OP_UNMAP_METADATA,
    OP_REPLACE_METADATA,
    OP_FAULT,
    OP_SET_LIMITS,
    OP_KINDS
};

/* What the callback of mset_protect answers. */
enum update_rule {
    UPDATE_SET,        /* the flags of the operation */
    UPDATE_TOGGLE,     /* old flags with MSET_WRITE turned over */
    UPDATE_NOT_SHARED, /* leaves shared pieces alone, sets the others */
    UPDATE_ODD,        /* sets pieces that begin on an odd page, leaves the others alone */
    UPDATE_NEVER,      /* leaves everything alone */
    UPDATE_RULES
};

struct operation {
    enum operation_kind kind;
    enum mset_holes holes; /* protect */
    uint64_t start;        /* of the range; grow, shrink, fault: the address; limits: of areas */
    uint64_t size;         /* of the range; grow, shrink: the bytes; limits: of bytes */
    uint64_t to;           /* move */
    uint64_t flags;        /* map, protect; fault: the access */
    uint64_t offset;
    enum recorder_kind backend;
    unsigned how;  /* enum mset_map_how, and MSET_GUARD */
    unsigned side; /* enum mset_side, and MSET_GUARD */
    enum update_rule update;
};

/* The area that OP_MAP and OP_REPLACE_METADATA add. */
struct mset_area operation_area(const struct operation *operation, struct stage *stage);

/* The argument of operation_update: pure, unless `asked` wants to know the pieces. */
struct update {
    const struct operation *operation;
    uint64_t page_size;
    struct area_list *asked; /* may be NULL */
    struct stage *stage;     /* for its look into the set; may be NULL */
};
bool operation_update(void *update, const struct mset_area *piece, uint64_t *flags);

/* How it is carried out. */
enum operation_way {
    WAY_DIRECT,
    WAY_PLANNED, /* planned, shown, committed */
    WAY_DROPPED, /* planned, shown, dropped; then directly */
    WAY_IN_ROOM  /* mset_map_free, which may look for room in the range only; else directly */
};

/* Is there a mset_plan_*() of it? */
bool operation_has_plan(const struct operation *operation);

/* Is it a map that mset_map_free can do, with a request for exactly this range? */
bool operation_finds_room(const struct operation *operation, uint64_t page_size);
struct mset_gap_request operation_room(const struct operation *operation);

/* The call as C text. Returns `text`. */
const char *operation_text(const struct operation *operation, enum operation_way way, char *text,
                           size_t size);

/* What random operations look like. */
struct operation_mix {
    uint64_t base, page_size;
    size_t pages;
    size_t longest;     /* pages in a range, at most; most are short */
    unsigned fill;      /* percent of maps among map and unmap: how full the set becomes */
    uint64_t backends;  /* how many recorder kinds are used, from RECORDER_FULL on; 0: none */
    bool one_flag_word; /* few different flags and offsets, so that much merges */
    unsigned limits;    /* how many of 1000 set limits */
    uint64_t max_areas; /* which are below these two, or none */
    uint64_t max_bytes;
};
struct operation operation_random(const struct operation_mix *mix, struct rng *rng);

#endif
