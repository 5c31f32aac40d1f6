/*
 * report.c - the table and the JSON of a run.
 */
#include "report.h"

#include <inttypes.h>
#include <string.h>

/* ---- table -------------------------------------------------------------------------------- */

static int name_width(const struct row *rows, size_t count) {
    size_t width = strlen("trace");
    for (size_t at = 0; at < count; at++) {
        const size_t length = strlen(rows[at].name);
        width = length > width ? length : width;
    }
    return (int)(width < 60 ? width : 60);
}

static void table_pages(const struct row *row, FILE *to) {
    if (row->has_pages) {
        fprintf(to, " %7" PRIu64 " %9" PRIu64 " %7" PRIu64 " %5" PRIu64, row->tables,
                row->leaves[0], row->leaves[1], row->leaves[2]);
    } else {
        fprintf(to, " %7s %9s %7s %5s", "-", "-", "-", "-");
    }
}

void report_table(const struct row *rows, size_t count, const struct options *options, FILE *to) {
    const int width = name_width(rows, count);
    const bool pages = options->machine != MACHINE_NONE;
    fprintf(to, "backend %s%s%s\n", machine_kind_name(options->machine), pages ? ", format " : "",
            pages ? options->format->name : "");
    fprintf(to, "%-*s %8s %6s %7s %7s %8s %10s %7s %9s %7s %5s\n", width, "trace", "calls", "areas",
            "splits", "merges", "ns/call", "bytes/area", "tables", "4K", "2M", "1G");
    for (size_t at = 0; at < count; at++) {
        const struct row *row = &rows[at];
        fprintf(to, "%-*s %8" PRIu64 " %6" PRIu64 " %7" PRIu64 " %7" PRIu64 " %8.1f %10.1f", width,
                row->name, row->calls, row->peak_areas, row->splits, row->merges, row->ns_per_call,
                row->bytes_per_area);
        table_pages(row, to);
        fputc('\n', to);
    }
}

/* ---- JSON --------------------------------------------------------------------------------- */

/* The bytes of the UTF-8 character at `s`, 0 if there is none. */
static unsigned utf8_size(const unsigned char *s) {
    unsigned size, least, value;
    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] < 0xe0) {
        size = 2, least = 0x80, value = s[0] & 0x1fu;
    } else if (s[0] >= 0xe0 && s[0] < 0xf0) {
        size = 3, least = 0x800, value = s[0] & 0xfu;
    } else if (s[0] >= 0xf0 && s[0] < 0xf5) {
        size = 4, least = 0x10000, value = s[0] & 0x7u;
    } else {
        return 0;
    }
    for (unsigned at = 1; at < size; at++) {
        if ((s[at] & 0xc0u) != 0x80) { /* the terminating zero stops here as well */
            return 0;
        }
        value = value << 6 | (s[at] & 0x3fu);
    }
    const bool surrogate = value >= 0xd800 && value < 0xe000;
    return value < least || value > 0x10ffff || surrogate ? 0 : size;
}

void report_json_string(const char *string, FILE *to) {
    const unsigned char *s = (const unsigned char *)string;
    fputc('"', to);
    while (*s != 0) {
        const unsigned size = utf8_size(s);
        if (size == 0) {
            fputs("\\ufffd", to);
        } else if (*s == '"' || *s == '\\') {
            fprintf(to, "\\%c", *s);
        } else if (*s < 0x20) {
            fprintf(to, "\\u%04x", *s);
        } else {
            fwrite(s, 1, size, to);
        }
        s += size == 0 ? 1 : size;
    }
    fputc('"', to);
}

static void json_number(const char *name, uint64_t value, FILE *to) {
    fprintf(to, ", \"%s\": %" PRIu64, name, value);
}

static void json_page_number(const char *name, const struct row *row, uint64_t value, FILE *to) {
    if (row->has_pages) {
        json_number(name, value, to);
    } else {
        fprintf(to, ", \"%s\": null", name);
    }
}

static void json_row(const struct row *row, const struct options *options, FILE *to) {
    fputs("  {\"trace\": ", to);
    report_json_string(row->name, to);
    fprintf(to, ", \"backend\": \"%s\"", machine_kind_name(options->machine));
    fputs(", \"format\": ", to);
    if (row->has_pages) {
        report_json_string(options->format->name, to);
    } else {
        fputs("null", to);
    }
    json_number("calls", row->calls, to);
    json_number("skipped_calls", row->skipped, to);
    json_number("peak_areas", row->peak_areas, to);
    json_number("splits", row->splits, to);
    json_number("merges", row->merges, to);
    fprintf(to, ", \"ns_per_call\": %.1f", row->ns_per_call);
    fprintf(to, ", \"bytes_per_area\": %.1f", row->bytes_per_area);
    json_page_number("page_table_pages", row, row->tables, to);
    json_page_number("leaves_4k", row, row->leaves[0], to);
    json_page_number("leaves_2m", row, row->leaves[1], to);
    json_page_number("leaves_1g", row, row->leaves[2], to);
    if (row->has_differ) {
        json_number("differ", row->differ, to);
    }
    fputc('}', to);
}

void report_json(const struct row *rows, size_t count, const struct options *options, FILE *to) {
    fputs("[", to);
    for (size_t at = 0; at < count; at++) {
        fputs(at == 0 ? "\n" : ",\n", to);
        json_row(&rows[at], options, to);
    }
    fputs(count == 0 ? "]\n" : "\n]\n", to);
}
