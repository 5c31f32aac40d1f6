/*
 * trial.h - one world from open() to close(): calls are made on its set, foretold by the model,
 * and judged.
 *
 *     trial_init -> { trial_open -> trial_call ... -> trial_close } ... -> trial_free
 *
 * A trial ends with its first finding: then trial_call and trial_close return false, and the world
 * is closed without a further look.
 */
#ifndef MSET_SRC_CONFORMANCE_TRIAL_H
#define MSET_SRC_CONFORMANCE_TRIAL_H

#include "model.h"

struct finding {
    enum mset_conformance_rule rule; /* MSET_RULE_HOLDS: none */
    bool unusable;                   /* open() failed, or no memory: nothing about rules */
    uint64_t address;
    char detail[160];
};

/* Which pages, and what kind of set. */
struct shape {
    size_t first_page, pages; /* the window in the universe */
    bool merge;
    bool sparse; /* look at pages near boundaries of `large`, of the others at every 16th */
};

/* Why a page is looked at. */
enum occasion {
    AFTER_SUCCESS,
    AFTER_FAILURE, /* nothing may have changed */
    AFTER_UNDOING, /* what was unmapped has been mapped again */
    AFTER_STUCK,   /* the model shows what the set says was done */
    WHILE_PLANNED,
    AFTER_DROP
};

struct trial {
    const struct mset_conformance_subject *subject;
    struct mset_conformance_result *counts; /* what was done is added here */
    struct mset_conformance_world world;
    struct mset_conformance_partner partner;
    struct mset *set;
    bool is_open;
    struct shape shape;
    struct model model;
    struct mset_conformance_page *seen; /* by the last look, of each page of the window */
    uint64_t in_use_before;             /* when the world was fresh */
    uint64_t tags;                      /* the last one written */
    uint64_t work;                      /* pages looked at, and what else costs in pages */
    struct finding finding;

    /* Of the last call. */
    struct effect effect;
    mset_status status;
    bool hit;      /* it asked for the resource that was refused it, or for the partner's call */
    bool refused;  /* the partner has refused */
    bool changed;  /* the areas are not what they were */
    bool prepared; /* all involved could prepare */
};

/* False: no memory. */
bool trial_init(struct trial *trial, const struct mset_conformance_subject *subject);
void trial_free(struct trial *trial);

bool trial_open(struct trial *trial, const struct shape *shape,
                struct mset_conformance_result *counts);
bool trial_call(struct trial *trial, const struct call *call);
/* Unmaps everything, asks for everything back. */
bool trial_close(struct trial *trial);

/* ---- for the parts -------------------------------------------------------------------------- */

/* Notes a finding, if it is the first. Returns false. */
bool trial_find(struct trial *trial, enum mset_conformance_rule rule, uint64_t address,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Which backend of the world an area belongs to; NOBODY if it is none of them. */
int trial_backend_index(const struct trial *trial, const struct mset_backend *backend);
bool trial_can_prepare(const struct trial *trial, int backend);
/* How many areas touch the pages. */
unsigned trial_areas_in(const struct trial *trial, const struct span *span);

/* judge.c: looks at every page. */
bool trial_judge(struct trial *trial, const struct call *call, enum occasion occasion);
/* judge_set.c: the set against the model, references against the set. */
bool trial_judge_set(struct trial *trial);
/* judge_set.c: the model becomes what the set says, in the pages of the call; elsewhere both must
   agree already. */
bool trial_follow_set(struct trial *trial);

#endif
