/*
 * main.c - mset-replay: one trace after the other, read, replayed, judged and reported.
 *
 * A trace that fails does not stop the others; the worst exit status wins.
 */
#include <stdlib.h>

#include "array.h"
#include "input.h"
#include "judge.h"
#include "options.h"
#include "report.h"
#include "timing.h"

enum { EXIT_FINE = 0, EXIT_DIFFERS = 1, EXIT_BROKEN = 2 };

struct session {
    struct options options;
    struct row *rows;
    size_t count, capacity;
    struct progress progress;
};

/* What is known of one trace while it is worked on. */
struct work {
    const char *path;
    char *name;      /* without folders and endings */
    char *maps_path; /* the listing beside it */
    struct program program;
    struct machine machine;
    struct findings findings;
    struct maps kernel;
    struct row row;
};

/* ---- names -------------------------------------------------------------------------------- */

static size_t without_ending(const char *path, size_t length, const char *ending) {
    const size_t size = strlen(ending);
    const bool has = length > size && memcmp(path + length - size, ending, size) == 0;
    return has ? length - size : length;
}

static char *joined(const char *path, size_t length, const char *ending) {
    const size_t size = strlen(ending) + 1;
    char *name = malloc(length + size);
    if (name != NULL) {
        memcpy(name, path, length);
        memcpy(name + length, ending, size);
    }
    return name;
}

