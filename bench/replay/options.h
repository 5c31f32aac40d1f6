/*
 * options.h - the command line.
 */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include "machine.h"

struct options {
    enum machine_kind machine;
    const struct mset_pt_format *format;
    bool check, dump, json;
    bool help;    /* nothing else counts */
    char **paths; /* part of argv */
    int count;
};

/* False after telling on stderr what is wrong. Moves the paths to the front of argv. */
bool options_parse(int argc, char **argv, struct options *options);
void options_help(FILE *to);

#endif
