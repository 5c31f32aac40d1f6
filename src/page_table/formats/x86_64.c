/* x86_64.c - the engine, compiled for x86-64 with 4 levels. */
#include "page_table/formats/x86_64.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_x86_64 = ENGINE_FORMAT;
