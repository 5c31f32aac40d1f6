/* loops_portable.c - for any processor. */
#define PT_LOOPS mset_pt_loops_portable
#include "page_table/loops_code.h"