/* dir/NAME.strace.xz: NAME, and dir/NAME.maps */
static bool make_names(struct work *work, struct trouble *trouble) {
    const char *path = work->path;
    size_t length = without_ending(path, strlen(path), ".xz");
    length = without_ending(path, length, ".strace");
    const char *slash = strrchr(path, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    length = length < folder ? folder : length;
    work->maps_path = joined(path, length, ".maps");
    work->name = joined(path + folder, length - folder, "");
    return (work->maps_path != NULL && work->name != NULL) || trouble_no_memory(trouble, 0);
}

/* ---- reading ------------------------------------------------------------------------------ */

static bool feed_trace(void *arg, const char *bytes, size_t size, struct trouble *trouble) {
    return trace_feed(arg, bytes, size, trouble);
}

static bool read_program(struct work *work, struct trouble *trouble) {
    struct trace trace;
    trace_init(&trace);
    const bool done = input_read(work->path, feed_trace, &trace, trouble) &&
                      trace_finish(&trace, trouble) &&
                      program_make(&trace, &work->program, trouble);
    work->row.skipped = trace.skipped;
    trace_free(&trace);
    return done;
}

static bool feed_maps(void *arg, const char *bytes, size_t size, struct trouble *trouble) {
    return maps_feed(arg, bytes, size, trouble);
}

static bool read_maps(struct work *work, struct trouble *trouble) {
    return input_read(work->maps_path, feed_maps, &work->kernel, trouble) &&
           maps_finish(&work->kernel, trouble);
}

/* ---- steps of the work on one trace ------------------------------------------------------- */

static bool replay(struct work *work, const struct options *options, struct trouble *trouble) {
    const enum machine_kind kind = options->machine;
    const mset_status status = machine_create(&work->machine, kind, options->format);
    if (status != MSET_OK) {
        return trouble_set(trouble, 0, "cannot make the machine: %s", mset_status_text(status));
    }
    const struct findings *found = &work->findings;
    struct row *row = &work->row;
    if (!replay_run(&work->program, &work->machine, &work->findings, trouble)) {
        return false;
    }
    row->calls = work->program.calls;
    row->peak_areas = found->peak_areas;
    row->splits = found->splits;
    row->merges = found->merges;
    row->has_pages = kind != MACHINE_NONE;
    row->tables = found->peak_tables;
    memcpy(row->leaves, found->peak_leaves, sizeof row->leaves);
    if (found->peak_areas != 0) {
        row->bytes_per_area = (double)found->peak_bytes / (double)found->peak_areas;
    }
    return true;
}

static bool check(struct work *work, enum machine_kind kind, struct trouble *trouble) {
    bool complete;
    work->row.differ = judge(&work->findings, &work->kernel, kind, work->name, stderr, &complete);
    work->row.has_differ = true;
    return complete || trouble_no_memory(trouble, 0);
}

static bool measure(struct session *session, struct work *work, struct trouble *trouble) {
    double ns;
    if (!timing_replay(&work->program, &work->machine, work->name, &session->progress, &ns,
                       trouble)) {
        return false;
    }
    work->row.ns_per_call = work->row.calls == 0 ? 0 : ns / (double)work->row.calls;
    return true;
}

static bool keep_row(struct session *session, struct work *work, struct trouble *trouble) {
    struct row *rows =
        array_reserve(session->rows, &session->capacity, session->count + 1, sizeof *rows);
    if (rows == NULL) {
        return trouble_no_memory(trouble, 0);
    }
    session->rows = rows;
    work->row.name = work->name;
    work->name = NULL;
    rows[session->count++] = work->row;
    return true;
}

/* ---- output ------------------------------------------------------------------------------- */

/* PERM does not tell private from shared, so areas that differ in that only become one. */
static bool print_areas(const struct session *session, const struct work *work) {
    struct maps merged = {0};
    char text[5];
    bool complete = true;
    for (size_t at = 0; complete && at < work->findings.areas.count; at++) {
        struct maps_area area = work->findings.areas.at[at];
        area.access &= ~MAPS_SHARED;
        complete = maps_append(&merged, area);
    }
    if (complete && session->options.count > 1) {
        printf("%s:\n", work->name);
    }
    for (size_t at = 0; complete && at < merged.count; at++) {
        const struct maps_area *area = &merged.at[at];
        printf("%llx-%llx %.3s\n", (unsigned long long)area->start, (unsigned long long)area->end,
               maps_access_text(area->access, text));
    }
    maps_free(&merged);
    return complete;
}

/* As grep does: the name only where there could be doubt. */
static void print_difference(const struct session *session, const struct work *work) {
    if (session->options.count > 1) {
        printf("%s: ", work->name);
    }
    printf("differ %llu\n", (unsigned long long)work->row.differ);
}

/* ---- one trace, all traces ---------------------------------------------------------------- */

static bool wants_report(const struct options *options) {
    return options->json || (!options->check && !options->dump);
}

static bool work_on(struct session *session, struct work *work, const char **culprit,
                    struct trouble *trouble) {
    const struct options *options = &session->options;
    if (!make_names(work, trouble) || !read_program(work, trouble)) {
        return false;
    }
    if (options->check && !work->program.has_maps_read) {
        return trouble_set(trouble, 0, "never opens /proc/self/maps: nothing to compare");
    }
    if (options->check && !read_maps(work, trouble)) {
        *culprit = work->maps_path;
        return false;
    }
    if (!replay(work, options, trouble) ||
        (options->check && !check(work, options->machine, trouble)) ||
        (wants_report(options) && !measure(session, work, trouble))) {
        return false;
    }
    if (options->dump && !print_areas(session, work)) {
        return trouble_no_memory(trouble, 0);
    }
    if (options->check && !options->json) {
        print_difference(session, work);
    }
    return !wants_report(options) || keep_row(session, work, trouble);
}

static int run_trace(struct session *session, const char *path) {
    struct work work = {.path = path};
    struct trouble trouble = {0};
    const char *culprit = path;
    maps_init(&work.kernel);
    const bool done = work_on(session, &work, &culprit, &trouble);
    progress_clear(&session->progress);
    if (!done) {
        fflush(stdout);
        trouble_print(&trouble, culprit, stderr);
    }
    const bool differs = work.row.has_differ && work.row.differ != 0;
    findings_free(&work.findings);
    machine_destroy(&work.machine);
    program_free(&work.program);
    maps_free(&work.kernel);
    free(work.maps_path);
    free(work.name);
    if (!done) {
        return EXIT_BROKEN;
    }
    return differs ? EXIT_DIFFERS : EXIT_FINE;
}

static void print_report(const struct session *session) {
    if (session->options.json) {
        report_json(session->rows, session->count, &session->options, stdout);
    } else if (wants_report(&session->options) && session->count != 0) {
        report_table(session->rows, session->count, &session->options, stdout);
    }
}

static int run_session(struct session *session) {
    int worst = EXIT_FINE;
    progress_start(&session->progress);
    for (int at = 0; at < session->options.count; at++) {
        const int result = run_trace(session, session->options.paths[at]);
        worst = result > worst ? result : worst;
    }
    print_report(session);
    for (size_t at = 0; at < session->count; at++) {
        free(session->rows[at].name);
    }
    free(session->rows);
    return worst;
}

int main(int argc, char **argv) {
    struct session session = {0};
    if (!options_parse(argc, argv, &session.options)) {
        return EXIT_BROKEN;
    }
    if (session.options.help) {
        options_help(stdout);
    }
    const int result = session.options.help ? EXIT_FINE : run_session(&session);
    if (fflush(stdout) != 0) {
        fputs("mset-replay: cannot write the output\n", stderr);
        return EXIT_BROKEN;
    }
    return result;
}
