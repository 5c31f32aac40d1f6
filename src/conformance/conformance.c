/* conformance.c - a run from beginning to end. */
#include "kit.h"

#include <stdio.h>
#include <string.h>

enum { FEWEST_PAGES = 5, MOST_PAGES = 1 << 24 };

static void print_to_stderr(void *arg, const char *text) {
    (void)arg;
    (void)fputs(text, stderr);
}

/* ---- does the subject make sense? ------------------------------------------------------------ */

static bool pairs(const struct mset_conformance_subject *subject) {
    return (subject->write == NULL) == (subject->read == NULL) &&
           (subject->fail == NULL) == (subject->requests == NULL);
}

static const char *complaint_about_backends(const struct mset_conformance_subject *subject) {
    const uint64_t page = subject->page_size == 0 ? MSET_PAGE_SIZE : subject->page_size;
    for (size_t i = 0; i < subject->backend_count; i++) {
        const struct mset_conformance_backend *const traits = &subject->backends[i];
        if (traits->offset_room != 0 && traits->offset_room < subject->pages * page) {
            return "offset_room is less than the universe";
        }
        if (traits->contents && subject->read == NULL) {
            return "a backend has contents, but there is no read and write";
        }
    }
    return NULL;
}

static const char *complaint_about(const struct mset_conformance_subject *subject) {
    const uint64_t page = subject->page_size == 0 ? MSET_PAGE_SIZE : subject->page_size;
    if (subject->open == NULL || subject->close == NULL || subject->look == NULL) {
        return "open, close and look are needed";
    }
    if (!pairs(subject)) {
        return "write and read, fail and requests come together";
    }
    if ((page & (page - 1)) != 0 || subject->base % page != 0 || subject->large % page != 0) {
        return "the page size is no power of two, or base or large no multiple of it";
    }
    if (subject->pages < FEWEST_PAGES || subject->pages > MOST_PAGES ||
        subject->base > UINT64_MAX - subject->pages * page) {
        return "the universe has not 5 to 2^24 pages, or does not end below 2^64";
    }
    if (subject->backends == NULL || subject->backend_count == 0 ||
        subject->backend_count > MSET_CONFORMANCE_BACKENDS) {
        return "there are no backends, or too many";
    }
    if (subject->flags != NULL && subject->flag_count == 0) {
        return "there are flags, but none of them";
    }
    return complaint_about_backends(subject);
}

/* ---- the run --------------------------------------------------------------------------------- */

static void set_options(struct kit *kit, const struct mset_conformance_options *options) {
    static const uint64_t usual_flags[] = {MSET_READ | MSET_WRITE, MSET_READ, 0,
                                           MSET_READ | MSET_EXEC};
    const struct mset_conformance_subject *const subject = kit->subject;
    if (options != NULL) {
        kit->options = *options;
    }
    kit->options.effort = kit->options.effort == 0 ? 100 : kit->options.effort;
    kit->options.parts = kit->options.parts == 0 ? ~0u : kit->options.parts;
    if (kit->options.print == NULL) {
        kit->options.print = print_to_stderr;
    }
    kit->flags = subject->flags == NULL ? usual_flags : subject->flags;
    kit->flag_count =
        subject->flags == NULL ? sizeof usual_flags / sizeof *usual_flags : subject->flag_count;
}

static bool run_parts(struct kit *kit) {
    const unsigned parts = kit->options.parts;
    return ((parts & MSET_CONFORMANCE_EXHAUSTIVE) == 0 || kit_exhaustive(kit)) &&
           ((parts & MSET_CONFORMANCE_FAULTS) == 0 || kit_faults(kit)) &&
           ((parts & MSET_CONFORMANCE_RANDOM) == 0 || kit_random(kit));
}

static void conclude(struct kit *kit, struct finding *finding) {
    struct mset_conformance_result *const result = kit->result;
    const bool again = !finding->unusable && kit_shrink(kit, finding);
    result->verdict = finding->unusable ? MSET_CONFORMANCE_UNUSABLE : MSET_CONFORMANCE_FAILED;
    result->rule = finding->rule;
    result->rule_text = mset_conformance_rule_text(finding->rule);
    result->address = finding->address;
    (void)snprintf(result->detail, sizeof result->detail, "%s", finding->detail);
    kit_report(kit, finding, again);
}

static void run(struct kit *kit) {
    struct finding finding = {.unusable = true};
    const char *const complaint = complaint_about(kit->subject);
    if (complaint != NULL) {
        (void)snprintf(finding.detail, sizeof finding.detail, "%s", complaint);
        conclude(kit, &finding);
    } else if (!trial_init(&kit->trial, kit->subject)) { /* unreachable: see there */
        (void)snprintf(finding.detail, sizeof finding.detail, "no memory");
        conclude(kit, &finding);
    } else if (!run_parts(kit)) {
        finding = kit->trial.finding;
        conclude(kit, &finding);
    }
    trial_free(&kit->trial);
}

bool mset_conformance_run(const struct mset_conformance_subject *subject,
                          const struct mset_conformance_options *options,
                          struct mset_conformance_result *result) {
    struct mset_conformance_result own = {.sequences = 0};
    struct mset_conformance_result *const to = result == NULL ? &own : result;
    struct kit kit = {.subject = subject, .result = to};
    *to =
        (struct mset_conformance_result){.verdict = MSET_CONFORMANCE_PASSED,
                                         .rule_text = mset_conformance_rule_text(MSET_RULE_HOLDS)};
    set_options(&kit, options);
    run(&kit);
    return to->verdict == MSET_CONFORMANCE_PASSED;
}
