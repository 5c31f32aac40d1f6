/*
 * test_lines.c - lines from pieces, halves of calls, and what the reader refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace_text.h"

static const char two_calls[] = "1 brk(NULL <unfinished ...>\n"
                                "2 +++ exited with 0 +++\n"
                                "1 <... brk resumed>)                   = 0x5000\n"
                                "1 munmap(0x1000, 4096) = 0\n";

static void test_pieces_of_any_size(void **state) {
    (void)state;
    const size_t all = strlen(two_calls);
    for (size_t piece = 1; piece <= all; piece++) {
        struct trace trace;
        struct trouble trouble;
        trace_init(&trace);
        for (size_t at = 0; at < all; at += piece) {
            const size_t size = all - at < piece ? all - at : piece;
            assert_true(trace_feed(&trace, two_calls + at, size, &trouble));
        }
        assert_true(trace_finish(&trace, &trouble));
        assert_int_equal(trace.count, 3);
        assert_int_equal(trace.calls[1].kind, CALL_BRK);
        assert_int_equal(trace.calls[1].line, 3);
        assert_int_equal(trace.calls[2].line, 4);
        trace_free(&trace);
    }
}

static void test_arguments_may_come_late(void **state) {
    (void)state;
    const char *areas = text_to_areas("1 mmap(NULL, 4096, PROT_READ <unfinished ...>\n"
                                      "1 --- SIGCHLD {si_signo=SIGCHLD} ---\n"
                                      "1 <... mmap resumed>, MAP_PRIVATE, 3, 0) = 0x9000\n",
                                      MACHINE_NONE);
    assert_string_equal(areas, "9000-a000 r--p\n");
}

static void test_halves_that_fail_change_nothing(void **state) {
    (void)state;
    const char *areas =
        text_to_areas("1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x9000\n"
                      "1 munmap(0x9000, 4096 <unfinished ...>\n"
                      "1 <... munmap resumed>) = -1 ENOMEM (Cannot allocate memory)\n"
                      "1 munmap(0x9000, 4096 <unfinished ...>\n"
                      "1 <... munmap resumed>) = ? <unavailable>\n"
                      "1 munmap(0x9000, 4096 <unfinished ...>\n",
                      MACHINE_NONE);
    assert_string_equal(areas, "9000-a000 r--p\n");
}

struct refusal {
    const char *text, *said;
};

static void test_refusals(void **state) {
    (void)state;
    const struct refusal refusals[] = {
        {"", "0: empty: not a trace"},
        {"1 brk(NULL) = 0x5000", "1: the last line is cut off"},
        {"1 brk(NULL) = 0x5000\n1 brk(NULL) = 0x50", "2: the last line is cut off"},
        {"1 brk(NULL) = 0x5000\nhello\n", "2: a line must begin with a process number"},
        {"1 brk(NULL) = 0x5000\n\n", "2: a line must begin with a process number"},
        {"1 brk(NULL <unfinished ...>\n1 brk(NULL) = 0x5000\n",
         "2: a call inside a call that has not resumed"},
        {"1 brk(NULL <unfinished ...>\n1 brk(NULL <unfinished ...>\n",
         "2: a call inside a call that has not resumed"},
        {"1 <... brk resumed>) = 0x5000\n", "1: resumes a call that was not begun"},
        {"1 brk(NULL <unfinished ...>\n1 <... mmap resumed>) = 0x5000\n",
         "2: resumes a call that was not begun"},
        {"1 brk(NULL <unfinished ...>\n1 <... brk resumed>, 5) = 0x5000\n",
         "2: malformed system call"},
        {"1 +++ superseded by execve in pid 2 +++\n",
         "1: superseded by a thread that is not in execve"},
        {"1 brk(NULL) = 0x5000\n2 brk(NULL) = 0x5000\n", "2: process 2 has no known parent"},
        {"1 brk(NULL) = 0x5000\n1 shmat(0, NULL, 0) = 0x7000\n",
         "2: unsupported: a call that changes the map"},
        {"1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ODD, 3, 0) = 0x9000\n",
         "1: unknown mmap flag"},
        {"1 mremap(0x1000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = 0x9000\n",
         "1: unsupported mremap flag"},
    };
    for (size_t at = 0; at < sizeof refusals / sizeof *refusals; at++) {
        assert_string_equal(text_trouble(refusals[at].text), refusals[at].said);
    }
}

static void test_zero_bytes(void **state) {
    (void)state;
    static const char text[] = "1 brk(NULL) = 0x5000\n1 brk(\0) = 0\n";
    struct trace trace;
    struct trouble trouble;
    trace_init(&trace);
    assert_false(trace_feed(&trace, text, sizeof text - 1, &trouble));
    assert_int_equal(trouble.line, 2);
    assert_string_equal(trouble.text, "not text: the line has a zero byte");
    trace_free(&trace);
}

static bool feed_letters(struct trace *trace, size_t count, struct trouble *trouble) {
    char piece[4096];
    memset(piece, 'a', sizeof piece);
    for (size_t at = 0; at < count; at += sizeof piece) {
        if (!trace_feed(trace, piece, sizeof piece, trouble)) {
            return false;
        }
    }
    return true;
}

static void test_endless_line(void **state) {
    (void)state;
    struct trace trace;
    struct trouble trouble;
    trace_init(&trace);
    assert_true(feed_letters(&trace, LINE_LIMIT, &trouble));
    assert_false(feed_letters(&trace, 4096, &trouble));
    assert_string_equal(trouble.text, "line too long");
    trace_free(&trace);
}

/* A long first half would be kept for as long as the call lasts; execve has long ones. */
static void test_long_halves(void **state) {
    (void)state;
    static char text[1 << 16];
    struct trace trace;
    struct trouble trouble;
    for (unsigned is_execve = 0; is_execve < 2; is_execve++) {
        const int used = snprintf(text, sizeof text, "1 %s(\"", is_execve ? "execve" : "write");
        memset(text + used, 'x', 40000);
        snprintf(text + used + 40000, sizeof text - 50000, "\" <unfinished ...>\n");
        trace_init(&trace);
        assert_int_equal(trace_feed(&trace, text, strlen(text), &trouble), is_execve);
        trace_free(&trace);
    }
}

static void test_skipped_calls_are_counted(void **state) {
    (void)state;
    static const char text[] = "1 madvise(0x1000, 4096, MADV_DONTNEED <unfinished ...>\n"
                               "1 <... madvise resumed>) = 0\n"
                               "1 mlock(0x1000, 4096) = 0\n"
                               "1 munmap(0x1000, 0) = -1 EINVAL (Invalid argument)\n"
                               "1 brk(NULL) = 0x5000\n";
    struct trace trace;
    struct program program;
    struct trouble trouble;
    trace_init(&trace);
    assert_true(trace_feed(&trace, text, strlen(text), &trouble));
    assert_true(trace_finish(&trace, &trouble));
    assert_int_equal(trace.skipped, 3);
    assert_true(program_make(&trace, &program, &trouble));
    assert_int_equal(program.calls, 1);
    program_free(&program);
    trace_free(&trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_of_any_size),
        cmocka_unit_test(test_arguments_may_come_late),
        cmocka_unit_test(test_halves_that_fail_change_nothing),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_zero_bytes),
        cmocka_unit_test(test_endless_line),
        cmocka_unit_test(test_long_halves),
        cmocka_unit_test(test_skipped_calls_are_counted),
    };
    return cmocka_run_group_tests_name("replay, reader", tests, NULL, NULL);
}
