/* every_run.c - every test with every format. See every.h. */
#include "page_table/every.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { TESTS = 1024, NAME = 120 };

struct pairing {
    const struct every_test *test;
    const struct mset_pt_format *format;
    char name[NAME];
};

static void run_pairing(void **state) {
    const struct pairing *const pairing = *state;
    pairing->test->run(pairing->format);
}

int every_run(const char *group, const struct every_test *tests, size_t count) {
    static struct pairing pairings[TESTS];
    static struct CMUnitTest all[TESTS];
    size_t n = 0;
    const struct mset_pt_format *format;
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; (format = mset_pt_format_at(i)) != NULL && n < TESTS; i++) {
            if (tests[k].wanted == NULL || tests[k].wanted(format)) {
                struct pairing *const pairing = &pairings[n];
                *pairing = (struct pairing){.test = &tests[k], .format = format};
                (void)snprintf(pairing->name, NAME, "%s: %s", format->name, tests[k].name);
                all[n++] = (struct CMUnitTest){
                    .name = pairing->name, .test_func = run_pairing, .initial_state = pairing};
            }
        }
    }
    return _cmocka_run_group_tests(group, all, n, NULL, NULL);
}
