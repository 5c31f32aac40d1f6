/*
 * mirror.c - see mirror.h.
 */
#include "mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mset_area nothing = {0};

static void complain(struct mirror *mirror, const struct mset_change *change, const char *what) {
    char text[512];
    if (mirror->complaint[0] == '\0') {
        change_text(change, text, sizeof text);
        (void)snprintf(mirror->complaint, sizeof mirror->complaint, "observer: %s: %s", text, what);
    }
}

/* ---- the list ------------------------------------------------------------------------------ */

static size_t page_number(const struct mirror *mirror, uint64_t address) {
    return (size_t)((address - mirror->base) / mirror->page_size);
}

/* Whole pages of the universe? */
static bool fits(const struct mirror *mirror, const struct mset_area *area) {
    const uint64_t mask = mirror->page_size - 1;
    if (area->size == 0 || ((area->start | area->size) & mask) != 0 || area->start < mirror->base) {
        return false;
    }
    const uint64_t first = (area->start - mirror->base) / mirror->page_size;
    return first < mirror->pages && area->size / mirror->page_size <= mirror->pages - first;
}

bool mirror_holds(const struct mirror *mirror, const struct mset_area *area) {
    return fits(mirror, area) && area_equal(&mirror->areas[page_number(mirror, area->start)], area);
}

static bool is_free(const struct mirror *mirror, uint64_t start, uint64_t size) {
    const struct mset_area run = {.start = start, .size = size};
    if (!fits(mirror, &run)) {
        return false;
    }
    const size_t first = page_number(mirror, start);
    return memchr(&mirror->covered[first], 1, (size_t)(size / mirror->page_size)) == NULL;
}

static void cover(struct mirror *mirror, const struct mset_area *area, bool covered) {
    memset(&mirror->covered[page_number(mirror, area->start)], covered,
           (size_t)(area->size / mirror->page_size));
    mirror->bytes += covered ? area->size : 0 - area->size;
}

static void put(struct mirror *mirror, const struct mset_area *area) {
    mirror->areas[page_number(mirror, area->start)] = *area;
    cover(mirror, area, true);
    mirror->count++;
}

static void take(struct mirror *mirror, const struct mset_area *area) {
    cover(mirror, area, false);
    mirror->areas[page_number(mirror, area->start)] = nothing;
    mirror->count--;
}

/* ---- what a kind of change makes of an area ------------------------------------------------- */

/* The same flags, backend, and offset of every address. */
static bool same_kind(const struct mset_area *a, const struct mset_area *b) {
    return a->flags == b->flags && a->backend == b->backend &&
           a->offset - a->start == b->offset - b->start;
}

static uint64_t end_of(const struct mset_area *area) {
    return area->start + area->size;
}

/* Is `part` an end of `whole`, and not all of it? */
static bool is_end_of(const struct mset_area *part, const struct mset_area *whole) {
    return same_kind(part, whole) && part->size != 0 && part->size < whole->size &&
           (part->start == whole->start || end_of(part) == end_of(whole));
}

static const char *split(struct mirror *mirror, const struct mset_change *change) {
    const struct mset_area *whole = &change->old_run, *upper = &change->new_run;
    if (!is_end_of(upper, whole) || end_of(upper) != end_of(whole)) {
        return "no upper part";
    }
    struct mset_area lower = *whole;
    lower.size -= upper->size;
    take(mirror, whole);
    put(mirror, &lower);
    put(mirror, upper);
    mirror->splits++;
    return NULL;
}

static const char *grow(struct mirror *mirror, const struct mset_change *change) {
    const struct mset_area *old_run = &change->old_run, *new_run = &change->new_run;
    const uint64_t added = new_run->size - old_run->size;
    const uint64_t start = new_run->start == old_run->start ? end_of(old_run) : new_run->start;
    if (!is_end_of(old_run, new_run) || !is_free(mirror, start, added)) {
        return "did not grow into free room";
    }
    return NULL;
}

static const char *merge(struct mirror *mirror, const struct mset_change *change) {
    const struct mset_area *upper = &change->old_run, *whole = &change->new_run;
    struct mset_area lower = *whole;
    lower.size -= upper->size;
    if (!is_end_of(upper, whole) || end_of(upper) != end_of(whole) ||
        !mirror_holds(mirror, &lower)) {
        return "not two areas that are one now";
    }
    take(mirror, upper);
    take(mirror, &lower);
    put(mirror, whole);
    mirror->merges++;
    return NULL;
}

