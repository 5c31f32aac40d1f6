/* house.c - see house.h. */
#include "faults/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

/* ---- opening and closing -------------------------------------------------------------------- */

static void room_open(struct room *room, struct house *house, uint64_t base, uint64_t bytes,
                      bool storage) {
    room->base = base;
    room->bytes = bytes;
    room->storage = storage ? aligned_alloc(UINT64_C(0x10000), bytes) : NULL;
    if (storage) {
        assert_non_null(room->storage);
        memset(room->storage, 0x5a, bytes); /* frames come with rubbish in them */
    }
    const struct mset_buddy_config region = {base, bytes, room->storage, &house->counter.base};
    assert_int_equal(mset_buddy_create(&region, &room->buddy), MSET_OK);
    faulty_frames_init(&room->frames, mset_buddy_frames(room->buddy), &house->faults);
}

static void room_close(struct room *room) {
    assert_int_equal(room->frames.live, 0);
    assert_null(mset_buddy_validate(room->buddy));
    mset_buddy_destroy(room->buddy);
    free(room->storage);
}

static struct mset_page_table *open_table(const struct house *house, struct room *room,
                                          bool promote) {
    const struct mset_pt_config config = {.format = house->format,
                                          .frames = &room->frames.base,
                                          .allocator = &house->memory.base,
                                          .promote = promote};
    struct mset_page_table *table;
    assert_int_equal(mset_pt_create(&config, &table), MSET_OK);
    return table;
}

/* Tables with a stock would have more frames in use than tables. */
static uint64_t table_frames(const struct house *house, const struct mset_page_table *table) {
    struct mset_pt_statistics now;
    uint64_t frames = house->root_frames;
    mset_pt_get_statistics(table, &now);
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        frames += now.tables[level] * (house->page / MSET_PAGE_SIZE);
    }
    return frames;
}

/* The smallest leaf, and the next that is one entry: levels differ by 8 bits or more. */
static void choose_sizes(struct house *house) {
    const uint64_t sizes = house->format->leaf_sizes;
    house->page = sizes & -sizes;
    for (house->big = house->page << 8; (sizes & house->big) == 0;) {
        house->big <<= 1;
    }
    house->base = 8 * house->big;
    while (house->base < UINT64_C(1) << 33) {
        house->base <<= 1;
    }
}

void house_open(struct house *house, const struct mset_pt_format *format, bool merge, bool promote,
                uint64_t frames) {
    memset(house, 0, sizeof *house);
    house->format = format;
    house->merge = merge;
    house->promote = promote;
    choose_sizes(house);
    counting_allocator_open(&house->counter);
    faulty_allocator_init(&house->memory, &house->counter.base, &house->faults);
    room_open(&house->tables, house, 64 * MIB, frames * MSET_PAGE_SIZE, true);
    room_open(&house->others, house, 128 * MIB, frames * MSET_PAGE_SIZE, true);
    room_open(&house->data, house, 4 * GIB, 16 * house->big, false);
    house->pt = open_table(house, &house->tables, promote);
    house->other = open_table(house, &house->others, false);
    house->root_frames = house->tables.frames.live - table_frames(house, house->pt);
    mset_linear_init(&house->linear);
    mset_linear_init(&house->behind);
    mset_eager_init(&house->eager, &house->data.frames.base, &house->memory.base);
    mset_lazy_init(&house->lazy, &house->data.frames.base);
    struct mset_backend *const behind = &house->behind.backend;
    faulty_backend_init(&house->mover, behind, house->other, &house->faults, true);
    faulty_backend_init(&house->mapper, behind, house->other, &house->faults, false);
    const struct mset_options options = {.allocator = &house->memory.base,
                                         .page_size = house->page,
                                         .flags = merge ? MSET_MERGE : 0};
    assert_int_equal(mset_create(&options, &house->set), MSET_OK);
}

void house_flush(struct house *house) {
    mset_pt_flushed(house->pt);
    mset_pt_flushed(house->other);
}

void house_clear(struct house *house) {
    /* Backends that do not prepare cut by themselves, so some of them may want a table. */
    fault_point_set(&house->faults, 0, false);
    const bool foreign = house->mover.references + house->mapper.references != 0;
    /* And leaves that were promoted reach across areas. */
    fault_point_set(&house->faults, foreign || house->promote ? 0 : 1, true);
    assert_int_equal(mset_clear(house->set, house->pt), MSET_OK);
    fault_point_set(&house->faults, 0, false);
    house_flush(house);
    struct mset_pt_run run;
    assert_int_equal(mset_pt_next(house->pt, house->base, 64 * house->big, &run), MSET_NOT_FOUND);
    assert_int_equal(mset_pt_next(house->other, house->base, 64 * house->big, &run),
                     MSET_NOT_FOUND);
    assert_int_equal(house->data.frames.live, 0);
    assert_int_equal(house->eager.held + house->lazy.held, 0);
}

