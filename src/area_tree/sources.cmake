mset_core_sources(
    balance.c
    carve.c
    cut.c
    load.c
    overflow.c
    path.c
    pool.c
    quick.c
    search.c
    search_portable.c
    splice.c
    validate.c
)
mset_vector_source(search_avx2.c MSET_HAVE_AVX2 -mavx2 -mbmi -mbmi2 -mpopcnt)
mset_vector_source(search_avx512.c MSET_HAVE_AVX512 -mavx512f -mavx512bw -mbmi -mbmi2 -mpopcnt)
