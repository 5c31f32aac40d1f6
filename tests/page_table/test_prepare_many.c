/*
 * test_prepare_many.c - prepares of several coming calls are exact together: tables that these
 * share, room that will have been made by then, what ends a session. By hand, for every format; see
 * test_prepare_random.c for the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/sequence.h"

static struct every t;
static uint64_t slot; /* of level 1: what a table of level 0 translates */

static void open_with(const struct mset_pt_config *config) {
    every_open(&t, config);
    slot = every_slot(&t, 1);
}

static void open_plain(const struct mset_pt_format *format) {
    const struct mset_pt_config config = every_config(format);
    open_with(&config);
}

static void empty_again(void) {
    every_unmap(&t, t.va, 3 * t.kind[t.kinds - 1].size);
    every_flush(&t);
    every_check(&t);
}

/* An address for va that no leaf above the smallest is aligned to. */
static uint64_t askew(uint64_t va) {
    return t.pa + (va - t.va) + t.page;
}

/* Dropped, refused, made: takes exactly what the prepares said. Of each level below `levels` that
   is `tables`. */
static void check(const struct sequence *sequence, unsigned levels, uint64_t tables) {
    struct mset_pt_need sum;
    sequence_drop(&t, sequence);
    sequence_exact(&t, sequence, &sum);
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        assert_int_equal(sum.tables[level], level < levels ? tables : 0);
    }
}

/* ---- tables that calls share --------------------------------------------------------------- */

static void maps_share_new_tables(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    for (uint64_t i = 0; i < 4; i++) {
        const uint64_t va = t.va + 3 * i * t.page;
        sequence_map(&sequence, va, askew(va), t.page, RW);
    }
    check(&sequence, t.top, 1);
    every_close(&t);
}

/* The first ends, and the second begins, in the second of three new tables. */
static void maps_meet_in_a_new_table(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    struct mset_pt_need sum;
    open_plain(format);
    const uint64_t middle = t.va + slot + slot / 2;
    sequence_map(&sequence, t.va, askew(t.va), middle - t.va, RW);
    sequence_map(&sequence, middle, t.pa, 3 * slot + t.va - middle, MSET_READ);
    sequence_exact(&t, &sequence, &sum);
    assert_int_equal(sum.tables[0], 3);
    every_close(&t);
}

static void moves_share_new_tables(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map_at(&t, slot / 2, 8 * t.page, RW);
    every_map_at(&t, slot / 2 + 8 * t.page, 8 * t.page, 0);
    const uint64_t from = t.va + slot / 2, to = t.va + every_slot(&t, t.top - 1);
    for (uint64_t i = 0; i < 4; i++) {
        sequence_move(&sequence, from + 4 * i * t.page, to + (5 * i + 1) * t.page, 4 * t.page);
    }
    check(&sequence, t.top - 1, 1);
    every_close(&t);
}

/* A leaf reaches from one source into the next: what cuts it is counted once. */
static void sources_share_a_cut(const struct leaf_kind *kind) {
    struct sequence sequence = {.count = 0};
    if (kind->level == 0) {
        return;
    }
    every_map_at(&t, 0, kind->size, RW);
    const uint64_t to = t.va + kind->size + slot / 2;
    for (unsigned i = 0; i < 4; i++) {
        sequence_move(&sequence, t.va + i * t.page, to + i * t.page, t.page);
    }
    struct mset_pt_need sum;
    sequence_exact(&t, &sequence, &sum);
    assert_int_equal(sum.tables[0], 2); /* what was cut, and the new place */
}

static void each_kind(const struct mset_pt_format *format,
                      void (*test)(const struct leaf_kind *kind)) {
    open_plain(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        test(&t.kind[k]);
        empty_again();
    }
    every_close(&t);
}

static void neighbouring_sources_share_a_cut(const struct mset_pt_format *format) {
    each_kind(format, sources_share_a_cut);
}

/* The source of the first is all that keeps the table in which the second arrives. */
static void a_move_takes_a_table_from_the_next(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, slot, t.page, RW);
    every_map_at(&t, 2 * slot, t.page, RW);
    sequence_move(&sequence, t.va + slot, t.va + t.page, t.page);
    sequence_map(&sequence, t.va + slot + 2 * t.page, t.pa, t.page, RW);
    check(&sequence, 1, 1);
    every_close(&t);
}

