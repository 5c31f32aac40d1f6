/*
 * test_areas.c - what each memory call does to the areas, and to what is known of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace_text.h"

#define ANON "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0"
#define FIXED "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0"

static void expect(const char *trace, const char *areas, const char *known) {
    const enum machine_kind kinds[] = {MACHINE_NONE, MACHINE_LINEAR, MACHINE_EAGER, MACHINE_LAZY};
    for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++) {
        assert_string_equal(text_to_areas(trace, kinds[at]), areas);
    }
    assert_string_equal(text_to_known(trace), known);
}

static void test_mmap(void **state) {
    (void)state;
    expect("1 mmap(NULL, 12288, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1000\n"
           "1 mmap(0x2000, 100, PROT_READ|PROT_WRITE, " FIXED ") = 0x2000\n"
           "1 mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_SHARED, 3, 0) = 0x8000\n"
           "1 mmap(NULL, 4096, PROT_NONE, " ANON ") = 0xa000\n",
           "1000-2000 r--p\n2000-3000 rw-p\n3000-4000 r--p\n8000-9000 r-xs\na000-b000 ---p\n",
           "1000-4000\n8000-9000\na000-b000\n");
}

static void test_munmap(void **state) {
    (void)state;
    expect("1 mmap(NULL, 12288, PROT_READ, " ANON ") = 0x1000\n"
           "1 munmap(0x2000, 4096) = 0\n"
           "1 munmap(0x2000, 4096) = 0\n"  /* a hole */
           "1 munmap(0x3000, 65536) = 0\n" /* sticks out */
           "1 munmap(0x70000000, 4096) = 0\n",
           "1000-2000 r--p\n", "1000-4000\n");
}

static void test_mprotect(void **state) {
    (void)state;
    expect("1 mmap(NULL, 12288, PROT_READ, " ANON ") = 0x1000\n"
           "1 mprotect(0x2000, 4096, PROT_READ|PROT_WRITE) = 0\n"
           "1 mprotect(0x3000, 8192, PROT_NONE) = 0\n"
           "1 mprotect(0x1000, 0, PROT_NONE) = 0\n"
           "1 mprotect(0x70000000, 4096, PROT_READ) = 0\n" /* of unknown memory */
           "1 mprotect(0x1000, 4096, PROT_READ|PROT_WRITE|PROT_GROWSDOWN) = 0\n",
           "1000-2000 r--p\n2000-3000 rw-p\n3000-4000 ---p\n", "1000-4000\n");
}

static void test_odd_protections(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, PROT_WRITE, " ANON ") = 0x1000\n"
           "1 mmap(NULL, 4096, PROT_EXEC, " ANON ") = 0x2000\n"
           "1 mmap(NULL, 4096, PROT_WRITE|PROT_EXEC, " ANON ") = 0x3000\n",
           "1000-2000 -w-p\n2000-3000 --xp\n3000-4000 -wxp\n", "1000-4000\n");
}

static void test_brk(void **state) {
    (void)state;
    expect("1 brk(NULL) = 0x10800\n"
           "1 brk(0x10900) = 0x10900\n" /* same page: nothing */
           "1 brk(0x12100) = 0x12100\n"
           "1 brk(NULL) = 0x12100\n"
           "1 brk(0x99000) = 0x12100\n" /* refused: the old break is the answer */
           "1 brk(0x15000) = 0x15000\n"
           "1 mprotect(0x13000, 4096, PROT_NONE) = 0\n"
           "1 brk(0x12fff) = 0x12fff\n",
           "11000-13000 rw-p\n", "11000-15000\n");
}

static void test_brk_of_unknown_beginning(void **state) {
    (void)state;
    expect("1 brk(0x12000) = 0x12000\n"
           "1 brk(0x13000) = 0x13000\n"
           "1 brk(0x11000) = 0x11000\n"
           "1 brk(0x12000) = 0x12000\n",
           "11000-12000 rw-p\n", "11000-13000\n");
}

