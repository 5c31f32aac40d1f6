/*
 * kit.h - one run of the kit: its parts make sequences of calls, which go through one trial and are
 * written down, so that the first that fails can be shortened and printed.
 */
#ifndef MSET_SRC_CONFORMANCE_KIT_H
#define MSET_SRC_CONFORMANCE_KIT_H

#include "trial.h"

/* The longest sequences are sweeps of faults, with a few calls before. */
enum { MOST_ATTEMPTS = 200, TRACE_ROOM = 256 };

struct kit {
    const struct mset_conformance_subject *subject;
    struct mset_conformance_options options;
    struct mset_conformance_result *result;
    struct trial trial;
    const uint64_t *flags;
    size_t flag_count;
    /* The present sequence. */
    struct shape shape;
    struct call trace[TRACE_ROOM];
    size_t traced;
};

/* ---- sequences: sequence.c ------------------------------------------------------------------- */

bool kit_open(struct kit *kit, const struct shape *shape);
bool kit_call(struct kit *kit, const struct call *call);
bool kit_close(struct kit *kit);
/* From the beginning, as written down. */
bool kit_open_again(struct kit *kit, size_t calls);

/* Does anybody ask for such a call? */
bool kit_wants(const struct kit *kit, const struct call *call);

/* How much a part may do: trial.work, at this percentage of the whole at the run's effort. */
uint64_t kit_budget(const struct kit *kit, unsigned percent);

/* ---- geometry and alphabet: alphabet.c ------------------------------------------------------- */

/*
 * Three ranges that follow each other, and a little room around them:
 *
 *     small        |1|1|1|                   pages; a boundary of `large` behind the first
 *     large    |1| L - 1   |      L        | the first two are one large leaf
 */
enum { CELLS = 3 };
struct geometry {
    struct shape shape;
    uint64_t edge[CELLS + 1]; /* addresses */
};
void geometry_small(const struct kit *kit, struct geometry *geometry);
/* False if the universe has no room for it. */
bool geometry_large(const struct kit *kit, struct geometry *geometry);

/* All calls over the ranges. Those that map come first. */
enum { LETTERS = 160 };
struct alphabet {
    struct call calls[LETTERS];
    size_t count;
    size_t maps;
};
void alphabet_make(const struct kit *kit, const struct geometry *geometry,
                   struct alphabet *alphabet);

/* 0 .. total - 1, one after the other. */
struct stroll {
    uint64_t total, step, at;
};
/* In an order that soon has been everywhere: for those who will not get to the end. */
struct stroll stroll_over(uint64_t total);
/* In ascending order. */
struct stroll stroll_straight(uint64_t total);
uint64_t stroll_next(struct stroll *stroll);

/* ---- the parts: each returns false with a finding -------------------------------------------- */

bool kit_exhaustive(struct kit *kit);
bool kit_faults(struct kit *kit);
bool kit_random(struct kit *kit);

/* ---- the end --------------------------------------------------------------------------------- */

/*
 * shrink.c: leaves out calls, and makes the others simpler, as long as the same rule is violated.
 * False: it is not when the same calls are made again.
 */
bool kit_shrink(struct kit *kit, struct finding *finding);
/* report.c; `again`: it was violated again. */
void kit_report(struct kit *kit, const struct finding *finding, bool again);

#endif
