/*
 * replay.c - applies the operations of a trace to memory sets, one per address space.
 *
 * Areas of the replay
 *
 *   flags    MSET_USER (where the format knows users), the access, MSET_SHARED, and in the caller's
 * bits the file descriptor of a file mapping: mappings of different files never merge. offset Linux
 * merges private anonymous neighbours whatever they are, and neighbours of a file if their offsets
 * follow each other. So anonymous memory has its own address as offset (the bias is 0 everywhere),
 * files have theirs. The linear backend reads the offset as the physical address; there it is the
 * address for all areas.
 *
 * Memory from before the first call is unknown. What calls do to it changes nothing here, and it
 * is never compared: `known` remembers, apart from the set, which addresses the trace has mapped.
 * It may hold addresses that are unmapped again (the kernel must agree to that as well), and
 * loses those that unknown memory was moved to.
 *
 * With the lazy backend the first page of what becomes accessible by mmap, brk or mprotect is
 * touched, as a program does that has just asked for it.
 */
#include "replay.h"

#include "array.h"

struct place {
    struct space space;
    struct ranges known;
};

struct run {
    const struct program *program;
    struct machine *machine;
    struct place *places;
    struct findings *findings; /* NULL: only do the work */
    struct trouble *trouble;
    uint64_t copied; /* areas of living address spaces that a fork made, about */
};

/* A short trace can fork often: what it may make is bounded. */
static const uint64_t most_copied = UINT64_C(1) << 22;

static uint64_t access_flags(uint32_t protection) {
    uint64_t flags = 0;
    flags |= (protection & REPLAY_PROT_READ) != 0 ? MSET_READ : 0;
    flags |= (protection & REPLAY_PROT_WRITE) != 0 ? MSET_WRITE : 0;
    flags |= (protection & REPLAY_PROT_EXEC) != 0 ? MSET_EXEC : 0;
    return flags;
}

static bool refused(const struct run *run, const struct op *op, const char *what,
                    mset_status status) {
    return trouble_set(run->trouble, op->line, "%s: %s", what, mset_status_text(status));
}

/* Keeps the books on known addresses; only a run that looks around needs them. */
static bool note(struct run *run, const struct op *op, bool done) {
    return done || trouble_no_memory(run->trouble, op->line);
}

/* ---- operations --------------------------------------------------------------------------- */

static struct mset_area area_of(struct run *run, const struct op *op) {
    const bool own_address =
        (op->flags & OP_ANONYMOUS) != 0 || run->machine->kind == MACHINE_LINEAR;
    struct mset_area area = {
        .start = op->start,
        .size = op->size,
        .flags = access_flags(op->protection) | run->machine->user_flag,
        .backend = machine_backend(run->machine),
        .offset = own_address ? op->start : op->extra,
    };
    area.flags |= (op->flags & OP_SHARED) != 0 ? MSET_SHARED : 0;
    area.flags |= (uint64_t)((uint32_t)op->fd + 1) << 32;
    return area;
}

/* Lazy memory: the program uses what it has been given. */
static mset_status touch(struct run *run, struct space *space, const struct op *op) {
    uint64_t access = access_flags(op->protection);
    if (run->machine->kind != MACHINE_LAZY || access == 0) {
        return MSET_OK;
    }
    access = (access & MSET_WRITE) != 0 ? MSET_WRITE : access;
    const mset_status status = mset_fault(space->set, op->start, access, space->table);
    const bool unknown = status == MSET_NOT_FOUND && op->kind == OP_PROTECT;
    return unknown ? MSET_OK : status;
}

static bool do_map(struct run *run, struct place *place, const struct op *op) {
    struct space *space = &place->space;
    const struct mset_area area = area_of(run, op);
    mset_status status = mset_map(space->set, &area, MSET_MAP_REPLACE, space->table);
    if (status == MSET_OK) {
        status = touch(run, space, op);
    }
    if (status != MSET_OK) {
        return refused(run, op, "map", status);
    }
    return run->findings == NULL ||
           note(run, op, ranges_add(&place->known, op->start, op->start + op->size));
}