static void test_mremap_in_place(void **state) {
    (void)state;
    const char *two = "1 mmap(NULL, 8192, PROT_READ, " ANON ") = 0x1000\n"
                      "1 mprotect(0x2000, 4096, PROT_READ|PROT_WRITE) = 0\n";
    char text[1024];
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 8192, 4096, 0) = 0x1000\n", two);
    expect(text, "1000-2000 r--p\n", "1000-3000\n");
    snprintf(text, sizeof text, "%s1 mremap(0x2000, 4096, 9000, 0) = 0x2000\n", two);
    expect(text, "1000-2000 r--p\n2000-5000 rw-p\n", "1000-5000\n");
    snprintf(text, sizeof text, "%s1 mremap(0x2000, 1, 4096, 0) = 0x2000\n", two);
    expect(text, "1000-2000 r--p\n2000-3000 rw-p\n", "1000-3000\n");
}

/* The kernel grew it, so there was room: what we still see there is stale. */
static void test_mremap_grows_over_stale_areas(void **state) {
    (void)state;
    expect("1 mmap(NULL, 12288, PROT_READ, " ANON ") = 0x1000\n"
           "1 mremap(0x1000, 4096, 8192, 0) = 0x1000\n",
           "1000-4000 r--p\n", "1000-4000\n");
    expect("1 mmap(NULL, 4096, PROT_READ, " ANON ") = 0x1000\n"
           "1 mmap(NULL, 12288, PROT_NONE, " ANON ") = 0x2000\n"
           "1 mremap(0x1000, 4096, 8192, 0) = 0x1000\n",
           "1000-3000 r--p\n3000-5000 ---p\n", "1000-5000\n");
}

static void test_mremap_moves(void **state) {
    (void)state;
    const char *two = "1 mmap(NULL, 8192, PROT_READ, " ANON ") = 0x1000\n"
                      "1 mprotect(0x2000, 4096, PROT_READ|PROT_WRITE) = 0\n";
    char text[1024];
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 8192, 8192, MREMAP_MAYMOVE) = 0x9000\n", two);
    expect(text, "9000-a000 r--p\na000-b000 rw-p\n", "1000-3000\n9000-b000\n");
    /* The new part has the protection of the last piece. */
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 8192, 16384, MREMAP_MAYMOVE) = 0x9000\n", two);
    expect(text, "9000-a000 r--p\na000-d000 rw-p\n", "1000-3000\n9000-d000\n");
    snprintf(text, sizeof text,
             "%s1 mremap(0x1000, 8192, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x9000) = 0x9000\n", two);
    expect(text, "9000-a000 r--p\n", "1000-3000\n9000-a000\n");
    /* Right beside the old place. */
    snprintf(text, sizeof text,
             "%s1 mremap(0x1000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x3000) = 0x3000\n", two);
    expect(text, "3000-4000 r--p\n4000-5000 rw-p\n", "1000-5000\n");
}

/* Areas at the destination go, as far as the new size reaches, and are cut at its borders. */
static void test_mremap_replaces(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, PROT_READ, " ANON ") = 0x1000\n"
           "1 mmap(NULL, 20480, PROT_NONE, " ANON ") = 0x8000\n"
           "1 mremap(0x1000, 4096, 12288, MREMAP_MAYMOVE|MREMAP_FIXED, 0x9000) = 0x9000\n",
           "8000-9000 ---p\n9000-c000 r--p\nc000-d000 ---p\n", "1000-2000\n8000-d000\n");
    expect("1 mmap(NULL, 4096, PROT_READ, " ANON ") = 0x1000\n"
           "1 mmap(NULL, 4096, PROT_NONE, " ANON ") = 0xb000\n"
           "1 mremap(0x1000, 4096, 12288, MREMAP_MAYMOVE) = 0xa000\n",
           "a000-d000 r--p\n", "1000-2000\na000-d000\n");
}

static void test_mremap_maps_shared_memory_twice(void **state) {
    (void)state;
    expect("1 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x1000\n"
           "1 mmap(NULL, 4096, PROT_NONE, " ANON ") = 0x9000\n"
           "1 mremap(0x2000, 0, 8192, MREMAP_MAYMOVE) = 0x9000\n",
           "1000-3000 rw-s\n9000-b000 rw-s\n", "1000-3000\n9000-b000\n");
}

