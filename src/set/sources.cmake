mset_core_sources(
)
