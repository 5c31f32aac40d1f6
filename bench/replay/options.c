/*
 * options.c - the command line.
 */
#include "options.h"

#include <string.h>

static const char help_text[] =
    "usage: mset-replay [--backend none|linear|eager|lazy] [--format NAME] [--check] [--dump]\n"
    "                   [--json] TRACE...\n"
    "\n"
    "Replays the memory calls of real programs on a memory set. A TRACE is the output of\n"
    "`strace -f -qq -e trace=%memory,%process,openat`, plain or compressed with xz.\n"
    "\n"
    "  --backend NAME  what stands behind the areas: none (bookkeeping only, the default), or\n"
    "                  page tables filled by the linear, eager or lazy backend of the library\n"
    "  --format NAME   of the page tables: x86-64 (the default), sv48, aarch64-4k, ept, ...;\n"
    "                  one with pages of 4 KiB and addresses of 47 bits or more\n"
    "  --check         compare the areas with NAME.maps, which lies beside NAME.strace[.xz] and\n"
    "                  holds what the program read from its /proc/self/maps when the trace last\n"
    "                  opened that; print `differ N`\n"
    "  --dump          print the areas of that moment (if there is none: after the last change)\n"
    "                  as START-END PERM\n"
    "  --json          print the report as JSON, one object for each trace\n"
    "  --help          print this\n"
    "\n"
    "The report: successful memory calls; the most areas an address space had; areas cut off\n"
    "and joined; nanoseconds per call (median of several replays, reading excluded); bytes of\n"
    "the tree per area, pages of the page table and leaves of each size when there were most\n"
    "areas. With --backend lazy the first page of what becomes accessible is touched.\n"
    "\n"
    "Exit status: 0 fine; 1 some trace differs; 2 bad usage, or a file that cannot be read,\n"
    "understood or replayed.\n";

void options_help(FILE *to) {
    fputs(help_text, to);
}

static bool wrong(const char *what, const char *word) {
    fprintf(stderr, "mset-replay: %s%s%s (see --help)\n", what, word == NULL ? "" : ": ",
            word == NULL ? "" : word);
    return false;
}

static bool set_backend(const char *name, struct options *options) {
    if (name == NULL) {
        return wrong("--backend needs a name", NULL);
    }
    return machine_kind_parse(name, &options->machine) || wrong("unknown backend", name);
}

static bool set_format(const char *name, struct options *options) {
    if (name == NULL) {
        return wrong("--format needs a name", NULL);
    }
    options->format = mset_pt_format_find(name);
    if (options->format == NULL) {
        return wrong("unknown format", name);
    }
    const char *const misfit = machine_misfit(options->format);
    return misfit == NULL || wrong(name, misfit);
}

static bool set_switch(const char *word, struct options *options) {
    const struct {
        const char *name;
        bool *value;
    } switches[] = {
        {"--check", &options->check},
        {"--dump", &options->dump},
        {"--json", &options->json},
        {"--help", &options->help},
    };
    for (size_t at = 0; at < sizeof switches / sizeof *switches; at++) {
        if (strcmp(word, switches[at].name) == 0) {
            *switches[at].value = true;
            return true;
        }
    }
    return wrong("unknown option", word);
}

static bool take_words(int argc, char **argv, struct options *options) {
    static const char backend[] = "--backend=", format[] = "--format=";
    bool only_paths = false;
    for (int at = 1; at < argc; at++) {
        char *word = argv[at];
        bool taken = true;
        if (only_paths || word[0] != '-' || word[1] == 0) {
            options->paths[options->count++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_paths = true;
        } else if (strcmp(word, "--backend") == 0) {
            taken = set_backend(at + 1 < argc ? argv[++at] : NULL, options);
        } else if (strncmp(word, backend, sizeof backend - 1) == 0) {
            taken = set_backend(word + sizeof backend - 1, options);
        } else if (strcmp(word, "--format") == 0) {
            taken = set_format(at + 1 < argc ? argv[++at] : NULL, options);
        } else if (strncmp(word, format, sizeof format - 1) == 0) {
            taken = set_format(word + sizeof format - 1, options);
        } else {
            taken = set_switch(word, options);
        }
        if (!taken) {
            return false;
        }
    }
    return true;
}

bool options_parse(int argc, char **argv, struct options *options) {
    *options = (struct options){.paths = argv, .format = &mset_pt_x86_64};
    if (!take_words(argc, argv, options)) {
        return false;
    }
    if (options->help) {
        return true;
    }
    if (options->dump && options->json) {
        return wrong("--dump and --json exclude each other", NULL);
    }
    return options->count != 0 || wrong("no trace", NULL);
}