static void test_mremap_of_unknown_memory(void **state) {
    (void)state;
    const char *there = "1 mmap(NULL, 8192, PROT_READ, " ANON ") = 0x9000\n";
    char text[1024];
    /* What it is moved over is known no more. */
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 4096, 4096, MREMAP_MAYMOVE) = 0x9000\n", there);
    expect(text, "a000-b000 r--p\n", "a000-b000\n");
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE) = 0x9000\n", there);
    expect(text, "", "");
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 4096, 65536, 0) = 0x1000\n", there);
    expect(text, "", "");
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 0, 4096, MREMAP_MAYMOVE) = 0x9000\n", there);
    expect(text, "a000-b000 r--p\n", "a000-b000\n");
    snprintf(text, sizeof text, "%s1 mremap(0x1000, 8192, 4096, 0) = 0x1000\n", there);
    expect(text, "9000-b000 r--p\n", "9000-b000\n");
    /* Half of it known. */
    snprintf(text, sizeof text, "%s1 mremap(0x8000, 8192, 8192, MREMAP_MAYMOVE) = 0x20000\n",
             there);
    expect(text, "a000-b000 r--p\n21000-22000 r--p\n", "9000-b000\n21000-22000\n");
}

/* Anonymous neighbours are one area for Linux, pieces of files only if their offsets fit. */
static void test_merging(void **state) {
    (void)state;
    struct program program;
    struct trouble trouble;
    struct machine machine;
    struct findings findings;
    assert_true(
        text_to_program("1 mmap(NULL, 4096, PROT_READ, " ANON ") = 0x1000\n"
                        "1 mmap(NULL, 4096, PROT_READ, " ANON ") = 0x2000\n"
                        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x3000\n"
                        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0x1000) = 0x4000\n"
                        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0x5000) = 0x5000\n"
                        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 4, 0x6000) = 0x6000\n"
                        "1 mmap(NULL, 4096, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x7000\n"
                        "1 mmap(NULL, 4096, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x8000\n",
                        &program, &trouble));
    assert_int_equal(machine_create(&machine, MACHINE_NONE, NULL), MSET_OK);
    assert_true(replay_run(&program, &machine, &findings, &trouble));
    assert_int_equal(findings.peak_areas, 6);
    assert_int_equal(findings.merges, 2);
    findings_free(&findings);
    machine_destroy(&machine);
    program_free(&program);
}

static void test_addresses_beyond_the_page_table(void **state) {
    (void)state;
    const char *trace = "1 brk(NULL) = 0x1000\n"
                        "1 mmap(NULL, 4096, PROT_READ, " ANON ") = 0x1000000000000\n";
    assert_string_equal(text_to_areas(trace, MACHINE_NONE), "1000000000000-1000000001000 r--p\n");
    assert_string_equal(text_to_areas(trace, MACHINE_EAGER), "2: map: invalid parameter");
}

/* More than there are addresses for data: reservations are free, the rest is refused. */
static void test_more_than_fits(void **state) {
    (void)state;
    const char *reserved = "1 mmap(NULL, 0x200000000000, PROT_NONE, " ANON ") = 0x100000000000\n";
    assert_string_equal(text_to_areas(reserved, MACHINE_EAGER), "100000000000-300000000000 ---p\n");
    const char *taken = "1 mmap(NULL, 0x200000000000, PROT_READ, " ANON ") = 0x100000000000\n";
    assert_string_equal(text_to_areas(taken, MACHINE_LAZY), "100000000000-300000000000 r--p\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mmap),
        cmocka_unit_test(test_munmap),
        cmocka_unit_test(test_mprotect),
        cmocka_unit_test(test_odd_protections),
        cmocka_unit_test(test_brk),
        cmocka_unit_test(test_brk_of_unknown_beginning),
        cmocka_unit_test(test_mremap_in_place),
        cmocka_unit_test(test_mremap_grows_over_stale_areas),
        cmocka_unit_test(test_mremap_moves),
        cmocka_unit_test(test_mremap_replaces),
        cmocka_unit_test(test_mremap_maps_shared_memory_twice),
        cmocka_unit_test(test_mremap_of_unknown_memory),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_addresses_beyond_the_page_table),
        cmocka_unit_test(test_more_than_fits),
    };
    return cmocka_run_group_tests_name("replay, areas", tests, NULL, NULL);
}
