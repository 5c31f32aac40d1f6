/* slate.c - see slate.h. What belongs to a slip is where its name stands; all else is right. */
#include "slate.h"

#include <string.h>

static const uint64_t base = 0x100000;

static struct slate *slate_of(struct mset_backend *backend) {
    return (struct slate *)(void *)backend;
}

static unsigned page_at(uint64_t address) {
    return (unsigned)((address - base) / MSET_PAGE_SIZE);
}

static unsigned pages_of(const struct mset_area *run) {
    return (unsigned)(run->size / MSET_PAGE_SIZE);
}

static bool slips(const struct slate *slate, enum slip slip) {
    return slate->slip == slip;
}

/* ---- resources ------------------------------------------------------------------------------- */

static bool take_token(struct slate *slate) {
    if (slate->tokens > 0) {
        slate->tokens--;
        slate->supply.in_use--;
        return true;
    }
    const bool granted = supply_request(&slate->supply);
    slate->refusals = granted ? 0 : slate->refusals + 1;
    return granted;
}

static bool reserve_token(struct slate *slate) {
    const bool granted = supply_request(&slate->supply);
    slate->tokens += granted;
    slate->supply.in_use += granted;
    return granted;
}

/* Reserved ones were counted when they were reserved. */
static bool take_frame(struct slate *slate, unsigned *frame) {
    if (slate->reserved > 0) {
        slate->reserved--;
        slate->supply.in_use--;
    } else if (!supply_request(&slate->supply)) {
        return false;
    }
    *frame = 0;
    while (slate->used[*frame]) {
        ++*frame;
    }
    slate->used[*frame] = true;
    slate->supply.in_use++;
    if (!slips(slate, NEW_FRAMES_ARE_NOT_ZEROED)) {
        slate->number[*frame] = 0;
    }
    return true;
}

static void give_frame(struct slate *slate, unsigned frame) {
    slate->used[frame] = false;
    slate->supply.in_use--;
}

static bool reserve_frames(struct slate *slate, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (!supply_request(&slate->supply)) {
            slate->reserved -= i;
            slate->supply.in_use -= i;
            return false;
        }
        slate->reserved++;
        slate->supply.in_use++;
    }
    return true;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void wipe(struct slate *slate, unsigned page) {
    struct slate_page *const p = &slate->page[page];
    const bool keeps = slips(slate, UNMAP_KEEPS_FRAMES_WITHOUT_ACCESS) && p->flags == 0;
    if ((p->present || p->kept) && !slate->device && !keeps) {
        give_frame(slate, p->frame);
    }
    p->present = false;
    p->kept = false;
}

/* What a page shows of what its area allows, before a fault has asked for more. */
static uint64_t at_first(const struct slate *slate, uint64_t flags) {
    return slate->late ? flags & ~MSET_WRITE : flags;
}

static bool fill(struct slate *slate, unsigned page, uint64_t flags) {
    struct slate_page *const p = &slate->page[page];
    if (!take_frame(slate, &p->frame)) {
        return false;
    }
    p->present = true;
    p->flags = at_first(slate, flags);
    return true;
}

/* What a failing map had mapped goes again. */
static void take_back(struct slate *slate, unsigned first, unsigned count) {
    for (unsigned i = first; i < first + count; i++) {
        if (slips(slate, FAILED_MAP_KEEPS_FRAMES)) {
            slate->page[i].present = false;
        } else if (!slips(slate, FAILED_MAP_LEAVES_PAGES)) {
            wipe(slate, i);
        }
    }
}

/* ---- the calls ------------------------------------------------------------------------------- */

static int slate_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    struct slate *const slate = page_table;
    const unsigned first = page_at(run->start);
    if (!take_token(slate)) {
        return MSET_NO_MEMORY;
    }
    slate->areas += slips(slate, NO_REFERENCE_FOR_SPLITS);
    const unsigned count =
        pages_of(run) - (slips(slate, MAP_FORGETS_THE_LAST_PAGE) && pages_of(run) > 2);
    for (unsigned i = 0; i < count && !slate->lazy; i++) {
        if (!fill(slate, first + i, run->flags)) {
            take_back(slate, first, i);
            return MSET_NO_MEMORY;
        }
    }
    (void)backend;
    return 0;
}

static int slate_unmap(struct mset_backend *backend, const struct mset_area *run,
                       void *page_table) {
    struct slate *const slate = page_table;
    const unsigned first = page_at(run->start);
    unsigned count = pages_of(run);
    (void)backend;
    if (slips(slate, UNMAP_REFUSES_MANY_PAGES) && count > 2) {
        return MSET_UNSUPPORTED;
    }
    if (!take_token(slate)) {
        return MSET_NO_MEMORY;
    }
    slate->areas -= slips(slate, NO_REFERENCE_FOR_SPLITS);
    if (slips(slate, UNMAP_FORGETS_THE_LAST_PAGE) && count > 1) {
        count--;
    }
    if (slips(slate, UNMAP_HITS_THE_NEIGHBOUR) && first + count < SLATE_PAGES) {
        count++;
    }
    for (unsigned i = 0; i < count; i++) {
        wipe(slate, first + i);
    }
    return 0;
}

