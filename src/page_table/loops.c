/*
 * loops.c - which loops to use. A hosted build asks the processor; a freestanding one takes the
 * best that its compiler flags allow (see area_tree/descend.c, which does the same).
 */
#include "page_table/loops.h"

#if MSET_PORTABLE

const struct pt_loops *mset_pt_choose_loops(void) {
    return &mset_pt_loops_portable;
}

#elif __STDC_HOSTED__ && defined(__x86_64__)

const struct pt_loops *mset_pt_choose_loops(void) {
#if MSET_HAVE_AVX512_LOOPS
    if (__builtin_cpu_supports("avx512f")) { /* unreachable: one processor goes one way */
        return &mset_pt_loops_avx512;
    }
#endif
#if MSET_HAVE_AVX2_LOOPS
    if (__builtin_cpu_supports("avx2")) { /* unreachable: one processor goes one way */
        return &mset_pt_loops_avx2;
    }
#endif
    return &mset_pt_loops_portable;
}

#else

const struct pt_loops *mset_pt_choose_loops(void) {
#if defined(__AVX512F__)
    return &mset_pt_loops_avx512;
#elif defined(__AVX2__)
    return &mset_pt_loops_avx2;
#else
    return &mset_pt_loops_portable;
#endif
}

#endif
