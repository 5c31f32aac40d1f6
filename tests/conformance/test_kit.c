/*
 * test_kit.c - the kit itself: what its options do, what traits allow, that a run is repeatable,
 * and what is said of subjects that cannot be judged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "slate.h"

struct text {
    char bytes[16384];
    size_t length;
};

static void keep(void *arg, const char *piece) {
    struct text *const text = arg;
    const size_t length = strlen(piece);
    assert_true(text->length + length < sizeof text->bytes);
    memcpy(text->bytes + text->length, piece, length + 1);
    text->length += length;
}

struct stand {
    struct slate slate;
    struct mset_conformance_backend traits[2];
    struct mset_conformance_subject subject;
    struct mset_conformance_result result;
    struct text text;
};

static void stand_open(struct stand *stand, enum slip slip, bool prepares) {
    memset(stand, 0, sizeof *stand);
    stand->slate.slip = slip;
    stand->slate.prepares = prepares;
    slate_build(&stand->slate, &stand->traits[0], &stand->subject);
}

static bool run(struct stand *stand, const struct mset_conformance_options *options) {
    struct mset_conformance_options with_text = *options;
    with_text.effort = options->effort == 0 ? 4 : options->effort;
    with_text.print = keep;
    with_text.print_arg = &stand->text;
    stand->text.length = 0;
    return mset_conformance_run(&stand->subject, &with_text, &stand->result);
}

/* ---- options --------------------------------------------------------------------------------- */

static void a_run_is_repeatable(void **state) {
    struct stand stand;
    struct mset_conformance_options options = {.seed = 5};
    (void)state;
    stand_open(&stand, NO_SLIP, true);
    assert_true(run(&stand, &options));
    const struct mset_conformance_result first = stand.result;
    assert_true(run(&stand, &options));
    assert_int_equal(stand.result.calls, first.calls);
    assert_int_equal(stand.result.faults, first.faults);
    assert_int_equal(stand.result.comparisons, first.comparisons);
    options.seed = 6;
    assert_true(run(&stand, &options));
    assert_int_not_equal(stand.result.calls, first.calls);
    options.effort = 8;
    assert_true(run(&stand, &options));
    assert_true(stand.result.sequences > first.sequences * 3 / 2);
    assert_int_equal(stand.text.length, 0);
}

static void parts_run_alone(void **state) {
    struct stand stand;
    struct mset_conformance_options options = {.parts = MSET_CONFORMANCE_EXHAUSTIVE};
    (void)state;
    stand_open(&stand, FAILED_MAP_KEEPS_FRAMES, false);
    assert_true(run(&stand, &options)); /* without faults nobody notices */
    assert_true(stand.result.exhaustive_length >= 1 && stand.result.faults == 0);
    options.parts = MSET_CONFORMANCE_FAULTS;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.exhaustive_length, 0);
    options.parts = MSET_CONFORMANCE_RANDOM;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_FAILED_KEPT);
    assert_true(stand.result.counter_calls <= 2);
    options.parts = MSET_CONFORMANCE_FAULTS;
    stand_open(&stand, UNMAP_FORGETS_THE_LAST_PAGE, false);
    assert_false(run(&stand, &options)); /* while a state is prepared */
    assert_int_equal(stand.result.rule, MSET_RULE_STILL_MAPPED);
}

