/* play.c - see play.h. */
#include "play.h"

#include <stdio.h>
#include <string.h>

#include "model.h"

/* The story, read on. */
struct story {
    const uint8_t *bytes;
    size_t size, at;
};

struct stage_play {
    struct story story;
    struct world world;
    struct model model;
    struct play_result result;
    uint64_t words; /* written so far: no two are the same */
    unsigned who;   /* the process whose turn it is */
    bool exact;     /* a failure of this step leaves numbers as they were */
};

static uint64_t next_byte(struct story *story) {
    return story->at < story->size ? story->bytes[story->at++] : 0;
}

static uint64_t next_pair(struct story *story) {
    const uint64_t high = next_byte(story);
    return high << 8 | next_byte(story);
}

/* ---- choices ------------------------------------------------------------------------------- */

struct choice {
    uint64_t first, count;
};

/* A page: mostly one of some that are chosen often, around a boundary of large leaves. */
static uint64_t choose_page(struct stage_play *p) {
    struct story *const story = &p->story;
    const uint64_t large = p->world.site->large / p->world.page;
    const uint64_t kind = next_byte(story);
    if (kind % 8 == 0) {
        return next_pair(story) % p->world.pages;
    }
    const uint64_t page = kind % 8 < 6 ? large - 6 + next_byte(story) % 12
                                       : large * (kind / 8 % 3) + next_byte(story) % 6;
    return page % p->world.pages;
}

/* A range of pages: some, all of a large leaf, or whatever there is. */
static struct choice choose_range(struct stage_play *p) {
    struct story *const story = &p->story;
    const uint64_t large = p->world.site->large / p->world.page;
    struct choice c = {choose_page(p), 1};
    const uint64_t kind = next_byte(story), room = p->world.pages - c.first;
    if (kind % 8 < 5) {
        c.count = 1 + kind / 8 % 8;
    } else if (kind % 8 == 5) {
        c.count = 1 + next_pair(story) % room;
    } else {
        c.first = c.first / large * large;
        c.count = kind % 8 == 6 ? large : 2 * large;
    }
    c.count = c.count > p->world.pages - c.first ? p->world.pages - c.first : c.count;
    return c;
}

static uint64_t choose_access(struct stage_play *p) {
    static const uint64_t kinds[] = {MSET_READ | MSET_WRITE, MSET_READ | MSET_WRITE,
                                     MSET_READ | MSET_WRITE, MSET_READ,
                                     MSET_READ | MSET_EXEC,  0};
    return kinds[next_byte(&p->story) % (sizeof kinds / sizeof *kinds)];
}

static uint64_t address_of(const struct stage_play *p, uint64_t page) {
    return world_address(&p->world, page);
}

static struct mset_space *space_of(const struct stage_play *p) {
    return p->world.process[p->who].space;
}

/* ---- verdicts ------------------------------------------------------------------------------ */

/* True if the step is done; a step may be refused only if memory was. */
static bool agreed(struct stage_play *p, mset_status status, mset_status expected) {
    if (status == MSET_NO_MEMORY && p->world.point.hit != 0) {
        p->result.refused++;
        return false;
    }
    if (status != expected) {
        world_complain(&p->world, "\"%s\", should be \"%s\"", mset_status_text(status),
                       mset_status_text(expected));
    }
    return status == MSET_OK;
}

#define SAY(p, ...) (void)snprintf((p)->result.line, sizeof(p)->result.line, __VA_ARGS__)

/* ---- steps: areas -------------------------------------------------------------------------- */

static void do_map_alloc(struct stage_play *p) {
    const struct choice c = choose_range(p);
    const uint64_t kind = next_byte(&p->story);
    const bool file = (kind & 1) != 0, replace = (kind & 2) != 0, populate = (kind & 12) == 0;
    const uint64_t start = address_of(p, c.first);
    const struct model_page page = {.kind = PAGE_ALLOC,
                                    .flags =
                                        choose_access(p) | p->world.user | (file ? WORLD_FILE : 0),
                                    .offset = file ? (kind >> 4) * MIB + start : start};
    const unsigned how =
        (replace ? MSET_MAP_REPLACE : MSET_MAP_FAIL) | (populate ? MSET_POPULATE : 0);
    SAY(p, "map_alloc %ju + %ju, flags %#jx, how %#x", (uintmax_t)c.first, (uintmax_t)c.count,
        (uintmax_t)page.flags, how);
    const mset_status status = mset_space_map_alloc(space_of(p), start, c.count * p->world.page,
                                                    page.flags, page.offset, how);
    const bool taken = !replace && !model_is_free(&p->model, p->who, c.first, c.count);
    if (agreed(p, status, taken ? MSET_ALREADY_EXISTS : MSET_OK)) {
        model_map(&p->model, p->who, c.first, c.count, &page);
    }
}

