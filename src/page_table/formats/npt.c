/* npt.c - the engine, compiled for the nested page tables of AMD64. */
#define X86_NAME "npt"
#define X86_LEVELS 4
#define X86_NESTED 1
#include "page_table/formats/x86.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_npt = ENGINE_FORMAT;
