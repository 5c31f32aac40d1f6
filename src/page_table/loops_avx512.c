/* loops_avx512.c - with AVX-512; empty unless this file is compiled for it. */
#if defined(__AVX512F__)
#define PT_LOOPS mset_pt_loops_avx512
#include "page_table/loops_code.h"
#else
/* ISO C wants something in every translation unit. */
typedef int pt_no_avx512;
#endif
