/* script.c - steps as bytes, both ways. See script.h. */
#include "script.h"

#define PAGES_MOST 1024
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- the universe --------------------------------------------------------------------------- */

static const struct {
    uint64_t base, page_size;
    bool top; /* it ends at 2^64 */
} places[] = {
    {0x400000, MSET_PAGE_SIZE, false},
    {0, MSET_PAGE_SIZE, false},
    {0, MSET_PAGE_SIZE, true},
    {0x7000000000, MSET_PAGE_SIZE, false},
    {3, 1, false},
    {0, UINT64_C(1) << 53, false},
};

static uint64_t base_of(size_t place, size_t pages) {
    return places[place].top ? 0 - pages * places[place].page_size : places[place].base;
}

static unsigned place_of(const struct twin_options *options) {
    unsigned i = 0;
    while (i < COUNT(places) && (places[i].page_size != options->page_size ||
                                 base_of(i, options->pages) != options->base)) {
        i++;
    }
    return i;
}

void script_universe(struct producer *p, struct twin_options *o) {
    const uint64_t page_size = o->page_size;
    const unsigned bits = (o->merge ? 1u : 0) | (o->unobserved ? 2u : 0);
    const unsigned place = producer_choice(p, place_of(o), COUNT(places));
    const unsigned chosen = producer_choice(p, bits, 4);
    o->pages = (size_t)producer_size(p, o->pages, 1, PAGES_MOST);
    o->page_size = places[place < COUNT(places) ? place : 0].page_size;
    o->base = p->writes ? o->base : base_of(place, o->pages);
    o->merge = (chosen & 1) != 0;
    o->unobserved = (chosen & 2) != 0;
    o->no_split = producer_choice(p, (unsigned)o->no_split, 8);
    o->no_merge = producer_choice(p, (unsigned)o->no_merge, 8);
    const uint64_t pages = p->writes ? page_size : o->page_size;
    o->guard = producer_choice(p, (unsigned)(o->guard / pages), 8) * pages;
    o->max_areas = producer_size(p, o->max_areas, 0, 255);
    o->max_bytes = producer_size(p, o->max_bytes / pages, 0, PAGES_MOST - 1) * pages;
}

/* ---- places --------------------------------------------------------------------------------- */

static uint64_t page_of(const struct twin_options *u, uint64_t address) {
    return (address - u->base) / u->page_size;
}

static uint64_t address_of(const struct twin_options *u, uint64_t page) {
    return u->base + page * u->page_size;
}

static bool aligned(const struct twin_options *u, uint64_t address) {
    return (address - u->base) % u->page_size == 0;
}

static uint64_t read_place(struct producer *p, const struct twin_options *u, uint64_t address) {
    p->failed |= p->writes && !aligned(u, address);
    return address_of(u, producer_size(p, page_of(u, address), 0, u->pages - 1));
}

/* Mostly short. */
static uint64_t read_length(struct producer *p, const struct twin_options *u, uint64_t bytes) {
    const uint64_t pages = bytes / u->page_size;
    const bool longer = producer_choice(p, pages > 8, 4) == 1;
    p->failed |= p->writes && (bytes % u->page_size != 0 || bytes == 0);
    return producer_size(p, pages, 1, longer ? u->pages : 8) * u->page_size;
}

/* What is read stays in the universe. */
static void read_range(struct producer *p, const struct twin_options *u, uint64_t *start,
                       uint64_t *size) {
    *start = read_place(p, u, *start);
    *size = read_length(p, u, *size);
    const uint64_t room = u->pages - page_of(u, *start);
    if (*size / u->page_size > room) {
        *size = room * u->page_size;
    }
}

/* Wrong arguments, which every operation has to see. */
static void make_odd(struct producer *p, const struct twin_options *u, struct operation *o) {
    const unsigned how = producer_choice(p, 0, 4);
    if (how == 0 && u->page_size > 1) {
        o->start++;
    } else if (how == 1 && u->page_size > 1) {
        o->size++;
    } else if (how == 2 && o->start > u->page_size) {
        o->size = UINT64_MAX / u->page_size * u->page_size;
    } else {
        o->size = 0;
    }
}

/* ---- one operation -------------------------------------------------------------------------- */

/* In one byte: what there is in every operation, or in many. */
enum {
    BIT_FIRM = 1, /* replaces; the high side; no holes */
    BIT_GUARD = 2,
    BITS_WAY = 4 | 8,
    BIT_REFUSED = 16,
    BIT_STARVED = 32,
    BIT_ODD = 64,
    ALL_BITS = 128
};

static unsigned bits_of(const struct script_step *step) {
    const struct operation *const o = &step->operation;
    const bool replaces = (o->kind == OP_MAP || o->kind == OP_MOVE) && (o->how & MSET_MAP_REPLACE);
    const bool high = (o->kind == OP_GROW || o->kind == OP_SHRINK) && (o->side & MSET_HIGH);
    const bool firm = o->kind == OP_PROTECT ? o->holes == MSET_HOLES_FAIL : replaces || high;
    const bool refused = step->refusal.calls != 0 || step->refusal.prepares != 0;
    return (firm ? BIT_FIRM : 0u) | (((o->how | o->side) & MSET_GUARD) != 0 ? BIT_GUARD : 0u) |
           (unsigned)step->way << 2 | (refused ? BIT_REFUSED : 0u) |
           (step->starve_at != 0 ? BIT_STARVED : 0u);
}

