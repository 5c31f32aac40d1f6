/*
 * operation.c - see operation.h.
 */
#include "operation.h"

#include <inttypes.h>
#include <stdio.h>

struct mset_area operation_area(const struct operation *operation, struct stage *stage) {
    return (struct mset_area){operation->start, operation->size, operation->flags,
                              stage_backend(stage, operation->backend), operation->offset};
}

bool operation_update(void *arg, const struct mset_area *piece, uint64_t *flags) {
    const struct update *update = arg;
    const struct operation *operation = update->operation;
    if (update->asked != NULL) {
        area_list_add(update->asked, piece, 0);
        if (update->stage->look != NULL) {
            update->stage->look(update->stage->look_arg, update->stage, piece);
        }
    }
    switch (operation->update) {
    case UPDATE_TOGGLE:
        *flags = piece->flags ^ MSET_WRITE;
        return true;
    case UPDATE_NOT_SHARED:
        *flags = operation->flags;
        return (piece->flags & MSET_SHARED) == 0;
    case UPDATE_ODD:
        *flags = operation->flags;
        return (piece->start / update->page_size) % 2 != 0;
    case UPDATE_NEVER:
        *flags = ~operation->flags; /* must not be looked at */
        return false;
    default:
        *flags = operation->flags;
        return true;
    }
}

/* ---- as text ------------------------------------------------------------------------------ */

static const char *const names[OP_KINDS] = {
    [OP_MAP] = "map",
    [OP_UNMAP] = "unmap",
    [OP_CLEAR] = "clear",
    [OP_PROTECT] = "protect",
    [OP_MOVE] = "move",
    [OP_GROW] = "grow",
    [OP_SHRINK] = "shrink",
    [OP_UNMAP_METADATA] = "unmap_metadata",
    [OP_REPLACE_METADATA] = "replace_metadata",
    [OP_FAULT] = "fault",
    [OP_SET_LIMITS] = "set_limits",
};

bool operation_has_plan(const struct operation *operation) {
    return operation->kind <= OP_SHRINK;
}

bool operation_finds_room(const struct operation *o, uint64_t page_size) {
    return o->kind == OP_MAP && o->how == MSET_MAP_FAIL && o->size != 0 &&
           (o->start | o->size) % page_size == 0 && o->start + (o->size - 1) >= o->start;
}

/* From above or below, with a hint or without: the answer is the same. */
struct mset_gap_request operation_room(const struct operation *o) {
    const uint64_t mixed = o->start * UINT64_C(0x9e3779b97f4a7c15); /* whatever the page size is */
    const struct mset_gap_request room = {.size = o->size,
                                          .lo = o->start,
                                          .hi = o->start + o->size,
                                          .hint = o->start,
                                          .flags = (unsigned)(mixed >> 62)};
    return room;
}

static const char *guard_text(unsigned flags) {
    return (flags & MSET_GUARD) != 0 ? " | MSET_GUARD" : "";
}

static const char *how_text(const struct operation *o) {
    return (o->how & MSET_MAP_REPLACE) != 0 ? "MSET_MAP_REPLACE" : "MSET_MAP_FAIL";
}

static const char *side_text(const struct operation *o) {
    return (o->side & MSET_HIGH) != 0 ? "MSET_HIGH" : "MSET_LOW";
}

static const char *holes_text(const struct operation *o) {
    return o->holes == MSET_HOLES_FAIL ? "MSET_HOLES_FAIL" : "MSET_HOLES_SKIP";
}

static void area_text(const struct operation *o, char *text, size_t size) {
    static const char *const backend[] = {"full",   "no_move",          "prepared",
                                          "silent", "prepared_no_move", "NULL"};
    (void)snprintf(text, size,
                   "&(struct mset_area){%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %s, %#" PRIx64
                   "}",
                   o->start, o->size, o->flags, backend[o->backend], o->offset);
}

