/*
 * test_prepare_edges.c - prepares are exact for the first leaf of all addresses, and for the last;
 * and what reaches over the edges of a room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/sequence.h"

/* A page out of the midst of a leaf of this kind goes to where no table is. */
static void move_out(struct every *t, const struct leaf_kind *kind, uint64_t va, uint64_t flags) {
    struct sequence sequence = {.count = 0};
    struct mset_pt_need sum;
    every_map(t, va, flags == MSET_PT_MARKER ? 77 : t->pa, kind->size, flags);
    assert_int_equal(every_leaf(t, va).leaf_size, kind->size);
    sequence_move(&sequence, va + kind->size / 2, t->va, t->page);
    sequence_exact(t, &sequence, &sum);
    assert_int_equal(sum.tables[0], kind->level > 0 ? 2 : 1); /* at the new place, and where cut */
    every_unmap(t, va, kind->size);
    every_unmap(t, t->va, t->page);
    every_flush(t);
}

static void each_kind(const struct mset_pt_format *format, bool upper, bool last) {
    struct every t;
    struct mset_pt_config config = every_config(format);
    config.upper = upper;
    every_open(&t, &config);
    for (unsigned k = 1; k < t.kinds; k++) {
        const struct leaf_kind *const kind = &t.kind[k];
        const uint64_t end = format->high_first != 0 ? 0 : format->low_last + 1;
        const uint64_t va = last ? end - kind->size : 0;
        move_out(&t, kind, va, RW);
        move_out(&t, kind, va, 0);
        if (kind->count == 1) {
            move_out(&t, kind, va, MSET_PT_MARKER);
        }
    }
    every_close(&t);
}

static void the_first_leaf(const struct mset_pt_format *format) {
    each_kind(format, false, false);
}

static void the_last_leaf(const struct mset_pt_format *format) {
    each_kind(format, format->two_roots, true);
}

/* A room that reaches into another one makes one of them. */
static void rooms_overlap(const struct mset_pt_format *format) {
    struct every t;
    struct sequence sequence = {.count = 0};
    const struct mset_pt_config config = every_config(format);
    every_open(&t, &config);
    every_map_at(&t, 0, 6 * t.page, RW);
    sequence_unmap(&sequence, t.va, 5 * t.page);
    sequence_room(&sequence, t.va, 3 * t.page);
    sequence_room(&sequence, t.va + 2 * t.page, 3 * t.page);
    sequence_map(&sequence, t.va, t.pa + t.page, 5 * t.page, MSET_READ);
    struct mset_pt_need sum;
    sequence_exact(&t, &sequence, &sum);
    assert_int_equal(sum.tables[0], 0); /* the last page keeps the table */
    every_close(&t);
}

/* What begins in front of the room, or ends behind it, meets what is there. */
static void beyond_the_room_nothing_is_free(const struct mset_pt_format *format) {
    struct every t;
    struct mset_pt_need need;
    const struct mset_pt_config config = every_config(format);
    every_open(&t, &config);
    every_map_at(&t, 0, 3 * t.page, RW);
    every_map_at(&t, 8 * t.page, t.page, RW);
    assert_int_equal(mset_pt_unmap_prepare(t.pt, t.va + t.page, t.page, NULL), MSET_OK);
    assert_int_equal(mset_pt_prepare_room(t.pt, t.va + t.page, t.page), MSET_OK);
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned to = from + 1; to <= 3; to++) {
            const uint64_t va = t.va + from * t.page, size = (to - from) * t.page;
            const mset_status status = from == 1 && to == 2 ? MSET_OK : MSET_ALREADY_EXISTS;
            assert_int_equal(mset_pt_map_prepare(t.pt, va, t.pa, size, RW, MSET_PT_REFUSE, &need),
                             status);
        }
    }
    mset_pt_prepare_drop(t.pt);
    every_close(&t);
}

/* Only the part in the room is known: the table that the rest keeps is counted as gone, too. */
static void an_unmap_that_leaves_the_room(const struct mset_pt_format *format) {
    struct every t;
    struct sequence sequence = {.count = 0};
    const struct mset_pt_config config = every_config(format);
    every_open(&t, &config);
    const uint64_t slot = every_slot(&t, 1);
    every_map_at(&t, slot - 2 * t.page, 4 * t.page, RW);
    sequence_room(&sequence, t.va + slot - 2 * t.page, 2 * t.page);
    sequence_unmap(&sequence, t.va + slot - 2 * t.page, 4 * t.page);
    sequence_map(&sequence, t.va + slot - t.page, t.pa, t.page, RW);
    sequence_map(&sequence, t.va + slot + 4 * t.page, t.pa, t.page, RW);
    struct mset_pt_need sum;
    sequence_exact(&t, &sequence, &sum);
    assert_int_equal(sum.tables[0], 2); /* both were emptied */
    every_close(&t);
}

int main(void) {
    static const struct every_test tests[] = {
        {"a page moves out of the first leaf", the_first_leaf, NULL},
        {"a page moves out of the last leaf", the_last_leaf, NULL},
        {"rooms overlap", rooms_overlap, NULL},
        {"beyond the room nothing is free", beyond_the_room_nothing_is_free, NULL},
        {"an unmap that leaves the room", an_unmap_that_leaves_the_room, NULL},
    };
    return every_run("prepare-edges", tests, sizeof tests / sizeof *tests);
}
