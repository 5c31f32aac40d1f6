/*
 * test_prepare_ends.c - prepares are exact for the first leaf of all addresses, and for the last.
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

int main(void) {
    static const struct every_test tests[] = {
        {"a page moves out of the first leaf", the_first_leaf, NULL},
        {"a page moves out of the last leaf", the_last_leaf, NULL},
    };
    return every_run("prepare-ends", tests, sizeof tests / sizeof *tests);
}
