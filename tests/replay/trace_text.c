/*
 * trace_text.c - traces written down in tests: read, replayed, and shown as text.
 */
#include "trace_text.h"

#include <stdlib.h>

static char shown[1 << 16];

/* Made once: the books about 1 TiB of frames take their time. Runs give everything back. */
static struct machine machines[MACHINE_LAZY + 1];
static bool made[MACHINE_LAZY + 1];

static void destroy_machines(void) {
    for (size_t at = 0; at < sizeof made / sizeof *made; at++) {
        if (made[at]) {
            machine_destroy(&machines[at]);
        }
    }
}

static struct machine *machine_of(enum machine_kind kind) {
    static bool registered;
    if (!registered) {
        registered = atexit(destroy_machines) == 0;
    }
    if (!made[kind]) {
        made[kind] = machine_create(&machines[kind], kind, &mset_pt_x86_64) == MSET_OK;
    }
    return made[kind] ? &machines[kind] : NULL;
}

bool text_to_program(const char *text, struct program *program, struct trouble *trouble) {
    struct trace trace;
    trace_init(&trace);
    *trouble = (struct trouble){0};
    const bool done = trace_feed(&trace, text, strlen(text), trouble) &&
                      trace_finish(&trace, trouble) && program_make(&trace, program, trouble);
    trace_free(&trace);
    return done;
}

static const char *show_trouble(const struct trouble *trouble) {
    snprintf(shown, sizeof shown, "%u: %s", trouble->line, trouble->text);
    return shown;
}

const char *text_trouble(const char *text) {
    struct program program;
    struct trouble trouble;
    if (!text_to_program(text, &program, &trouble)) {
        return show_trouble(&trouble);
    }
    program_free(&program);
    return "";
}

static void show_areas(const struct maps *areas) {
    size_t used = 0;
    char access[5];
    shown[0] = 0;
    for (size_t at = 0; at < areas->count && used < sizeof shown - 64; at++) {
        used += (size_t)snprintf(shown + used, sizeof shown - used, "%llx-%llx %s\n",
                                 (unsigned long long)areas->at[at].start,
                                 (unsigned long long)areas->at[at].end,
                                 maps_access_text(areas->at[at].access, access));
    }
}

static void show_known(const struct ranges *known) {
    size_t used = 0;
    shown[0] = 0;
    for (size_t at = 0; at < known->count && used < sizeof shown - 64; at++) {
        used += (size_t)snprintf(shown + used, sizeof shown - used, "%llx-%llx\n",
                                 (unsigned long long)known->at[at].start,
                                 (unsigned long long)known->at[at].end);
    }
}

static const char *replay_text(const char *text, enum machine_kind kind, bool known) {
    struct program program;
    struct trouble trouble;
    struct findings findings = {0};
    if (!text_to_program(text, &program, &trouble)) {
        return show_trouble(&trouble);
    }
    struct machine *machine = machine_of(kind);
    if (machine == NULL) {
        program_free(&program);
        return "no machine";
    }
    if (!replay_run(&program, machine, &findings, &trouble)) {
        show_trouble(&trouble);
    } else if (known) {
        show_known(&findings.known);
    } else {
        show_areas(&findings.areas);
    }
    findings_free(&findings);
    program_free(&program);
    return shown;
}

const char *text_to_areas(const char *text, enum machine_kind kind) {
    return replay_text(text, kind, false);
}

const char *text_to_known(const char *text) {
    return replay_text(text, MACHINE_NONE, true);
}
