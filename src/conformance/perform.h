/* perform.h - a call as data becomes a call of the set. */
#ifndef MSET_SRC_CONFORMANCE_PERFORM_H
#define MSET_SRC_CONFORMANCE_PERFORM_H

#include "trial.h"

#include <mset/plan.h>

mset_status perform_direct(struct trial *trial, const struct call *call);
mset_status perform_plan(struct trial *trial, const struct call *call, struct mset_plan **plan);

#endif
