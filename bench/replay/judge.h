/*
 * judge.h - holds what a replay found against what it must be.
 */
#ifndef REPLAY_JUDGE_H
#define REPLAY_JUDGE_H

#include "replay.h"

/*
 * Ranges that differ: the set against the kernel's listing, over the addresses the trace mapped,
 * and the page table against the set. The first few are explained on `to`, after `name`.
 */
uint64_t judge(const struct findings *findings, const struct maps *kernel,
               enum machine_kind machine, const char *name, FILE *to, bool *complete);

#endif
