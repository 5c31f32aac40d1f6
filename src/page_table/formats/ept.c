/* ept.c - the engine, compiled for Intel's extended page tables. */
#include "page_table/formats/ept.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_ept = ENGINE_FORMAT;