/* The same, but the first arrives in that table itself. */
static void a_move_keeps_the_table_it_comes_to(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    sequence_move(&sequence, t.va, t.va + 2 * t.page, t.page);
    sequence_map(&sequence, t.va + 3 * t.page, t.pa, t.page, RW);
    check(&sequence, 0, 0);
    every_close(&t);
}

/* An unmap may undo a map that was announced before it. */
static void a_map_that_is_undone_keeps_nothing(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map_at(&t, slot, t.page, RW);
    sequence_map(&sequence, t.va + slot + t.page, t.pa, t.page, RW);
    sequence_unmap(&sequence, t.va + slot, 2 * t.page);
    sequence_map(&sequence, t.va + slot + 2 * t.page, t.pa, t.page, RW);
    check(&sequence, t.top, 1);
    every_close(&t);
}

/* ---- room ----------------------------------------------------------------------------------- */

static void unmap_for_room(struct sequence *sequence, uint64_t va, uint64_t size) {
    sequence_unmap(sequence, va, size);
    sequence_room(sequence, va, size);
}

/* A table's only entries: all tables above go with it. */
static void room_that_empties_tables(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map(&t, t.va, askew(t.va), 8 * t.page, RW);
    unmap_for_room(&sequence, t.va, 8 * t.page);
    sequence_map(&sequence, t.va + t.page, t.pa, t.page, RW);
    sequence_map(&sequence, t.va + 5 * t.page, t.pa, 2 * t.page, RW);
    check(&sequence, t.top, 1);
    every_close(&t);
}

/* Both ends in one table, which something keeps: before the room, behind it, far above. */
static void room_in_a_table_that_stays(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned i = 0; i < 3; i++) {
        struct sequence sequence = {.count = 0};
        const uint64_t other = i == 0 ? 0 : i == 1 ? 9 * t.page : every_slot(&t, 1);
        every_map_at(&t, other, t.page, RW);
        every_map(&t, t.va + t.page, t.pa, 8 * t.page, RW);
        unmap_for_room(&sequence, t.va + t.page, 8 * t.page);
        sequence_map(&sequence, t.va + 2 * t.page, t.pa, t.page, RW);
        sequence_map(&sequence, t.va + 4 * t.page, t.pa, 5 * t.page, MSET_READ);
        check(&sequence, i < 2 || t.top < 2 ? 0 : 1, 1);
        empty_again();
    }
    every_close(&t);
}

/* A page at either end of a room; the part decides nothing, the whole room does. */
static void the_whole_room_is_asked_not_the_part(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map(&t, t.va, askew(t.va), slot, RW);
    unmap_for_room(&sequence, t.va, slot);
    sequence_map(&sequence, t.va, t.pa, t.page, RW);
    check(&sequence, t.top, 1);
    empty_again();
    sequence.count = 0;
    every_map(&t, t.va, askew(t.va), slot, RW);
    unmap_for_room(&sequence, t.va, slot - t.page);
    sequence_map(&sequence, t.va, t.pa, t.page, RW);
    check(&sequence, 0, 0);
    every_close(&t);
}

/* A page stays on either side of a leaf: the unmap cuts it down to pages at both ends. */
static void room_inside(const struct leaf_kind *kind) {
    struct sequence sequence = {.count = 0};
    struct mset_pt_need sum;
    if (kind->size < 8 * t.page) {
        return;
    }
    every_map_at(&t, 0, kind->size, RW);
    const uint64_t last = t.va + kind->size - 2 * t.page, middle = t.va + kind->size / 2;
    unmap_for_room(&sequence, t.va + t.page, kind->size - 2 * t.page);
    sequence_map(&sequence, t.va + t.page, t.pa, t.page, RW);
    sequence_map(&sequence, middle, askew(middle), t.page, RW);
    sequence_map(&sequence, last, t.pa, t.page, RW);
    sequence_exact(&t, &sequence, &sum);
    const uint64_t slots = kind->size / slot;
    if (kind->level > 0) { /* of level 0 at the ends, and in the middle between them if there is */
        assert_int_equal(sum.tables[0], slots > 2 ? 3 : slots);
    }
}

