/* x86_64_5.c - the engine, compiled for x86-64 with 5 levels (CR4.LA57). */
#define X86_NAME "x86-64-5"
#define X86_LEVELS 5
#define X86_NESTED 0
#include "page_table/formats/x86.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_x86_64_5 = ENGINE_FORMAT;
