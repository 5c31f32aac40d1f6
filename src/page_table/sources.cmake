mset_core_sources(
    page_table.c
    tables.c
    formats/x86_64.c
)