static void leaves_that_stick_out_are_cut_once(const struct mset_pt_format *format) {
    each_kind(format, room_inside);
}

/* A leaf of the largest size on one side, a page of a table on the other. */
static void room_with_ends_at_different_levels(const struct mset_pt_format *format) {
    open_plain(format);
    for (unsigned k = 1; k < t.kinds; k++) {
        struct sequence sequence = {.count = 0};
        const uint64_t size = t.kind[k].size;
        every_map_at(&t, 0, size, RW);
        every_map(&t, t.va + size, askew(t.va + size), 4 * t.page, RW);
        const uint64_t from = t.va + size - t.page;
        unmap_for_room(&sequence, from, 3 * t.page);
        sequence_map(&sequence, from, t.pa, 2 * t.page, RW);
        sequence_map(&sequence, from + 2 * t.page, t.pa, t.page, RW);
        check(&sequence, t.kind[k].level, 1); /* what the unmap cuts, and nothing else */
        empty_again();
    }
    every_close(&t);
}

/* The source is what keeps the tables of the room; and reaches to its end with one leaf. */
static void a_source_beside_the_room(const struct leaf_kind *kind) {
    struct sequence sequence = {.count = 0};
    const uint64_t half = kind->size / 2 / t.page * t.page;
    if (half < 4 * t.page || kind->size > slot) {
        return;
    }
    every_map_at(&t, 0, kind->size, RW);
    unmap_for_room(&sequence, t.va, half);
    sequence_move(&sequence, t.va + half, t.va + t.page, t.page);
    sequence_move(&sequence, t.va + half + t.page, t.va + 2 * t.page, half - 2 * t.page);
    check(&sequence, kind->level, 1);
}

static void sources_share_tables_with_the_room(const struct mset_pt_format *format) {
    each_kind(format, a_source_beside_the_room);
}

/* Two leaves of markers are one run, which goes to places of another alignment; but one of them
   will have been cut by then, and pages arrive as pages. */
static void markers_beside_the_room(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    struct mset_pt_need sum;
    open_plain(format);
    every_map(&t, t.va, 1, 2 * slot, MSET_PT_MARKER);
    const uint64_t half = slot / 2, from = t.va + slot + half;
    unmap_for_room(&sequence, from, 5 * slot);
    sequence_move(&sequence, t.va, t.va + 4 * slot + half, slot + half);
    sequence_exact(&t, &sequence, &sum);
    assert_int_equal(sum.tables[0], 3); /* one where the room begins, two of the new place */
    every_close(&t);
}

/* The same where an unmap without a room has cut it, or a map that replaces a part. */
static void markers_that_others_cut(const struct mset_pt_format *format) {
    open_plain(format);
    const uint64_t half = slot / 2, from = t.va + slot + half;
    for (unsigned replaced = 0; replaced < 2; replaced++) {
        struct sequence sequence = {.count = 0};
        every_map(&t, t.va, 1, 2 * slot, MSET_PT_MARKER);
        if (replaced == 1) {
            sequence_map(&sequence, from, askew(from), half, RW);
            sequence.step[0].overlap = MSET_PT_REPLACE;
        } else {
            sequence_unmap(&sequence, from, half);
        }
        sequence_move(&sequence, t.va, t.va + 4 * slot + half, slot + half);
        (void)sequence_bound(&t, &sequence);
        every_unmap(&t, t.va, 8 * slot);
        every_flush(&t);
    }
    every_close(&t);
}

/* An unmap without a room takes no leaves away for a map, but tables. */
static void an_unmap_elsewhere_takes_tables(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    sequence_unmap(&sequence, t.va, t.page);
    sequence_map(&sequence, t.va + t.page, t.pa, t.page, RW);
    check(&sequence, t.top, 1);
    every_close(&t);
}

