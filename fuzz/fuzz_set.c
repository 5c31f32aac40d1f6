/*
 * fuzz_set.c - every operation of a set, in every way it can be called, with refusing backends and
 * failing memory, beside the page model; cursors through changes; sets loaded in one call.
 */
#include "kit/script.h"
#include "kit/target.h"

static const uint64_t kinds[] = {
    OP_MAP,    OP_UNMAP,          OP_PROTECT,          OP_MOVE,  OP_GROW,       OP_MAP,
    OP_SHRINK, OP_UNMAP_METADATA, OP_REPLACE_METADATA, OP_FAULT, OP_SET_LIMITS, OP_CLEAR,
    OP_MAP,    OP_UNMAP,          OP_PROTECT,          OP_MOVE,  STEP_COMB,     STEP_GAP,
    OP_MAP,    STEP_CURSOR,       STEP_CURSOR,         OP_MOVE,  STEP_LOAD,     STEP_COMPARE};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct script_mix mix = {"fuzz_set", kinds, sizeof kinds / sizeof *kinds};
    script_play(&mix, data, size);
    return 0;
}