static void what_nobody_asks_for_is_left_out(void **state) {
    static const struct {
        enum slip slip;
        unsigned without;
    } cases[] = {{MOVE_DROPS_CONTENTS, MSET_CONFORMANCE_NO_MOVE},
                 {MOVE_LOSES_THE_LAST_PAGE, MSET_CONFORMANCE_NO_MOVE},
                 {ABORT_UNMAPS_NEVERTHELESS, MSET_CONFORMANCE_NO_PLANS}};
    struct stand stand;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mset_conformance_options options = {.without = 0};
        stand_open(&stand, cases[i].slip, true);
        assert_false(run(&stand, &options));
        options.without = cases[i].without | MSET_CONFORMANCE_NO_REPLACE;
        options.parts = MSET_CONFORMANCE_EXHAUSTIVE | MSET_CONFORMANCE_RANDOM;
        assert_true(run(&stand, &options) || cases[i].slip == ABORT_UNMAPS_NEVERTHELESS);
    }
    const struct mset_conformance_options alone = {.without = MSET_CONFORMANCE_NO_PARTNER |
                                                              MSET_CONFORMANCE_NO_PLANS};
    stand_open(&stand, NO_SLIP, true);
    assert_true(run(&stand, &alone));
    assert_int_equal(stand.result.refusals + stand.result.plans, 0);
}

static void results_and_options_may_be_missing(void **state) {
    struct stand stand;
    (void)state;
    stand_open(&stand, UNMAP_FORGETS_THE_LAST_PAGE, false);
    const struct mset_conformance_options options = {.print = keep, .print_arg = &stand.text};
    assert_false(mset_conformance_run(&stand.subject, &options, NULL));
    assert_false(mset_conformance_run(&stand.subject, NULL, &stand.result)); /* to stderr */
    assert_int_equal(stand.result.rule, MSET_RULE_STILL_MAPPED);
}

/* ---- traits ---------------------------------------------------------------------------------- */

static void who_may_refuse_may_refuse(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, UNMAP_REFUSES_MANY_PAGES, false);
    stand.traits[0].may_refuse = true;
    /* Only that everything comes back in the end it cannot get around. */
    stand.subject.flag_count = 1;
    stand.subject.flags = (const uint64_t[]){MSET_READ | MSET_WRITE};
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_LEAK);
}

static void new_pages_may_hold_anything(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, NEW_FRAMES_ARE_NOT_ZEROED, true);
    stand.traits[0].zeroed = false;
    assert_true(run(&stand, &options));
}

static bool at_even_pages(struct mset_backend *backend, const struct mset_area *area, uint64_t at) {
    (void)backend;
    (void)area;
    return at / MSET_PAGE_SIZE % 2 == 0;
}

static void cuts_may_be_refused(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    stand.slate.ops.may_split = at_even_pages;
    assert_true(run(&stand, &options));
    stand_open(&stand, UNMAP_REFUSES_MANY_PAGES, false);
    stand.slate.ops.may_split = at_even_pages;
    assert_false(run(&stand, &options));
}

static void backends_without_move_are_moved(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    for (unsigned prepares = 0; prepares < 2; prepares++) {
        stand_open(&stand, NO_SLIP, prepares != 0);
        stand.slate.ops.move = NULL;
        assert_true(run(&stand, &options));
    }
}

/* Nothing but the three functions that are needed. */
static void little_is_enough(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, UNMAP_KEEPS_FRAMES_WITHOUT_ACCESS, false);
    stand.traits[0].contents = false;
    stand.subject.read = NULL;
    stand.subject.write = NULL;
    stand.subject.fail = NULL;
    stand.subject.requests = NULL;
    stand.subject.in_use = NULL;
    stand.subject.references = NULL;
    stand.subject.settle = NULL;
    stand.subject.large = 0;
    stand.subject.page_size = MSET_PAGE_SIZE;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_LEAK); /* close() says so */
    stand.slate.slip = NO_SLIP;
    assert_true(run(&stand, &options));
    assert_int_equal(stand.result.faults, 0);
}

static void spare_tables_are_judged_at_the_end(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, FAILED_MAP_KEEPS_FRAMES, false);
    stand.subject.keeps_spare = true;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_LEAK);
}

/* ---- rules that need a subject of their own ------------------------------------------------ */

static const char *complain_of_two(void *context) {
    const struct slate *const slate = context;
    return slate->page[4].present && slate->page[5].present ? "two pages are too many" : NULL;
}