static void do_map_linear(struct stage_play *p) {
    const struct choice c = choose_range(p);
    const uint64_t kind = next_byte(&p->story);
    const bool replace = (kind & 2) != 0;
    const struct model_page page = {.kind = PAGE_LINEAR,
                                    .flags = choose_access(p) | p->world.user,
                                    .offset = WORLD_DEVICE + c.first * p->world.page};
    SAY(p, "map_linear %ju + %ju, flags %#jx", (uintmax_t)c.first, (uintmax_t)c.count,
        (uintmax_t)page.flags);
    const mset_status status =
        mset_space_map_linear(space_of(p), address_of(p, c.first), c.count * p->world.page,
                              page.offset, page.flags, replace ? MSET_MAP_REPLACE : MSET_MAP_FAIL);
    const bool taken = !replace && !model_is_free(&p->model, p->who, c.first, c.count);
    if (agreed(p, status, taken ? MSET_ALREADY_EXISTS : MSET_OK)) {
        model_map(&p->model, p->who, c.first, c.count, &page);
    }
}

static void do_unmap(struct stage_play *p) {
    static const struct model_page hole = {.kind = PAGE_HOLE};
    const struct choice c = choose_range(p);
    SAY(p, "unmap %ju + %ju", (uintmax_t)c.first, (uintmax_t)c.count);
    const mset_status status =
        mset_space_unmap(space_of(p), address_of(p, c.first), c.count * p->world.page);
    if (agreed(p, status, MSET_OK)) {
        model_map(&p->model, p->who, c.first, c.count, &hole);
    }
}

static void do_clear(struct stage_play *p) {
    static const struct model_page hole = {.kind = PAGE_HOLE};
    if (next_byte(&p->story) % 16 == 0) {
        SAY(p, "clear");
        mset_space_clear(space_of(p));
        model_map(&p->model, p->who, 0, p->world.pages, &hole);
    }
}

static void do_protect(struct stage_play *p) {
    const struct choice c = choose_range(p);
    const uint64_t access = choose_access(p);
    const bool fail = next_byte(&p->story) % 2 != 0;
    SAY(p, "protect %ju + %ju to %#jx", (uintmax_t)c.first, (uintmax_t)c.count, (uintmax_t)access);
    const mset_status status =
        mset_space_protect(space_of(p), address_of(p, c.first), c.count * p->world.page, access,
                           fail ? MSET_HOLES_FAIL : MSET_HOLES_SKIP);
    const bool hole = fail && !model_is_covered(&p->model, p->who, c.first, c.count);
    if (agreed(p, status, hole ? MSET_NOT_FOUND : MSET_OK)) {
        model_protect(&p->model, p->who, c.first, c.count, access);
    }
}

static void do_move(struct stage_play *p) {
    static const struct model_page hole = {.kind = PAGE_HOLE};
    const struct choice c = choose_range(p);
    const uint64_t to = next_pair(&p->story) % (p->world.pages - c.count + 1);
    const bool replace = next_byte(&p->story) % 2 != 0;
    SAY(p, "move %ju + %ju to %ju", (uintmax_t)c.first, (uintmax_t)c.count, (uintmax_t)to);
    const mset_status status =
        mset_space_move(space_of(p), address_of(p, c.first), c.count * p->world.page,
                        address_of(p, to), replace ? MSET_MAP_REPLACE : MSET_MAP_FAIL);
    const bool overlap = (c.first < to ? to - c.first : c.first - to) < c.count;
    const bool empty = model_is_free(&p->model, p->who, c.first, c.count);
    const bool taken = !replace && !model_is_free(&p->model, p->who, to, c.count);
    if (agreed(p, status,
               overlap ? MSET_INVALID_PARAM
               : empty ? MSET_NOT_FOUND
               : taken ? MSET_ALREADY_EXISTS
                       : MSET_OK)) {
        model_map(&p->model, p->who, to, c.count, &hole);
        model_move(&p->model, p->who, c.first, c.count, to);
    }
}

