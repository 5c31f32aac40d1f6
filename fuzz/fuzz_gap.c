/*
 * fuzz_gap.c - the search for free room with all its options: sizes, alignments, bounds, hints,
 * guards, both directions; beside brute force over all pages, and beside a search that looks at the
 * ends of areas only.
 */
#include "kit/script.h"
#include "kit/target.h"

static const uint64_t kinds[] = {OP_MAP,   STEP_GAP,  OP_UNMAP, STEP_GAP, STEP_COMB,
                                 STEP_GAP, STEP_LOAD, STEP_GAP, OP_MOVE,  STEP_GAP};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct script_mix mix = {"fuzz_gap", kinds, sizeof kinds / sizeof *kinds};
    script_play(&mix, data, size);
    return 0;
}
