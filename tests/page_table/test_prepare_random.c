/*
 * test_prepare_random.c - random states, and random sequences of calls prepared together: unmaps
 * that make room, then maps and moves into it and beside it. All are prepared, then made without
 * any memory; in ascending order nothing may be left over.
 *
 * All happens in a window of eight slots of one level around a boundary of a higher one, at ends
 * that are a few pages or a few smaller slots off, so that the ends of rooms, sources and new
 * places often lie in the same tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "page_table/sequence.h"

enum { REACH = 4, SPAN = 2 * REACH, PIECES = 5 };

struct piece {
    uint64_t first, last;
};

struct play {
    struct every t;
    struct rng rng;
    uint64_t centre, unit, small; /* slots of two levels; `small` may be a page */
    struct piece room;            /* first > last: none */
    struct piece left;            /* where moves come from; the same */
    struct spans after;           /* what will be there */
    bool exact;
    bool shuffled;
    unsigned exact_rounds, room_rounds, moves; /* that the test tests something */
};

static struct play play;

/* ---- places --------------------------------------------------------------------------------- */

static bool translates(uint64_t va) {
    return mset_pt_may_map(play.t.pt, va, 0, play.t.page, RW) == MSET_OK;
}

/* The window: units of a level that has leaves, around a boundary of this or a higher level. */
static void pick_window(void) {
    struct every *const t = &play.t;
    const unsigned leaves = every_largest_entry(t)->level;
    const unsigned level = (unsigned)rng_below(&play.rng, leaves + 1u);
    play.unit = every_slot(t, level);
    play.small = every_slot(t, level > 0 ? level - 1 : 0);
    const unsigned above = level + (unsigned)rng_below(&play.rng, t->top + 1u - level);
    const uint64_t slot = every_slot(t, above);
    play.centre = t->va + (slot > REACH * play.unit ? slot : REACH * play.unit);
    if (!translates(play.centre - REACH * play.unit) ||
        !translates(play.centre + REACH * play.unit)) {
        play.centre = t->va + REACH * play.unit;
    }
}

static uint64_t window_start(void) {
    return play.centre - REACH * play.unit;
}

static uint64_t pick_place(void) {
    const uint64_t digits[] = {0, 0, play.t.page, play.small, play.unit / 2};
    const uint64_t most = SPAN * play.unit;
    uint64_t at = rng_below(&play.rng, SPAN + 1) * play.unit;
    const uint64_t off =
        digits[rng_below(&play.rng, 5)] / play.t.page * play.t.page * rng_below(&play.rng, 4);
    at = rng_chance(&play.rng, 50) ? at + off : at - off;
    return window_start() + (at > most ? off % most : at);
}

/* Two places in order. */
static struct piece pick_piece(void) {
    for (;;) {
        const uint64_t a = pick_place(), b = pick_place();
        if (a != b) {
            return a < b ? (struct piece){a, b - 1} : (struct piece){b, a - 1};
        }
    }
}

static uint64_t size_of(const struct piece *piece) {
    return piece->last - piece->first + 1;
}

