mset_core_sources(
    page_table_use.c
    linear.c
    eager.c
    lazy.c
)
