/*
 * test_program.c - mset-replay as a user sees it: what it prints, and its exit status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json_check.h"
#include "program_run.h"

#define EFENCE "'" REPLAY_TRACES "/efence.strace.xz'"
#define PERL "'" REPLAY_TRACES "/perl.strace.xz'"

static const char small_trace[] =
    "1 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000\n"
    "1 mprotect(0x11000, 4096, PROT_READ|PROT_WRITE) = 0\n"
    "1 mmap(NULL, 4096, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x20000\n"
    "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x21000\n"
    "1 openat(AT_FDCWD, \"/proc/self/maps\", O_RDONLY) = 3\n"
    "1 munmap(0x10000, 8192) = 0\n";
static const char small_maps[] = "00010000-00011000 r--p 00000000 00:00 0\n"
                                 "00011000-00012000 rw-p 00000000 00:00 0 \n"
                                 "00020000-00021000 r--s 00000000 00:01 7       /dev/zero\n"
                                 "00021000-00022000 r--p 00000000 00:00 0 \n"
                                 "00400000-00401000 r-xp 00000000 fe:00 12      /small\n";

static void expect_out(int status, const char *arguments, const char *out) {
    const int got = program_run(arguments);
    assert_string_equal(program_out, out);
    if (got != status) {
        fail_msg("%s: exit status %d: %s", arguments, got, program_err);
    }
}

/* Exit status 2, nothing printed, and the complaint. */
static void expect_error(const char *arguments, const char *complaint) {
    expect_out(2, arguments, "");
    if (strstr(program_err, complaint) == NULL) {
        fail_msg("%s: said '%s'", arguments, program_err);
    }
}

static int enter(void **state) {
    (void)state;
    program_enter();
    program_write_text("small.strace", small_trace);
    program_write_text("small.maps", small_maps);
    return 0;
}

static int leave(void **state) {
    (void)state;
    program_leave();
    return 0;
}

static void test_check_and_dump(void **state) {
    (void)state;
    expect_out(0, "--check small.strace", "differ 0\n");
    expect_out(0, "--check --backend=eager small.strace", "differ 0\n");
    expect_out(0, "--check -- small.strace small.strace", "small: differ 0\nsmall: differ 0\n");
    expect_out(0, "--dump ./small.strace", "10000-11000 r--\n11000-12000 rw-\n20000-22000 r--\n");
    expect_out(0, "--dump --check small.strace",
               "10000-11000 r--\n11000-12000 rw-\n20000-22000 r--\ndiffer 0\n");
}

static void test_altered_listings_differ(void **state) {
    (void)state;
    program_write_text("other.strace", small_trace);
    program_write_text("other.maps", "00010000-00012000 r--p 00000000 00:00 0\n"
                                     "00020000-00021000 r--p 00000000 00:00 0\n"
                                     "00400000-00401000 r--p 00000000 fe:00 12  /small\n");
    expect_out(1, "--check other.strace", "differ 3\n");
    assert_string_equal(program_err, "other: 11000-12000 set rw-p, kernel r--p\n"
                                     "other: 20000-21000 set r--s, kernel r--p\n"
                                     "other: 21000-22000 set r--p, kernel none\n");
    expect_out(1, "--check small.strace other.strace", "small: differ 0\nother: differ 3\n");
}

static void test_table(void **state) {
    (void)state;
    assert_int_equal(program_run("small.strace --backend lazy"), 0);
    assert_non_null(strstr(program_out, "backend lazy, format x86-64\ntrace "));
    assert_non_null(strstr(program_out, "\nsmall        5      4       1       0"));
    assert_string_equal(program_err, "");
}

static void test_json(void **state) {
    (void)state;
    program_write_text("odd \"n\\a\tme\xff \xc3\xa9.strace", small_trace);
    assert_int_equal(program_run("--json --backend linear small.strace odd*"), 0);
    assert_true(json_is_valid(program_out));
    assert_non_null(strstr(program_out, "\"trace\": \"small\", \"backend\": \"linear\", "
                                        "\"format\": \"x86-64\", "
                                        "\"calls\": 5, \"skipped_calls\": 0, "
                                        "\"peak_areas\": 4, \"splits\": 1, \"merges\": 0, "));
    assert_non_null(strstr(program_out, "\"odd \\\"n\\\\a\\u0009me\\ufffd \xc3\xa9\""));
    assert_null(strstr(program_out, "null"));
    assert_int_equal(program_run("--json --check small.strace"), 0);
    assert_true(json_is_valid(program_out));
    assert_non_null(strstr(program_out, "\"page_table_pages\": null"));
    assert_non_null(strstr(program_out, "\"differ\": 0}"));
}

static void test_json_of_failures(void **state) {
    (void)state;
    assert_int_equal(program_run("--json nothing.strace"), 2);
    assert_true(json_is_valid(program_out));
    assert_int_equal(program_run("--json nothing.strace small.strace"), 2);
    assert_true(json_is_valid(program_out));
    assert_non_null(strstr(program_out, "\"trace\": \"small\""));
}

