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

static const char *how_text(const struct operation *operation) {
    return operation->how == MSET_MAP_FAIL ? "MSET_MAP_FAIL" : "MSET_MAP_REPLACE";
}

static int area_text(const struct operation *o, const char *call, char *text, size_t size) {
    static const char *const backend[] = {"full", "no_move", "silent", "NULL"};
    return snprintf(text, size,
                    "%s(set, &(struct mset_area){%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
                    ", %s, %#" PRIx64 "}",
                    call, o->start, o->size, o->flags, backend[o->backend], o->offset);
}

static void change_text(const struct operation *o, char *text, size_t size) {
    static const char *const rule[] = {"set_flags", "toggle_write", "set_unless_shared",
                                       "set_odd_pages", "never"};
    const char *side = o->side == MSET_LOW ? "MSET_LOW" : "MSET_HIGH";
    const char *name = o->kind == OP_GROW ? "grow" : "shrink";
    if (o->kind == OP_PROTECT) {
        (void)snprintf(text, size,
                       "mset_protect(set, %#" PRIx64 ", %#" PRIx64
                       ", MSET_HOLES_SKIP, %s, %#" PRIx64 ", pt);",
                       o->start, o->size, rule[o->update], o->flags);
    } else if (o->kind == OP_MOVE) {
        (void)snprintf(text, size,
                       "mset_move(set, %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %s, pt);",
                       o->start, o->size, o->to, how_text(o));
    } else if (o->kind == OP_FAULT) {
        (void)snprintf(text, size, "mset_fault(set, %#" PRIx64 ", %#" PRIx64 ", pt);", o->start,
                       o->flags);
    } else {
        (void)snprintf(text, size,
                       "mset_%s(set, %#" PRIx64 ", MSET_HOLES_SKIP, %s, %#" PRIx64 ", pt);", name,
                       o->start, side, o->size);
    }
}

const char *operation_text(const struct operation *o, char *text, size_t size) {
    int length;
    switch (o->kind) {
    case OP_MAP:
        length = area_text(o, "mset_map", text, size);
        (void)snprintf(text + length, size - (size_t)length, ", %s, pt);", how_text(o));
        break;
    case OP_REPLACE_METADATA:
        length = area_text(o, "mset_replace_metadata", text, size);
        (void)snprintf(text + length, size - (size_t)length, ");");
        break;
    case OP_UNMAP:
        (void)snprintf(text, size, "mset_unmap(set, %#" PRIx64 ", %#" PRIx64 ", pt);", o->start,
                       o->size);
        break;
    case OP_UNMAP_METADATA:
        (void)snprintf(text, size, "mset_unmap_metadata(set, %#" PRIx64 ", %#" PRIx64 ");",
                       o->start, o->size);
        break;
    case OP_CLEAR:
        (void)snprintf(text, size, "mset_clear(set, pt);");
        break;
    default:
        change_text(o, text, size);
        break;
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

struct operation operation_random(const struct operation_mix *mix, struct rng *rng) {
    const uint64_t length = random_length(mix, rng);
    struct operation o = {.kind = random_kind(mix, rng), .size = length * mix->page_size};
    o.start = random_place(mix, length, rng);
    o.to = random_place(mix, length, rng);
    o.flags = random_flags(mix, rng);
    o.offset = random_offset(mix, o.start, rng);
    o.backend = (enum recorder_kind)rng_below(rng, mix->backends);
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
    return o;
}
