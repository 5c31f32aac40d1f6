/*
 * fuzz_split.c - few areas that are cut all the time: flags of small pieces, and holes, one by one
 * and in rows, in sets that merge and sets that do not, beside the page model.
 */
#include "kit/script.h"
#include "kit/target.h"

static const uint64_t kinds[] = {OP_MAP,    OP_PROTECT, OP_UNMAP,   OP_PROTECT, STEP_COMB,
                                 OP_UNMAP,  OP_PROTECT, OP_PROTECT, STEP_COMB,  OP_PROTECT,
                                 STEP_LOAD, OP_UNMAP,   OP_MOVE,    OP_PROTECT, STEP_COMPARE};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct script_mix mix = {"fuzz_split", kinds, sizeof kinds / sizeof *kinds};
    script_play(&mix, data, size);
    return 0;
}