static void test_usage(void **state) {
    (void)state;
    assert_int_equal(program_run("--help"), 0);
    assert_non_null(strstr(program_out, "usage: mset-replay"));
    assert_string_equal(program_err, "");
    expect_error("", "no trace");
    expect_error("--check", "no trace");
    expect_error("--odd small.strace", "unknown option: --odd");
    expect_error("-c small.strace", "unknown option: -c");
    expect_error("--backend", "--backend needs a name");
    expect_error("--backend odd small.strace", "unknown backend: odd");
    expect_error("--backend= small.strace", "unknown backend");
    expect_error("--dump --json small.strace", "exclude each other");
}

static void test_files_that_cannot_be_read(void **state) {
    (void)state;
    expect_error("nothing.strace", "nothing.strace: cannot open");
    expect_error(".", ".: cannot read");
    program_write_text("empty.strace", "");
    expect_error("empty.strace", "empty.strace: empty");
    program_write_text("odd.strace", "1 brk(NULL) = 0x1000\nodd\n");
    expect_error("odd.strace", "odd.strace:2: ");
    program_write_text("cut.strace", "1 brk(NULL) = 0x1000\n1 brk(NULL) = 0x1");
    expect_error("--check cut.strace", "cut.strace:2: the last line is cut off");
    program_write_text("odd.strace", "1 brk(NULL) = 0x1000\n1 shmat(0, NULL, 0) = 0x7000\n");
    expect_error("odd.strace", "odd.strace:2: unsupported");
    /* One bad file does not stop the others. */
    expect_out(2, "--check nothing.strace small.strace", "small: differ 0\n");
}

static void test_broken_xz(void **state) {
    (void)state;
    const size_t whole = (size_t)-1;
    program_copy("efence.maps", "e.maps", whole, whole);
    program_copy("efence.strace.xz", "e.strace.xz", whole, whole);
    expect_out(0, "--check e.strace.xz", "differ 0\n");
    const size_t cuts[] = {0, 3, 12, 100, 20000, 47000};
    for (size_t at = 0; at < sizeof cuts / sizeof *cuts; at++) {
        program_copy("efence.strace.xz", "e.strace.xz", cuts[at], whole);
        expect_error("--check e.strace.xz", "e.strace.xz: ");
    }
    expect_error("--check e.strace.xz", "e.strace.xz: truncated xz file");
    program_copy("efence.strace.xz", "e.strace.xz", whole, 30000);
    expect_error("--check e.strace.xz", "e.strace.xz: corrupt xz file");
    program_write_text("e.strace.xz", small_trace);
    expect_error("--check e.strace.xz", "e.strace.xz: not an xz file");
    /* xz by another name is still xz. */
    program_copy("efence.strace.xz", "e.strace", whole, whole);
    expect_out(0, "--check e.strace", "differ 0\n");
}

static void test_listings_that_cannot_be_used(void **state) {
    (void)state;
    program_write_text("alone.strace", small_trace);
    expect_error("--check alone.strace", "alone.maps: cannot open");
    program_write_text("alone.maps", "");
    expect_error("--check alone.strace", "alone.maps: empty");
    program_write_text("alone.maps", "00010000-00012000 r--p 00000000 00:00 0\nodd\n");
    expect_error("--check alone.strace", "alone.maps:2: malformed line");
    program_write_text("blind.strace", "1 brk(NULL) = 0x1000\n");
    program_write_text("blind.maps", small_maps);
    expect_error("--check blind.strace", "blind.strace: never opens /proc/self/maps");
    expect_out(0, "--dump blind.strace", "");
}

/* A recorded listing with a page of another protection. */
static void test_altered_recording(void **state) {
    (void)state;
    const size_t whole = (size_t)-1;
    program_copy("perl.strace.xz", "p.strace.xz", whole, whole);
    program_copy("perl.maps", "p.maps", whole, whole);
    expect_out(0, "--check p.strace.xz", "differ 0\n");
    program_copy("perl.maps", "p.maps", 4000, whole);
    assert_int_equal(program_run("--check p.strace.xz"), 2); /* cut inside a line */
    assert_int_equal(program_run("--dump " PERL), 0);
    assert_int_not_equal(program_out[0], 0);
    program_write_text("p.maps", small_maps);
    assert_int_equal(program_run("--check p.strace.xz"), 1);
    assert_non_null(strstr(program_err, "\np: ...\n"));
    assert_null(strstr(program_out, "differ 0"));
}

static void test_output_that_cannot_be_written(void **state) {
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) {
        skip();
    }
    fclose(full);
    assert_int_equal(program_run("--check small.strace >/dev/full 2>err.txt; exit $? # "), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_and_dump),
        cmocka_unit_test(test_altered_listings_differ),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_of_failures),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_broken_xz),
        cmocka_unit_test(test_listings_that_cannot_be_used),
        cmocka_unit_test(test_altered_recording),
        cmocka_unit_test(test_output_that_cannot_be_written),
    };
    return cmocka_run_group_tests_name("replay, program", tests, enter, leave);
}
