/*
 * drive.c - calls that change the map. For each the model says what should come of it, by rules of
 * its own; where a fault was injected the call may also have failed, and then nothing has happened.
 */
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRIORITIES = 3 };

static struct model *model_of(struct driver *driver) {
    return &driver->world->model;
}

/* ---- what a commit should do to slots ----------------------------------------------------------
 */

struct foreseen {
    size_t removed, relogged, added; /* moves are removed and added here */
    bool replaces;
};

static bool same_slot(const struct model_slot *a, const struct model_slot *b) {
    return a->start == b->start && a->size == b->size && a->region == b->region &&
           a->offset == b->offset && a->read_only == b->read_only;
}

static const struct model_slot *find_same(const struct model_slot *slots, size_t count,
                                          const struct model_slot *wanted) {
    for (size_t i = 0; i < count; i++) {
        if (same_slot(&slots[i], wanted)) {
            return &slots[i];
        }
    }
    return NULL;
}

static bool meets(const struct model_slot *a, const struct model_slot *b) {
    return a->start <= b->start + (b->size - 1) && b->start <= a->start + (a->size - 1);
}

static struct foreseen foresee(const struct model *model, const struct model_state *before,
                               const struct model_state *after) {
    struct model_slot old[MODEL_UNITS], new[MODEL_UNITS];
    const size_t olds = model_slots(model, before, old), news = model_slots(model, after, new);
    struct foreseen foreseen = {0};
    for (size_t i = 0; i < olds; i++) {
        const struct model_slot *const same = find_same(new, news, &old[i]);
        foreseen.removed += same == NULL;
        foreseen.relogged += same != NULL && same->logged != old[i].logged;
        for (size_t k = 0; k < news && same == NULL; k++) {
            foreseen.replaces |= find_same(old, olds, &new[k]) == NULL && meets(&old[i], &new[k]);
        }
    }
    for (size_t k = 0; k < news; k++) {
        foreseen.added += find_same(old, olds, &new[k]) == NULL;
    }
    return foreseen;
}

static void judge_delta(struct driver *driver, const struct foreseen *foreseen, uint64_t pauses,
                        uint64_t sets) {
    struct world *const world = driver->world;
    const struct mset_slot_delta *const last = &world->watcher.last;
    const bool nothing = foreseen->removed + foreseen->relogged + foreseen->added == 0;
    const size_t moves = nothing ? 0 : last->moves;
    if (!nothing && (last->removes + moves != foreseen->removed ||
                     last->adds + moves != foreseen->added || last->relogs != foreseen->relogged)) {
        world_complain(world, "the difference is not the smallest: %zu removed, %zu added",
                       last->removes, last->adds);
    }
    if (!nothing && last->replaces != foreseen->replaces) {
        world_complain(world, "a replacement is not told, or told wrongly");
    }
    const uint64_t wanted = foreseen->removed + foreseen->added + foreseen->relogged - moves;
    if (world->kvm != NULL && world->fake.sets - sets != wanted) {
        world_complain(world, "%d calls to KVM, wanted are %d", (int)(world->fake.sets - sets),
                       (int)wanted);
    }
    if (world->kvm != NULL && world->pauses - pauses != (foreseen->replaces ? 1 : 0)) {
        world_complain(world, "vCPUs were paused for nothing, or not paused");
    }
    driver->result->moves += moves;
}

/* ---- judging a change --------------------------------------------------------------------------
 */

/* Whoever goes in the end goes from the world. */
static void drop_contents(struct world *world) {
    for (int i = 0; i < MODEL_REGIONS; i++) {
        if (world->contents[i].world != NULL && !world->model.committed.regions[i].exists &&
            !world->model.pending.regions[i].exists) {
            world_content_close(world, i);
        }
    }
}

static void roll_back(struct world *world) {
    world->model.pending = world->model.committed;
    world->model.open = false;
    drop_contents(world);
}

