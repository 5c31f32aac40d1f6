/* report.c - a finding as text: the rule, what was seen, and the calls as C. */
#include "kit.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE = 400 };

struct sink {
    mset_conformance_print print;
    void *arg;
};

static void say(const struct sink *sink, const char *text) {
    sink->print(sink->arg, text);
}

static void say_set(const struct sink *sink, const struct kit *kit) {
    char line[LINE];
    (void)snprintf(line, sizeof line,
                   "    mset_create(&(struct mset_options){.page_size = %#" PRIx64 "%s}, &set);\n",
                   kit->trial.model.page_size, kit->shape.merge ? ", .flags = MSET_MERGE" : "");
    say(sink, line);
}

/* Once more, for what is known about each call only while it runs. */
static void say_calls(const struct sink *sink, struct kit *kit, bool again) {
    struct mset_conformance_result ignored = {.sequences = 0};
    struct trial *const trial = &kit->trial;
    const struct call clear = {.kind = CALL_CLEAR};
    bool well = trial_open(trial, &kit->shape, &ignored);
    for (size_t i = 0; i < kit->traced; i++) {
        well = trial_call(trial, &kit->trace[i]);
        call_print(&kit->trace[i], trial->prepared, sink->print, sink->arg);
    }
    (void)trial_close(trial);
    if (well && again) { /* so it was the emptying of the world that failed */
        call_print(&clear, false, sink->print, sink->arg);
        kit->result->counter_calls++;
    }
}

static void say_finding(const struct sink *sink, const struct kit *kit,
                        const struct finding *finding, bool again) {
    char line[LINE];
    (void)snprintf(line, sizeof line, "mset conformance: %s: %s\n", kit->subject->name,
                   mset_conformance_rule_text(finding->rule));
    say(sink, line);
    if (finding->address != 0) {
        (void)snprintf(line, sizeof line, "  at %#" PRIx64 ": ", finding->address);
        say(sink, line);
    } else {
        say(sink, "  ");
    }
    say(sink, finding->detail);
    say(sink, again ? "\n  after the last of these calls:\n\n"
                    : "\n  after the last of these calls, but not when they were made again:\n\n");
}

void kit_report(struct kit *kit, const struct finding *finding, bool again) {
    const struct sink sink = {kit->options.print, kit->options.print_arg};
    char line[LINE];
    if (finding->unusable) {
        (void)snprintf(line, sizeof line, "mset conformance: %s: cannot be judged: %s\n",
                       kit->subject->name, finding->detail);
        say(&sink, line);
        return;
    }
    say_finding(&sink, kit, finding, again);
    say_set(&sink, kit);
    kit->result->counter_calls = (unsigned)kit->traced;
    say_calls(&sink, kit, again);
}