static void own_checks_are_heard(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    stand.subject.validate = complain_of_two;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_INVALID);
    assert_string_equal(stand.result.detail, "two pages are too many");
    assert_non_null(strstr(stand.text.bytes, "two pages are too many"));
    assert_true(stand.result.counter_calls <= 2);
}

static bool never_write(void *context, uint64_t address, uint64_t tag) {
    (void)context;
    (void)address;
    (void)tag;
    return false;
}

static bool never_read(void *context, uint64_t address, uint64_t *tag) {
    return never_write(context, address, *tag);
}

static void mapped_pages_have_contents(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    stand.subject.write = never_write;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_CONTENTS);
    stand.subject.read = never_read;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_CONTENTS);
}

static int refuse_fault(struct mset_backend *backend, const struct mset_area *area,
                        uint64_t address, uint64_t access, void *page_table) {
    (void)backend;
    (void)area;
    (void)address;
    (void)access;
    (void)page_table;
    return MSET_NO_MEMORY;
}

static int ignore_fault(struct mset_backend *backend, const struct mset_area *area,
                        uint64_t address, uint64_t access, void *page_table) {
    (void)refuse_fault(backend, area, address, access, page_table);
    return 0;
}

static void what_was_dropped_comes_back(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    stand.slate.drops = true;
    stand.traits[0].drops = true;
    stand.slate.ops.fault = ignore_fault;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_FAULT);
    stand.slate.ops.fault = refuse_fault;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_REFUSED); /* the fault itself */
}

/* Seen by an abort, for which the partner is to blame; so the text names it. */
static void refusals_of_the_partner_are_printed(void **state) {
    const struct mset_conformance_options options = {.without = MSET_CONFORMANCE_NO_PLANS};
    struct stand stand;
    (void)state;
    stand_open(&stand, ABORT_UNMAPS_NEVERTHELESS, true);
    stand.subject.fail = NULL;
    stand.subject.requests = NULL;
    assert_false(run(&stand, &options));
    assert_int_equal(stand.result.rule, MSET_RULE_FAILED_CHANGED);
    assert_non_null(strstr(stand.text.bytes, "    partner.refuse = 1;\n"));
    assert_non_null(strstr(stand.text.bytes, ", &partner.backend, "));
    assert_non_null(strstr(stand.text.bytes, "    partner.refuse = 0;\n"));
    assert_true(stand.result.counter_calls <= 4);
}

/* Every seventh world is not like the others. */
static bool worse_at_times(void *context, struct mset_conformance_world *world) {
    struct slate *const slate = context;
    static unsigned worlds;
    slate->slip = ++worlds % 7 == 0 ? UNMAP_FORGETS_THE_LAST_PAGE : NO_SLIP;
    memset(slate->page, 0, sizeof slate->page);
    memset(slate->used, 0, sizeof slate->used);
    slate->supply = (struct supply){.requests = 0};
    slate->areas = 0;
    slate->settled = 0;
    world->page_table = slate;
    world->backend[0] = &slate->backend;
    return true;
}

static void what_is_not_seen_again_is_told(void **state) {
    const struct mset_conformance_options options = {.seed = 1};
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    stand.subject.open = worse_at_times;
    assert_false(run(&stand, &options));
    assert_non_null(strstr(stand.text.bytes, "not when they were made again"));
}

/* ---- subjects that make no sense ------------------------------------------------------------- */

static bool never_open(void *context, struct mset_conformance_world *world) {
    (void)context;
    (void)world;
    return false;
}

static void expect_unusable(struct stand *stand, const struct mset_conformance_subject *good) {
    const struct mset_conformance_options options = {.seed = 1};
    assert_false(run(stand, &options));
    assert_int_equal(stand->result.verdict, MSET_CONFORMANCE_UNUSABLE);
    assert_true(stand->result.detail[0] != '\0');
    assert_non_null(strstr(stand->text.bytes, stand->result.detail));
    stand->subject = *good;
}

