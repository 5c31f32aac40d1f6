mset_core_sources(
    page_table.c
    change.c
    tables.c
    loops.c
    loops_portable.c
    formats/aarch64_16k.c
    formats/aarch64_4k.c
    formats/aarch64_64k.c
    formats/aarch64_s2_16k.c
    formats/aarch64_s2_4k.c
    formats/aarch64_s2_4k_ipa40.c
    formats/aarch64_s2_64k.c
    formats/ept.c
    formats/formats.c
    formats/loongarch64.c
    formats/npt.c
    formats/sv39.c
    formats/sv39x4.c
    formats/sv48.c
    formats/sv48x4.c
    formats/sv57.c
    formats/x86_64.c
    formats/x86_64_5.c
)
mset_vector_source(loops_avx2.c MSET_HAVE_AVX2_LOOPS -mavx2)
mset_vector_source(loops_avx512.c MSET_HAVE_AVX512_LOOPS -mavx512f -mprefer-vector-width=512)
