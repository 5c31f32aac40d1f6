/*
 * test_table.c - page tables without a backend, with as little of an interface as there may be: an
 * array, in which some bits of the flags are wrong where a test wants it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mset/conformance.h>

enum { PAGES = 40 };

static const uint64_t base = UINT64_C(0x7f0000000000), page_size = 0x10000;

struct strip {
    struct mset_conformance_page page[PAGES];
    uint64_t lost;       /* bits of flags that do not arrive */
    uint64_t wrong_from; /* size from which on maps go to a wrong place */
};

struct text {
    char bytes[8192];
    size_t length;
};

static void keep(void *arg, const char *piece) {
    struct text *const text = arg;
    const size_t length = strlen(piece);
    assert_true(text->length + length < sizeof text->bytes);
    memcpy(text->bytes + text->length, piece, length + 1);
    text->length += length;
}

static size_t at(uint64_t va) {
    assert_int_equal(va % page_size, 0);
    assert_true(va >= base && (va - base) / page_size <= PAGES);
    return (size_t)((va - base) / page_size);
}

static int strip_map(void *table, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    struct strip *const strip = table;
    for (uint64_t done = 0; done < size; done += page_size) {
        const uint64_t to = size >= strip->wrong_from ? pa : pa + done;
        strip->page[at(va + done)] = (struct mset_conformance_page){true, flags & ~strip->lost, to};
    }
    return 0;
}

static int strip_unmap(void *table, uint64_t va, uint64_t size) {
    struct strip *const strip = table;
    for (size_t i = at(va); i < at(va + size); i++) {
        strip->page[i].mapped = false;
    }
    return 0;
}

static int strip_protect(void *table, uint64_t va, uint64_t size, uint64_t flags) {
    struct strip *const strip = table;
    for (size_t i = at(va); i < at(va + size); i++) {
        strip->page[i].flags = flags & ~strip->lost;
    }
    return 0;
}

static void strip_query(const void *table, uint64_t va, struct mset_conformance_page *page) {
    const struct strip *const strip = table;
    *page = strip->page[at(va)];
}

static void *strip_open(void *context) {
    struct strip *const strip = context;
    memset(strip->page, 0, sizeof strip->page);
    return strip;
}

static uint64_t strip_close(void *context) {
    (void)context;
    return 0;
}

static void *never_open(void *context) {
    (void)context;
    return NULL;
}

static const struct mset_conformance_table_ops ops = {
    .map = strip_map, .unmap = strip_unmap, .protect = strip_protect, .query = strip_query};

static struct mset_conformance_table table_of(struct strip *strip) {
    *strip = (struct strip){.wrong_from = UINT64_MAX};
    return (struct mset_conformance_table){.name = "strip",
                                           .context = strip,
                                           .base = base,
                                           .page_size = page_size,
                                           .pages = PAGES,
                                           .large = 8 * page_size,
                                           .pa = 0x40000000,
                                           .ops = &ops,
                                           .open = strip_open,
                                           .close = strip_close};
}

static bool run(const struct mset_conformance_table *table, struct mset_conformance_result *result,
                struct text *text) {
    const struct mset_conformance_options options = {.effort = 5, .print = keep, .print_arg = text};
    text->length = 0;
    return mset_conformance_run_table(table, &options, result);
}

static void four_functions_are_enough(void **state) {
    struct strip strip;
    struct text text;
    struct mset_conformance_result result;
    const struct mset_conformance_table table = table_of(&strip);
    (void)state;
    assert_true(run(&table, &result, &text));
    assert_true(result.calls > 1000 && result.faults == 0 && result.plans > 0);
}

