mset_core_sources(
)
mset_hosted_sources(
)
# mset_hosted_sources(allocator_jemalloc.c) belongs inside if(MSET_HAVE_JEMALLOC).