static const char *protect(const struct mset_change *change) {
    struct mset_area expected = change->old_run;
    expected.flags = change->new_run.flags;
    return change->old_run.flags != change->new_run.flags && area_equal(&expected, &change->new_run)
               ? NULL
               : "not the same with other flags";
}

static const char *move(const struct mirror *mirror, const struct mset_change *change) {
    struct mset_area expected = change->old_run;
    expected.start = change->new_run.start;
    if (!area_equal(&expected, &change->new_run)) {
        return "not the same at another place";
    }
    return is_free(mirror, expected.start, expected.size) ? NULL : "the new place is taken";
}

/* Kinds that put one area in the place of one: nothing else to be done than what is checked. */
static const char *exchange(struct mirror *mirror, const struct mset_change *change) {
    const char *wrong = NULL;
    switch (change->kind) {
    case MSET_TRIMMED:
        wrong = is_end_of(&change->new_run, &change->old_run) ? NULL : "no rest of it";
        break;
    case MSET_GROWN:
        wrong = grow(mirror, change);
        break;
    case MSET_PROTECTED:
        wrong = protect(change);
        break;
    case MSET_MOVED:
        wrong = move(mirror, change);
        break;
    default:
        wrong = "no such kind";
        break;
    }
    if (wrong == NULL) {
        take(mirror, &change->old_run);
        put(mirror, &change->new_run);
    }
    return wrong;
}

static const char *apply(struct mirror *mirror, const struct mset_change *change) {
    if (change->kind == MSET_INSERTED) {
        if (!area_equal(&change->old_run, &nothing) ||
            !is_free(mirror, change->new_run.start, change->new_run.size)) {
            return "not an area in free room";
        }
        put(mirror, &change->new_run);
        return NULL;
    }
    if (!mirror_holds(mirror, &change->old_run)) {
        return "there is no such area at that moment";
    }
    if (change->kind == MSET_REMOVED) {
        take(mirror, &change->old_run);
        return area_equal(&change->new_run, &nothing) ? NULL : "something is left";
    }
    if (!fits(mirror, &change->new_run)) {
        return "not whole pages of the universe";
    }
    if (change->kind == MSET_SPLIT) {
        return split(mirror, change);
    }
    return change->kind == MSET_MERGED ? merge(mirror, change) : exchange(mirror, change);
}

static void changed(struct mset_observer *observer, const struct mset_change *change) {
    struct mirror *mirror = (struct mirror *)observer;
    change_list_add(&mirror->told, change);
    if (mirror->complaint[0] == '\0') {
        const char *wrong = apply(mirror, change);
        if (wrong != NULL) {
            complain(mirror, change, wrong);
        }
    }
}

/* ---- the mirror ----------------------------------------------------------------------------- */

void mirror_open(struct mirror *mirror, uint64_t base, uint64_t page_size, size_t pages) {
    *mirror = (struct mirror){
        .observer = {.changed = changed}, .base = base, .page_size = page_size, .pages = pages};
    mirror->areas = calloc(pages, sizeof *mirror->areas);
    mirror->covered = calloc(pages, sizeof *mirror->covered);
    if (mirror->areas == NULL || mirror->covered == NULL) {
        abort();
    }
}

void mirror_close(struct mirror *mirror) {
    free(mirror->areas);
    free(mirror->covered);
    change_list_free(&mirror->told);
    mirror->areas = NULL;
    mirror->covered = NULL;
}

void mirror_reset(struct mirror *mirror) {
    if (mirror->count != 0 || mirror->complaint[0] != '\0') {
        memset(mirror->areas, 0, mirror->pages * sizeof *mirror->areas);
        memset(mirror->covered, 0, mirror->pages * sizeof *mirror->covered);
    }
    mirror->count = 0;
    mirror->bytes = 0;
    mirror->splits = 0;
    mirror->merges = 0;
    mirror->complaint[0] = '\0';
}

void mirror_begin(struct mirror *mirror) {
    mirror->told.count = 0;
}