static bool do_unmap(struct run *run, struct place *place, const struct op *op) {
    struct space *space = &place->space;
    const mset_status status = mset_unmap(space->set, op->start, op->size, space->table);
    return status == MSET_OK || refused(run, op, "unmap", status);
}

static bool new_access(void *arg, const struct mset_area *piece, uint64_t *flags) {
    const uint64_t *access = arg;
    *flags = (piece->flags & ~MSET_ACCESS) | *access;
    return true;
}

static bool do_protect(struct run *run, struct place *place, const struct op *op) {
    struct space *space = &place->space;
    uint64_t access = access_flags(op->protection);
    mset_status status = mset_protect(space->set, op->start, op->size, MSET_HOLES_SKIP, new_access,
                                      &access, space->table);
    if (status == MSET_OK) {
        status = touch(run, space, op);
    }
    return status == MSET_OK || refused(run, op, "protect", status);
}

/* ---- mremap ------------------------------------------------------------------------------- */

/* Unmaps what is stale in [start, start + size). */
static bool make_room(struct run *run, struct place *place, const struct op *op, uint64_t start,
                      uint64_t size) {
    const struct op stale = {.kind = OP_UNMAP, .line = op->line, .start = start, .size = size};
    return do_unmap(run, place, &stale);
}

/* What ends at `end` gets `bytes` more, if it is known at all. */
static bool extend(struct run *run, struct place *place, const struct op *op, uint64_t end,
                   uint64_t bytes) {
    struct space *space = &place->space;
    if (mset_overlaps(space->set, end, bytes) && !make_room(run, place, op, end, bytes)) {
        return false;
    }
    const bool is_there = mset_find(space->set, end - 1, NULL);
    if (is_there) {
        const mset_status status = mset_grow(space->set, end - 1, MSET_HIGH, bytes, space->table);
        if (status != MSET_OK) {
            return refused(run, op, "grow", status);
        }
    }
    if (run->findings == NULL) {
        return true;
    }
    const bool known = is_there && ranges_contain(&place->known, end - 1);
    return note(run, op,
                known ? ranges_add(&place->known, end, end + bytes)
                      : ranges_remove(&place->known, end, end + bytes));
}

/* old_size 0: a second mapping of the same shared memory. */
static bool remap_twice(struct run *run, struct place *place, const struct op *op) {
    struct space *space = &place->space;
    struct mset_area area;
    if (!make_room(run, place, op, op->to, op->extra)) {
        return false;
    }
    const bool is_there = mset_find(space->set, op->start, &area);
    if (is_there) {
        area.offset = mset_area_offset(&area, op->start);
        area.start = op->to;
        area.size = op->extra;
        const mset_status status = mset_map(space->set, &area, MSET_MAP_FAIL, space->table);
        if (status != MSET_OK) {
            return refused(run, op, "map", status);
        }
    }
    if (run->findings == NULL) {
        return true;
    }
    const uint64_t end = op->to + op->extra;
    return note(run, op,
                is_there ? ranges_add(&place->known, op->to, end)
                         : ranges_remove(&place->known, op->to, end));
}

static bool remap_elsewhere(struct run *run, struct place *place, const struct op *op) {
    struct space *space = &place->space;
    const uint64_t kept = op->size < op->extra ? op->size : op->extra;
    if (kept < op->size && !make_room(run, place, op, op->start + kept, op->size - kept)) {
        return false;
    }
    const mset_status status =
        mset_move(space->set, op->start, kept, op->to, MSET_MAP_REPLACE, space->table);
    if (status == MSET_NOT_FOUND && !make_room(run, place, op, op->to, kept)) {
        return false; /* unknown memory took the place of what was there */
    }
    if (status != MSET_OK && status != MSET_NOT_FOUND) {
        return refused(run, op, "move", status);
    }
    if (run->findings != NULL &&
        !note(run, op, ranges_move(&place->known, op->start, kept, op->to))) {
        return false;
    }
    return kept == op->extra || extend(run, place, op, op->to + kept, op->extra - kept);
}