static bool fails(struct driver *driver, mset_status status, mset_status wanted) {
    struct world *const world = driver->world;
    const bool refused = world_disarm(world);
    if (refused && status != MSET_OK && status != wanted) {
        driver->result->refused++;
        return true;
    }
    if (status != wanted) {
        world_complain(world, "%s, wanted: %s", mset_status_text(status), mset_status_text(wanted));
    }
    return status != MSET_OK;
}

struct before {
    struct model_state state; /* committed */
    uint64_t pauses, sets;
};

static struct before look(const struct world *world) {
    return (struct before){world->model.committed, world->pauses, world->fake.sets};
}

/* What is pending has been committed, or should have been. */
static void judge_commit(struct driver *driver, mset_status status, const struct before *before) {
    struct world *const world = driver->world;
    const bool conflict = model_conflict(&world->model.pending);
    if (fails(driver, status, conflict ? MSET_ALREADY_EXISTS : MSET_OK)) {
        roll_back(world);
        return;
    }
    const struct foreseen foreseen = foresee(&world->model, &before->state, &world->model.pending);
    judge_delta(driver, &foreseen, before->pauses, before->sets);
    world->model.committed = world->model.pending;
    world->model.open = false;
    drop_contents(world);
    driver->result->commits++;
}

/* A change of a region that exists: `wanted` is what the arguments alone deserve. */
static void judge_change(struct driver *driver, mset_status status, mset_status wanted, int id,
                         const struct model_region *changed, const struct before *before) {
    struct world *const world = driver->world;
    if (wanted != MSET_OK) {
        (void)fails(driver, status, wanted);
        return;
    }
    if (world->model.open) {
        if (!fails(driver, status, MSET_OK)) {
            world->model.pending.regions[id] = *changed;
        }
        return;
    }
    world->model.pending.regions[id] = *changed;
    judge_commit(driver, status, before);
}

/* ---- the calls ---------------------------------------------------------------------------------
 */

static bool inside(uint64_t start, uint64_t size) {
    return size != 0 && start + size <= MODEL_UNITS;
}

static int pick_region(struct driver *driver) {
    const int first = (int)drive_below(driver, MODEL_REGIONS);
    for (int i = 0; i < MODEL_REGIONS; i++) {
        const int id = (first + i) % MODEL_REGIONS;
        if (model_of(driver)->pending.regions[id].exists) {
            return id;
        }
    }
    return -1;
}

static void begin(struct driver *driver) {
    struct model *const model = model_of(driver);
    (void)fails(driver, mset_guest_begin(driver->world->guest),
                model->open ? MSET_BAD_STATE : MSET_OK);
    model->open = true;
}

static void commit(struct driver *driver) {
    struct world *const world = driver->world;
    const struct before before = look(world);
    struct mset_commit_report report;
    const mset_status status = mset_guest_commit(world->guest, &report);
    if (!world->model.open) {
        (void)fails(driver, status, MSET_BAD_STATE);
        return;
    }
    judge_commit(driver, status, &before);
}

/* One added and removed again in an open transaction keeps its memory until that ends. */
static int free_id(const struct world *world) {
    int id = 0;
    while (id < MODEL_REGIONS && world->contents[id].world != NULL) {
        id++;
    }
    return id;
}

