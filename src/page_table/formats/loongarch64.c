/* loongarch64.c - the engine, compiled for LoongArch. */
#include "page_table/formats/loongarch64.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_loongarch64 = ENGINE_FORMAT;
