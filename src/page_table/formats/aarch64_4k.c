/* aarch64_4k.c - the engine, compiled for AArch64 stage 1 with pages of 4 KiB. */
#define A64_NAME "aarch64-4k"
#define A64_STAGE 1
#define A64_GRANULE 12
#define A64_LEVELS 4
#define A64_VA_BITS 48
#include "page_table/formats/aarch64.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_aarch64_4k = ENGINE_FORMAT;
