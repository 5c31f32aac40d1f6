/* search_avx2.c - search with AVX2; empty unless this file is compiled for it. */
#if defined(__AVX2__) && defined(__BMI2__) && defined(__POPCNT__)
#define AT_SEARCH mset_at_search_avx2
#define AT_SEARCH_NAME "avx2"
#include "lanes_avx2.h"

#include "search.h"
#else
/* ISO C wants something in every translation unit. */
typedef int at_no_avx2;
#endif
