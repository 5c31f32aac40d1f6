/* x86_64.c - the engine, compiled for x86-64 with 4 levels. */
#define X86_NAME "x86-64"
#define X86_LEVELS 4
#define X86_NESTED 0
#include "page_table/formats/x86.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_x86_64 = ENGINE_FORMAT;
