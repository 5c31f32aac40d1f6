mset_core_sources(
    page_table.c
    change.c
    tables.c
    fill.c
    fill_portable.c
    formats/x86_64.c
    formats/x86_64_5.c
    formats/npt.c
)
mset_vector_source(fill_avx2.c MSET_HAVE_AVX2_FILL -mavx2)
mset_vector_source(fill_avx512.c MSET_HAVE_AVX512_FILL -mavx512f -mprefer-vector-width=512)
