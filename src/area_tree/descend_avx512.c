/* descend_avx512.c - search with AVX-512; empty unless this file is compiled for it. */
#if defined(__AVX512F__) && defined(__BMI2__) && defined(__POPCNT__)
#define AT_DESCENT mset_at_descent_avx512
#define AT_DESCENT_NAME "avx512"
#include "rank_avx512.h"

#include "descend.h"
#else
/* ISO C wants something in every translation unit. */
typedef int at_no_avx512;
#endif