/* Of two neighbouring ranges a leaf that reaches across is counted for both, else nothing is. */
static void pieces_of_an_unmap(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map_at(&t, 0, 2 * slot, RW);
    sequence_unmap(&sequence, t.va + t.page, slot - t.page);
    sequence_unmap(&sequence, t.va + slot, slot - t.page);
    sequence_room(&sequence, t.va + t.page, 2 * slot - 2 * t.page);
    sequence_map(&sequence, t.va + t.page, t.pa, t.page, RW);
    check(&sequence, 1, 2);
    empty_again();
    sequence.count = 0;
    every_map_at(&t, 0, slot, RW);
    sequence_unmap(&sequence, t.va + t.page, t.page);
    sequence_unmap(&sequence, t.va + 2 * t.page, t.page);
    assert_int_equal(sequence_bound(&t, &sequence), every_frames(&t, 0));
    every_close(&t);
}

/* A map that reaches out of the room on both sides, and one beside it in a table that goes. */
static void calls_that_reach_out_of_the_room(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    every_map(&t, t.va + slot, askew(t.va + slot), t.page, RW);
    every_map_at(&t, 2 * slot, 4 * t.page, RW);
    unmap_for_room(&sequence, t.va + slot, slot + 2 * t.page);
    sequence_map(&sequence, t.va + slot / 2, askew(t.va + slot / 2), slot, RW);
    sequence_map(&sequence, t.va + 2 * slot + 4 * t.page, t.pa, t.page, RW);
    check(&sequence, 1, 2);
    empty_again();
    sequence.count = 0;
    every_map_at(&t, 0, t.page, RW);
    unmap_for_room(&sequence, t.va, t.page);
    sequence_map(&sequence, t.va + t.page, t.pa, t.page, RW);
    check(&sequence, t.top, 1);
    every_close(&t);
}

/* What a map announced before the room has made goes with the room. */
static void room_where_a_map_was_announced(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    open_plain(format);
    sequence_map(&sequence, t.va, t.pa, t.page, RW);
    sequence_room(&sequence, t.va, 4 * t.page);
    sequence_unmap(&sequence, t.va, 4 * t.page);
    sequence_map(&sequence, t.va + t.page, t.pa, t.page, RW);
    check(&sequence, t.top, 2);
    every_close(&t);
}

static void two_roots(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    struct mset_pt_config config = every_config(format);
    config.upper = format->two_roots;
    open_with(&config);
    const uint64_t size = every_slot(&t, t.top), va = t.va / size * size + size;
    every_map(&t, va - t.page, t.pa, 2 * t.page, RW);
    every_map(&t, va - 3 * t.page, t.pa, t.page, RW);
    unmap_for_room(&sequence, va - t.page, 2 * t.page);
    sequence_map(&sequence, va - t.page, t.pa, t.page, RW);
    sequence_map(&sequence, va, t.pa, t.page, RW);
    check(&sequence, t.top, 1); /* below the root's second entry */
    every_unmap(&t, va - 3 * t.page, 4 * t.page);
    every_close(&t);
}

/* ---- promotion: never less ----------------------------------------------------------------- */

/* What the first puts beside the source of the second makes one leaf with it, which then is cut. */
static void a_source_may_be_promoted(const struct mset_pt_format *format) {
    struct mset_pt_config config = every_config(format);
    config.promote = true;
    open_with(&config);
    for (unsigned moved = 0; moved < 2; moved++) {
        struct sequence sequence = {.count = 0};
        const uint64_t half = slot / 2;
        every_map_at(&t, half, half, RW);
        if (moved == 1) {
            every_map(&t, t.va + 2 * slot, t.pa, half, RW);
            sequence_move(&sequence, t.va + 2 * slot, t.va, half);
        } else {
            sequence_map(&sequence, t.va, t.pa, half, RW);
        }
        const uint64_t promotions = every_count(&t).promotions;
        sequence_move(&sequence, t.va + half + t.page, t.va + 4 * slot, half - t.page);
        (void)sequence_bound(&t, &sequence);
        assert_int_equal(every_count(&t).promotions, promotions + 1);
        empty_again();
    }
    every_close(&t);
}

