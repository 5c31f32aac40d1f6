/*
 * report.h - the table and the JSON of a run.
 */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

#include "options.h"
#include "replay.h"

struct row {
    char *name; /* of the trace; malloc */
    uint64_t calls;
    uint64_t skipped;
    uint64_t peak_areas, splits, merges;
    double ns_per_call;
    double bytes_per_area;
    bool has_pages; /* with a page-table backend */
    uint64_t tables, leaves[3];
    bool has_differ;
    uint64_t differ;
};

void report_table(const struct row *rows, size_t count, const struct options *options, FILE *to);
void report_json(const struct row *rows, size_t count, const struct options *options, FILE *to);

/* A string in quotes; bytes that are not UTF-8 become U+FFFD. */
void report_json_string(const char *string, FILE *to);

#endif