/* From a few pages, with nothing large, to physical addresses that are just enough. */
static void universes_of_any_shape(void **state) {
    static const struct {
        uint64_t pages, large, pa_room;
    } shapes[] = {{5, 0, 5}, {5, 1, 0},   {5, 4, 0},    {6, 2, 6},
                  {8, 4, 0}, {12, 4, 13}, {13, 16, 20}, {40, 64, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct strip strip;
        struct text text;
        struct mset_conformance_result result;
        struct mset_conformance_table table = table_of(&strip);
        table.pages = shapes[i].pages;
        table.large = shapes[i].large * page_size;
        table.pa_room = shapes[i].pa_room * page_size;
        assert_true(run(&table, &result, &text));
    }
}

static void flags_of_ones_own(void **state) {
    static const uint64_t flags[] = {MSET_READ | MSET_USER | MSET_GLOBAL | MSET_SOFT_0,
                                     MSET_READ | MSET_WRITE | MSET_EXEC | MSET_SHARED,
                                     MSET_READ | MSET_UNCACHED};
    struct strip strip;
    struct text text;
    struct mset_conformance_result result;
    struct mset_conformance_table table = table_of(&strip);
    (void)state;
    table.flags = flags;
    table.flag_count = 3;
    table.flags_shown = MSET_ACCESS | MSET_USER;
    assert_true(run(&table, &result, &text));
    strip.lost = MSET_GLOBAL; /* not shown */
    assert_true(run(&table, &result, &text));
    strip.lost = MSET_USER;
    assert_false(run(&table, &result, &text));
    assert_int_equal(result.rule, MSET_RULE_FLAGS);
    assert_non_null(
        strstr(text.bytes, "MSET_READ | MSET_USER | MSET_GLOBAL | MSET_SOFT_0, world.backend[0]"));
    strip.lost = MSET_EXEC;
    table.flags = &flags[1];
    table.flag_count = 2;
    assert_false(run(&table, &result, &text));
    assert_non_null(strstr(text.bytes, "MSET_READ | MSET_WRITE | MSET_EXEC | MSET_SHARED,"));
    strip.lost = MSET_READ;
    table.flags = &flags[2];
    table.flag_count = 1;
    assert_false(run(&table, &result, &text));
    assert_non_null(strstr(text.bytes, "MSET_READ | 0x200,"));
    assert_int_equal(result.counter_calls, 1);
}

/* Pages in which reading comes with writing. */
static void implied_reading(void **state) {
    static const uint64_t flags[] = {MSET_WRITE, MSET_READ};
    struct strip strip;
    struct text text;
    struct mset_conformance_result result;
    struct mset_conformance_table table = table_of(&strip);
    (void)state;
    table.flags = flags;
    table.flag_count = 2;
    assert_true(run(&table, &result, &text));
    table.implies_read = MSET_WRITE;
    assert_false(run(&table, &result, &text));
    assert_int_equal(result.rule, MSET_RULE_FLAGS);
}

static void places_are_compared(void **state) {
    struct strip strip;
    struct text text;
    struct mset_conformance_result result;
    const struct mset_conformance_table table = table_of(&strip);
    (void)state;
    strip.wrong_from = 3 * page_size;
    assert_false(run(&table, &result, &text));
    assert_int_equal(result.rule, MSET_RULE_OFFSET);
    assert_int_equal(result.counter_calls, 1);
    assert_non_null(strstr(text.bytes, "place 0x4"));
}

static void nonsense_is_refused(void **state) {
    struct strip strip;
    struct text text;
    struct mset_conformance_result result;
    struct mset_conformance_table table = table_of(&strip);
    (void)state;
    table.open = never_open;
    assert_false(run(&table, &result, &text));
    assert_int_equal(result.verdict, MSET_CONFORMANCE_UNUSABLE);
    table.open = NULL;
    assert_false(run(&table, &result, &text));
    assert_int_equal(result.verdict, MSET_CONFORMANCE_UNUSABLE);
    table = table_of(&strip);
    table.close = NULL;
    assert_false(run(&table, &result, &text));
    assert_int_equal(result.verdict, MSET_CONFORMANCE_UNUSABLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_functions_are_enough), cmocka_unit_test(universes_of_any_shape),
        cmocka_unit_test(flags_of_ones_own),         cmocka_unit_test(implied_reading),
        cmocka_unit_test(places_are_compared),       cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
