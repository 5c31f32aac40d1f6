/* script_mixes.c - what the targets that read scripts do mostly. */
#include "script.h"

static const uint64_t set_kinds[] = {
    OP_MAP,     OP_UNMAP,          OP_PROTECT,          OP_MOVE,  OP_GROW,       OP_MAP,
    OP_SHRINK,  OP_UNMAP_METADATA, OP_REPLACE_METADATA, OP_FAULT, OP_SET_LIMITS, OP_CLEAR,
    OP_MAP,     OP_UNMAP,          OP_PROTECT,          OP_MOVE,  STEP_COMB,     STEP_GAP,
    OP_MAP,     STEP_CURSOR,       STEP_CURSOR,         OP_MOVE,  STEP_LOAD,     STEP_COMPARE,
    STEP_ABUSE, STEP_MANY,         STEP_CURSOR,         OP_MAP};

static const uint64_t split_kinds[] = {OP_MAP,    OP_PROTECT, OP_UNMAP,   OP_PROTECT, STEP_COMB,
                                       OP_UNMAP,  OP_PROTECT, OP_PROTECT, STEP_COMB,  OP_PROTECT,
                                       STEP_LOAD, OP_UNMAP,   OP_MOVE,    OP_PROTECT, STEP_COMPARE};

static const uint64_t gap_kinds[] = {OP_MAP,   STEP_GAP,  OP_UNMAP, STEP_GAP, STEP_COMB,
                                     STEP_GAP, STEP_LOAD, STEP_GAP, OP_MOVE,  STEP_GAP};

#define MIX(kinds) kinds, sizeof(kinds) / sizeof *(kinds)
const struct script_mix script_set = {"fuzz_set", MIX(set_kinds)};
const struct script_mix script_split = {"fuzz_split", MIX(split_kinds)};
const struct script_mix script_gap = {"fuzz_gap", MIX(gap_kinds)};
