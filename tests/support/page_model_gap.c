/*
 * page_model_gap.c - free room in the page model, found in two ways.
 *
 * model_find_free tries every address of the universe that could be an answer, one after the
 * other, and looks at every page that must be free for it. It needs [lo, hi) inside the universe.
 *
 * model_find_free_by_edges tries only addresses where an answer can lie if there is one: the
 * lowest answer begins at the bound, or so close behind an area that one alignment step lower is
 * no answer; the same from above. That needs no limit.
 *
 * Numbers are 128 bits wide, so that 2^64 and sums with large guards need no thought.
 */
#include "page_model.h"

__extension__ typedef unsigned __int128 wide;

#define TOP ((wide)1 << 64)

/* The wish, made explicit. */
struct search {
    wide size, align, guard;
    wide lo, hi; /* the answer and its bytes lie in [lo, hi) */
    wide hint;
    bool hinted, top_down;
};

static bool is_power_of_two(uint64_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

static mset_status read_wish(const struct page_model *model, const struct mset_gap_request *wish,
                             struct search *search) {
    if (wish == NULL || wish->size == 0 || wish->size % model->page_size != 0 ||
        (wish->align != 0 && !is_power_of_two(wish->align)) ||
        (wish->hi != 0 && wish->lo >= wish->hi) ||
        (wish->flags & ~(MSET_GAP_TOP_DOWN | MSET_GAP_HINT)) != 0) {
        return MSET_INVALID_PARAM;
    }
    *search =
        (struct search){.size = wish->size,
                        .align = wish->align > model->page_size ? wish->align : model->page_size,
                        .guard = wish->guard,
                        .lo = wish->lo,
                        .hi = wish->hi == 0 ? TOP : wish->hi,
                        .hint = wish->hint,
                        .hinted = (wish->flags & MSET_GAP_HINT) != 0,
                        .top_down = (wish->flags & MSET_GAP_TOP_DOWN) != 0};
    return MSET_OK;
}

/* Is any page present that has a byte in [from, to)? */
static bool taken(const struct page_model *model, wide from, wide to) {
    const wide end = (wide)model->base + (wide)model->pages * model->page_size;
    from = from < model->base ? model->base : from;
    to = to > end ? end : to;
    if (from >= to) {
        return false;
    }
    const size_t first = (size_t)((from - model->base) / model->page_size);
    const size_t last = (size_t)((to - 1 - model->base) / model->page_size);
    for (size_t i = first; i <= last; i++) {
        if (model->page[i].present) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct page_model *model, const struct search *search, wide start) {
    if (start % search->align != 0 || start < search->lo || start + search->size > search->hi) {
        return false;
    }
    const wide from = start < search->guard ? 0 : start - search->guard;
    return !taken(model, from, start + search->size + search->guard);
}

/* ---- trying every address ------------------------------------------------------------------ */

/* The lowest (highest) answer in [from, to], a step of the alignment at a time. */
static bool try_all(const struct page_model *model, const struct search *search, wide from, wide to,
                    bool downwards, wide *answer) {
    const wide align = search->align;
    from = (from + align - 1) / align * align;
    to = to / align * align;
    if (from > to) {
        return false;
    }
    for (wide step = 0; step <= (to - from) / align; step++) {
        *answer = downwards ? to - step * align : from + step * align;
        if (fits(model, search, *answer)) {
            return true;
        }
    }
    return false;
}

static mset_status give(bool found, wide answer, uint64_t *start) {
    if (!found) {
        return MSET_NOT_FOUND;
    }
    *start = (uint64_t)answer;
    return MSET_OK;
}

mset_status model_find_free(const struct page_model *model, const struct mset_gap_request *wish,
                            uint64_t *start) {
    struct search search;
    wide answer = 0;
    const mset_status status = read_wish(model, wish, &search);
    if (status != MSET_OK || start == NULL) {
        return MSET_INVALID_PARAM;
    }
    if (search.lo + search.size > search.hi) {
        return MSET_NOT_FOUND;
    }
    const wide lo = search.lo, hi = search.hi - search.size;
    bool found = false;
    if (search.hinted && search.top_down) {
        found = try_all(model, &search, lo, search.hint < hi ? search.hint : hi, true, &answer);
    } else if (search.hinted) {
        found = try_all(model, &search, search.hint > lo ? search.hint : lo, hi, false, &answer);
    }
    if (!found) {
        found = try_all(model, &search, lo, hi, search.top_down, &answer);
    }
    return give(found, answer, start);
}

/* ---- trying the edges ---------------------------------------------------------------------- */

/* The answer so far, and the side from which candidates beat it. */
struct best {
    wide answer;
    bool found;
};

static void offer(const struct page_model *model, const struct search *search, wide from, wide to,
                  wide candidate, struct best *best) {
    if (candidate < from || candidate > to || !fits(model, search, candidate)) {
        return;
    }
    if (!best->found || (search->top_down ? candidate > best->answer : candidate < best->answer)) {
        *best = (struct best){candidate, true};
    }
}

static wide up(wide value, wide align) {
    return (value + align - 1) / align * align;
}

/* The best answer in [from, to]. */
static struct best try_edges(const struct page_model *model, const struct search *search, wide from,
                             wide to) {
    struct best best = {0, false};
    struct mset_area area;
    const wide align = search->align;
    offer(model, search, from, to, search->top_down ? to / align * align : up(from, align), &best);
    for (size_t page = 0; model_next_area(model, page, false, &area, &page);) {
        const wide needed = search->guard + search->size;
        const wide end = (wide)area.start + area.size;
        if (!search->top_down) {
            offer(model, search, from, to, up(end + search->guard, align), &best);
        } else if (area.start >= needed) {
            offer(model, search, from, to, (area.start - needed) / align * align, &best);
        }
    }
    return best;
}

mset_status model_find_free_by_edges(const struct page_model *model,
                                     const struct mset_gap_request *wish, uint64_t *start) {
    struct search search;
    if (read_wish(model, wish, &search) != MSET_OK || start == NULL) {
        return MSET_INVALID_PARAM;
    }
    if (search.lo + search.size > search.hi) {
        return MSET_NOT_FOUND;
    }
    const wide lo = search.lo, hi = search.hi - search.size;
    struct best best = {0, false};
    if (search.hinted && search.top_down) {
        best = try_edges(model, &search, lo, search.hint < hi ? search.hint : hi);
    } else if (search.hinted) {
        best = try_edges(model, &search, search.hint > lo ? search.hint : lo, hi);
    }
    if (!best.found) {
        best = try_edges(model, &search, lo, hi);
    }
    return give(best.found, best.answer, start);
}
