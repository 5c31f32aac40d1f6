/*
 * main.cpp - mset-bench: google-benchmark over the library and what it is compared with.
 *
 *     mset-bench --benchmark_filter=REGEX ...
 *
 * set/ has the memory set, page_table/ the page tables, guest/ guest memory. Names are
 * work/who/size, pt_work/who/format or guest/work/who/regions; the counter ns_op is the time of one
 * operation in nanoseconds. mset-bench-jemalloc is the same with jemalloc as malloc.
 */
#include "context.h"
#include "guest/guest.h"
#include "page_table/page_table.h"
#include "set/set.h"

#include <benchmark/benchmark.h>

#include <malloc.h>

int main(int argc, char **argv) {
    /* Memory that glibc gives back between two iterations would come again by page faults, and
       they would be all that is measured. Other allocators ignore this. */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    bench::add_set_works();
    bench::add_page_table_works();
    bench::add_guest_works();
    bench::add_context();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    bench::check_sets();
    bench::check_page_tables();
    bench::check_guests();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