static int slate_protect(struct mset_backend *backend, const struct mset_area *run,
                         uint64_t new_flags, void *page_table) {
    struct slate *const slate = page_table;
    const unsigned first = page_at(run->start);
    (void)backend;
    if (slips(slate, FAILED_PROTECT_CHANGES_THE_FIRST_PAGE)) {
        slate->page[first].flags = new_flags;
    }
    if (!take_token(slate)) {
        if (slips(slate, SECOND_REFUSAL_UNMAPS) && slate->refusals > 1) {
            wipe(slate, first);
        }
        return MSET_NO_MEMORY;
    }
    if (slips(slate, PROTECT_IGNORES_NONE) && new_flags == 0) {
        return 0;
    }
    for (unsigned i = first; i < first + pages_of(run); i++) {
        struct slate_page *const p = &slate->page[i];
        if (slips(slate, PROTECT_UNMAPS)) {
            wipe(slate, i);
        }
        p->flags = at_first(slate, new_flags) | (slips(slate, PROTECT_ONLY_ADDS) ? p->flags : 0);
        if (slips(slate, PROTECT_DROPS_CONTENTS) && new_flags == 0 && p->present) {
            slate->number[p->frame] = 0;
        }
    }
    return 0;
}

static int slate_move(struct mset_backend *backend, const struct mset_area *run, uint64_t new_start,
                      void *page_table) {
    struct slate *const slate = page_table;
    const unsigned from = page_at(run->start);
    const unsigned to = page_at(new_start);
    const unsigned count = pages_of(run);
    (void)backend;
    if (!take_token(slate)) {
        return MSET_NO_MEMORY;
    }
    for (unsigned i = 0; i < count; i++) {
        slate->page[to + i] = slate->page[from + i];
        slate->place[to + i] = slate->place[from + i];
        slate->page[from + i] = (struct slate_page){.present = false};
        if (slips(slate, MOVE_DROPS_CONTENTS) && slate->page[to + i].present) {
            slate->number[slate->page[to + i].frame] = 0;
        }
    }
    if (slips(slate, MOVE_LOSES_THE_LAST_PAGE)) {
        wipe(slate, to + count - 1);
    }
    return 0;
}

/* The page comes, or comes back. */
static bool bring(struct slate *slate, unsigned page, uint64_t flags) {
    struct slate_page *const p = &slate->page[page];
    if (p->kept || slate->device) {
        p->present = true;
        p->kept = false;
        p->flags = at_first(slate, flags);
        if (slips(slate, FAULT_LOSES_WHAT_WAS_DROPPED)) {
            slate->number[p->frame] = 0;
        }
        return true;
    }
    return fill(slate, page, flags);
}

/* Unless it is there, or there is no frame for it. */
static void bring_next(struct slate *slate, const struct mset_area *area, unsigned page) {
    const uint64_t address = base + page * MSET_PAGE_SIZE;
    if (slate->around && mset_area_contains(area, address) && !slate->page[page].present) {
        slate->place[page] = mset_area_offset(area, address);
        (void)bring(slate, page, area->flags);
    }
}

static int slate_fault(struct mset_backend *backend, const struct mset_area *area, uint64_t address,
                       uint64_t access, void *page_table) {
    struct slate *const slate = page_table;
    const unsigned page = page_at(address);
    const bool writes = (access & MSET_WRITE) != 0;
    const uint64_t offset = slips(slate, FAULT_TAKES_THE_OFFSET_OF_THE_AREA)
                                ? area->offset
                                : mset_area_offset(area, base + page * MSET_PAGE_SIZE);
    (void)backend;
    slate->asked = page;
    if (slips(slate, FAULT_FORGETS_WRITES) && writes) {
        return 0;
    }
    if (!slate->page[page].present) {
        slate->place[page] = offset;
        if (!bring(slate, page, area->flags)) {
            return MSET_NO_MEMORY;
        }
        bring_next(slate, area, page + 1);
    }
    if (writes) {
        slate->page[page].flags = area->flags;
    }
    return 0;
}

/* ---- preparing ------------------------------------------------------------------------------- */

static unsigned frames_for(const struct slate *slate, const struct mset_step *step) {
    return step->kind == MSET_STEP_MAP && !slate->lazy ? pages_of(&step->run) : 0;
}

static int slate_prepare(struct mset_backend *backend, const struct mset_step *step,
                         void *page_table) {
    struct slate *const slate = page_table;
    unsigned frames = frames_for(slate, step);
    (void)backend;
    if (slips(slate, PREPARE_TAKES_TOO_LITTLE) && frames > 1) {
        frames--;
    }
    if (!reserve_token(slate)) {
        return MSET_NO_MEMORY;
    }
    if (!reserve_frames(slate, frames)) {
        slate->tokens--;
        slate->supply.in_use--;
        return MSET_NO_MEMORY;
    }
    if (slips(slate, PREPARE_UNMAPS_ALREADY) && step->kind == MSET_STEP_UNMAP) {
        wipe(slate, page_at(step->run.start));
    }
    return 0;
}