static void take_bits(struct script_step *step, unsigned bits) {
    static const enum operation_way ways[] = {WAY_DIRECT, WAY_PLANNED, WAY_DROPPED, WAY_IN_ROOM};
    struct operation *const o = &step->operation;
    const bool firm = (bits & BIT_FIRM) != 0;
    const unsigned guard = (bits & BIT_GUARD) != 0 ? MSET_GUARD : 0;
    o->how = (firm ? MSET_MAP_REPLACE : MSET_MAP_FAIL) | guard;
    o->side = (firm ? MSET_HIGH : MSET_LOW) | (o->kind == OP_GROW ? guard : 0);
    o->holes = firm ? MSET_HOLES_FAIL : MSET_HOLES_SKIP;
    step->way = ways[(bits & BITS_WAY) >> 2];
}

/* See script.h. */
static bool nobody_to_tell(const struct twin_options *u) {
    return u->unobserved && u->no_split == 0 && u->no_merge == 0;
}

static void read_attributes(struct producer *p, const struct twin_options *u, struct operation *o) {
    static const uint64_t flags[] = {MSET_READ,
                                     MSET_READ | MSET_WRITE,
                                     MSET_READ | MSET_EXEC,
                                     MSET_READ | MSET_WRITE | MSET_SHARED,
                                     0,
                                     MSET_READ | UINT64_C(1) << 63,
                                     MSET_ACCESS,
                                     UINT64_MAX};
    static const uint64_t biases[] = {0, 0x123456789000, UINT64_C(0x8000000000000000), 0x1000};
    o->flags = producer_pick(p, o->flags, flags, COUNT(flags));
    if (o->kind == OP_PROTECT) {
        o->update = (enum update_rule)producer_choice(p, o->update, UPDATE_RULES);
        return;
    }
    if (nobody_to_tell(u)) {
        p->failed |= p->writes && o->backend != RECORDER_NONE;
        o->backend = RECORDER_NONE;
    } else {
        o->backend = (enum recorder_kind)producer_choice(p, o->backend, RECORDER_KINDS + 1);
    }
    o->offset = o->start + producer_pick(p, o->offset - o->start, biases, COUNT(biases));
}

/* Anywhere in a page. */
static void read_inside(struct producer *p, const struct twin_options *u, uint64_t *address) {
    const uint64_t offsets[] = {0, 1, u->page_size / 2, u->page_size - 1};
    const uint64_t within = (*address - u->base) % u->page_size;
    const uint64_t place = read_place(p, u, *address - within);
    *address = place + producer_pick(p, within, offsets, u->page_size > 1 ? COUNT(offsets) : 1);
}

static void read_refusal(struct producer *p, struct refusal *r) {
    static const int codes[] = {-1, -12, MSET_NO_MEMORY, MSET_ACCESS_DENIED, MSET_UNSUPPORTED};
    unsigned first = 0, code = 0;
    while (p->writes && first < 63 && r->calls != 0 && (r->calls >> first & 1) == 0) {
        first++;
    }
    while (p->writes && code < COUNT(codes) && codes[code] != r->code) {
        code++;
    }
    const uint64_t rest = r->calls & ~(UINT64_C(1) << first);
    unsigned second = rest == 0 ? 0 : (unsigned)__builtin_ctzll(rest);
    p->failed |= p->writes && (rest & (rest - 1)) != 0 && r->prepares == 0;
    const bool asked = producer_choice(p, r->prepares != 0, 4) == 1;
    first = producer_choice(p, first, 64);
    second = producer_choice(p, second, 64);
    code = producer_choice(p, code, COUNT(codes));
    const bool breaks = producer_choice(p, r->breaks_promises, 4) == 1;
    if (!p->writes) {
        const uint64_t mask = UINT64_C(1) << first | (second != 0 ? UINT64_C(1) << second : 0);
        *r = (struct refusal){asked ? 0 : mask, codes[code], asked ? mask : 0, breaks && !asked};
    }
}

static void read_arguments(struct producer *p, const struct twin_options *u, struct operation *o) {
    switch (o->kind) {
    case OP_CLEAR:
        break;
    case OP_GROW:
    case OP_SHRINK:
        read_inside(p, u, &o->start);
        o->size = read_length(p, u, o->size);
        break;
    case OP_FAULT:
        read_inside(p, u, &o->start);
        o->flags = producer_choice(p, (unsigned)o->flags, 16);
        break;
    case OP_SET_LIMITS:
        o->start = producer_size(p, o->start, 0, 255);
        o->size = producer_size(p, o->size / u->page_size, 0, PAGES_MOST - 1) * u->page_size;
        break;
    default:
        read_range(p, u, &o->start, &o->size);
        break;
    }
    if (o->kind == OP_MOVE) {
        o->to = read_place(p, u, o->to);
        const uint64_t room = (u->pages - page_of(u, o->to)) * u->page_size;
        o->size = o->size <= room ? o->size : room;
    }
    if (o->kind == OP_MAP || o->kind == OP_PROTECT || o->kind == OP_REPLACE_METADATA) {
        read_attributes(p, u, o);
    }
}