/* The same of markers, of which a part becomes a larger leaf: they are no more one run. */
static void markers_may_be_promoted(const struct mset_pt_format *format) {
    struct sequence sequence = {.count = 0};
    struct mset_pt_config config = every_config(format);
    config.promote = true;
    open_with(&config);
    if (every_largest_entry(&t)->level > 1) {
        const uint64_t large = every_slot(&t, 2), half = large / 2;
        every_map(&t, t.va + half, 1, large, MSET_PT_MARKER);
        sequence_map(&sequence, t.va, 1, half, MSET_PT_MARKER);
        sequence_move(&sequence, t.va + half, t.va + 2 * large + slot / 2, large);
        (void)sequence_bound(&t, &sequence);
    }
    every_unmap(&t, t.va, 4 * every_slot(&t, t.top < 2 ? 1 : 2));
    every_close(&t);
}

/* ---- what the calls say ---------------------------------------------------------------------- */

static mset_status prepare_map(uint64_t va) {
    return mset_pt_map_prepare(t.pt, va, t.pa, t.page, RW, MSET_PT_REFUSE, NULL);
}

static mset_status prepare_move(uint64_t from, uint64_t to) {
    return mset_pt_move_prepare(t.pt, from, to, t.page, NULL);
}

static void only_what_lies_in_the_room_is_gone(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, 6 * t.page, RW);
    const uint64_t source = t.va + 5 * t.page;
    assert_int_equal(prepare_map(t.va + t.page), MSET_ALREADY_EXISTS);
    assert_int_equal(prepare_move(source, t.va + t.page), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + t.page, 2 * t.page), MSET_OK);
    assert_int_equal(prepare_map(t.va), MSET_ALREADY_EXISTS);
    assert_int_equal(prepare_map(t.va + 3 * t.page), MSET_ALREADY_EXISTS);
    assert_int_equal(prepare_move(source, t.va), MSET_ALREADY_EXISTS);
    for (uint64_t va = t.va; va <= t.va + 2 * t.page; va += 2 * t.page) { /* half in, half out */
        assert_int_equal(mset_pt_map_prepare(t.pt, va, t.pa, 2 * t.page, RW, MSET_PT_REFUSE, NULL),
                         MSET_ALREADY_EXISTS);
    }
    assert_int_equal(prepare_map(t.va + t.page), MSET_OK);
    assert_int_equal(prepare_move(source, t.va + 2 * t.page), MSET_OK);
    assert_int_equal(mset_pt_map(t.pt, t.va + t.page, t.pa, t.page, RW), MSET_ALREADY_EXISTS);
    every_close(&t);
}

/* Says whether the session goes on; it has a room at the first page. */
static bool room_is_there(void) {
    const mset_status status = prepare_map(t.va);
    assert_true(status == MSET_OK || status == MSET_ALREADY_EXISTS);
    return status == MSET_OK;
}

static void a_session_ends_with_the_first_change(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, 4 * t.page, RW);
    assert_false(room_is_there());
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(mset_pt_prepare_room(t.pt, t.va, t.page), MSET_OK);
        assert_int_equal(mset_pt_map(t.pt, t.va, t.pa, t.page, RW), MSET_ALREADY_EXISTS);
        assert_int_equal(mset_pt_unmap(t.pt, t.va, 0, NULL, NULL), MSET_INVALID_PARAM);
        every_mark(&t, t.va, MSET_PT_ACCESSED);
        every_flush(&t);
        assert_true(room_is_there());
        switch (i) {
        case 0:
            every_map_at(&t, 5 * t.page, t.page, RW); /* by the shortcut */
            break;
        case 1:
            every_unmap(&t, t.va + 5 * t.page, t.page); /* this as well */
            break;
        case 2:
            every_protect(&t, t.va + t.page, t.page, MSET_READ);
            break;
        case 3:
            every_promote(&t, t.va, slot);
            break;
        default:
            mset_pt_prepare_drop(t.pt);
        }
        assert_false(room_is_there());
    }
    every_close(&t);
}