static bool touch(const struct piece *a, const struct piece *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* Aligned like va to the smaller slots at least, so that there are not too many tables. */
static uint64_t pick_pa(uint64_t va, uint64_t flags) {
    const uint64_t off[] = {0, 0, play.small, play.unit};
    return flags == MSET_PT_MARKER ? 1 + rng_below(&play.rng, 2)
                                   : play.t.pa + (va - play.t.va) + off[rng_below(&play.rng, 4)];
}

static uint64_t pick_flags(void) {
    const uint64_t flags[] = {RW, RW, MSET_READ, 0, MSET_PT_MARKER};
    return flags[rng_below(&play.rng, 5)];
}

/* ---- a state -------------------------------------------------------------------------------- */

static void pick_state(void) {
    struct every *const t = &play.t;
    const unsigned maps = (unsigned)rng_below(&play.rng, 7);
    for (unsigned i = 0; i < maps; i++) {
        const struct piece piece = pick_piece();
        if (spans_free(&t->judge.spans, piece.first, piece.last)) {
            const uint64_t flags = pick_flags();
            every_map(t, piece.first, pick_pa(piece.first, flags), size_of(&piece), flags);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct piece piece = pick_piece();
        if (rng_chance(&play.rng, 30) && size_of(&piece) <= play.unit) {
            every_unmap(t, piece.first, size_of(&piece));
        } else if (rng_chance(&play.rng, 20)) {
            every_protect(t, piece.first, size_of(&piece), MSET_READ);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        (void)mset_pt_mark(t->pt, pick_place(), MSET_PT_ACCESSED);
    }
    judge_watch(&t->judge);
    if (rng_chance(&play.rng, 50)) {
        every_flush(t);
    }
}

/* ---- a sequence ----------------------------------------------------------------------------- */

/* Does a leaf, of a group an entry, reach across? */
static bool leaf_across(uint64_t va) {
    struct mset_pt_run run;
    if (mset_pt_query(play.t.pt, va, 0, &run) != MSET_OK) {
        return false;
    }
    unsigned level = 0;
    while (level < play.t.top && every_slot(&play.t, level + 1) <= run.leaf_size) {
        level++;
    }
    return (va & (every_slot(&play.t, level) - 1)) != 0;
}

static void pick_unmaps(struct sequence *sequence) {
    const struct piece *const room = &play.room;
    uint64_t from = room->first;
    for (unsigned i = 0; i < 3; i++) {
        const uint64_t to = pick_place();
        if (to > from && to <= room->last && rng_chance(&play.rng, 60)) {
            play.exact &= !leaf_across(to);
            sequence_unmap(sequence, from, to - from);
            from = to;
        }
    }
    sequence_unmap(sequence, from, room->last - from + 1);
}

static void swap(struct sequence *sequence, unsigned i, unsigned k) {
    const struct step step = sequence->step[i];
    sequence->step[i] = sequence->step[k];
    sequence->step[k] = step;
}

/* The room, somewhere before, between or behind its unmaps. */
static void pick_room(struct sequence *sequence) {
    play.room = (struct piece){1, 0};
    if (rng_chance(&play.rng, 20)) {
        return;
    }
    play.room = pick_piece();
    play.room_rounds++;
    pick_unmaps(sequence);
    sequence_room(sequence, play.room.first, size_of(&play.room));
    for (unsigned i = 0; i < sequence->count; i++) {
        swap(sequence, i, (unsigned)rng_below(&play.rng, sequence->count));
    }
    spans_remove(&play.after, play.room.first, play.room.last);
}

/* A source for all moves together, beside the room. */
static void pick_left(void) {
    play.left = pick_piece();
    if (rng_chance(&play.rng, 40) && play.room.first <= play.room.last) { /* next to it */
        const bool below = rng_chance(&play.rng, 50);
        const uint64_t size = size_of(&play.left);
        play.left.first = below ? play.room.first - size : play.room.last + 1;
        play.left.last = play.left.first + (size - 1);
    }
    const struct piece window = {window_start(), window_start() + (SPAN * play.unit - 1)};
    if (rng_chance(&play.rng, 30) || touch(&play.left, &play.room) ||
        play.left.first < window.first || play.left.last > window.last) {
        play.left = (struct piece){1, 0};
    }
}

/* The new places, ascending. */
static unsigned pick_pieces(struct piece *pieces) {
    uint64_t at[2 * PIECES];
    for (unsigned i = 0; i < 2 * PIECES; i++) {
        const bool inside = play.room.first <= play.room.last && rng_chance(&play.rng, 25);
        at[i] = !inside                     ? pick_place()
                : rng_chance(&play.rng, 50) ? play.room.first
                                            : play.room.last + 1;
        for (unsigned k = i; k > 0 && at[k] < at[k - 1]; k--) {
            const uint64_t more = at[k - 1];
            at[k - 1] = at[k];
            at[k] = more;
        }
    }
    unsigned count = 0;
    for (unsigned i = 0; i + 1 < 2 * PIECES; i++) {
        const struct piece piece = {at[i], at[i + 1] - 1};
        if (at[i] < at[i + 1] && count < PIECES && !touch(&piece, &play.left) &&
            spans_free(&play.after, piece.first, piece.last) && rng_chance(&play.rng, 75)) {
            pieces[count++] = piece;
        }
    }
    return count;
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* So much goes a distance without too many tables for the leaves that this allows. */
static uint64_t most_over(uint64_t distance) {
    unsigned level = 0;
    while (level < play.t.top && (distance & (every_slot(&play.t, level + 1) - 1)) == 0) {
        level++;
    }
    return SPAN * (level < play.t.top ? every_slot(&play.t, level + 1) : play.unit);
}

/* Moves the next part of the source to the beginning or the end of the piece. */
static void pick_move(struct sequence *sequence, const struct piece *piece, uint64_t *from) {
    uint64_t size = least(play.left.last - *from + 1, size_of(piece));
    if (rng_chance(&play.rng, 50)) {
        size = (1 + rng_below(&play.rng, size / play.t.page)) * play.t.page;
    }
    uint64_t to = rng_chance(&play.rng, 50) ? piece->first : piece->last - size + 1;
    if (size > most_over(to - *from)) {
        size = most_over(to - *from);
    }
    sequence_move(sequence, *from, to, size);
    *from += size;
    play.moves++;
}

static void pick_arrivals(struct sequence *sequence) {
    struct piece pieces[PIECES];
    const unsigned count = pick_pieces(pieces), first = sequence->count;
    uint64_t from = play.left.first;
    for (unsigned i = 0; i < count; i++) {
        if (play.left.first <= play.left.last && from <= play.left.last &&
            rng_chance(&play.rng, 70)) {
            pick_move(sequence, &pieces[i], &from);
        } else {
            const uint64_t flags = pick_flags(), va = pieces[i].first;
            sequence_map(sequence, va, pick_pa(va, flags), size_of(&pieces[i]), flags);
        }
    }
    for (unsigned i = first; play.shuffled && i < sequence->count; i++) {
        swap(sequence, i, first + (unsigned)rng_below(&play.rng, sequence->count - first));
        play.exact = false;
    }
}

static void play_round(bool promote) {
    struct every *const t = &play.t;
    struct sequence sequence = {.count = 0};
    struct mset_pt_need sum;
    pick_window();
    pick_state();
    play.exact = !promote;
    play.shuffled = rng_chance(&play.rng, 20);
    play.after = t->judge.spans;
    pick_room(&sequence);
    pick_left();
    pick_arrivals(&sequence);
    if (rng_chance(&play.rng, 20)) {
        sequence_drop(t, &sequence);
    }
    if (play.exact) {
        sequence_exact(t, &sequence, &sum);
        play.exact_rounds++;
    } else {
        (void)sequence_bound(t, &sequence);
    }
    every_unmap(t, window_start(), SPAN * play.unit);
    every_flush(t);
}

/* ---- all formats ---------------------------------------------------------------------------- */

static unsigned rounds = 40;

static void play_format(const struct mset_pt_format *format, uint64_t seed) {
    struct mset_pt_config config = every_config(format);
    config.promote = seed % 3 == 0;
    config.keep_marks = (seed & 2) != 0;
    config.upper = format->two_roots && (seed & 4) != 0;
    config.bbm_level_2 = (seed & 8) != 0;
    play.rng.state = seed;
    every_open(&play.t, &config);
    for (unsigned i = 0; i < rounds; i++) {
        play_round(config.promote);
    }
    every_close(&play.t);
}

static void sequences_take_what_was_prepared(const struct mset_pt_format *format) {
    enum { SEEDS = 12 };
    play.exact_rounds = play.room_rounds = play.moves = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        play_format(format, seed);
    }
    const unsigned all = SEEDS * rounds;
    assert_true(play.exact_rounds > all / 4 && play.room_rounds > all / 2 && play.moves > all / 4);
}

int main(int argc, char **argv) {
    static const struct every_test tests[] = {
        {"sequences_take_what_was_prepared", sequences_take_what_was_prepared, NULL},
    };
    rounds = argc > 1 ? (unsigned)atoi(argv[1]) : rounds;
    return every_run("prepare-random", tests, 1);
}
