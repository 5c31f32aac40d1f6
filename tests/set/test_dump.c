/*
 * test_dump.c - mset_dump against literal lines of /proc/PID/maps.
 */
#include <string.h>

#include "scene.h"

struct text {
    char at[8192];
    size_t length;
    size_t stop_after; /* calls; 0: never */
    size_t calls;
};

static bool write_text(void *arg, const char *more, size_t length) {
    struct text *text = arg;
    assert_true(text->length + length < sizeof text->at);
    memcpy(text->at + text->length, more, length);
    text->length += length;
    text->calls++;
    return text->calls != text->stop_after;
}

static void expect_text(const struct mset *set, const char *wanted) {
    struct text text = {.length = 0};
    assert_true(mset_dump(set, write_text, &text));
    assert_string_equal(text.at, wanted);
}

static const struct mset_backend_ops file_ops = {.name = "/lib/libc.so"};
static const struct mset_backend_ops nameless_ops = {.name = NULL};

static void add(struct mset *set, uint64_t start, uint64_t size, uint64_t flags,
                struct mset_backend *backend, uint64_t offset) {
    const struct mset_area area = {start, size, flags, backend, offset};
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
}

static void test_empty_set_has_no_lines(void **state) {
    (void)state;
    struct mset *set;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    expect_text(set, "");
    mset_destroy(set);
}

/* As the kernel writes them: names in column 74, lines without a name end in a space. */
static void test_lines_of_proc_maps(void **state) {
    (void)state;
    struct mset_backend file = {&file_ops}, nameless = {&nameless_ops};
    struct mset *set;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    add(set, 0x400000, 0x2000, RX, &file, 0);
    add(set, 0x402000, 0x1000, RW, &file, 0x2000);
    add(set, 0x7f0000000000, 0x21000, RW | MSET_SHARED | MSET_USER, NULL, 0x123456789000);
    add(set, 0x7ffff0000000, 0x1000, 0, &nameless, 0);
    add(set, 0xffffffffff600000, 0x1000, MSET_EXEC, &file, 0);
    expect_text(
        set,
        "00400000-00402000 r-xp 00000000 00:00 0                                  /lib/libc.so\n"
        "00402000-00403000 rw-p 00002000 00:00 0                                  /lib/libc.so\n"
        "7f0000000000-7f0000021000 rw-s 123456789000 00:00 0 \n"
        "7ffff0000000-7ffff0001000 ---p 00000000 00:00 0 \n"
        "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  /lib/libc.so\n");
    mset_destroy(set);
}

static void test_area_at_the_top(void **state) {
    (void)state;
    struct mset *set;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    add(set, 0, 0x1000, MSET_READ, NULL, 0);
    add(set, 0 - PAGE, PAGE, MSET_READ, NULL, 0 - PAGE);
    expect_text(set, "00000000-00001000 r--p 00000000 00:00 0 \n"
                     "fffffffffffff000-10000000000000000 r--p fffffffffffff000 00:00 0 \n");
    mset_destroy(set);
}

/* A path may be as long as the system lets it be; a listing that cuts it names another file. */
static void test_long_names_are_whole(void **state) {
    (void)state;
    static char name[4096], wanted[sizeof name + 80];
    const struct mset_backend_ops ops = {.name = name};
    struct mset_backend backend = {&ops};
    struct mset *set;
    for (size_t length = 1; length < sizeof name; length += length / 5 + 1) {
        memset(name, 'n', length);
        name[length] = '\0';
        (void)snprintf(wanted, sizeof wanted, "%-73s%s\n",
                       "00001000-00002000 r--p 00000000 00:00 0", name);
        assert_int_equal(mset_create(NULL, &set), MSET_OK);
        add(set, 0x1000, 0x1000, R, &backend, 0);
        expect_text(set, wanted);
        mset_destroy(set);
    }
}

/* proc(5): unescaped except for newline characters, so that an area is always one line. */
static void test_newlines_in_names_are_escaped(void **state) {
    (void)state;
    const struct mset_backend_ops ops = {.name = "two\nlines"};
    struct mset_backend backend = {&ops};
    struct mset *set;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    add(set, 0x1000, 0x1000, R, &backend, 0);
    expect_text(set, "00001000-00002000 r--p 00000000 00:00 0                                  "
                     "two\\012lines\n");
    mset_destroy(set);
}

static void test_writer_can_stop(void **state) {
    (void)state;
    struct mset *set;
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    add(set, 0x1000, 0x1000, R, NULL, 0);
    add(set, 0x3000, 0x1000, R, NULL, 0);
    struct text all = {.length = 0};
    assert_true(mset_dump(set, write_text, &all));
    for (size_t stop = 1; stop <= all.calls; stop++) {
        struct text text = {.stop_after = stop};
        assert_false(mset_dump(set, write_text, &text));
        assert_int_equal(text.calls, stop);
    }
    mset_destroy(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_set_has_no_lines),
        cmocka_unit_test(test_lines_of_proc_maps),
        cmocka_unit_test(test_area_at_the_top),
        cmocka_unit_test(test_long_names_are_whole),
        cmocka_unit_test(test_newlines_in_names_are_escaped),
        cmocka_unit_test(test_writer_can_stop),
    };
    return cmocka_run_group_tests_name("set, listing", tests, NULL, NULL);
}
