/*
 * twin_compare.c - comparing the states of set, model and backends. See twin.h.
 */
#include "twin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void area_text(const struct mset_area *area, bool found, char *text, size_t size) {
    (void)snprintf(text, size, "nothing");
    if (found) {
        (void)snprintf(text, size, "{%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %p, %#" PRIx64 "}",
                       area->start, area->size, area->flags, (void *)area->backend, area->offset);
    }
}

/* Both sides gave an area or nothing: is it the same? `what` names the question. */
static const char *compare_area(struct twin *twin, const char *what, uint64_t at, bool want,
                                const struct mset_area *wanted, bool got,
                                const struct mset_area *given) {
    char left[128], right[128];
    if (want == got && (!want || area_equal(wanted, given))) {
        return NULL;
    }
    area_text(wanted, want, left, sizeof left);
    area_text(given, got, right, sizeof right);
    return twin_complain(twin, "%s (%#" PRIx64 "): model %s, library %s", what, at, left, right);
}

/* ---- cursors ------------------------------------------------------------------------------ */

/* The model's areas that touch pages [lo, hi) into twin->areas. */
static void list_areas(struct twin *twin, size_t lo, size_t hi) {
    struct mset_area area;
    size_t page = lo;
    twin->areas.count = 0;
    for (bool first = true; page < hi; first = false) {
        if (!model_next_area(&twin->model, page, first, &area, &page) ||
            area.start > model_address(&twin->model, hi - 1)) {
            return;
        }
        area_list_add(&twin->areas, &area, 0);
    }
}

/* Steps over all areas of twin->areas in one direction, and off the end. */
static const char *compare_steps(struct twin *twin, struct mset_cursor *cursor, bool up) {
    const size_t count = twin->areas.count;
    const struct mset_area none = {0};
    for (size_t i = 0; i <= count; i++) {
        struct mset_area given = {0};
        const bool got = up ? mset_cursor_next(cursor, &given) : mset_cursor_prev(cursor, &given);
        const struct mset_area *wanted =
            i == count ? &none : &twin->areas.areas[up ? i : count - 1 - i];
        const char *wrong = compare_area(twin, up ? "mset_cursor_next" : "mset_cursor_prev", i,
                                         i < count, wanted, got, &given);
        if (wrong != NULL) {
            return wrong;
        }
    }
    return NULL;
}

/* Up, off the top, up again; then down twice: stepping over an end is being outside again. */
static const char *compare_cursor(struct twin *twin, struct mset_cursor *cursor) {
    const char *wrong = compare_steps(twin, cursor, true);
    if (wrong == NULL) {
        wrong = compare_steps(twin, cursor, false);
    }
    if (wrong == NULL) {
        wrong = compare_steps(twin, cursor, false);
    }
    return wrong != NULL ? wrong : compare_steps(twin, cursor, true);
}

static const char *compare_iteration(struct twin *twin) {
    struct mset_cursor cursor;
    list_areas(twin, 0, twin->options.pages);
    mset_cursor_all(&cursor, twin->set);
    const char *wrong = compare_steps(twin, &cursor, true);
    return wrong != NULL ? wrong : compare_steps(twin, &cursor, false);
}

static const char *compare_part(struct twin *twin, size_t lo, size_t hi) {
    struct mset_cursor cursor;
    const uint64_t start = model_address(&twin->model, lo);
    const uint64_t size = (hi - lo) * twin->options.page_size;
    if (size == 0) {
        return NULL; /* all of 2^64: no range */
    }
    const mset_status status = mset_cursor_range(&cursor, twin->set, start, size);
    if (status != MSET_OK) {
        return twin_complain(twin, "mset_cursor_range: %s", mset_status_text(status));
    }
    list_areas(twin, lo, hi);
    const char *wrong = compare_cursor(twin, &cursor);
    if (wrong != NULL) {
        return wrong;
    }
    const bool overlaps = mset_overlaps(twin->set, start, size);
    if (overlaps != (twin->areas.count != 0)) {
        return twin_complain(twin, "mset_overlaps(%#" PRIx64 ", %#" PRIx64 ") says %d", start, size,
                             overlaps);
    }
    return NULL;
}

/* All ranges of a small universe; some of a large one. */
static const char *compare_parts(struct twin *twin) {
    const size_t pages = twin->options.pages;
    const size_t step = pages <= 16 ? 1 : pages / 7;
    const char *wrong = NULL;
    for (size_t lo = 0; lo < pages && wrong == NULL; lo += step) {
        for (size_t hi = lo + 1; hi <= pages && wrong == NULL; hi += step) {
            wrong = compare_part(twin, lo, hi);
        }
    }
    return wrong;
}

/* ---- single questions --------------------------------------------------------------------- */

