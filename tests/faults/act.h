/*
 * act.h - one operation to be struck by faults, as data. Addresses are pages counted from the
 * house's base.
 */
#ifndef MSET_TEST_FAULTS_ACT_H
#define MSET_TEST_FAULTS_ACT_H

#include "faults/house.h"

enum act_kind {
    ACT_MAP,
    ACT_UNMAP,
    ACT_CLEAR,
    ACT_PROTECT,
    ACT_MOVE,
    ACT_GROW,
    ACT_SHRINK,
    ACT_FAULT
};

struct act {
    enum act_kind kind;
    uint64_t page, pages;
    uint64_t to;        /* move */
    uint64_t flags;     /* map, protect; fault: the access */
    enum tenant tenant; /* map */
    unsigned how;       /* map, move; grow, shrink: the side; protect: the holes */
};

enum way {
    DIRECT,  /* the call of set.h */
    PLANNED, /* plan, then commit */
    WAYS
};

/*
 * Does it. A plan whose backends have all prepared must then be committed without any request: the
 * fault point fails them all. `*wrong` is set if one was made.
 */
mset_status act_apply(struct house *house, const struct act *act, enum way way, const char **wrong);
/* Plans it and drops the plan. */
mset_status act_plan_only(struct house *house, const struct act *act);

/* As text, for complaints. */
const char *act_text(const struct act *act, char *text, size_t size);

/* What stands for the physical address in linear areas, so that large leaves fit. */
uint64_t act_offset(const struct house *house, uint64_t page);

#endif