/* Anything, with a liking for what fits. */
static struct model_region invent(struct driver *driver) {
    const enum mset_region_kind kinds[] = {MSET_REGION_RAM,     MSET_REGION_RAM,  MSET_REGION_ROM,
                                           MSET_REGION_ALIAS,   MSET_REGION_MMIO, MSET_REGION_ALIAS,
                                           MSET_REGION_RESERVED};
    const uint8_t how = drive_byte(driver);
    struct model_region region = {
        .exists = true,
        .kind = kinds[drive_below(driver, 7)],
        .start = drive_below(driver, MODEL_UNITS),
        .size = 1 + drive_below(driver, (how & 64) != 0 ? 5 : MODEL_UNITS / 2),
        .priority = (int)drive_below(driver, PRIORITIES) - 1,
        .shown = (how & 7) != 0,
        .target = -1};
    if ((how & 8) != 0) { /* whole slot pages */
        region.start &= ~UINT64_C(3);
        region.size = (region.size + 3) & ~UINT64_C(3);
    }
    const bool memory = region.kind == MSET_REGION_RAM || region.kind == MSET_REGION_ROM;
    region.max_size = memory ? region.size + (how >> 6) : region.size;
    region.logged = memory && (how & 16) != 0;
    region.read_only =
        region.kind == MSET_REGION_ROM || (region.kind == MSET_REGION_ALIAS && (how & 32) != 0);
    return region;
}

static mset_status judge_new(const struct model *model, const struct model_region *region) {
    if (!inside(region->start, region->size)) {
        return MSET_INVALID_PARAM;
    }
    if (region->kind == MSET_REGION_ALIAS) {
        const uint64_t room = model->pending.regions[region->target].size;
        return region->target_offset + region->size <= room ? MSET_OK : MSET_INVALID_PARAM;
    }
    return MSET_OK;
}

static void add(struct driver *driver) {
    struct world *const world = driver->world;
    struct model *const model = model_of(driver);
    const int id = free_id(world);
    struct model_region region = invent(driver);
    region.target = region.kind == MSET_REGION_ALIAS ? pick_region(driver) : -1;
    region.target_offset =
        region.kind == MSET_REGION_ALIAS ? drive_below(driver, MODEL_UNITS / 4) : 0;
    if (id == MODEL_REGIONS || (region.kind == MSET_REGION_ALIAS && region.target < 0)) {
        return;
    }
    if (!inside(region.start, region.size) && world->options.base != 0 &&
        world->options.base + MODEL_UNITS * world->options.unit != 0) {
        return; /* it would be in order, beyond what the model looks at */
    }
    if (!inside(region.start, region.size) && world->options.base == 0) {
        return;
    }
    const struct before before = look(world);
    world_content_open(world, id, &region);
    const struct mset_region_config config = world_config(world, id, &region);
    struct mset_region *handle = NULL;
    const mset_status status = mset_guest_add(world->guest, &config, &handle);
    world->contents[id].handle = handle;
    judge_change(driver, status, judge_new(model, &region), id, &region, &before);
    if (!model->pending.regions[id].exists && world->contents[id].world != NULL) {
        world_content_close(world, id);
    }
}

static void remove_one(struct driver *driver, int id) {
    struct model *const model = model_of(driver);
    const struct before before = look(driver->world);
    const mset_status wanted = model_has_aliases(&model->pending, id) ? MSET_BAD_STATE : MSET_OK;
    struct model_region gone = model->pending.regions[id];
    gone.exists = false;
    const mset_status status =
        mset_guest_remove(driver->world->guest, driver->world->contents[id].handle);
    judge_change(driver, status, wanted, id, &gone, &before);
}

static void move(struct driver *driver, int id) {
    struct world *const world = driver->world;
    struct model_region changed = world->model.pending.regions[id];
    const struct before before = look(world);
    changed.start = drive_below(driver, MODEL_UNITS);
    if ((changed.start & 1) != 0) { /* often where a moved slot stays straight */
        changed.start &= ~UINT64_C(3);
    }
    if (changed.start + changed.size > MODEL_UNITS) {
        changed.start = MODEL_UNITS - changed.size;
    }
    const mset_status status = mset_guest_move(world->guest, world->contents[id].handle,
                                               world_address(world, changed.start));
    judge_change(driver, status, MSET_OK, id, &changed, &before);
}

