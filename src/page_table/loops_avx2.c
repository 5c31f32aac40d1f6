/* loops_avx2.c - with AVX2; empty unless this file is compiled for it. */
#if defined(__AVX2__)
#define PT_LOOPS mset_pt_loops_avx2
#include "page_table/loops_code.h"
#else
/* ISO C wants something in every translation unit. */
typedef int pt_no_avx2;
#endif
