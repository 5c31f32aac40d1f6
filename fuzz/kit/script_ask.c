/* script_ask.c - what a set is asked in between: cursors that live through changes, and room. */
#include "script.h"

#include <inttypes.h>

#include "target.h"

/* ---- cursors -------------------------------------------------------------------------------- */

/* The lowest (highest) area that lies at `bound` or above (below), or around it. */
static bool seek(const struct page_model *model, uint64_t bound, bool up, struct mset_area *out) {
    struct mset_area area;
    bool found = false;
    for (size_t page = 0; model_next_area(model, page, false, &area, &page);) {
        if (up ? area.start + (area.size - 1) >= bound : area.start <= bound) {
            *out = area;
            found = true;
            if (up) {
                break;
            }
        }
    }
    return found;
}

/* set.h: outside it begins at an end of its range, inside beside the area last returned. */
static bool foresee(const struct script_cursor *c, const struct page_model *model, bool up,
                    struct mset_area *area) {
    const uint64_t lo = model_address(model, c->lo), last = model_address(model, c->hi) - 1;
    if (c->inside && (up ? c->last == UINT64_MAX : c->first == 0)) {
        return false;
    }
    const uint64_t begin = up ? lo : last, beside = up ? c->last + 1 : c->first - 1;
    return seek(model, c->inside ? beside : begin, up, area) && area->start <= last &&
           area->start + (area->size - 1) >= lo;
}

static void print_move(bool up, bool is_there, const struct mset_area *want) {
    fuzz_print("    assert_int_equal(mset_cursor_%s(&cursor, &area), %d);\n", up ? "next" : "prev",
               is_there);
    if (is_there) {
        fuzz_print("    assert_int_equal(area.start, %#" PRIx64 ");\n", want->start);
    }
}

static const char *move_cursor(struct script_cursor *c, struct twin *twin, bool up) {
    struct mset_area want = {0}, got = {0};
    const bool is_there = foresee(c, &twin->model, up, &want);
    print_move(up, is_there, &want);
    const bool is_given =
        up ? mset_cursor_next(&c->cursor, &got) : mset_cursor_prev(&c->cursor, &got);
    if (is_there != is_given || (is_there && !area_equal(&want, &got))) {
        return twin_complain(twin, "cursor %s: model %#" PRIx64 ", library %#" PRIx64,
                             up ? "up" : "down", is_there ? want.start : 0,
                             is_given ? got.start : 0);
    }
    c->inside = is_there;
    c->first = want.start;
    c->last = want.start + (want.size - 1);
    return NULL;
}

const char *script_turn(struct script_cursor *c, struct twin *twin,
                        const struct script_step *step) {
    const bool part = step->turn == TURN_RANGE;
    if (c->open && step->turn <= TURN_PREV) {
        return move_cursor(c, twin, step->turn == TURN_NEXT);
    }
    if (c->open) {
        fuzz_print("    mset_cursor_close(&cursor);\n");
        mset_cursor_close(&c->cursor);
    }
    *c = (struct script_cursor){.lo = part ? step->lo : 0,
                                .hi = part ? step->hi : twin->options.pages,
                                .open = step->turn != TURN_CLOSE};
    const uint64_t start = model_address(&twin->model, c->lo);
    const uint64_t size = (c->hi - c->lo) * twin->options.page_size;
    fuzz_print("    assert_int_equal(mset_cursor_range(&cursor, twin.set, %#" PRIx64 ", %#" PRIx64
               "), MSET_OK);\n",
               start, size);
    if (mset_cursor_range(&c->cursor, twin->set, start, size) != MSET_OK) {
        return twin_complain(twin, "mset_cursor_range");
    }
    return NULL;
}

/* ---- room ----------------------------------------------------------------------------------- */

static const char *compare_room(struct twin *twin, mset_status want, uint64_t place,
                                mset_status got, uint64_t start) {
    if (want == got && place == start) {
        return NULL;
    }
    return twin_complain(twin,
                         "mset_find_free: model \"%s\" %#" PRIx64 ", library \"%s\" %#" PRIx64,
                         mset_status_text(want), place, mset_status_text(got), start);
}

/* By brute force where the wish stays in the universe, and by looking at the ends of areas. */
const char *script_find_room(struct twin *twin, const struct mset_gap_request *wish) {
    const struct page_model *const model = &twin->model;
    const uint64_t end = model_address(model, twin->options.pages);
    uint64_t start = 1, place = 1, edge = 1;
    const mset_status got = mset_find_free(twin->set, wish, &start);
    const mset_status by_edges = model_find_free_by_edges(model, wish, &edge);
    const char *wrong = compare_room(twin, by_edges, edge, got, start);
    const uint64_t last = wish->hi - 1;
    if (wrong == NULL && wish->lo >= model->base && (end == 0 || (wish->hi != 0 && last < end))) {
        const mset_status by_force = model_find_free(model, wish, &place);
        wrong = compare_room(twin, by_force, place, got, start);
    }
    return wrong;
}
