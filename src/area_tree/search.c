/*
 * search.c - which search to use.
 *
 * A hosted build compiles every variant and asks the processor. A freestanding build takes the
 * best that its compiler flags allow, so a kernel that may not touch vector registers gets none
 * (compiled with -mno-avx, or with MSET_PORTABLE to be sure).
 */
#include "area_tree.h"

#if MSET_PORTABLE

const struct at_search *mset_at_choose_search(void) {
    return &mset_at_search_portable;
}

#elif __STDC_HOSTED__ && defined(__x86_64__)

const struct at_search *mset_at_choose_search(void) {
#if MSET_HAVE_AVX512
    /* unreachable: one processor goes one way */
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2")) {
        return &mset_at_search_avx512;
    }
#endif
#if MSET_HAVE_AVX2
    /* unreachable: one processor goes one way */
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        return &mset_at_search_avx2;
    }
#endif
    return &mset_at_search_portable;
}

#else

const struct at_search *mset_at_choose_search(void) {
#if defined(__AVX512BW__) && defined(__BMI2__)
    return &mset_at_search_avx512;
#elif defined(__AVX2__) && defined(__BMI2__)
    return &mset_at_search_avx2;
#else
    return &mset_at_search_portable;
#endif
}

#endif