static mset_status judge_size(const struct model_state *state, int id, uint64_t size) {
    const struct model_region *const region = &state->regions[id];
    const bool memory = region->kind == MSET_REGION_RAM || region->kind == MSET_REGION_ROM;
    if (size == 0) {
        return MSET_INVALID_PARAM;
    }
    if (memory && size > region->max_size) {
        return MSET_OVER_LIMIT;
    }
    if (region->kind == MSET_REGION_ALIAS &&
        region->target_offset + size > state->regions[region->target].size) {
        return MSET_INVALID_PARAM;
    }
    return size < model_needed(state, id) ? MSET_BAD_STATE : MSET_OK;
}

static void resize(struct driver *driver, int id) {
    struct world *const world = driver->world;
    struct model_region changed = world->model.pending.regions[id];
    const struct before before = look(world);
    changed.size = drive_below(driver, MODEL_UNITS / 2 + 3);
    if (changed.start + changed.size > MODEL_UNITS) {
        changed.size = MODEL_UNITS - changed.start;
    }
    const mset_status wanted = judge_size(&world->model.pending, id, changed.size);
    const mset_status status = mset_guest_resize(world->guest, world->contents[id].handle,
                                                 changed.size * world->options.unit);
    judge_change(driver, status, wanted, id, &changed, &before);
}

static void set_switch(struct driver *driver, int id, unsigned which) {
    struct world *const world = driver->world;
    struct mset_region *const handle = world->contents[id].handle;
    struct model_region changed = world->model.pending.regions[id];
    const struct before before = look(world);
    const bool on = drive_below(driver, 2) != 0;
    const bool memory = changed.kind == MSET_REGION_RAM || changed.kind == MSET_REGION_ROM;
    mset_status status, wanted = MSET_OK;
    if (which == 0) {
        changed.shown = on;
        status = mset_guest_show(world->guest, handle, on);
    } else if (which == 1) {
        changed.read_only = on;
        wanted = memory || changed.kind == MSET_REGION_ALIAS ? MSET_OK : MSET_UNSUPPORTED;
        status = mset_guest_set_read_only(world->guest, handle, on);
    } else {
        changed.logged = on;
        wanted = memory ? MSET_OK : MSET_UNSUPPORTED;
        status = mset_guest_set_logged(world->guest, handle, on);
    }
    judge_change(driver, status, wanted, id, &changed, &before);
}

static void set_priority(struct driver *driver, int id) {
    struct world *const world = driver->world;
    struct model_region changed = world->model.pending.regions[id];
    const struct before before = look(world);
    changed.priority = (int)drive_below(driver, PRIORITIES) - 1;
    const mset_status status =
        mset_guest_set_priority(world->guest, world->contents[id].handle, changed.priority);
    judge_change(driver, status, MSET_OK, id, &changed, &before);
}

static void redirect(struct driver *driver, int id) {
    struct world *const world = driver->world;
    struct model_region changed = world->model.pending.regions[id];
    const struct before before = look(world);
    changed.target_offset = drive_below(driver, MODEL_UNITS / 2);
    mset_status wanted = MSET_UNSUPPORTED;
    if (changed.kind == MSET_REGION_ALIAS) {
        const uint64_t room = world->model.pending.regions[changed.target].size;
        wanted = changed.target_offset + changed.size <= room ? MSET_OK : MSET_INVALID_PARAM;
    }
    const mset_status status = mset_guest_redirect(world->guest, world->contents[id].handle,
                                                   changed.target_offset * world->options.unit);
    judge_change(driver, status, wanted, id, &changed, &before);
}

static void log_all(struct driver *driver) {
    struct world *const world = driver->world;
    const struct before before = look(world);
    const struct model_state pending = world->model.pending;
    const bool on = drive_below(driver, 2) != 0;
    for (int i = 0; i < MODEL_REGIONS; i++) {
        struct model_region *const region = &world->model.pending.regions[i];
        if (region->exists &&
            (region->kind == MSET_REGION_RAM || region->kind == MSET_REGION_ROM)) {
            region->logged = on;
        }
    }
    const mset_status status = mset_guest_set_logged(world->guest, NULL, on);
    if (!world->model.open) {
        judge_commit(driver, status, &before);
    } else if (fails(driver, status, MSET_OK)) {
        world->model.pending = pending;
    }
}