static void do_grow(struct stage_play *p) {
    const struct choice c = choose_range(p);
    struct mset_area area;
    SAY(p, "grow at %ju by %ju", (uintmax_t)c.first, (uintmax_t)c.count);
    const bool there = mset_find(mset_space_set(space_of(p)), address_of(p, c.first), &area);
    const mset_status status =
        mset_space_grow(space_of(p), address_of(p, c.first), MSET_HIGH, c.count * p->world.page);
    if (!there) {
        (void)agreed(p, status, MSET_NOT_FOUND);
        return;
    }
    const uint64_t end = (mset_area_end(&area) - p->world.base) / p->world.page;
    const bool outside = c.count > p->world.pages - end;
    const bool taken = !outside && !model_is_free(&p->model, p->who, end, c.count);
    if (agreed(p, status, outside ? MSET_INVALID_PARAM : taken ? MSET_ALREADY_EXISTS : MSET_OK)) {
        struct model_page page = p->model.page[p->who][end - 1];
        page.touched = false;
        page.offset += p->world.page;
        model_map(&p->model, p->who, end, c.count, &page);
    }
}

/* ---- steps: pages -------------------------------------------------------------------------- */

static bool without_access(const struct stage_play *p, const struct choice *c) {
    for (uint64_t i = c->first; i < c->first + c->count; i++) {
        if ((p->model.page[p->who][i].flags & MSET_ACCESS) == 0) {
            return true;
        }
    }
    return false;
}

static bool all_there(const struct stage_play *p, const struct choice *c) {
    struct mset_space_place place;
    for (uint64_t i = c->first; i < c->first + c->count; i++) {
        if (mset_space_translate(space_of(p), address_of(p, i), 0, 0, &place) != MSET_OK) {
            return false;
        }
    }
    return true;
}

static void do_populate(struct stage_play *p) {
    const struct choice c = choose_range(p);
    SAY(p, "populate %ju + %ju", (uintmax_t)c.first, (uintmax_t)c.count);
    const mset_status status =
        mset_space_populate(space_of(p), address_of(p, c.first), c.count * p->world.page);
    const bool hole = !model_is_covered(&p->model, p->who, c.first, c.count);
    if (agreed(p, status,
               hole                    ? MSET_NOT_FOUND
               : without_access(p, &c) ? MSET_ACCESS_DENIED
                                       : MSET_OK) &&
        !all_there(p, &c)) {
        world_complain(&p->world, "populated, and a page is missing");
    }
}

static void do_discard(struct stage_play *p) {
    const struct choice c = choose_range(p);
    const bool fail = next_byte(&p->story) % 2 != 0;
    SAY(p, "discard %ju + %ju", (uintmax_t)c.first, (uintmax_t)c.count);
    const mset_status status =
        mset_space_discard(space_of(p), address_of(p, c.first), c.count * p->world.page,
                           fail ? MSET_HOLES_FAIL : MSET_HOLES_SKIP);
    const bool hole = fail && !model_is_covered(&p->model, p->who, c.first, c.count);
    const bool linear = model_has(&p->model, p->who, c.first, c.count, PAGE_LINEAR);
    if (agreed(p, status, hole ? MSET_NOT_FOUND : linear ? MSET_UNSUPPORTED : MSET_OK)) {
        model_discard(&p->model, p->who, c.first, c.count);
    }
}

/* ---- steps: contents ----------------------------------------------------------------------- */

/* A page, and once more if the access will not pass. */
static uint64_t choose_target(struct stage_play *p, uint64_t access) {
    const uint64_t page = choose_page(p);
    return model_access(&p->model, p->who, page, access) == MSET_OK ? page : choose_page(p);
}

/* The frame behind a page, UINT64_MAX: none; and how many own it. */
static uint64_t frame_of(const struct stage_play *p, uint64_t at, uint64_t *owners) {
    struct mset_space_place place;
    if (mset_space_translate(space_of(p), address_of(p, at), 0, 0, &place) != MSET_OK) {
        return UINT64_MAX;
    }
    *owners = mset_counted_owners(&p->world.counted, place.pa);
    return place.pa;
}

/* A frame with other owners is left to them, the last owner keeps it. */
static void check_owner(struct stage_play *p, uint64_t at, uint64_t frame, uint64_t owners) {
    const bool shared = frame != UINT64_MAX && owners > 1;
    const uint64_t now = frame_of(p, at, &owners);
    if (owners != 1 || (frame != UINT64_MAX && (now == frame) == shared)) {
        world_complain(&p->world, "a page was %scopied", shared ? "not " : "");
    }
    p->result.copies += shared;
}