static bool do_remap(struct run *run, struct place *place, const struct op *op) {
    if (op->size == 0) {
        return remap_twice(run, place, op);
    }
    if (op->to != op->start) {
        return remap_elsewhere(run, place, op);
    }
    if (op->extra > op->size) {
        return extend(run, place, op, op->start + op->size, op->extra - op->size);
    }
    return op->extra == op->size ||
           make_room(run, place, op, op->start + op->extra, op->size - op->extra);
}

/* ---- spaces ------------------------------------------------------------------------------- */

static bool do_new(struct run *run, struct place *place, const struct op *op) {
    const mset_status status = machine_add_space(run->machine, &place->space);
    return status == MSET_OK || refused(run, op, "new address space", status);
}

/* fork: the child has areas like the parent's, in its own page table. */
static bool do_copy(struct run *run, struct place *place, const struct op *op) {
    const struct place *parent = &run->places[op->source];
    run->copied += mset_count(parent->space.set);
    if (run->copied > most_copied) {
        return trouble_set(run->trouble, op->line, "too many areas in forked address spaces");
    }
    if (!do_new(run, place, op)) {
        return false;
    }
    struct mset_cursor cursor;
    struct mset_area area;
    mset_cursor_all(&cursor, parent->space.set);
    while (mset_cursor_next(&cursor, &area)) {
        const mset_status status =
            mset_map(place->space.set, &area, MSET_MAP_FAIL, place->space.table);
        if (status != MSET_OK) {
            return refused(run, op, "copy of an address space", status);
        }
    }
    return run->findings == NULL || note(run, op, ranges_copy(&parent->known, &place->known));
}

static void drop(struct run *run, struct place *place) {
    if (run->findings != NULL && place->space.set != NULL) {
        struct mset_statistics statistics;
        mset_get_statistics(place->space.set, &statistics);
        run->findings->splits += statistics.splits;
        run->findings->merges += statistics.merges;
    }
    if (place->space.set != NULL) {
        const uint64_t areas = mset_count(place->space.set);
        run->copied -= areas < run->copied ? areas : run->copied;
    }
    machine_drop_space(&place->space);
    ranges_free(&place->known);
}

static bool perform_call(struct run *run, struct place *place, const struct op *op) {
    switch (op->kind) {
    case OP_NEW:
        return do_new(run, place, op);
    case OP_COPY:
        return do_copy(run, place, op);
    case OP_DROP:
        drop(run, place);
        return true;
    case OP_MAP:
        return do_map(run, place, op);
    case OP_UNMAP:
        return do_unmap(run, place, op);
    case OP_PROTECT:
        return do_protect(run, place, op);
    case OP_REMAP:
        return do_remap(run, place, op);
    case OP_MAPS_READ:
    default:
        return true;
    }
}

static bool perform(struct run *run, const struct op *op) {
    struct place *place = &run->places[op->space];
    const bool done = perform_call(run, place, op);
    machine_flush(&place->space);
    return done;
}

/* ---- looking around ----------------------------------------------------------------------- */

static void note_peak(struct findings *findings, const struct space *space) {
    if (mset_count(space->set) <= findings->peak_areas) {
        return;
    }
    struct mset_statistics statistics;
    mset_get_statistics(space->set, &statistics);
    findings->peak_areas = statistics.areas;
    findings->peak_bytes = statistics.node_bytes;
    if (space->table == NULL) {
        return;
    }
    struct mset_pt_statistics pages;
    mset_pt_get_statistics(space->table, &pages);
    findings->peak_tables = 0;
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        findings->peak_tables += pages.tables[level];
    }
    for (unsigned level = 0; level < 3; level++) {
        findings->peak_leaves[level] = pages.leaves[level];
    }
}

