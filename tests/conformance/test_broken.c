/*
 * test_broken.c - backends and tables with one mistake each are found out, by the name of the rule
 * they violate and with a counter-example that can be read at a glance; those without are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "house.h"
#include "slate.h"

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

static unsigned count_of(const char *text, const char *word) {
    unsigned count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        count++;
    }
    return count;
}

/* The verdict, the name in the text, and how many calls the text has. */
static void check_caught(const char *mistake, const struct mset_conformance_result *result,
                         const struct text *text, enum mset_conformance_rule rule, unsigned calls) {
    print_message("%-40s %-42s %u calls, after %ju sequences\n", mistake, result->rule_text,
                  result->counter_calls, (uintmax_t)result->sequences);
    if (result->rule != rule || result->counter_calls > calls) {
        print_message("%s", text->bytes);
    }
    assert_int_equal(result->verdict, MSET_CONFORMANCE_FAILED);
    assert_int_equal(result->rule, rule);
    assert_string_equal(result->rule_text, mset_conformance_rule_text(rule));
    assert_non_null(strstr(text->bytes, result->rule_text));
    assert_true(result->counter_calls <= calls);
    assert_int_equal(count_of(text->bytes, "world.page_table"), result->counter_calls);
    assert_int_equal(count_of(text->bytes, "mset_create("), 1);
}

/* ---- slates ---------------------------------------------------------------------------------- */

enum kind {
    PLAIN = 0,
    LAZY = 1,
    PREPARES = 2,
    DEVICE = 4,
    DROPS = 8,
    LATE = 16,
    AROUND = 32,
    KINDS = 64
};

static struct slate new_slate(enum slip slip, unsigned kind) {
    return (struct slate){.slip = slip,
                          .lazy = (kind & (LAZY | DEVICE)) != 0,
                          .device = (kind & DEVICE) != 0,
                          .drops = (kind & DROPS) != 0,
                          .late = (kind & LATE) != 0,
                          .around = (kind & AROUND) != 0,
                          .prepares = (kind & PREPARES) != 0};
}

static void slates_without_a_slip_pass(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        const struct mset_conformance_options options = {.effort = 5};
        struct slate slate = new_slate(NO_SLIP, kind);
        struct mset_conformance_backend traits;
        struct mset_conformance_subject subject;
        struct mset_conformance_result result;
        slate_build(&slate, &traits, &subject);
        assert_true(mset_conformance_run(&subject, &options, &result));
        assert_int_equal(result.verdict, MSET_CONFORMANCE_PASSED);
        assert_int_equal(result.rule, MSET_RULE_HOLDS);
        assert_true(result.faults > 50 && result.refusals > 50);
        assert_int_equal(result.stuck > 0, !slate.prepares);
    }
}

