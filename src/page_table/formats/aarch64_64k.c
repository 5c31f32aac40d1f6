/* aarch64_64k.c - the engine, compiled for AArch64 stage 1 with pages of 64 KiB. */
#define A64_NAME "aarch64-64k"
#define A64_STAGE 1
#define A64_GRANULE 16
#define A64_LEVELS 3
#define A64_VA_BITS 48
#include "page_table/formats/aarch64.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_aarch64_64k = ENGINE_FORMAT;
