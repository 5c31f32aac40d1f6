/* page_table.h - the benchmarks of page tables: see page_table.cpp for what they are. */
#ifndef MSET_BENCH_PAGE_TABLE_H
#define MSET_BENCH_PAGE_TABLE_H

namespace bench {

/* Registers all of them, for every format. */
void add_page_table_works();

/* Do the library and the plain walker translate alike? Ends the program if not. */
void check_page_tables();

} // namespace bench

#endif