static const char *compare_find_at(struct twin *twin, uint64_t address) {
    struct mset_area wanted = {0}, given = {0};
    const bool want = model_find(&twin->model, address, &wanted);
    const bool got = mset_find(twin->set, address, &given);
    return compare_area(twin, "mset_find", address, want, &wanted, got, &given);
}

/* First and last byte of every page, and the bytes beside the universe. */
static const char *compare_finds(struct twin *twin) {
    const uint64_t page = twin->options.page_size;
    const char *wrong = NULL;
    for (size_t i = 0; i < twin->options.pages && wrong == NULL; i++) {
        const uint64_t address = model_address(&twin->model, i);
        wrong = compare_find_at(twin, address);
        if (wrong == NULL && page > 1) {
            wrong = compare_find_at(twin, address + (page - 1));
        }
    }
    const uint64_t end = model_address(&twin->model, twin->options.pages);
    if (wrong == NULL && twin->options.base != 0) {
        wrong = compare_find_at(twin, twin->options.base - 1);
    }
    return wrong == NULL && end != 0 ? compare_find_at(twin, end) : wrong;
}

static const char *compare_numbers(struct twin *twin) {
    const uint64_t count = model_count(&twin->model), bytes = model_mapped_bytes(&twin->model);
    struct mset_statistics statistics;
    mset_get_statistics(twin->set, &statistics);
    if (mset_count(twin->set) != count || statistics.areas != count) {
        return twin_complain(twin, "count: model %" PRIu64 ", library %" PRIu64 ", %" PRIu64, count,
                             mset_count(twin->set), statistics.areas);
    }
    if (mset_mapped_bytes(twin->set) != bytes || statistics.mapped_bytes != bytes) {
        return twin_complain(twin, "mapped bytes: model %" PRIu64 ", library %" PRIu64, bytes,
                             mset_mapped_bytes(twin->set));
    }
    if (statistics.splits != twin->splits || statistics.merges != twin->merges) {
        return twin_complain(twin,
                             "%" PRIu64 " splits and %" PRIu64
                             " merges in the model, counted %" PRIu64 ", %" PRIu64,
                             twin->splits, twin->merges, statistics.splits, statistics.merges);
    }
    if ((statistics.height == 0) != (count == 0)) {
        return twin_complain(twin, "%" PRIu64 " areas in a tree of height %u", count,
                             statistics.height);
    }
    if (count == 0 && statistics.node_bytes != 0) {
        return twin_complain(twin, "%" PRIu64 " bytes of nodes for nothing", statistics.node_bytes);
    }
    return NULL;
}

static const char *compare_mirror(struct twin *twin) {
    struct mset_statistics statistics;
    if (twin->options.unobserved) {
        return NULL;
    }
    mset_get_statistics(twin->set, &statistics);
    for (size_t i = 0; i < twin->areas.count; i++) { /* all areas: see compare_iteration */
        if (!mirror_holds(&twin->mirror, &twin->areas.areas[i])) {
            return twin_complain(twin, "area {%#" PRIx64 ", %#" PRIx64 "} is not in the mirror",
                                 twin->areas.areas[i].start, twin->areas.areas[i].size);
        }
    }
    if (twin->mirror.count != twin->areas.count) {
        return twin_complain(twin, "the mirror has %" PRIu64 " areas, the set %zu",
                             twin->mirror.count, twin->areas.count);
    }
    if (statistics.splits != twin->mirror.splits || statistics.merges != twin->mirror.merges) {
        return twin_complain(
            twin, "%" PRIu64 " splits and %" PRIu64 " merges told, counted %" PRIu64 ", %" PRIu64,
            twin->mirror.splits, twin->mirror.merges, statistics.splits, statistics.merges);
    }
    return NULL;
}

/* Takes the area out of the tally of its flags; false if there is none. `*at`: the last one. */
static bool take_from_tallies(struct mset_tally *tallies, const bool *used,
                              const struct mset_area *area, size_t *at) {
    for (size_t i = 0; i < MSET_TALLIES; i++, *at = (*at + 1) % MSET_TALLIES) {
        if (used[*at] && tallies[*at].flags == area->flags) {
            tallies[*at].areas--;
            tallies[*at].bytes -= area->size;
            return true;
        }
    }
    return false;
}

/* Counts all again. */
static const char *compare_accounting(struct twin *twin) {
    struct mset_tally tallies[MSET_TALLIES];
    size_t at = 0;
    if (twin->options.unobserved) {
        return NULL;
    }
    memcpy(tallies, twin->accounting.tallies, sizeof tallies);
    for (size_t i = 0; i < twin->areas.count; i++) {
        const struct mset_area *area = &twin->areas.areas[i];
        if (!take_from_tallies(tallies, twin->accounting.used, area, &at)) {
            return twin_complain(twin, "accounting: nothing for flags %#" PRIx64, area->flags);
        }
    }
    for (size_t i = 0; i < MSET_TALLIES; i++) {
        if (twin->accounting.used[i] && (tallies[i].areas != 0 || tallies[i].bytes != 0)) {
            return twin_complain(
                twin,
                "accounting: flags %#" PRIx64 " are off by %" PRId64 " areas, %" PRId64 " bytes",
                tallies[i].flags, (int64_t)tallies[i].areas, (int64_t)tallies[i].bytes);
        }
    }
    return NULL;
}

