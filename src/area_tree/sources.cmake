mset_core_sources(
    balance.c
    cut.c
    descend.c
    descend_portable.c
    gap.c
    path.c
    pool.c
    splice.c
    validate.c
)
mset_vector_source(descend_avx2.c MSET_HAVE_AVX2 -mavx2 -mbmi -mbmi2 -mpopcnt)
mset_vector_source(descend_avx512.c MSET_HAVE_AVX512 -mavx512f -mbmi -mbmi2 -mpopcnt)
