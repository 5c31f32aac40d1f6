/*
 * fuzz_split.c - few areas that are cut all the time: flags of small pieces, and holes, one by one
 * and in rows, in sets that merge and sets that do not, beside the page model.
 */
#include "kit/script.h"
#include "kit/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script_play(&script_split, data, size);
    return 0;
}
