mset_core_sources(
)
mset_hosted_sources(
)
