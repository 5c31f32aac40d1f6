/* test_complaint.c - a judge that keeps no complaint would find nothing wrong with anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "complaint.h"

static void complain(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void complain(char *text, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complaint_keep(text, size, format, arguments);
    va_end(arguments);
}

static void the_first_is_kept(void **state) {
    (void)state;
    char text[32] = "";
    complain(text, sizeof text, "page %d is %s", 7, "lost");
    assert_string_equal(text, "page 7 is lost");
    complain(text, sizeof text, "so nothing is right");
    assert_string_equal(text, "page 7 is lost");
}

static void what_is_too_long_is_cut(void **state) {
    (void)state;
    char text[5] = "";
    complain(text, sizeof text, "a long story");
    assert_string_equal(text, "a lo");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_kept),
        cmocka_unit_test(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests_name("complaints", tests, NULL, NULL);
}
