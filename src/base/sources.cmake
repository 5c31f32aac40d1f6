mset_core_sources(
    assert.c
    status.c
)
mset_hosted_sources(
    allocator_default.c
)