static void do_store(struct stage_play *p) {
    const uint64_t at = choose_target(p, MSET_WRITE);
    const unsigned n = (unsigned)(next_byte(&p->story) % MODEL_WORDS);
    const uint64_t word = ++p->words << 8 | p->who;
    uint64_t owners = 1;
    const bool linear = p->model.page[p->who][at].kind == PAGE_LINEAR;
    const uint64_t frame = frame_of(p, at, &owners);
    SAY(p, "store to page %ju", (uintmax_t)at);
    const mset_status status =
        world_store(&p->world, p->who, address_of(p, at) + model_place(&p->model, n), word);
    if (!agreed(p, status, model_access(&p->model, p->who, at, MSET_WRITE))) {
        return;
    }
    if (linear && model_word(&p->model, p->who, at, n) != word) {
        world_complain(&p->world, "what was stored is not in the device");
    } else if (!linear) {
        check_owner(p, at, frame, owners);
    }
    model_write(&p->model, p->who, at, n, word);
}

static void do_load(struct stage_play *p) {
    const uint64_t at = choose_target(p, MSET_READ);
    const unsigned n = (unsigned)(next_byte(&p->story) % MODEL_WORDS);
    uint64_t word = 0;
    SAY(p, "load from page %ju", (uintmax_t)at);
    const mset_status status =
        world_load(&p->world, p->who, address_of(p, at) + model_place(&p->model, n), &word);
    if (agreed(p, status, model_access(&p->model, p->who, at, MSET_READ)) &&
        word != model_word(&p->model, p->who, at, n)) {
        world_complain(&p->world, "loaded %#jx, should be %#jx", (uintmax_t)word,
                       (uintmax_t)model_word(&p->model, p->who, at, n));
    }
}

/* How many pages from `first` on allow the access. */
static uint64_t allowed(const struct stage_play *p, const struct choice *c, uint64_t access,
                        mset_status *status) {
    uint64_t n = 0;
    *status = MSET_OK;
    while (n < c->count && *status == MSET_OK) {
        *status = model_access(&p->model, p->who, c->first + n, access);
        n += *status == MSET_OK;
    }
    return n;
}

/* From the middle of the first page to the middle of the last one but one. */
static void do_write(struct stage_play *p) {
    static uint64_t buffer[8 * KIB * 8];
    struct choice c = choose_range(p);
    const uint64_t page = p->world.page, half = page / 2;
    c.count = c.count > sizeof buffer / page ? sizeof buffer / page : c.count;
    mset_status expected;
    const uint64_t pages = allowed(p, &c, MSET_WRITE, &expected);
    const uint64_t size = c.count * page - half, reach = pages == 0 ? 0 : pages * page - half;
    uint64_t done = 0;
    SAY(p, "write %ju + %ju, %ju of them can be", (uintmax_t)c.first, (uintmax_t)c.count,
        (uintmax_t)pages);
    for (uint64_t i = 0; i < size / 8; i++) {
        buffer[i] = ++p->words << 8 | p->who;
    }
    p->exact = false;
    const mset_status status =
        mset_space_write(space_of(p), address_of(p, c.first) + half, buffer, size, &done);
    (void)agreed(p, status, expected);
    if (done > reach || (done < reach && status != MSET_NO_MEMORY) ||
        (done + half) % page != (done == 0 ? half : 0)) {
        world_complain(&p->world, "wrote %#jx of %#jx", (uintmax_t)done, (uintmax_t)reach);
    }
    for (uint64_t i = 0; i < c.count; i++) {
        for (unsigned n = i == 0 ? 1 : 0; n < MODEL_WORDS; n++) {
            const uint64_t at = i * page + model_place(&p->model, n) - half;
            if (at < done) {
                model_write(&p->model, p->who, c.first + i, n, buffer[at / 8]);
            }
        }
    }
}

static void do_read(struct stage_play *p) {
    static uint64_t buffer[8 * KIB * 8];
    struct choice c = choose_range(p);
    const uint64_t page = p->world.page;
    c.count = c.count > sizeof buffer / page ? sizeof buffer / page : c.count;
    mset_status expected;
    const uint64_t pages = allowed(p, &c, MSET_READ, &expected);
    uint64_t done = 0;
    SAY(p, "read %ju + %ju, %ju of them can be", (uintmax_t)c.first, (uintmax_t)c.count,
        (uintmax_t)pages);
    p->exact = false;
    const mset_status status =
        mset_space_read(space_of(p), address_of(p, c.first), buffer, c.count * page, &done);
    (void)agreed(p, status, expected);
    if (done > pages * page || (done < pages * page && status != MSET_NO_MEMORY)) {
        world_complain(&p->world, "read %#jx of %#jx", (uintmax_t)done, (uintmax_t)(pages * page));
    }
    for (uint64_t i = 0; i < done / page; i++) {
        for (unsigned n = 0; n < MODEL_WORDS; n++) {
            if (buffer[(i * page + model_place(&p->model, n)) / 8] !=
                model_word(&p->model, p->who, c.first + i, n)) {
                world_complain(&p->world, "read something else in page %ju",
                               (uintmax_t)(c.first + i));
            }
        }
    }
}

