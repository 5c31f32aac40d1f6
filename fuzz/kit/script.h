/*
 * script.h - inputs of the targets that drive a set: a universe, then steps, most of them one
 * operation (tests/support/operation.h). script_step() reads a step and writes it, as the producer
 * is made; script_play() carries out an input on a twin (tests/support/twin.h), the library beside
 * the page model.
 */
#ifndef MSET_FUZZ_KIT_SCRIPT_H
#define MSET_FUZZ_KIT_SCRIPT_H

#include "support/twin.h"

#include "producer.h"

/* Kinds of steps beside those of enum operation_kind. */
enum {
    STEP_COMB = OP_KINDS, /* many maps, protects or unmaps, a stride apart */
    STEP_GAP,             /* a search for room */
    STEP_CURSOR,          /* moves a cursor that lives through changes */
    STEP_LOAD,            /* all areas go to a new set, loaded in one call */
    STEP_COMPARE,         /* all that can be asked */
    STEP_ABUSE,           /* a call that is wrong by itself */
    STEP_MANY             /* areas of a part, some at a time */
};

struct script_step {
    unsigned kind;
    struct operation operation;
    enum operation_way way;
    struct refusal refusal;
    uint64_t starve_at;
    bool starve_on;
    size_t count, stride;         /* comb: so many, so many pages apart; many: so many at a time */
    struct mset_gap_request wish; /* gap */
    unsigned turn;                /* cursor: enum script_turn; abuse: which */
    size_t lo, hi;                /* cursor, many: the pages of a range */
};

enum script_turn { TURN_NEXT, TURN_PREV, TURN_CLOSE, TURN_ALL, TURN_RANGE, TURNS };

/* In a universe where nobody observes and no seam is refused, areas have no backend: nobody is
   there to be told anything, and the library takes other ways then. */

/* What a target does mostly: kinds of steps, those that are often wanted many times. */
struct script_mix {
    const char *name;
    const uint64_t *kinds;
    size_t count;
};

extern const struct script_mix script_set, script_split, script_gap;

/* All reads zero where nothing is left. */
void script_universe(struct producer *producer, struct twin_options *options);
void script_step(struct producer *producer, const struct script_mix *mix,
                 const struct twin_options *universe, struct script_step *step);

/* Judges the library by an input. Prints a unit test with scene.h, if asked (target.h). */
void script_play(const struct script_mix *mix, const uint8_t *data, size_t size);

/* ---- for script_play.c ---------------------------------------------------------------------- */

void script_print_begin(const struct script_mix *mix, const struct twin_options *options);
void script_print_operation(const struct twin *twin, const struct operation *operation);
void script_print_gap(const struct mset_gap_request *wish);
void script_print_end(void);

/* A cursor, and what it should do next. */
struct script_cursor {
    struct mset_cursor cursor;
    size_t lo, hi; /* its range, in pages */
    bool open, inside;
    uint64_t first, last; /* of the area it returned last */
};
/* Both return NULL, or what is wrong. */
const char *script_turn(struct script_cursor *cursor, struct twin *twin,
                        const struct script_step *step);
/* Wrong calls are numbered from 0. */
enum { SCRIPT_ABUSES = 62 };
const char *script_abuse(struct twin *twin, unsigned n);
const char *script_many(struct twin *twin, size_t lo, size_t hi, size_t room);
const char *script_find_room(struct twin *twin, const struct mset_gap_request *wish);

#endif