static void nonsense_is_refused(void **state) {
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    const struct mset_conformance_subject good = stand.subject;
    struct mset_conformance_subject *const bad = &stand.subject;
    bad->look = NULL;
    expect_unusable(&stand, &good);
    bad->open = NULL;
    expect_unusable(&stand, &good);
    bad->close = NULL;
    expect_unusable(&stand, &good);
    bad->requests = NULL;
    expect_unusable(&stand, &good);
    bad->read = NULL;
    expect_unusable(&stand, &good);
    bad->read = NULL;
    bad->write = NULL; /* but there are contents */
    expect_unusable(&stand, &good);
    bad->flags = (const uint64_t[]){MSET_READ}; /* none of them */
    expect_unusable(&stand, &good);
}

static void a_bad_universe_is_refused(void **state) {
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    const struct mset_conformance_subject good = stand.subject;
    struct mset_conformance_subject *const bad = &stand.subject;
    bad->pages = 4;
    expect_unusable(&stand, &good);
    bad->pages = (1 << 24) + 1;
    expect_unusable(&stand, &good);
    bad->base += 1;
    expect_unusable(&stand, &good);
    bad->base = UINT64_MAX - 8 * MSET_PAGE_SIZE + 1;
    expect_unusable(&stand, &good);
    bad->page_size = 3 * MSET_PAGE_SIZE;
    expect_unusable(&stand, &good);
    bad->large = MSET_PAGE_SIZE + 1;
    expect_unusable(&stand, &good);
}

static void bad_backends_are_refused(void **state) {
    struct stand stand;
    (void)state;
    stand_open(&stand, NO_SLIP, false);
    const struct mset_conformance_subject good = stand.subject;
    struct mset_conformance_subject *const bad = &stand.subject;
    bad->backend_count = 0;
    expect_unusable(&stand, &good);
    bad->backends = NULL;
    expect_unusable(&stand, &good);
    bad->backend_count = MSET_CONFORMANCE_BACKENDS + 1;
    expect_unusable(&stand, &good);
    bad->backend_count = 2; /* open() makes one */
    expect_unusable(&stand, &good);
    bad->open = never_open;
    expect_unusable(&stand, &good);
    stand.traits[0].offset_room = (SLATE_PAGES - 1) * MSET_PAGE_SIZE;
    expect_unusable(&stand, &good);
    stand.traits[0].offset_room = SLATE_PAGES * MSET_PAGE_SIZE; /* just enough */
    const struct mset_conformance_options options = {.seed = 1};
    assert_true(run(&stand, &options));
}

static void every_rule_has_a_name(void **state) {
    (void)state;
    for (int i = 0; i < MSET_RULES; i++) {
        assert_string_not_equal(mset_conformance_rule_text((enum mset_conformance_rule)i), "");
    }
    assert_string_equal(mset_conformance_rule_text(MSET_RULES), "unknown rule");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_repeatable),
        cmocka_unit_test(parts_run_alone),
        cmocka_unit_test(what_nobody_asks_for_is_left_out),
        cmocka_unit_test(results_and_options_may_be_missing),
        cmocka_unit_test(who_may_refuse_may_refuse),
        cmocka_unit_test(new_pages_may_hold_anything),
        cmocka_unit_test(cuts_may_be_refused),
        cmocka_unit_test(backends_without_move_are_moved),
        cmocka_unit_test(little_is_enough),
        cmocka_unit_test(spare_tables_are_judged_at_the_end),
        cmocka_unit_test(own_checks_are_heard),
        cmocka_unit_test(mapped_pages_have_contents),
        cmocka_unit_test(what_was_dropped_comes_back),
        cmocka_unit_test(refusals_of_the_partner_are_printed),
        cmocka_unit_test(what_is_not_seen_again_is_told),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_bad_universe_is_refused),
        cmocka_unit_test(bad_backends_are_refused),
        cmocka_unit_test(every_rule_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
