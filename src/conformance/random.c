/*
 * random.c - long sequences over many pages: in a few pages, where calls meet each other often, and
 * in the whole universe, where ranges like to begin and end at boundaries of `large`.
 */
#include "chance.h"
#include "kit.h"

enum { LENGTH = 40, FEW_PAGES = 12 };

struct dice {
    struct kit *kit;
    struct chance chance;
    struct shape shape;
    uint64_t page_size;
    uint64_t large; /* in pages; 0: none */
};

static uint64_t below(struct dice *dice, uint64_t bound) {
    return chance_below(&dice->chance, bound);
}

static bool percent(struct dice *dice, unsigned chance) {
    return chance_percent(&dice->chance, chance);
}

/* ---- places ---------------------------------------------------------------------------------- */

static uint64_t address(const struct dice *dice, uint64_t page) {
    return dice->kit->subject->base + (dice->shape.first_page + page) * dice->page_size;
}

/* A page of the window; with some luck one where a larger leaf begins. */
static uint64_t pick_page(struct dice *dice) {
    const uint64_t page = below(dice, dice->shape.pages);
    if (dice->large < 2 || !percent(dice, 40)) {
        return page;
    }
    const uint64_t in_universe = dice->shape.first_page + page;
    const uint64_t boundary = in_universe - in_universe % dice->large;
    return boundary < dice->shape.first_page ? page : boundary - dice->shape.first_page;
}

static uint64_t pick_length(struct dice *dice, uint64_t room) {
    uint64_t length = 1 + below(dice, 4);
    if (dice->large > 1 && percent(dice, 30)) {
        length = percent(dice, 60) ? dice->large : 1 + below(dice, 2 * dice->large);
    }
    return length < room ? length : room;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* Often such that neighbours follow each other, and sometimes such that large leaves do not fit. */
static uint64_t pick_offset(struct dice *dice, const struct call *call) {
    const struct mset_conformance_subject *const subject = dice->kit->subject;
    const uint64_t in_universe = call->start - subject->base;
    if (call->backend == PARTNER) {
        return in_universe;
    }
    const struct mset_conformance_backend *const traits = &subject->backends[call->backend];
    const uint64_t universe = subject->pages * dice->page_size;
    const uint64_t room = traits->offset_room == 0 ? 4 * universe : traits->offset_room;
    const uint64_t shifts[] = {0, 0, dice->page_size, dice->large * dice->page_size};
    const uint64_t shift = shifts[below(dice, 4)];
    return traits->offset + in_universe + (shift <= room - universe ? shift : 0);
}

static void pick_map(struct dice *dice, struct call *call) {
    const struct kit *const kit = dice->kit;
    call->backend = (int)below(dice, kit->subject->backend_count);
    if (percent(dice, 10)) {
        call->backend = PARTNER;
    }
    call->flags = kit->flags[below(dice, kit->flag_count)];
    call->offset = pick_offset(dice, call);
    call->replace = percent(dice, 50);
}

/* Apart from the source, or it becomes an unmap. */
static void pick_target(struct dice *dice, struct call *call) {
    const uint64_t length = call->size / dice->page_size;
    call->to = address(dice, below(dice, dice->shape.pages - length + 1));
    call->replace = percent(dice, 50);
    if (call->to < call->start + call->size && call->start < call->to + call->size) {
        call->kind = CALL_UNMAP;
    }
}

static enum call_kind pick_kind(struct dice *dice) {
    static const enum call_kind kinds[] = {
        CALL_MAP,   CALL_MAP,     CALL_MAP,     CALL_MAP,     CALL_MAP,  CALL_MAP,  CALL_UNMAP,
        CALL_UNMAP, CALL_PROTECT, CALL_PROTECT, CALL_PROTECT, CALL_MOVE, CALL_MOVE, CALL_MOVE,
        CALL_GROW,  CALL_SHRINK,  CALL_FAULT,   CALL_FAULT,   CALL_FAULT};
    return percent(dice, 1) ? CALL_CLEAR : kinds[below(dice, sizeof kinds / sizeof *kinds)];
}

static void pick_details(struct dice *dice, struct call *call) {
    const struct kit *const kit = dice->kit;
    switch (call->kind) {
    case CALL_MAP:
        pick_map(dice, call);
        break;
    case CALL_PROTECT:
        call->flags = kit->flags[below(dice, kit->flag_count)];
        break;
    case CALL_MOVE:
        pick_target(dice, call);
        break;
    case CALL_GROW:
    case CALL_SHRINK:
        call->size = (1 + below(dice, 2)) * dice->page_size;
        call->high = percent(dice, 50);
        break;
    case CALL_FAULT:
        call->flags = percent(dice, 60) ? MSET_READ : MSET_WRITE;
        break;
    default:
        break;
    }
}

static void pick_trouble(struct dice *dice, struct call *call) {
    const struct kit *const kit = dice->kit;
    if (call->kind != CALL_FAULT && percent(dice, 35)) {
        call->mode = percent(dice, 70) ? CALL_COMMIT : CALL_DROP;
    }
    if (kit->subject->fail != NULL && percent(dice, 20)) {
        call->fail = 1 + below(dice, 5);
        call->fail_on = percent(dice, 50);
    }
    if (percent(dice, 8)) {
        call->refuse = 1 + below(dice, 2);
    }
}

static struct call pick_call(struct dice *dice) {
    struct call call = {.kind = pick_kind(dice)};
    const uint64_t page = pick_page(dice);
    call.start = address(dice, page);
    call.size = pick_length(dice, dice->shape.pages - page) * dice->page_size;
    pick_details(dice, &call);
    pick_trouble(dice, &call);
    return call;
}

/* ---- sequences ------------------------------------------------------------------------------- */

static void pick_shape(struct dice *dice) {
    const uint64_t pages = dice->kit->subject->pages;
    const bool few = pages > FEW_PAGES && percent(dice, 50);
    dice->shape.pages = few ? FEW_PAGES : pages;
    dice->shape.first_page = few ? below(dice, pages - FEW_PAGES + 1) : 0;
    dice->shape.merge = percent(dice, 50);
}

static bool run(struct dice *dice) {
    pick_shape(dice);
    bool well = kit_open(dice->kit, &dice->shape);
    for (unsigned i = 0; i < LENGTH && well; i++) {
        const struct call call = pick_call(dice);
        well = !kit_wants(dice->kit, &call) || kit_call(dice->kit, &call);
    }
    return kit_close(dice->kit);
}

bool kit_random(struct kit *kit) {
    const uint64_t page_size = kit->trial.model.page_size;
    struct dice dice = {.kit = kit,
                        .chance = {kit->options.seed},
                        .page_size = page_size,
                        .large = kit->subject->large / page_size};
    const uint64_t budget = kit_budget(kit, 22);
    bool well = true;
    while (well && kit->trial.work < budget) {
        well = run(&dice);
    }
    return well;
}