/* ---- steps: processes ---------------------------------------------------------------------- */

static void do_fork(struct stage_play *p) {
    const unsigned to = (unsigned)(next_byte(&p->story) % WORLD_PROCESSES);
    SAY(p, "fork to %u", to);
    if (p->world.process[to].space != NULL) {
        return;
    }
    if (agreed(p, world_fork(&p->world, p->who, to), MSET_OK)) {
        p->result.forks++;
        model_fork(&p->model, p->who, to);
    }
}

static void do_end(struct stage_play *p) {
    if (next_byte(&p->story) % 2 == 0) {
        SAY(p, "end");
        world_end(&p->world, p->who);
    }
}

static void do_step(struct stage_play *p) {
    static void (*const steps[])(struct stage_play *) = {
        do_map_alloc, do_map_alloc, do_map_alloc, do_map_alloc, do_map_linear, do_unmap, do_protect,
        do_protect,   do_move,      do_grow,      do_populate,  do_discard,    do_store, do_store,
        do_store,     do_store,     do_store,     do_store,     do_store,      do_store, do_store,
        do_store,     do_store,     do_store,     do_load,      do_load,       do_load,  do_load,
        do_load,      do_load,      do_write,     do_write,     do_read,       do_fork,  do_fork,
        do_fork,      do_end,       do_clear,
    };
    steps[next_byte(&p->story) % (sizeof steps / sizeof *steps)](p);
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* The process whose turn it was, and now and then all. */
static void check(struct stage_play *p) {
    world_check(&p->world);
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        if (p->world.process[i].space != NULL && (i == p->who || p->result.steps % 8 == 0)) {
            model_compare(&p->model, i);
        }
    }
}

/* Whose turn it is. The first process of all is started, the others by fork. */
static bool choose_process(struct stage_play *p) {
    p->who = (unsigned)(next_byte(&p->story) % WORLD_PROCESSES);
    for (unsigned i = 0; i < WORLD_PROCESSES && space_of(p) == NULL; i++) {
        p->who = (p->who + 1) % WORLD_PROCESSES;
    }
    if (space_of(p) != NULL) {
        return true;
    }
    SAY(p, "start %u", p->who);
    if (!agreed(p, world_start(&p->world, p->who), MSET_OK)) {
        return false;
    }
    memset(p->model.page[p->who], 0, sizeof p->model.page[p->who]);
    return true;
}

static void step(struct stage_play *p) {
    struct world_use before = world_use(&p->world);
    const uint64_t refused = p->result.refused, fault = next_byte(&p->story);
    p->exact = true;
    world_fail(&p->world, fault < 72 ? 1 + fault % 12 : 0, fault % 2 != 0);
    if (choose_process(p)) {
        before = world_use(&p->world);
        do_step(p);
    }
    p->result.faults += p->world.point.hit;
    world_fail(&p->world, 0, false);
    const struct world_use after = world_use(&p->world);
    if (p->result.refused != refused && p->exact && !world_same_use(&before, &after)) {
        world_complain(&p->world,
                       "refused, and in use are: tables %ju, was %ju; frames %ju, was %ju; "
                       "bytes %ju, was %ju",
                       (uintmax_t)after.table_frames, (uintmax_t)before.table_frames,
                       (uintmax_t)after.data_frames, (uintmax_t)before.data_frames,
                       (uintmax_t)after.memory, (uintmax_t)before.memory);
    }
    check(p);
    p->result.steps++;
}

struct play_result play(const struct world_site *site, const uint8_t *bytes, size_t size) {
    static struct stage_play p;
    memset(&p.result, 0, sizeof p.result);
    p.story = (struct story){bytes, size, 0};
    p.model.world = &p.world;
    p.words = 0;
    if (!world_open(&p.world, site)) {
        p.result.complaint = "no memory for a world";
        return p.result;
    }
    while (p.story.at < size && world_complaint(&p.world) == NULL) {
        step(&p);
    }
    p.result.step = p.result.steps;
    p.result.complaint = world_close(&p.world);
    return p.result;
}