static unsigned listed_access(uint64_t flags) {
    unsigned access = MAPS_MAPPED;
    access |= (flags & MSET_READ) != 0 ? MAPS_READ : 0;
    access |= (flags & MSET_WRITE) != 0 ? MAPS_WRITE : 0;
    access |= (flags & MSET_EXEC) != 0 ? MAPS_EXEC : 0;
    return access | ((flags & MSET_SHARED) != 0 ? MAPS_SHARED : 0);
}

static bool list_areas(const struct mset *set, struct maps *maps) {
    struct mset_cursor cursor;
    struct mset_area area;
    mset_cursor_all(&cursor, set);
    while (mset_cursor_next(&cursor, &area)) {
        const struct maps_area one = {area.start, mset_area_end(&area), listed_access(area.flags)};
        if (!maps_append(maps, one)) {
            return false;
        }
    }
    return true;
}

struct page_listing {
    struct maps *maps;
    bool complete;
};

static bool list_run(void *arg, const struct mset_pt_run *run) {
    struct page_listing *listing = arg;
    const struct maps_area one = {run->va, run->va + run->size, listed_access(run->flags)};
    listing->complete = maps_append(listing->maps, one);
    return listing->complete;
}

static bool list_pages(const struct mset_page_table *table, struct maps *maps) {
    struct page_listing listing = {maps, true};
    const uint64_t user_half = UINT64_C(1) << 47;
    return mset_pt_walk(table, 0, user_half, list_run, &listing) == MSET_OK && listing.complete;
}

/* The moment of which the report speaks. */
static bool look(struct run *run, const struct place *place, const struct op *op) {
    struct findings *findings = run->findings;
    const char *broken = mset_validate(place->space.set);
    if (broken == NULL && place->space.table != NULL) {
        broken = mset_pt_validate(place->space.table);
    }
    if (broken != NULL) {
        return trouble_set(run->trouble, op->line, "broken structure: %s", broken);
    }
    maps_free(&findings->areas);
    maps_free(&findings->pages);
    return note(
        run, op,
        list_areas(place->space.set, &findings->areas) &&
            (place->space.table == NULL || list_pages(place->space.table, &findings->pages)) &&
            ranges_copy(&place->known, &findings->known));
}

static bool changes_areas(enum op_kind kind) {
    return kind == OP_MAP || kind == OP_UNMAP || kind == OP_PROTECT || kind == OP_REMAP;
}

/* Index of the operation after which to look. */
static size_t moment(const struct program *program) {
    if (program->has_maps_read) {
        return program->maps_read;
    }
    size_t at = program->count;
    while (at != 0 && !changes_areas(program->ops[at - 1].kind)) {
        at--;
    }
    return at == 0 ? SIZE_MAX : at - 1;
}

static bool run_all(struct run *run) {
    const struct program *program = run->program;
    const size_t look_at = run->findings == NULL ? SIZE_MAX : moment(program);
    for (size_t at = 0; at < program->count; at++) {
        const struct op *op = &program->ops[at];
        if (!perform(run, op)) {
            return false;
        }
        if (run->findings != NULL && changes_areas(op->kind)) {
            note_peak(run->findings, &run->places[op->space].space);
        }
        if (at == look_at && !look(run, &run->places[op->space], op)) {
            return false;
        }
    }
    return true;
}

void findings_free(struct findings *findings) {
    maps_free(&findings->areas);
    maps_free(&findings->pages);
    ranges_free(&findings->known);
}

bool replay_run(const struct program *program, struct machine *machine, struct findings *findings,
                struct trouble *trouble) {
    struct run run = {program, machine, NULL, findings, trouble, 0};
    if (findings != NULL) {
        *findings = (struct findings){0};
    }
    run.places = calloc(program->spaces + (size_t)1, sizeof *run.places);
    if (run.places == NULL) {
        return trouble_no_memory(trouble, 0);
    }
    const bool done = run_all(&run);
    for (uint32_t at = 0; at < program->spaces; at++) {
        drop(&run, &run.places[at]);
    }
    free(run.places);
    const char *leak = done ? machine_leak(machine) : NULL;
    return done && (leak == NULL || trouble_set(trouble, 0, "%s", leak));
}