static void change_region(struct driver *driver, unsigned which) {
    const int id = pick_region(driver);
    if (id < 0) {
        return;
    }
    switch (which) {
    case 0:
        remove_one(driver, id);
        break;
    case 1:
        move(driver, id);
        break;
    case 2:
        resize(driver, id);
        break;
    case 3:
        set_priority(driver, id);
        break;
    case 4:
        redirect(driver, id);
        break;
    default:
        set_switch(driver, id, which - 5);
        break;
    }
}

/* The next call that changes something meets a refusal. */
static void arm(struct driver *driver) {
    const uint8_t how = drive_byte(driver);
    const uint64_t nth = 1 + drive_below(driver, 24);
    struct world_faults faults = {.on = (how & 4) != 0};
    switch (how & 3) {
    case 0:
        faults.alloc = nth;
        break;
    case 1:
        faults.kvm = 1 + nth % 6;
        break;
    case 2:
        faults.watcher = (how & 8) != 0 ? REFUSE_PREPARE : REFUSE_APPLY;
        break;
    default:
        faults.host = 1;
        break;
    }
    world_arm(driver->world, &faults);
}

static void change_map(struct driver *driver, unsigned which) {
    struct world *const world = driver->world;
    if (drive_below(driver, 4) == 0) {
        arm(driver);
    }
    switch (which) {
    case 0:
    case 1:
    case 2:
        add(driver);
        break;
    case 3:
        begin(driver);
        break;
    case 4:
        commit(driver);
        break;
    case 5:
        mset_guest_rollback(world->guest);
        if (world->model.open) {
            roll_back(world);
        }
        break;
    case 6:
        log_all(driver);
        break;
    default:
        change_region(driver, which - 7);
        break;
    }
    (void)world_disarm(world);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static struct world_options choose_options(struct driver *driver) {
    static const uint64_t units[] = {4096, 1024, 512};
    const uint8_t how = drive_byte(driver);
    struct world_options options = {.unit = units[how % 3],
                                    .with_kvm = (how & 4) != 0,
                                    .kvm_first = (how & 8) != 0,
                                    .manual = (how & 16) != 0};
    const uint64_t bytes = MODEL_UNITS * options.unit;
    const uint64_t bases[] = {0, UINT64_C(1) << 32, (UINT64_C(1) << 63) - bytes / 2, 0 - bytes};
    options.base = bases[how >> 6];
    if (options.base + bytes == 0) {
        options.with_kvm = false; /* KVM has no slots that end at 2^64 */
    }
    return options;
}

void guest_drive(const uint8_t *data, size_t size, struct drive_result *result) {
    static struct world world; /* large, and used by one thread */
    struct driver driver = {data, size, 0, &world, result};
    const struct world_options options = choose_options(&driver);
    *result = (struct drive_result){.calls = 0};
    world_open(&world, &options);
    while (driver.at < size && world.complaint[0] == '\0') {
        const unsigned which = (unsigned)drive_below(&driver, 32);
        result->calls++;
        if (which < 15) {
            change_map(&driver, which);
            if (world.complaint[0] == '\0') {
                world_compare(&world);
            }
        } else {
            drive_access(&driver, which - 15);
        }
        if (world.complaint[0] != '\0') {
            (void)snprintf(result->complaint, sizeof result->complaint, "call %d (%u): %s",
                           (int)result->calls, which, world.complaint);
        }
    }
    if (world.complaint[0] == '\0') {
        world_compare(&world); /* accesses have the last word */
        world_close(&world);
        memcpy(result->complaint, world.complaint, sizeof world.complaint);
    }
}
