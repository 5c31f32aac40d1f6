/* search_avx512.c - search with AVX-512; empty unless this file is compiled for it. */
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__BMI2__) && defined(__POPCNT__)
#define AT_SEARCH mset_at_search_avx512
#define AT_SEARCH_NAME "avx512"
#include "lanes_avx512.h"

#include "search.h"
#else
/* ISO C wants something in every translation unit. */
typedef int at_no_avx512;
#endif
