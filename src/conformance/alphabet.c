/* alphabet.c - see kit.h. */
#include "kit.h"

/* ---- geometry -------------------------------------------------------------------------------- */

static uint64_t page_size_of(const struct kit *kit) {
    return kit->trial.model.page_size;
}

static size_t pages_of_large(const struct kit *kit) {
    return (size_t)(kit->subject->large / page_size_of(kit));
}

/* A page on either side, where there is one. */
static void surround(const struct kit *kit, size_t first, size_t count, struct shape *shape) {
    const size_t before = first > 0 ? 1 : 0;
    const size_t after = first + count < kit->subject->pages ? 1 : 0;
    *shape = (struct shape){.first_page = first - before, .pages = count + before + after};
}

static void set_edges(const struct kit *kit, const size_t edge[CELLS + 1],
                      struct geometry *geometry) {
    for (unsigned i = 0; i <= CELLS; i++) {
        geometry->edge[i] = kit->subject->base + edge[i] * page_size_of(kit);
    }
    surround(kit, edge[0], edge[CELLS] - edge[0], &geometry->shape);
}

void geometry_small(const struct kit *kit, struct geometry *geometry) {
    const size_t large = pages_of_large(kit);
    const size_t first = large > 1 && large + 3 <= kit->subject->pages ? large - 1 : 1;
    const size_t edge[CELLS + 1] = {first, first + 1, first + 2, first + 3};
    set_edges(kit, edge, geometry);
}

bool geometry_large(const struct kit *kit, struct geometry *geometry) {
    const size_t large = pages_of_large(kit);
    const size_t edge[CELLS + 1] = {0, 1, large, 2 * large};
    if (large < 2 || 2 * large > kit->subject->pages) {
        return false;
    }
    set_edges(kit, edge, geometry);
    geometry->shape.sparse = true;
    return true;
}

/* ---- letters --------------------------------------------------------------------------------- */

static void add(const struct kit *kit, struct alphabet *alphabet, const struct call *call) {
    if (kit_wants(kit, call)) {
        alphabet->calls[alphabet->count++] = *call;
    }
}

static uint64_t offset_at(const struct kit *kit, int backend, uint64_t address) {
    return kit->subject->backends[backend].offset + (address - kit->subject->base);
}

/* Maps of a range: by each backend with two flag words, and by the partner; both hows. */
static void add_maps(const struct kit *kit, struct alphabet *alphabet,
                     const struct geometry *geometry, uint64_t start, uint64_t size) {
    struct call call = {.kind = CALL_MAP, .start = start, .size = size};
    (void)geometry;
    for (unsigned n = 0; n < 2 * kit->subject->backend_count; n++) {
        call.backend = (int)(n / 2);
        call.replace = n % 2 != 0;
        call.flags = kit->flags[n % 2 % kit->flag_count];
        call.offset = offset_at(kit, call.backend, start);
        add(kit, alphabet, &call);
    }
    call.backend = PARTNER;
    call.offset = 0;
    add(kit, alphabet, &call);
}

static void add_changes(const struct kit *kit, struct alphabet *alphabet,
                        const struct geometry *geometry, uint64_t start, uint64_t size) {
    struct call call = {.kind = CALL_UNMAP, .start = start, .size = size};
    (void)geometry;
    add(kit, alphabet, &call);
    call.kind = CALL_PROTECT;
    for (size_t i = 0; i < kit->flag_count && i < 3; i++) {
        call.flags = kit->flags[i];
        add(kit, alphabet, &call);
    }
}

/* To wherever there is room from an edge on. */
static void add_moves(const struct kit *kit, struct alphabet *alphabet,
                      const struct geometry *geometry, uint64_t start, uint64_t size) {
    for (unsigned to = 0; to < CELLS; to++) {
        struct call move = {
            .kind = CALL_MOVE, .start = start, .size = size, .to = geometry->edge[to]};
        const bool fits = size <= geometry->edge[CELLS] - move.to;
        const bool apart = move.to >= start + size || start >= move.to + size;
        for (unsigned replace = 0; replace < 2 && fits && apart; replace++) {
            move.replace = replace != 0;
            add(kit, alphabet, &move);
        }
    }
}

typedef void (*add_letters)(const struct kit *kit, struct alphabet *alphabet,
                            const struct geometry *geometry, uint64_t start, uint64_t size);

static void each_range(const struct kit *kit, const struct geometry *geometry,
                       struct alphabet *alphabet, add_letters add_some) {
    for (unsigned i = 0; i < CELLS; i++) {
        for (unsigned j = i + 1; j <= CELLS; j++) {
            const uint64_t start = geometry->edge[i];
            add_some(kit, alphabet, geometry, start, geometry->edge[j] - start);
        }
    }
}

static void add_resizes(const struct kit *kit, struct alphabet *alphabet, uint64_t at) {
    for (unsigned n = 0; n < 4; n++) {
        const struct call call = {.kind = n < 2 ? CALL_GROW : CALL_SHRINK,
                                  .start = at,
                                  .size = page_size_of(kit),
                                  .high = n % 2 != 0};
        add(kit, alphabet, &call);
    }
}

static void add_faults(const struct kit *kit, struct alphabet *alphabet, uint64_t at) {
    const struct call read = {.kind = CALL_FAULT, .start = at, .flags = MSET_READ};
    const struct call write = {.kind = CALL_FAULT, .start = at, .flags = MSET_WRITE};
    add(kit, alphabet, &read);
    add(kit, alphabet, &write);
}

/* The simple ones first: what they violate is easier to understand. */
void alphabet_make(const struct kit *kit, const struct geometry *geometry,
                   struct alphabet *alphabet) {
    const struct call clear = {.kind = CALL_CLEAR};
    alphabet->count = 0;
    each_range(kit, geometry, alphabet, add_maps);
    alphabet->maps = alphabet->count;
    each_range(kit, geometry, alphabet, add_changes);
    for (unsigned i = 0; i < CELLS; i++) {
        const uint64_t at = geometry->edge[i + 1] - page_size_of(kit); /* last page of the cell */
        add_resizes(kit, alphabet, at);
        add_faults(kit, alphabet, at);
    }
    each_range(kit, geometry, alphabet, add_moves);
    add(kit, alphabet, &clear);
}

/* ---- strolling ------------------------------------------------------------------------------- */

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Steps of the golden ratio, or the next that meets every number. */
struct stroll stroll_over(uint64_t total) {
    uint64_t step = (uint64_t)((double)total * 0.6180339887) | 1;
    while (common_divisor(step, total) != 1) {
        step += 2;
    }
    return (struct stroll){total, step % total, 0};
}

struct stroll stroll_straight(uint64_t total) {
    return (struct stroll){total, 1, 0};
}

uint64_t stroll_next(struct stroll *stroll) {
    const uint64_t now = stroll->at;
    stroll->at = (stroll->at + stroll->step) % stroll->total;
    return now;
}
