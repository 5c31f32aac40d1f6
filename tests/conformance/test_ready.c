/*
 * test_ready.c - the ready backends, alone and together, over page tables of several formats, and
 * these tables without a backend, go through the kit.
 *
 * Argument: percent of the usual effort.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "house.h"
#include "support/scale.h"

static unsigned effort = 100;

#define KIB UINT64_C(0x400)
#define MIB UINT64_C(0x100000)

/* The larger leaf: of 512 pages, or a contiguous group of 16. */
static const struct site {
    const struct mset_pt_format *format;
    uint64_t leaf_sizes; /* 0: the usual */
    uint64_t large;
} x86 = {&mset_pt_x86_64, 0, 2 * MIB}, sv39 = {&mset_pt_sv39, 0x40211000, 64 * KIB},
  arm = {&mset_pt_aarch64_4k, 0, 64 * KIB}, arm_large = {&mset_pt_aarch64_4k, 0, 2 * MIB},
  arm_16k = {&mset_pt_aarch64_16k, 0, 2 * MIB};

static void show(const char *name, const struct mset_conformance_result *r) {
    print_message("%-28s %8ju sequences, to length %u; %9ju calls, %8ju faults, %7ju refusals, "
                  "%8ju plans, %9ju comparisons\n",
                  name, (uintmax_t)r->sequences, r->exhaustive_length, (uintmax_t)r->calls,
                  (uintmax_t)r->faults, (uintmax_t)r->refusals, (uintmax_t)r->plans,
                  (uintmax_t)r->comparisons);
    print_message("sequences compared: %ju\nfaults injected: %ju\n", (uintmax_t)r->sequences,
                  (uintmax_t)r->faults);
}

static bool judge(const struct mset_conformance_subject *subject) {
    const struct mset_conformance_options options = {.effort = effort};
    struct mset_conformance_result result;
    const bool passed = mset_conformance_run(subject, &options, &result);
    show(subject->name, &result);
    return passed && result.sequences > 0 && result.faults > 0 && result.plans > 0;
}

static void judge_backends(const struct site *site, unsigned backends, const char *what) {
    const struct mset_pt_config config = {.format = site->format, .leaf_sizes = site->leaf_sizes};
    struct mset_conformance_subject subject;
    struct house house;
    char name[64];
    house_build(&house, &config, site->large, &subject);
    (void)snprintf(name, sizeof name, "%s, %s, %ju pages", what, site->format->name,
                   (uintmax_t)subject.pages);
    subject.name = name;
    for (unsigned i = 0; i < HOUSE_BACKENDS; i++) {
        if ((backends >> i & 1) != 0) {
            house_invite(&house, &subject, (enum house_backend)i);
        }
    }
    const bool passed = judge(&subject);
    house_tear_down(&house);
    assert_true(passed);
}

static void judge_sites(unsigned backends, const char *what) {
    judge_backends(&x86, backends, what);
    judge_backends(&arm, backends, what);
    judge_backends(&sv39, backends, what);
}

static void linear_conforms(void **state) {
    (void)state;
    judge_sites(1u << HOUSE_LINEAR, "linear");
}

static void eager_conforms(void **state) {
    (void)state;
    judge_sites(1u << HOUSE_EAGER, "eager");
}

static void lazy_conforms(void **state) {
    (void)state;
    judge_sites(1u << HOUSE_LAZY, "lazy");
}

static void cow_conforms(void **state) {
    (void)state;
    judge_sites(1u << HOUSE_COW, "cow");
}

static void shared_cow_conforms(void **state) {
    (void)state;
    judge_sites(1u << HOUSE_COW_SHARED, "cow, shared");
}

static void all_together_conform(void **state) {
    (void)state;
    judge_backends(&x86, 7, "all");
    judge_backends(&arm_large, 7, "all");
    judge_backends(&arm_16k, 7, "all");
    judge_backends(&x86, 1u << HOUSE_LINEAR | 1u << HOUSE_EAGER | 1u << HOUSE_COW_SHARED,
                   "with cow");
}

static void judge_table(const struct site *site, bool prepare) {
    const struct mset_pt_config config = {.format = site->format, .leaf_sizes = site->leaf_sizes};
    const struct mset_conformance_options options = {.effort = effort};
    struct mset_conformance_subject subject;
    struct mset_conformance_result result;
    struct mset_conformance_table table;
    struct house house;
    char name[64];
    house_build(&house, &config, site->large, &subject);
    (void)snprintf(name, sizeof name, "table %s%s", site->format->name,
                   prepare ? ", prepares" : "");
    subject.name = name;
    house_table(&house, &subject, prepare, &table);
    table.implies_read = site->format->implies_read;
    const bool passed = mset_conformance_run_table(&table, &options, &result);
    show(name, &result);
    house_tear_down(&house);
    assert_true(passed);
}

static void page_tables_conform(void **state) {
    (void)state;
    judge_table(&x86, false);
    judge_table(&x86, true);
    judge_table(&arm, false);
    judge_table(&arm, true);
    judge_table(&sv39, true);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_conforms),     cmocka_unit_test(eager_conforms),
        cmocka_unit_test(lazy_conforms),       cmocka_unit_test(cow_conforms),
        cmocka_unit_test(shared_cow_conforms), cmocka_unit_test(all_together_conform),
        cmocka_unit_test(page_tables_conform),
    };
    if (argc > 1) {
        effort = (unsigned)strtoul(argv[1], NULL, 10);
    }
    effort = (unsigned)(effort * test_scale() / 100);
    effort = effort == 0 ? 1 : effort;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
