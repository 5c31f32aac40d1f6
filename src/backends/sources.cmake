mset_hosted_sources(
)