/* The arguments between the set and the page table. */
static void arguments_text(const struct operation *o, char *text, size_t size) {
    static const char *const rule[] = {"set_flags", "toggle_write", "set_unless_shared",
                                       "set_odd_pages", "never"};
    char area[128];
    switch (o->kind) {
    case OP_MAP:
        area_text(o, area, sizeof area);
        (void)snprintf(text, size, ", %s, %s%s", area, how_text(o), guard_text(o->how));
        break;
    case OP_REPLACE_METADATA:
        area_text(o, area, sizeof area);
        (void)snprintf(text, size, ", %s", area);
        break;
    case OP_CLEAR:
        text[0] = '\0';
        break;
    case OP_PROTECT:
        (void)snprintf(text, size, ", %#" PRIx64 ", %#" PRIx64 ", %s, %s, %#" PRIx64, o->start,
                       o->size, holes_text(o), rule[o->update], o->flags);
        break;
    case OP_MOVE:
        (void)snprintf(text, size, ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %s%s", o->start,
                       o->size, o->to, how_text(o), guard_text(o->how));
        break;
    case OP_GROW:
    case OP_SHRINK:
        (void)snprintf(text, size, ", %#" PRIx64 ", %s%s, %#" PRIx64, o->start, side_text(o),
                       guard_text(o->side), o->size);
        break;
    default:
        (void)snprintf(text, size, ", %#" PRIx64 ", %#" PRIx64, o->start,
                       o->kind == OP_FAULT ? o->flags : o->size);
        break;
    }
}

static bool takes_page_table(const struct operation *o) {
    return o->kind != OP_UNMAP_METADATA && o->kind != OP_REPLACE_METADATA &&
           o->kind != OP_SET_LIMITS;
}

static const char *room_text(const struct operation *o, char *text, size_t size) {
    const struct mset_gap_request room = operation_room(o);
    char area[128];
    area_text(o, area, sizeof area);
    (void)snprintf(text, size,
                   "mset_map_free(set, &(struct mset_gap_request){.size = %#" PRIx64
                   ", .lo = %#" PRIx64 ", .hi = %#" PRIx64 ", .hint = %#" PRIx64
                   ", .flags = %u}, %s, pt);",
                   room.size, room.lo, room.hi, room.hint, room.flags, area);
    return text;
}

const char *operation_text(const struct operation *o, enum operation_way way, char *text,
                           size_t size) {
    char arguments[256];
    size_t length = 0;
    if (way == WAY_IN_ROOM) {
        return room_text(o, text, size);
    }
    arguments_text(o, arguments, sizeof arguments);
    if (way != WAY_DIRECT) {
        length = (size_t)snprintf(
            text, size, "if (mset_plan_%s(set%s, pt, &plan) == MSET_OK) %s", names[o->kind],
            arguments, way == WAY_PLANNED ? "mset_plan_commit(plan);" : "mset_plan_drop(plan); ");
    }
    if (way != WAY_PLANNED && length < size) {
        (void)snprintf(text + length, size - length, "mset_%s(set%s%s);", names[o->kind], arguments,
                       takes_page_table(o) ? ", pt" : "");
    }
    return text;
}

/* ---- at random ---------------------------------------------------------------------------- */

static uint64_t random_length(const struct operation_mix *mix, struct rng *rng) {
    const uint64_t most = rng_chance(rng, 80) ? 4 : mix->longest;
    return 1 + rng_below(rng, most < mix->longest ? most : mix->longest);
}

static uint64_t random_flags(const struct operation_mix *mix, struct rng *rng) {
    static const uint64_t some[] = {MSET_READ,
                                    MSET_READ | MSET_WRITE,
                                    MSET_READ | MSET_EXEC,
                                    MSET_READ | MSET_WRITE | MSET_SHARED,
                                    0,
                                    MSET_READ | UINT64_C(1) << 63};
    const uint64_t choices = mix->one_flag_word ? 2 : sizeof some / sizeof *some;
    return some[rng_below(rng, choices)];
}

