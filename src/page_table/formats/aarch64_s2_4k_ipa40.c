/* aarch64_s2_4k_ipa40.c - the engine, compiled for AArch64 stage 2, 40 bits, two root tables side
 * by side. */
#define A64_NAME "aarch64-s2-4k-ipa40"
#define A64_STAGE 2
#define A64_GRANULE 12
#define A64_LEVELS 3
#define A64_VA_BITS 40
#include "page_table/formats/aarch64.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_aarch64_s2_4k_ipa40 = ENGINE_FORMAT;
