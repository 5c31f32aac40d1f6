/*
 * fill.c - which fill to use. A hosted build asks the processor; a freestanding one takes the best
 * that its compiler flags allow (see area_tree/descend.c, which does the same).
 */
#include "page_table/fill_kinds.h"
#include "page_table/page_table.h"

#if MSET_PORTABLE

pt_fill *mset_pt_choose_fill(void) {
    return mset_pt_fill_portable;
}

#elif __STDC_HOSTED__ && defined(__x86_64__)

pt_fill *mset_pt_choose_fill(void) {
#if MSET_HAVE_AVX512_FILL
    if (__builtin_cpu_supports("avx512f")) {
        return mset_pt_fill_avx512;
    }
#endif
#if MSET_HAVE_AVX2_FILL
    if (__builtin_cpu_supports("avx2")) {
        return mset_pt_fill_avx2;
    }
#endif
    return mset_pt_fill_portable;
}

#else

pt_fill *mset_pt_choose_fill(void) {
#if defined(__AVX512F__)
    return mset_pt_fill_avx512;
#elif defined(__AVX2__)
    return mset_pt_fill_avx2;
#else
    return mset_pt_fill_portable;
#endif
}

#endif