/* A place for `length` pages that stays inside the universe. */
static uint64_t random_place(const struct operation_mix *mix, uint64_t length, struct rng *rng) {
    return mix->base + rng_below(rng, mix->pages - length + 1) * mix->page_size;
}

/* Offsets that often fit those of a neighbour, and sometimes wrap around 2^64. */
static uint64_t random_offset(const struct operation_mix *mix, uint64_t start, struct rng *rng) {
    static const uint64_t bias[] = {0, 0x123456789000, UINT64_C(0x8000000000000000)};
    return start + (mix->one_flag_word ? 0 : bias[rng_below(rng, 3)]);
}

static enum operation_kind random_kind(const struct operation_mix *mix, struct rng *rng) {
    static const unsigned char weight[OP_KINDS] = {
        [OP_PROTECT] = 12, [OP_MOVE] = 10,          [OP_GROW] = 5,
        [OP_SHRINK] = 5,   [OP_UNMAP_METADATA] = 3, [OP_REPLACE_METADATA] = 3,
        [OP_FAULT] = 2};
    if (rng_below(rng, 1000) < mix->limits) {
        return OP_SET_LIMITS;
    }
    uint64_t dice = rng_below(rng, 100);
    for (int kind = OP_PROTECT; kind < OP_KINDS; kind++) {
        if (dice < weight[kind]) {
            return (enum operation_kind)kind;
        }
        dice -= weight[kind];
    }
    return rng_chance(rng, mix->fill) ? OP_MAP : OP_UNMAP;
}

/* Grow and shrink take an address anywhere in a page, and must stay inside the universe. */
static void random_resize(const struct operation_mix *mix, struct operation *o, struct rng *rng) {
    o->start += rng_below(rng, mix->page_size);
    o->size = (1 + rng_below(rng, 3)) * mix->page_size;
    o->side = rng_chance(rng, 50) ? MSET_LOW : MSET_HIGH;
}

/* Mostly one that is in the way; now and then none. */
static uint64_t random_limit(uint64_t most, struct rng *rng) {
    return most == 0 || rng_chance(rng, 40) ? 0 : 1 + rng_below(rng, most);
}

/* A few ask for the guard distance, or do not put up with holes. */
static void random_manners(struct operation *o, struct rng *rng) {
    const unsigned guard = rng_chance(rng, 15) ? MSET_GUARD : 0;
    o->how |= guard;
    if (o->kind == OP_GROW) {
        o->side |= guard;
    }
    o->holes = rng_chance(rng, 15) ? MSET_HOLES_FAIL : MSET_HOLES_SKIP;
}

struct operation operation_random(const struct operation_mix *mix, struct rng *rng) {
    const uint64_t length = random_length(mix, rng);
    struct operation o = {.kind = random_kind(mix, rng), .size = length * mix->page_size};
    o.start = random_place(mix, length, rng);
    o.to = random_place(mix, length, rng);
    o.flags = random_flags(mix, rng);
    o.offset = random_offset(mix, o.start, rng);
    o.backend =
        mix->backends == 0 ? RECORDER_NONE : (enum recorder_kind)rng_below(rng, mix->backends);
    o.how = rng_chance(rng, 60) ? MSET_MAP_REPLACE : MSET_MAP_FAIL;
    o.update = (enum update_rule)rng_below(rng, UPDATE_RULES);
    if (o.kind == OP_GROW || o.kind == OP_SHRINK) {
        random_resize(mix, &o, rng);
    } else if (o.kind == OP_FAULT) {
        o.start += rng_below(rng, mix->page_size);
        o.flags = rng_below(rng, 9);
    } else if (rng_below(rng, 2500) == 0) {
        o.kind = OP_CLEAR;
    }
    random_manners(&o, rng);
    if (o.kind == OP_SET_LIMITS) {
        o.start = random_limit(mix->max_areas, rng);
        o.size = random_limit(mix->max_bytes, rng);
    }
    return o;
}