static void each_slip_is_found_by_name(void **state) {
    static const struct {
        const char *mistake;
        enum slip slip;
        unsigned kind;
        enum mset_conformance_rule rule;
        unsigned calls;
    } cases[] = {
        {"map forgets the last page", MAP_FORGETS_THE_LAST_PAGE, PLAIN, MSET_RULE_NOT_MAPPED, 1},
        {"unmap forgets the last page", UNMAP_FORGETS_THE_LAST_PAGE, PLAIN, MSET_RULE_STILL_MAPPED,
         2},
        {"unmap hits the neighbour", UNMAP_HITS_THE_NEIGHBOUR, PLAIN, MSET_RULE_NEIGHBOUR, 2},
        {"unmap keeps frames without access", UNMAP_KEEPS_FRAMES_WITHOUT_ACCESS, PLAIN,
         MSET_RULE_LEAK, 3},
        {"unmap refuses many pages", UNMAP_REFUSES_MANY_PAGES, PREPARES, MSET_RULE_REFUSED, 2},
        {"protect only adds", PROTECT_ONLY_ADDS, PLAIN, MSET_RULE_FLAGS, 2},
        {"protect ignores that there is no access", PROTECT_IGNORES_NONE, PLAIN, MSET_RULE_FLAGS,
         2},
        {"protect unmaps what was there", PROTECT_UNMAPS, LAZY, MSET_RULE_NOT_MAPPED, 3},
        {"a failed map leaves pages", FAILED_MAP_LEAVES_PAGES, PLAIN, MSET_RULE_FAILED_CHANGED, 1},
        {"a failed map keeps frames", FAILED_MAP_KEEPS_FRAMES, PLAIN, MSET_RULE_FAILED_KEPT, 1},
        {"a failed protect changes a page", FAILED_PROTECT_CHANGES_THE_FIRST_PAGE, PLAIN,
         MSET_RULE_FAILED_CHANGED, 2},
        {"new frames are not zeroed", NEW_FRAMES_ARE_NOT_ZEROED, PREPARES, MSET_RULE_OLD_CONTENTS,
         3},
        {"move loses the last page", MOVE_LOSES_THE_LAST_PAGE, PLAIN, MSET_RULE_MOVE, 2},
        {"move drops contents", MOVE_DROPS_CONTENTS, PLAIN, MSET_RULE_CONTENTS, 2},
        {"protect drops contents", PROTECT_DROPS_CONTENTS, PLAIN, MSET_RULE_CONTENTS, 2},
        {"no reference for splits", NO_REFERENCE_FOR_SPLITS, PLAIN, MSET_RULE_REFERENCES, 2},
        {"prepare takes too little", PREPARE_TAKES_TOO_LITTLE, PREPARES, MSET_RULE_PREPARED_REFUSED,
         1},
        {"prepare unmaps already", PREPARE_UNMAPS_ALREADY, PREPARES, MSET_RULE_PREPARE_VISIBLE, 2},
        {"abort forgets a reservation", ABORT_FORGETS_A_RESERVATION, PREPARES, MSET_RULE_ABORT_KEPT,
         1},
        {"abort unmaps nevertheless", ABORT_UNMAPS_NEVERTHELESS, PREPARES, MSET_RULE_ABORT_CHANGED,
         2},
        {"fault forgets writes", FAULT_FORGETS_WRITES, LAZY, MSET_RULE_FAULT, 2},
        {"fault allows no writes", FAULT_FORGETS_WRITES, LATE, MSET_RULE_FAULT, 2},
        {"fault takes the area's offset", FAULT_TAKES_THE_OFFSET_OF_THE_AREA, DEVICE,
         MSET_RULE_OFFSET, 2},
        {"fault loses what was dropped", FAULT_LOSES_WHAT_WAS_DROPPED, DROPS, MSET_RULE_CONTENTS,
         4},
        {"a refused undoing unmaps", SECOND_REFUSAL_UNMAPS, PLAIN, MSET_RULE_STUCK, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {.length = 0};
        const struct mset_conformance_options options = {
            .effort = 20, .print = keep, .print_arg = &text};
        struct slate slate = new_slate(cases[i].slip, cases[i].kind);
        struct mset_conformance_backend traits;
        struct mset_conformance_subject subject;
        struct mset_conformance_result result;
        slate_build(&slate, &traits, &subject);
        assert_false(mset_conformance_run(&subject, &options, &result));
        check_caught(cases[i].mistake, &result, &text, cases[i].rule, cases[i].calls);
    }
}

/* ---- page tables ----------------------------------------------------------------------------- */

/* Goes from leaf to leaf and changes the first page of each. */
static int protect_first_pages(void *table, uint64_t va, uint64_t size, uint64_t flags) {
    mset_status status = MSET_OK;
    for (uint64_t at = va; at - va < size && status == MSET_OK;) {
        struct mset_pt_run run = {.leaf_size = MSET_PAGE_SIZE};
        (void)mset_pt_query(table, at, 0, &run);
        status = mset_pt_protect(table, at, MSET_PAGE_SIZE, flags);
        at = (at | (run.leaf_size - 1)) + 1;
    }
    return (int)status;
}

/* A large leaf goes as a whole. */
static int unmap_whole_leaves(void *table, uint64_t va, uint64_t size) {
    struct mset_pt_run run;
    if (mset_pt_query(table, va, 0, &run) == MSET_OK && run.leaf_size > size) {
        return (int)mset_pt_unmap(table, va & ~(run.leaf_size - 1), run.leaf_size, NULL, NULL);
    }
    return (int)mset_pt_unmap(table, va, size, NULL, NULL);
}

/* Page by page, and what is mapped already stays when there is no table for the rest. */
static int map_page_by_page(void *table, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    mset_status status = MSET_OK;
    for (uint64_t done = 0; done < size && status == MSET_OK; done += MSET_PAGE_SIZE) {
        status = mset_pt_map(table, va + done, pa + done, MSET_PAGE_SIZE, flags);
    }
    return (int)status;
}

static void judge_broken_table(const char *mistake, const struct mset_pt_format *format,
                               uint64_t large, const struct mset_conformance_table_ops *ops,
                               enum mset_conformance_rule rule, unsigned calls) {
    const struct mset_pt_config config = {.format = format};
    struct text text = {.length = 0};
    const struct mset_conformance_options options = {
        .effort = 20, .print = keep, .print_arg = &text};
    struct mset_conformance_subject subject;
    struct mset_conformance_table table;
    struct mset_conformance_result result;
    struct house house;
    house_build(&house, &config, large, &subject);
    house_table(&house, &subject, false, &table);
    table.name = "table";
    table.implies_read = format->implies_read;
    table.ops = ops;
    assert_false(mset_conformance_run_table(&table, &options, &result));
    check_caught(mistake, &result, &text, rule, calls);
    house_tear_down(&house);
}

static void broken_tables_are_found_by_name(void **state) {
    const struct mset_pt_format *const arm = &mset_pt_aarch64_4k;
    const uint64_t group = 16 * MSET_PAGE_SIZE;
    struct mset_conformance_table_ops ops = *house_table_ops();
    (void)state;
    ops.prepare = NULL;
    ops.abort = NULL;
    ops.protect = protect_first_pages;
    judge_broken_table("table: protect stops in large leaves", arm, group, &ops, MSET_RULE_FLAGS,
                       2);
    ops.protect = house_table_ops()->protect;
    ops.unmap = unmap_whole_leaves;
    judge_broken_table("table: unmap takes whole leaves", arm, group, &ops, MSET_RULE_NEIGHBOUR, 2);
    ops.unmap = house_table_ops()->unmap;
    ops.map = map_page_by_page;
    judge_broken_table("table: a failed map leaves pages", &mset_pt_x86_64, UINT64_C(2) << 20, &ops,
                       MSET_RULE_FAILED_CHANGED, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slates_without_a_slip_pass),
        cmocka_unit_test(each_slip_is_found_by_name),
        cmocka_unit_test(broken_tables_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