static void slate_abort(struct mset_backend *backend, const struct mset_step *step,
                        void *page_table) {
    struct slate *const slate = page_table;
    const unsigned frames = frames_for(slate, step);
    (void)backend;
    slate->tokens--;
    slate->supply.in_use--;
    if (!slips(slate, ABORT_FORGETS_A_RESERVATION)) {
        slate->reserved -= frames;
        slate->supply.in_use -= frames;
    }
    if (slips(slate, ABORT_UNMAPS_NEVERTHELESS) && step->kind == MSET_STEP_UNMAP) {
        wipe(slate, page_at(step->run.start));
    }
}

static void slate_retain(struct mset_backend *backend) {
    slate_of(backend)->areas++;
}

static void slate_release(struct mset_backend *backend) {
    slate_of(backend)->areas--;
}

/* ---- the subject ----------------------------------------------------------------------------- */

static bool slate_open(void *context, struct mset_conformance_world *world) {
    struct slate *const slate = context;
    slate->supply = (struct supply){.requests = 0};
    memset(slate->page, 0, sizeof slate->page);
    memset(slate->used, 0, sizeof slate->used);
    memset(slate->number, 0, sizeof slate->number);
    slate->reserved = 0;
    slate->tokens = 0;
    slate->areas = 0;
    slate->refusals = 0;
    slate->settled = 0;
    slate->asked = SLATE_PAGES;
    world->page_table = slate;
    world->backend[0] = &slate->backend;
    return true;
}

static uint64_t slate_close(void *context) {
    const struct slate *const slate = context;
    return slate->supply.in_use;
}

static void slate_look(void *context, uint64_t address, struct mset_conformance_page *page) {
    const struct slate *const slate = context;
    const struct slate_page *const p = &slate->page[page_at(address)];
    page->mapped = p->present;
    page->flags = p->present ? p->flags : 0;
    page->place = slate->place[page_at(address)];
}

static bool slate_write(void *context, uint64_t address, uint64_t tag) {
    struct slate *const slate = context;
    const struct slate_page *const p = &slate->page[page_at(address)];
    slate->number[p->frame] = tag;
    return p->present;
}

static bool slate_read(void *context, uint64_t address, uint64_t *tag) {
    const struct slate *const slate = context;
    const struct slate_page *const p = &slate->page[page_at(address)];
    *tag = slate->number[p->frame];
    return p->present;
}

/* One page after the other is dropped, but for one that was just asked for. */
static void slate_settle(void *context) {
    struct slate *const slate = context;
    const unsigned page = (unsigned)(slate->settled++ % SLATE_PAGES);
    if (slate->drops && slate->page[page].present && page != slate->asked) {
        slate->page[page].present = false;
        slate->page[page].kept = true;
    }
    slate->asked = SLATE_PAGES;
}

static void slate_fail(void *context, uint64_t nth, bool on) {
    struct slate *const slate = context;
    supply_fail(&slate->supply, nth, on);
}

static uint64_t slate_requests(void *context) {
    const struct slate *const slate = context;
    return slate->supply.requests;
}

static uint64_t slate_in_use(void *context) {
    const struct slate *const slate = context;
    return slate->supply.in_use;
}

static uint64_t slate_references(void *context, size_t backend) {
    const struct slate *const slate = context;
    (void)backend;
    return slate->areas;
}

static void set_ops(struct slate *slate) {
    const bool counts = !slips(slate, NO_REFERENCE_FOR_SPLITS);
    slate->ops = (struct mset_backend_ops){.name = "slate",
                                           .map = slate_map,
                                           .unmap = slate_unmap,
                                           .protect = slate_protect,
                                           .move = slate_move,
                                           .fault = slate_fault};
    slate->ops.prepare = slate->prepares ? slate_prepare : NULL;
    slate->ops.abort = slate->prepares ? slate_abort : NULL;
    slate->ops.retain = counts ? slate_retain : NULL;
    slate->ops.release = counts ? slate_release : NULL;
    slate->backend.ops = &slate->ops;
}

void slate_build(struct slate *slate, struct mset_conformance_backend *traits,
                 struct mset_conformance_subject *subject) {
    set_ops(slate);
    *traits = (struct mset_conformance_backend){.name = "slate",
                                                .lazy = slate->lazy,
                                                .drops = slate->drops,
                                                .late_flags = slate->late,
                                                .offset_matters = slate->device,
                                                .contents = !slate->device,
                                                .zeroed = !slate->device};
    *subject = (struct mset_conformance_subject){.name = "slate",
                                                 .context = slate,
                                                 .base = base,
                                                 .pages = SLATE_PAGES,
                                                 .large = 4 * MSET_PAGE_SIZE,
                                                 .backends = traits,
                                                 .backend_count = 1,
                                                 .open = slate_open,
                                                 .close = slate_close,
                                                 .look = slate_look,
                                                 .write = slate_write,
                                                 .read = slate_read,
                                                 .settle = slate_settle,
                                                 .fail = slate_fail,
                                                 .requests = slate_requests,
                                                 .in_use = slate_in_use,
                                                 .references = slate_references};
}
