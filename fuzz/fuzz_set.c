/*
 * fuzz_set.c - every operation of a set, in every way it can be called, with refusing backends and
 * failing memory, beside the page model; cursors through changes; sets loaded in one call.
 */
#include "kit/script.h"
#include "kit/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script_play(&script_set, data, size);
    return 0;
}
