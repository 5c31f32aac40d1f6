/* fill_portable.c - for any processor. */
#define PT_FILL mset_pt_fill_portable
#include "page_table/fill.h"
