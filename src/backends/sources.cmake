mset_core_sources(
    page_table_use.c
    frame_reserve.c
    linear.c
    eager.c
    lazy.c
)
