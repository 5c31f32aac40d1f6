mset_core_sources(
    buddy.c
    counted.c
)