/* What was counted is forgotten as well: the stock may be used up by then. */
static void a_new_session_counts_anew(const struct mset_pt_format *format) {
    struct mset_pt_need need;
    open_plain(format);
    every_map_at(&t, 2 * slot, t.page, RW);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(
            mset_pt_map_prepare(t.pt, t.va + i * t.page, t.pa, t.page, RW, MSET_PT_REFUSE, &need),
            MSET_OK);
        assert_int_equal(need.tables[0], i != 1);
        if (i == 1) {
            every_map_at(&t, 2 * slot + t.page, t.page, RW);
        }
    }
    mset_pt_prepare_drop(t.pt);
    assert_int_equal(
        mset_pt_map_prepare(t.pt, t.va + 4 * t.page, t.pa, t.page, RW, MSET_PT_REFUSE, &need),
        MSET_OK);
    assert_int_equal(need.tables[0], 1);
    every_close(&t);
}

static void rooms_become_one(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, 3 * t.page, RW);
    every_map_at(&t, 6 * t.page, 2 * t.page, RW);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va, t.page), MSET_OK);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + 2 * t.page, t.page), MSET_ALREADY_EXISTS);
    assert_int_equal(prepare_map(t.va + t.page), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + t.page, 2 * t.page), MSET_OK);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + 6 * t.page, t.page), MSET_OK);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + t.page, t.page), MSET_OK);
    assert_int_equal(prepare_map(t.va + 6 * t.page), MSET_OK);
    assert_int_equal(prepare_map(t.va + 7 * t.page), MSET_ALREADY_EXISTS);
    mset_pt_prepare_drop(t.pt);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + 6 * t.page, t.page), MSET_OK);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va, t.page), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + t.page, 2 * t.page), MSET_OK);
    assert_int_equal(prepare_map(t.va), MSET_ALREADY_EXISTS);
    assert_int_equal(prepare_map(t.va + 2 * t.page), MSET_OK);
    every_close(&t);
}

static void a_room_has_the_arguments_of_a_range(const struct mset_pt_format *format) {
    open_plain(format);
    every_map_at(&t, 0, t.page, RW);
    assert_int_equal(mset_pt_prepare_room(NULL, t.va, t.page), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va, 0), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + 1, t.page), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va, t.page + 1), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va, UINT64_MAX - t.page + 1), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_prepare_room(t.pt, format->low_last + 1, t.page), MSET_INVALID_PARAM);
    assert_false(room_is_there());
    if (format->high_first != 0 && !format->two_roots) { /* two halves, and a hole between */
        assert_int_equal(mset_pt_prepare_room(t.pt, format->high_first, t.page), MSET_OK);
        assert_int_equal(mset_pt_prepare_room(t.pt, t.va, t.page), MSET_ALREADY_EXISTS);
    }
    every_close(&t);
}

#define ALL(test) \
    { #test, test, NULL }

int main(void) {
    static const struct every_test tests[] = {
        ALL(maps_share_new_tables),
        ALL(maps_meet_in_a_new_table),
        ALL(moves_share_new_tables),
        ALL(neighbouring_sources_share_a_cut),
        ALL(a_move_takes_a_table_from_the_next),
        ALL(a_move_keeps_the_table_it_comes_to),
        ALL(a_map_that_is_undone_keeps_nothing),
        ALL(room_that_empties_tables),
        ALL(room_in_a_table_that_stays),
        ALL(the_whole_room_is_asked_not_the_part),
        ALL(leaves_that_stick_out_are_cut_once),
        ALL(room_with_ends_at_different_levels),
        ALL(sources_share_tables_with_the_room),
        ALL(markers_beside_the_room),
        ALL(markers_that_others_cut),
        ALL(an_unmap_elsewhere_takes_tables),
        ALL(pieces_of_an_unmap),
        ALL(calls_that_reach_out_of_the_room),
        ALL(room_where_a_map_was_announced),
        ALL(two_roots),
        ALL(a_source_may_be_promoted),
        ALL(markers_may_be_promoted),
        ALL(only_what_lies_in_the_room_is_gone),
        ALL(a_session_ends_with_the_first_change),
        ALL(a_new_session_counts_anew),
        ALL(rooms_become_one),
        ALL(a_room_has_the_arguments_of_a_range),
    };
    return every_run("prepare-many", tests, sizeof tests / sizeof *tests);
}
