/*
 * test_maps.c - listings: read, joined, compared; and ranges of addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge.h"

static const char *read_maps(const char *text, struct maps *maps) {
    static char said[256];
    struct trouble trouble;
    maps_init(maps);
    if (maps_feed(maps, text, strlen(text), &trouble) && maps_finish(maps, &trouble)) {
        return "";
    }
    snprintf(said, sizeof said, "%u: %s", trouble.line, trouble.text);
    return said;
}

static void test_read(void **state) {
    (void)state;
    struct maps maps;
    assert_string_equal(read_maps("1000-2000 r--p 00000000 fe:00 10   /a b\n"
                                  "2000-3000 r--p 00001000 fe:00 10   /c\n"
                                  "3000-4000 -wxs 00000000 00:00 0 \n"
                                  "4000-5000 ---p 00000000 00:00 0\n"
                                  "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   "
                                  "[vsyscall]\n",
                                  &maps),
                        "");
    assert_int_equal(maps.count, 4); /* the first two are alike */
    assert_int_equal(maps.at[0].end, 0x3000);
    assert_int_equal(maps.at[0].access, MAPS_MAPPED | MAPS_READ);
    assert_int_equal(maps.at[1].access, MAPS_MAPPED | MAPS_WRITE | MAPS_EXEC | MAPS_SHARED);
    assert_int_equal(maps.at[2].access, MAPS_MAPPED);
    maps_free(&maps);
}

static void test_malformed(void **state) {
    (void)state;
    const char *const lines[] = {
        "\n",
        "1000-2000\n",
        "1000 2000 r--p 00000000 fe:00 10\n",
        "1000-2000 r--q 00000000 fe:00 10\n",
        "1000-2000 wr-p 00000000 fe:00 10\n",
        "1000-2000 r-p 00000000 fe:00 10\n",
        "1000-2000 r--p 00000000 fe00 10\n",
        "1000-2000 r--p 00000000 fe:00 x\n",
        "1000-2000 r--p 00000000 fe:00 10x\n",
        "g000-2000 r--p 00000000 fe:00 10\n",
        "11112222333344445-2000 r--p 00000000 fe:00 10\n",
        "2000-2000 r--p 00000000 fe:00 10\n",
        "1000-2000 r--p 00000000 fe:00 10",
        "",
    };
    for (size_t at = 0; at < sizeof lines / sizeof *lines; at++) {
        struct maps maps;
        assert_string_not_equal(read_maps(lines[at], &maps), "");
        maps_free(&maps);
    }
    struct maps maps;
    assert_string_equal(read_maps("1000-3000 r--p 0 00:00 0\n2000-4000 r--p 0 00:00 0\n", &maps),
                        "2: areas must be ascending");
    maps_free(&maps);
}

static void note_difference(void *arg, const struct maps_difference *difference) {
    char *text = arg, left[5], right[5];
    const size_t used = strlen(text);
    snprintf(text + used, 256 - used, "%llx-%llx %s %s\n", (unsigned long long)difference->start,
             (unsigned long long)difference->end, maps_access_text(difference->left, left),
             maps_access_text(difference->right, right));
}

/* Compares within [start, end) twice: as one range, and in pieces of a page. */
static const char *differences(const char *left, const char *right, uint64_t start, uint64_t end) {
    static char text[256];
    struct maps a, b;
    struct ranges where = {0};
    assert_string_equal(read_maps(left, &a), "");
    assert_string_equal(read_maps(right, &b), "");
    assert_true(ranges_add(&where, start, end));
    text[0] = 0;
    const uint64_t found = maps_compare(&a, &b, &where, note_difference, text);
    uint64_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(found, lines);
    ranges_free(&where);
    maps_free(&a);
    maps_free(&b);
    return text;
}

static void test_compare(void **state) {
    (void)state;
    const char *left = "1000-4000 r--p 0 00:00 0\n5000-6000 rw-p 0 00:00 0\n";
    assert_string_equal(differences(left, left, 0, 0x10000), "");
    /* Cut in another way, but the same. */
    assert_string_equal(differences(left,
                                    "1000-2000 r--p 0 00:00 0\n2000-4000 r--p 9 01:00 7 /x\n"
                                    "5000-6000 rw-p 0 00:00 0\n",
                                    0, 0x10000),
                        "");
    const char *right = "2000-3000 r--p 0 00:00 0\n3000-5000 r-xp 0 00:00 0\n"
                        "5000-6000 rw-s 0 00:00 0\n";
    assert_string_equal(differences(left, right, 0, 0x10000), "1000-2000 r--p none\n"
                                                              "3000-4000 r--p r-xp\n"
                                                              "4000-5000 none r-xp\n"
                                                              "5000-6000 rw-p rw-s\n");
    /* Only where it counts. */
    assert_string_equal(differences(left, right, 0x3800, 0x4000), "3800-4000 r--p r-xp\n");
    assert_string_equal(differences(left, right, 0x2000, 0x3000), "");
}

static void test_compare_joins_equal_differences(void **state) {
    (void)state;
    assert_string_equal(differences("1000-9000 r--p 0 00:00 0\n",
                                    "1000-2000 rw-p 0 00:00 0\n2000-3000 rw-s 0 00:00 0\n"
                                    "3000-4000 rw-s 1 00:00 0\n4000-9000 r--p 0 00:00 0\n",
                                    0, 0x10000),
                        "1000-2000 r--p rw-p\n2000-4000 r--p rw-s\n");
}

