/*
 * fuzz_gap.c - the search for free room with all its options: sizes, alignments, bounds, hints,
 * guards, both directions; beside brute force over all pages, and beside a search that looks at the
 * ends of areas only.
 */
#include "kit/script.h"
#include "kit/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script_play(&script_gap, data, size);
    return 0;
}