const char *twin_compare_references(struct twin *twin) {
    uint64_t areas[RECORDER_KINDS] = {0};
    struct mset_cursor cursor;
    struct mset_area area;
    mset_cursor_all(&cursor, twin->set);
    while (mset_cursor_next(&cursor, &area)) {
        for (int kind = 0; kind < RECORDER_KINDS; kind++) {
            areas[kind] += area.backend == &twin->stage.recorders[kind].base;
        }
    }
    for (int kind = 0; kind < RECORDER_KINDS; kind++) {
        if ((int64_t)areas[kind] != twin->stage.recorders[kind].references) {
            return twin_complain(twin, "backend %d: %" PRIu64 " areas, %" PRId64 " references",
                                 kind, areas[kind], twin->stage.recorders[kind].references);
        }
    }
    return NULL;
}

/* ---- hardware ----------------------------------------------------------------------------- */

static bool hardware_equal(const struct hardware_page *page, bool mapped,
                           const struct mset_area *area, uint64_t address) {
    if (!mapped) {
        return page->backend == NULL;
    }
    return page->backend == area->backend && page->flags == area->flags &&
           page->offset == mset_area_offset(area, address);
}

/* Does the page table hold what the set says? Asked of the set, once per area. */
static const char *compare_hardware(struct twin *twin) {
    struct mset_cursor cursor;
    struct mset_area area = {0};
    mset_cursor_all(&cursor, twin->set);
    bool more = mset_cursor_next(&cursor, &area);
    for (size_t i = 0; i < twin->options.pages; i++) {
        const uint64_t address = model_address(&twin->model, i);
        while (more && area.start < address && !mset_area_contains(&area, address)) {
            more = mset_cursor_next(&cursor, &area);
        }
        const bool mapped = more && mset_area_contains(&area, address) && stage_maps(area.backend);
        if (!hardware_equal(&twin->stage.hardware[i], mapped, &area, address)) {
            mset_cursor_close(&cursor);
            return twin_complain(twin,
                                 "page %#" PRIx64 ": the set says %smapped, the page table %s",
                                 address, mapped ? "" : "not ",
                                 twin->stage.hardware[i].backend == NULL ? "is empty" : "differs");
        }
    }
    mset_cursor_close(&cursor);
    return NULL;
}

/* ---- the listing -------------------------------------------------------------------------- */

struct text {
    char *at;
    size_t length, room;
};

static bool add_text(void *arg, const char *more, size_t length) {
    struct text *text = arg;
    if (text->length + length + 1 > text->room) {
        text->room = 2 * (text->length + length + 1);
        text->at = realloc(text->at, text->room);
        if (text->at == NULL) {
            abort();
        }
    }
    memcpy(text->at + text->length, more, length);
    text->length += length;
    text->at[text->length] = '\0';
    return true;
}

static const char *compare_dump(struct twin *twin) {
    struct text want = {0}, got = {0};
    const char *wrong = NULL;
    (void)add_text(&want, "", 0);
    (void)add_text(&got, "", 0);
    model_dump(&twin->model, add_text, &want);
    if (!mset_dump(twin->set, add_text, &got)) {
        wrong = twin_complain(twin, "mset_dump says it was stopped");
    } else if (strcmp(want.at, got.at) != 0) {
        wrong = twin_complain(twin, "mset_dump:\n%.400s, model:\n%.400s", got.at, want.at);
    }
    free(want.at);
    free(got.at);
    return wrong;
}

/* ---- all of it ---------------------------------------------------------------------------- */

const char *twin_compare(struct twin *twin, enum twin_depth depth) {
    /* Those from the second to the third look at the areas that the first has listed. */
    static const char *(*const checks[])(struct twin *) = {
        compare_iteration, compare_mirror,  compare_accounting,
        compare_finds,     compare_numbers, twin_compare_references,
        compare_hardware,  compare_parts,   compare_dump};
    const size_t count = depth == TWIN_FULL ? 9 : 7;
    const char *wrong = mset_validate(twin->set);
    if (wrong != NULL) {
        return twin_complain(twin, "mset_validate: %s", wrong);
    }
    for (size_t i = 0; i < count; i++) {
        if ((wrong = checks[i](twin)) != NULL) {
            return wrong;
        }
    }
    return NULL;
}