static void expect_ranges(const struct ranges *ranges, const char *expected) {
    char text[256] = "";
    for (size_t at = 0; at < ranges->count; at++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%u-%u ", (unsigned)ranges->at[at].start,
                 (unsigned)ranges->at[at].end);
    }
    assert_string_equal(text, expected);
}

static void test_ranges(void **state) {
    (void)state;
    struct ranges ranges = {0};
    assert_true(ranges_add(&ranges, 10, 20));
    assert_true(ranges_add(&ranges, 30, 40));
    assert_true(ranges_add(&ranges, 0, 5));
    expect_ranges(&ranges, "0-5 10-20 30-40 ");
    assert_true(ranges_add(&ranges, 20, 30)); /* touches both */
    expect_ranges(&ranges, "0-5 10-40 ");
    assert_true(ranges_add(&ranges, 7, 7));
    assert_true(ranges_remove(&ranges, 15, 35));
    expect_ranges(&ranges, "0-5 10-15 35-40 ");
    assert_true(ranges_remove(&ranges, 0, 12));
    expect_ranges(&ranges, "12-15 35-40 ");
    assert_true(ranges_remove(&ranges, 20, 30));
    assert_true(ranges_contain(&ranges, 12));
    assert_true(ranges_contain(&ranges, 14));
    assert_false(ranges_contain(&ranges, 15));
    assert_false(ranges_contain(&ranges, 11));
    assert_true(ranges_move(&ranges, 10, 10, 100));
    expect_ranges(&ranges, "12-15 35-40 102-105 ");
    assert_true(ranges_move(&ranges, 14, 22, 100)); /* what was there goes */
    expect_ranges(&ranges, "12-15 35-40 100-101 121-122 ");
    ranges_free(&ranges);
}

/* Random changes against one flag per address. */
static void test_ranges_at_random(void **state) {
    (void)state;
    struct ranges ranges = {0};
    bool model[64] = {false};
    uint64_t seed = 1;
    for (unsigned step = 0; step < 20000; step++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint64_t start = seed >> 58, end = seed >> 52 & 63;
        const bool add = (seed >> 40 & 1) != 0;
        if (start > end) {
            const uint64_t swap = start;
            start = end;
            end = swap;
        }
        assert_true(add ? ranges_add(&ranges, start, end) : ranges_remove(&ranges, start, end));
        for (uint64_t at = start; at < end; at++) {
            model[at] = add;
        }
        for (uint64_t at = 0; at < 64; at++) {
            assert_int_equal(ranges_contain(&ranges, at), model[at]);
        }
        for (size_t at = 1; at < ranges.count; at++) {
            assert_true(ranges.at[at - 1].end < ranges.at[at].start);
        }
    }
    ranges_free(&ranges);
}

/* ---- the judge ---------------------------------------------------------------------------- */

static struct findings found(const char *areas, const char *pages) {
    struct findings findings = {0};
    assert_string_equal(read_maps(areas, &findings.areas), "");
    assert_string_equal(read_maps(pages, &findings.pages), "");
    for (size_t at = 0; at < findings.areas.count; at++) {
        assert_true(
            ranges_add(&findings.known, findings.areas.at[at].start, findings.areas.at[at].end));
    }
    return findings;
}

static uint64_t judged(const char *areas, const char *pages, enum machine_kind kind) {
    struct findings findings = found(areas, pages);
    bool complete = false;
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    const uint64_t count = judge(&findings, &findings.areas, kind, "test", nowhere, &complete);
    assert_true(complete);
    fclose(nowhere);
    findings_free(&findings);
    return count;
}

static void test_page_tables_are_judged(void **state) {
    (void)state;
    const char *areas = "1000-3000 rw-s 0 00:00 0\n3000-4000 ---p 0 00:00 0\n"
                        "4000-5000 -w-p 0 00:00 0\n";
    const char *good = "1000-3000 rw-p 0 00:00 0\n4000-5000 rw-p 0 00:00 0\n";
    const char *missing = "1000-2000 rw-p 0 00:00 0\n4000-5000 rw-p 0 00:00 0\n";
    const char *stale = "1000-3000 rw-p 0 00:00 0\n3000-5000 rw-p 0 00:00 0\n";
    const char *outside = "1000-3000 rw-p 0 00:00 0\n4000-6000 rw-p 0 00:00 0\n";
    assert_int_equal(judged(areas, good, MACHINE_EAGER), 0);
    assert_int_equal(judged(areas, missing, MACHINE_EAGER), 1);
    assert_int_equal(judged(areas, missing, MACHINE_LAZY), 0);
    assert_int_equal(judged(areas, stale, MACHINE_EAGER), 1);
    assert_int_equal(judged(areas, stale, MACHINE_LAZY), 1);
    assert_int_equal(judged(areas, outside, MACHINE_LINEAR), 1);
    assert_int_equal(judged(areas, outside, MACHINE_LAZY), 1);
    assert_int_equal(judged(areas, outside, MACHINE_NONE), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_compare_joins_equal_differences),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_ranges_at_random),
        cmocka_unit_test(test_page_tables_are_judged),
    };
    return cmocka_run_group_tests_name("replay, listings", tests, NULL, NULL);
}