void house_close(struct house *house) {
    house_clear(house);
    mset_destroy(house->set);
    mset_pt_destroy(house->pt);
    mset_pt_destroy(house->other);
    room_close(&house->tables);
    room_close(&house->others);
    room_close(&house->data);
    assert_null(counting_allocator_complaint(&house->counter, true));
}

struct mset_backend *house_backend(struct house *house, enum tenant tenant) {
    switch (tenant) {
    case LINEAR:
        return &house->linear.backend;
    case EAGER:
        return &house->eager.backend;
    case LAZY:
        return &house->lazy.backend;
    case MOVER:
        return &house->mover.base;
    case MAPPER:
        return &house->mapper.base;
    default:
        return NULL;
    }
}

/* ---- is all as the areas say? --------------------------------------------------------------- */

static uint64_t leaf_flags_of(const struct house *house, uint64_t flags) {
    const uint64_t access = flags & MSET_ACCESS;
    return access | ((access & house->format->implies_read) != 0 ? MSET_READ : 0);
}

static bool is_foreign(const struct house *house, const struct mset_area *area) {
    return area->backend == &house->mover.base || area->backend == &house->mapper.base;
}

/* Is [from, to) of the area mapped as it should, by whole leaves that do not stick out? */
static const char *wrong_leaves(const struct house *house, const struct mset_area *area) {
    const bool foreign = is_foreign(house, area);
    const struct mset_page_table *const table = foreign ? house->other : house->pt;
    const bool linear = foreign || area->backend == &house->linear.backend;
    const bool full =
        linear || (area->backend == &house->eager.backend && (area->flags & MSET_ACCESS) != 0);
    uint64_t va = area->start, size = area->size;
    struct mset_pt_run run;
    while (size != 0 && mset_pt_next(table, va, size, &run) == MSET_OK) {
        if (full && run.va != va) {
            return "an area is not mapped everywhere";
        }
        if ((run.flags & MSET_ACCESS) != leaf_flags_of(house, area->flags)) {
            return "a leaf has other rights than its area";
        }
        if (linear && run.pa != mset_area_offset(area, run.va)) {
            return "a leaf has another address than its area says";
        }
        size -= run.va + run.size - va;
        va = run.va + run.size;
    }
    return full && size != 0 ? "an area is not mapped to its end" : NULL;
}

static const char *wrong_hole(const struct mset_page_table *table, uint64_t from, uint64_t to) {
    struct mset_pt_run run;
    return to != from && mset_pt_next(table, from, to - from, &run) == MSET_OK
               ? "something is mapped where no area is"
               : NULL;
}

struct seen {
    uint64_t references[TENANTS];
    uint64_t filled; /* addresses of the own table behind which there are frames */
};

static void count_filled(const struct house *house, const struct mset_area *area,
                         struct seen *seen) {
    uint64_t va = area->start, size = area->size;
    struct mset_pt_run run;
    while (size != 0 && mset_pt_next(house->pt, va, size, &run) == MSET_OK) {
        seen->filled += run.size;
        size -= run.va + run.size - va;
        va = run.va + run.size;
    }
}

static const char *wrong_area(struct house *house, const struct mset_area *area,
                              struct seen *seen) {
    for (int tenant = 0; tenant < NOBODY; tenant++) {
        seen->references[tenant] += area->backend == house_backend(house, (enum tenant)tenant);
    }
    if (area->backend == NULL) {
        return wrong_hole(house->pt, area->start, area->start + area->size);
    }
    if (area->backend == &house->eager.backend || area->backend == &house->lazy.backend) {
        count_filled(house, area, seen);
    }
    return wrong_leaves(house, area);
}

static const char *wrong_counts(const struct house *house, const struct seen *seen) {
    const uint64_t references[] = {house->linear.areas, house->eager.areas, house->lazy.areas,
                                   house->mover.references, house->mapper.references};
    for (int tenant = 0; tenant < NOBODY; tenant++) {
        if (references[tenant] != seen->references[tenant]) {
            return "references differ from areas";
        }
    }
    if (house->eager.held + house->lazy.held != seen->filled ||
        house->data.frames.live * MSET_PAGE_SIZE != seen->filled) {
        return "frames held differ from frames mapped";
    }
    return NULL;
}

/* What is in neither table nor waiting for a flush is in a stock, which is to be empty. */
static const char *wrong_stock(const struct house *house) {
    struct mset_pt_gather gather;
    mset_pt_get_gather(house->pt, &gather);
    const uint64_t waiting = gather.tables * (house->page / MSET_PAGE_SIZE);
    const uint64_t used = table_frames(house, house->pt) + waiting;
    return house->tables.frames.live < used ||
                   (house->tables.frames.live != used && !house->promote)
               ? "tables were taken and are not in use"
               : NULL;
}