static void read_operation(struct producer *p, const struct twin_options *u,
                           struct script_step *step) {
    const unsigned bits = producer_choice(p, bits_of(step), ALL_BITS);
    if (!p->writes) {
        take_bits(step, bits);
    }
    read_arguments(p, u, &step->operation);
    if ((bits & BIT_REFUSED) != 0) {
        read_refusal(p, &step->refusal);
    }
    if ((bits & BIT_STARVED) != 0) {
        step->starve_at = producer_size(p, step->starve_at, 1, 16);
        step->starve_on = producer_choice(p, step->starve_on, 2) != 0;
    }
    if ((bits & BIT_ODD) != 0) {
        make_odd(p, u, &step->operation);
    }
}

/* ---- other steps ---------------------------------------------------------------------------- */

static void read_comb(struct producer *p, const struct twin_options *u, struct script_step *step) {
    static const uint64_t kinds[] = {OP_MAP, OP_PROTECT, OP_UNMAP, OP_MAP};
    step->operation.kind =
        (enum operation_kind)producer_pick(p, step->operation.kind, kinds, COUNT(kinds));
    read_operation(p, u, step);
    step->count = (size_t)producer_size(p, step->count, 1, 256);
    step->stride = (size_t)producer_size(p, step->stride, 1, 16);
}

/* Any byte of the universe, or a little beside it. */
static uint64_t read_bound(struct producer *p, const struct twin_options *u, uint64_t bound) {
    static const uint64_t off[] = {0, 0, 1, UINT64_MAX};
    const uint64_t nearby = u->page_size > 1 ? producer_pick(p, 0, off, COUNT(off)) : 0;
    return address_of(u, producer_size(p, page_of(u, bound), 0, u->pages)) + nearby;
}

static void read_gap(struct producer *p, const struct twin_options *u, struct script_step *step) {
    struct mset_gap_request *const wish = &step->wish;
    const unsigned bits = producer_choice(p, 0, 32);
    wish->size = producer_size(p, wish->size / u->page_size, 0, (bits & 16) != 0 ? u->pages : 7) *
                 u->page_size;
    wish->flags = bits & (MSET_GAP_TOP_DOWN | MSET_GAP_HINT);
    wish->lo = (bits & 4) != 0 ? read_bound(p, u, wish->lo) : u->base;
    wish->hi = (bits & 8) != 0 ? read_bound(p, u, wish->hi) : address_of(u, u->pages);
    wish->hint = (wish->flags & MSET_GAP_HINT) != 0 ? read_bound(p, u, wish->hint) : 0;
    const unsigned shift = producer_choice(p, 0, 16);
    wish->align = shift < 12 ? u->page_size << (shift < 6 ? shift : 0)
                             : (shift == 15 ? wish->size : UINT64_C(1) << 4 * shift);
    const unsigned guard = producer_choice(p, 0, 16);
    wish->guard = guard == 15  ? UINT64_MAX
                  : guard > 12 ? 1
                               : (guard > 8 ? guard - 8 : 0) * u->page_size;
    const unsigned odd = producer_choice(p, 0, 64);
    wish->hi = odd == 63 ? 0 : wish->hi;
    wish->size += odd == 62;
    wish->flags |= odd == 61 ? 4u : 0;
}

static void read_part(struct producer *p, const struct twin_options *u, struct script_step *step) {
    step->lo = (size_t)producer_size(p, 0, 0, u->pages - 1);
    step->hi = (size_t)producer_size(p, 0, step->lo, u->pages - 1) + 1;
}

static void read_turn(struct producer *p, const struct twin_options *u, struct script_step *step) {
    step->turn = producer_choice(p, 0, 12);
    step->turn = step->turn < TURNS ? step->turn : step->turn % 2;
    if (step->turn == TURN_RANGE) {
        read_part(p, u, step);
    }
}

void script_step(struct producer *producer, const struct script_mix *mix,
                 const struct twin_options *universe, struct script_step *step) {
    step->kind = (unsigned)producer_pick(producer, step->kind, mix->kinds, mix->count);
    switch (step->kind) {
    case STEP_COMB:
        read_comb(producer, universe, step);
        break;
    case STEP_GAP:
        read_gap(producer, universe, step);
        break;
    case STEP_CURSOR:
        read_turn(producer, universe, step);
        break;
    case STEP_ABUSE:
        step->turn = producer_choice(producer, 0, SCRIPT_ABUSES);
        break;
    case STEP_MANY:
        read_part(producer, universe, step);
        step->count = producer_choice(producer, 0, 16) + 1;
        break;
    case STEP_LOAD:
    case STEP_COMPARE:
        break;
    default:
        step->operation.kind = (enum operation_kind)step->kind;
        read_operation(producer, universe, step);
        break;
    }
}
