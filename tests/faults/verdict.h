/* verdict.h - after an operation that may have been struck by a fault: is all as it should be? */
#ifndef MSET_TEST_FAULTS_VERDICT_H
#define MSET_TEST_FAULTS_VERDICT_H

#include "faults/act.h"

enum outcome {
    OUTCOME_DONE,    /* a smaller block did as well, or nothing was missing */
    OUTCOME_REFUSED, /* for want of memory; nothing has changed */
    OUTCOME_UNDONE,  /* by a backend; nothing has changed */
    OUTCOME_STUCK    /* and the undoing as well; the set says how far it came */
};

/*
 * May an undo have brought back areas of prepared backends with other frames or leaves? Only if
 * room was made for something whose backend does not prepare (backends.h).
 */
bool act_may_be_made_anew(const struct house *house, const struct act *act);

/* The operation said `status`, the house was as in `before`. NULL, or what is wrong. */
const char *act_verdict(struct house *house, const struct act *act, mset_status status,
                        const struct snapshot *before, enum outcome *outcome);

#endif