const char *house_wrong(struct house *house) {
    struct seen seen = {.filled = 0};
    struct mset_cursor cursor;
    struct mset_area area;
    uint64_t behind = house->base;
    const char *wrong = mset_validate(house->set);
    wrong = wrong != NULL ? wrong : mset_pt_validate(house->pt);
    wrong = wrong != NULL ? wrong : mset_pt_validate(house->other);
    wrong = wrong != NULL ? wrong : counting_allocator_complaint(&house->counter, false);
    mset_cursor_all(&cursor, house->set);
    while (mset_cursor_next(&cursor, &area) && wrong == NULL) {
        wrong = wrong_hole(house->pt, behind, area.start);
        wrong = wrong != NULL ? wrong : wrong_hole(house->other, behind, area.start);
        wrong = wrong != NULL ? wrong : wrong_area(house, &area, &seen);
        behind = area.start + area.size;
    }
    mset_cursor_close(&cursor);
    wrong = wrong != NULL ? wrong : wrong_hole(house->pt, behind, house->base + 64 * house->big);
    wrong = wrong != NULL ? wrong : wrong_counts(house, &seen);
    return wrong != NULL ? wrong : wrong_stock(house);
}

/* ---- is all as it was? ---------------------------------------------------------------------- */

static size_t list_areas(const struct house *house, struct mset_area *areas) {
    struct mset_cursor cursor;
    size_t count = 0;
    mset_cursor_all(&cursor, house->set);
    while (count < MOST_AREAS && mset_cursor_next(&cursor, &areas[count])) {
        count++;
    }
    mset_cursor_close(&cursor);
    return count;
}

static bool in_use(const struct house *house, size_t frame) {
    return !mset_buddy_is_free(house->tables.buddy, house->tables.base + frame * MSET_PAGE_SIZE);
}

void snapshot_take(struct snapshot *snapshot, struct house *house) {
    mset_pt_prepare_drop(house->pt);
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->count = list_areas(house, snapshot->areas);
    mset_get_statistics(house->set, &snapshot->statistics);
    mset_pt_get_statistics(house->pt, &snapshot->leaves);
    mset_pt_get_gather(house->pt, &snapshot->gather);
    snapshot->data_frames = house->data.frames.live;
    const size_t live = house->tables.frames.live;
    snapshot->addresses = malloc(live * sizeof(uint64_t));
    snapshot->bytes = malloc(live * MSET_PAGE_SIZE);
    if (snapshot->addresses == NULL || snapshot->bytes == NULL) {
        fail_msg("no memory for a snapshot");
        return;
    }
    for (size_t frame = 0; snapshot->frames < live; frame++) {
        if (in_use(house, frame)) {
            snapshot->addresses[snapshot->frames] = frame;
            memcpy(snapshot->bytes + snapshot->frames * MSET_PAGE_SIZE,
                   house->tables.storage + frame * MSET_PAGE_SIZE, MSET_PAGE_SIZE);
            snapshot->frames++;
        }
    }
}

void snapshot_free(struct snapshot *snapshot) {
    free(snapshot->addresses);
    free(snapshot->bytes);
}

static const char *frames_differ(const struct snapshot *snapshot, const struct house *house) {
    if (snapshot->frames != house->tables.frames.live ||
        snapshot->data_frames != house->data.frames.live) {
        return "other frames are in use";
    }
    for (size_t i = 0; i < snapshot->frames; i++) {
        const size_t frame = (size_t)snapshot->addresses[i];
        if (!in_use(house, frame)) {
            return "a table's frame was given back";
        }
        if (memcmp(snapshot->bytes + i * MSET_PAGE_SIZE,
                   house->tables.storage + frame * MSET_PAGE_SIZE, MSET_PAGE_SIZE) != 0) {
            return "a table's bytes have changed";
        }
    }
    return NULL;
}

const char *snapshot_differs(const struct snapshot *snapshot, const struct house *house) {
    struct mset_area areas[MOST_AREAS];
    struct mset_statistics statistics;
    struct mset_pt_statistics leaves;
    struct mset_pt_gather gather;
    memset(areas, 0, sizeof areas);
    mset_get_statistics(house->set, &statistics);
    mset_pt_get_statistics(house->pt, &leaves);
    mset_pt_get_gather(house->pt, &gather);
    leaves.visits = snapshot->leaves.visits;
    if (list_areas(house, areas) != snapshot->count ||
        memcmp(areas, snapshot->areas, sizeof areas) != 0) {
        return "the areas have changed";
    }
    if (statistics.splits != snapshot->statistics.splits ||
        statistics.merges != snapshot->statistics.merges ||
        statistics.height != snapshot->statistics.height) {
        return "the statistics of the set have changed";
    }
    if (memcmp(&leaves, &snapshot->leaves, sizeof leaves) != 0) {
        return "the statistics of the page table have changed";
    }
    if (memcmp(&gather, &snapshot->gather, sizeof gather) != 0) {
        return "the gather has changed";
    }
    return frames_differ(snapshot, house);
}
