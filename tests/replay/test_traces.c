/*
 * test_traces.c - every recorded trace with every backend agrees with the kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json_check.h"
#include "machine.h"
#include "program_run.h"

static const char *const traces[] = {"efence", "glibc-arenas", "java",  "mremap",
                                     "node",   "perl",         "python"};

static void check_all(const char *backend) {
    char arguments[1024];
    for (size_t at = 0; at < sizeof traces / sizeof *traces; at++) {
        snprintf(arguments, sizeof arguments, "--check --backend %s '%s/%s.strace.xz'", backend,
                 REPLAY_TRACES, traces[at]);
        const int status = program_run(arguments);
        if (status != 0 || strcmp(program_out, "differ 0\n") != 0) {
            fail_msg("%s: exit status %d: %s%s", arguments, status, program_out, program_err);
        }
    }
}

static void test_none(void **state) {
    (void)state;
    check_all("none");
}

static void test_linear(void **state) {
    (void)state;
    check_all("linear");
}

static void test_eager(void **state) {
    (void)state;
    check_all("eager");
}

static void test_lazy(void **state) {
    (void)state;
    check_all("lazy");
}

/* Every format that is wide enough holds every program; the others say why not. */
static void test_formats(void **state) {
    (void)state;
    const struct mset_pt_format *format;
    unsigned fit = 0;
    for (size_t i = 0; (format = mset_pt_format_at(i)) != NULL; i++) {
        char backend[64];
        snprintf(backend, sizeof backend, "eager --format %s", format->name);
        if (machine_misfit(format) == NULL) {
            check_all(backend);
            fit++;
        } else {
            char arguments[1024];
            snprintf(arguments, sizeof arguments, "--backend %s '%s/perl.strace.xz'", backend,
                     REPLAY_TRACES);
            assert_int_equal(program_run(arguments), 2);
            assert_non_null(strstr(program_err, machine_misfit(format)));
        }
    }
    assert_int_equal(fit, 10);
}

static void test_report_of_all(void **state) {
    (void)state;
    assert_int_equal(program_run("--json --check --backend lazy '" REPLAY_TRACES "'/*.xz"), 0);
    assert_true(json_is_valid(program_out));
    size_t found = 0;
    for (const char *at = program_out; (at = strstr(at, "\"differ\": 0}")) != NULL; at++) {
        found++;
    }
    assert_int_equal(found, sizeof traces / sizeof *traces);
}

/* The checker of JSON must be able to say no. */
static void test_json_checker(void **state) {
    (void)state;
    assert_true(json_is_valid(" [ {\"a\": [1, -2.5e3, true, null], \"b\\n\": {}} , \"\" ] "));
    const char *const bad[] = {"",     "[1,]", "[1 2]",    "{\"a\" 1}", "{a: 1}",
                               "[01]", "[1.]", "\"\t\"",   "\"\\x\"",   "[1]]",
                               "[",    "\"a",  "{\"a\":}", "[nul]",     "[-]"};
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        assert_false(json_is_valid(bad[at]));
    }
}

static int enter(void **state) {
    (void)state;
    program_enter();
    return 0;
}

static int leave(void **state) {
    (void)state;
    program_leave();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),         cmocka_unit_test(test_linear),
        cmocka_unit_test(test_eager),        cmocka_unit_test(test_lazy),
        cmocka_unit_test(test_formats),      cmocka_unit_test(test_report_of_all),
        cmocka_unit_test(test_json_checker),
    };
    return cmocka_run_group_tests_name("replay, recorded traces", tests, enter, leave);
}
