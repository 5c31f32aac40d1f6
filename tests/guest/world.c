/* world.c - see world.h. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/complaint.h"

void world_complain(struct world *world, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complaint_keep(world->complaint, sizeof world->complaint, format, arguments);
    va_end(arguments);
}

/* ---- the host's memory ------------------------------------------------------------------------
 */

static int obtain(void *context, struct mset_memory *memory) {
    struct world *const world = context;
    if (world->host_fail_at != 0 && ++world->host_calls == world->host_fail_at) {
        return -3;
    }
    const size_t size = (size_t)((memory->size + FAKE_PAGE - 1) / FAKE_PAGE * FAKE_PAGE);
    memory->host = aligned_alloc(FAKE_PAGE, size);
    memset(memory->host, 0, size);
    world->host_live++;
    return 0;
}

static void release(void *context, struct mset_memory *memory) {
    struct world *const world = context;
    free(memory->host);
    world->host_live--;
}

static int discard(void *context, const struct mset_memory *memory, uint64_t offset,
                   uint64_t size) {
    struct world *const world = context;
    if (offset > memory->size || size > memory->size - offset) {
        world_complain(world, "discarded beyond the end of memory");
        return -1;
    }
    memset((unsigned char *)memory->host + offset, 0, (size_t)size);
    return 0;
}

/* ---- devices ----------------------------------------------------------------------------------
 */

static bool port_ok(struct content *content, uint64_t offset, unsigned width) {
    const bool ok = (width == 1 || width == 2 || width == 4 || width == 8) && offset % width == 0 &&
                    offset + width <= content->size;
    if (!ok) {
        world_complain(content->world, "region %d: width %u at offset %#llx", content->region,
                       width, (unsigned long long)offset);
    }
    return ok;
}

static mset_status read_device(void *context, uint64_t offset, unsigned width, uint64_t *value) {
    struct content *const content = context;
    *value = 0;
    for (unsigned i = 0; port_ok(content, offset, width) && i < width; i++) {
        *value |= (uint64_t)content->device[offset + i] << 8 * i;
    }
    return MSET_OK;
}

static mset_status write_device(void *context, uint64_t offset, unsigned width, uint64_t value) {
    struct content *const content = context;
    for (unsigned i = 0; port_ok(content, offset, width) && i < width; i++) {
        content->device[offset + i] = (unsigned char)(value >> 8 * i);
    }
    return MSET_OK;
}

static const struct mset_region_io device_io = {read_device, write_device};

/* ---- contents ---------------------------------------------------------------------------------
 */

uint64_t world_address(const struct world *world, uint64_t unit) {
    return world->options.base + unit * world->options.unit;
}

struct mset_region_config world_config(struct world *world, int id,
                                       const struct model_region *region) {
    const uint64_t unit = world->options.unit;
    return (struct mset_region_config){
        .kind = region->kind,
        .start = world_address(world, region->start),
        .size = region->size * unit,
        .priority = region->priority,
        .hidden = !region->shown,
        .logged = region->logged,
        .read_only = region->read_only,
        .memory = {.source = MSET_MEMORY_ANONYMOUS},
        .max_size = region->max_size * unit,
        .io = world->contents[id].has_io ? &device_io : NULL,
        .io_context = &world->contents[id],
        .target = region->target < 0 ? NULL : world->contents[region->target].handle,
        .target_offset = region->target_offset * unit,
        .user = &world->contents[id]};
}

void world_content_open(struct world *world, int id, const struct model_region *region) {
    struct content *const content = &world->contents[id];
    const uint64_t units = region->kind == MSET_REGION_MMIO ? MODEL_UNITS : region->max_size;
    *content = (struct content){.world = world, .region = id};
    content->has_io = region->kind == MSET_REGION_MMIO || id % 2 == 0;
    content->size = (size_t)(units * world->options.unit);
    if (region->kind != MSET_REGION_ALIAS && region->kind != MSET_REGION_RESERVED) {
        content->device = calloc(3, content->size);
        content->shadow_device = content->device + content->size;
        content->shadow = content->shadow_device + content->size;
    }
}

void world_content_close(struct world *world, int id) {
    struct content *const content = &world->contents[id];
    if (content->device != NULL &&
        memcmp(content->device, content->shadow_device, content->size) != 0) {
        world_complain(world, "region %d: a handler was told something else", id);
    }
    free(content->device);
    *content = (struct content){.handle = NULL};
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static bool sight_agrees(const struct world *world, const struct model_sight *sight,
                         const struct mset_area *area, uint64_t address) {
    uint64_t offset;
    const struct mset_region *const region = mset_region_of(area, address, &offset);
    return region == world->contents[sight->region].handle &&
           offset == sight->offset * world->options.unit &&
           mset_guest_kind(area->flags) == sight->kind &&
           ((area->flags & MSET_GUEST_LOGGED) != 0) == sight->logged;
}

static void compare_view(struct world *world) {
    const struct mset *const view = mset_guest_view(world->guest);
    struct mset_cursor cursor;
    struct mset_area area;
    for (uint64_t unit = 0; unit < MODEL_UNITS; unit++) {
        const struct model_sight sight = model_look(&world->model.committed, unit);
        const uint64_t address = world_address(world, unit);
        const bool found = mset_find(view, address, &area);
        if (found != (sight.region >= 0) ||
            (found && !sight_agrees(world, &sight, &area, address))) {
            world_complain(world, "unit %d shows something else", (int)unit);
        }
    }
    for (mset_cursor_all(&cursor, view); mset_cursor_next(&cursor, &area);) {
        if (area.start - world->options.base >= MODEL_UNITS * world->options.unit) {
            world_complain(world, "an area outside of all regions");
        }
    }
}

/* Units from this one on, with it, that one area of the flat view has. */
static uint64_t run_of(const struct world *world, uint64_t unit) {
    struct model_sight sight = model_look(&world->model.committed, unit);
    uint64_t run = 1;
    for (;; run++) {
        const struct model_sight next = model_look(&world->model.committed, unit + run);
        if (next.region != sight.region || next.offset != sight.offset + 1 ||
            next.kind != sight.kind || next.logged != sight.logged) {
            return run;
        }
        sight = next;
    }
}

static void compare_translation(struct world *world, uint64_t unit, uint64_t access) {
    const struct model_sight sight = model_look(&world->model.committed, unit);
    const uint64_t within = (unit * 7) % world->options.unit;
    void *host = NULL;
    uint64_t bytes = 0;
    const mset_status status = mset_guest_translate(
        &world->cursor, world_address(world, unit) + within, access, &host, &bytes);
    const bool allowed =
        sight.kind == MSET_REGION_RAM || (sight.kind == MSET_REGION_ROM && access == MSET_READ);
    const mset_status wanted = sight.region < 0 ? MSET_NOT_FOUND
                               : allowed        ? MSET_OK
                                                : MSET_ACCESS_DENIED;
    if (status != wanted) {
        world_complain(world, "unit %d translates to: %s", (int)unit, mset_status_text(status));
        return;
    }
    if (status == MSET_OK) {
        struct mset_region_info info;
        mset_region_get(world->contents[sight.region].handle, &info);
        const unsigned char *const place =
            (const unsigned char *)info.memory.host + sight.offset * world->options.unit + within;
        if (host != place || bytes != run_of(world, unit) * world->options.unit - within) {
            world_complain(world, "unit %d translates to another place", (int)unit);
        }
    }
}

static void *host_of(const struct world *world, const struct model_slot *slot) {
    struct mset_region_info info;
    mset_region_get(world->contents[slot->region].handle, &info);
    return (unsigned char *)info.memory.host + slot->offset;
}

static void compare_kvm(struct world *world, const struct model_slot *slots, size_t count) {
    struct mset_kvm_statistics statistics;
    mset_kvm_get_statistics(world->kvm, &statistics);
    if (fake_kvm_count(&world->fake) != count || statistics.slots != count) {
        world_complain(world, "KVM has %zu slots, wanted are %zu", fake_kvm_count(&world->fake),
                       count);
    }
    for (size_t i = 0; i < count; i++) {
        const struct fake_slot *const slot = fake_kvm_at(&world->fake, slots[i].start);
        const uint32_t flags = (slots[i].logged ? 1U : 0U) | (slots[i].read_only ? 2U : 0U);
        if (slot == NULL || slot->start != slots[i].start || slot->size != slots[i].size ||
            slot->flags != flags || slot->host != (uintptr_t)host_of(world, &slots[i])) {
            world_complain(world, "KVM has another slot at %#llx",
                           (unsigned long long)slots[i].start);
        }
    }
}

static void compare_watcher(struct world *world, const struct model_slot *slots, size_t count) {
    const struct watcher *const watcher = &world->watcher;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < watcher->count && watcher->slots[k].start != slots[i].start) {
            k++;
        }
        const struct mset_slot *const slot = &watcher->slots[k];
        if (k == watcher->count || slot->size != slots[i].size ||
            slot->host != host_of(world, &slots[i]) || slot->logged != slots[i].logged ||
            slot->read_only != slots[i].read_only ||
            slot->region != world->contents[slots[i].region].handle) {
            world_complain(world, "the listener has another slot at %#llx",
                           (unsigned long long)slots[i].start);
        }
    }
    if (watcher->count != count) {
        world_complain(world, "the listener has %zu slots, wanted are %zu", watcher->count, count);
    }
}

static void compare_slots(struct world *world) {
    struct model_slot slots[MODEL_UNITS];
    const size_t count = model_slots(&world->model, &world->model.committed, slots);
    compare_watcher(world, slots, count);
    if (world->kvm != NULL) {
        compare_kvm(world, slots, count);
    }
}

/* Every byte of memory, seen or not, also behind the end of what is shown. */
static void compare_bytes(struct world *world) {
    for (int i = 0; i < MODEL_REGIONS; i++) {
        const struct content *const content = &world->contents[i];
        const struct model_region *const region = &world->model.committed.regions[i];
        struct mset_region_info info;
        if (!region->exists || content->shadow == NULL || region->kind == MSET_REGION_MMIO) {
            continue;
        }
        mset_region_get(content->handle, &info);
        if (memcmp(info.memory.host, content->shadow, content->size) != 0) {
            world_complain(world, "region %d holds other bytes", i);
        }
    }
}

static void compare_live_memory(struct world *world) {
    uint64_t wanted = 0;
    for (int i = 0; i < MODEL_REGIONS; i++) {
        const struct content *const content = &world->contents[i];
        wanted += content->handle != NULL && content->device != NULL &&
                  world->model.pending.regions[i].kind != MSET_REGION_MMIO;
    }
    if (world->host_live != wanted) {
        world_complain(world, "%d pieces of host memory, wanted are %d", (int)world->host_live,
                       (int)wanted);
    }
}

static void pass_on(struct world *world, const char *complaint) {
    if (complaint != NULL) {
        world_complain(world, "%s", complaint);
    }
}

void world_compare(struct world *world) {
    pass_on(world, mset_guest_validate(world->guest));
    pass_on(world, world->fake.complaint);
    pass_on(world, world->watcher.complaint);
    pass_on(world, counting_allocator_complaint(&world->memory, false));
    compare_view(world);
    for (uint64_t unit = 0; unit < MODEL_UNITS; unit++) {
        compare_translation(world, unit, unit % 3 == 0 ? MSET_READ | MSET_WRITE : MSET_READ);
    }
    compare_slots(world);
    compare_live_memory(world);
    compare_bytes(world);
    if (world->paused || world->watcher.paused || world->watcher.prepared) {
        world_complain(world, "somebody still waits");
    }
}

/* ---- faults -----------------------------------------------------------------------------------
 */

void world_arm(struct world *world, const struct world_faults *faults) {
    counting_allocator_fail(&world->memory, faults->alloc, faults->on);
    fault_point_set(&world->fake.faults, faults->kvm, faults->on);
    world->host_fail_at = faults->host;
    world->host_calls = 0;
    world->watcher.refuses = faults->watcher;
}

static void bring_back(struct world *world) {
    struct mset_guest_listener *const listener = mset_kvm_listener(world->kvm);
    if (mset_guest_last_failure(world->guest).lost != listener) {
        world_complain(world, "a lost listener is not told");
    }
    if (mset_kvm_reset(world->kvm) != MSET_OK ||
        mset_guest_detach(world->guest, listener) != MSET_OK ||
        mset_guest_attach(world->guest, listener) != MSET_OK ||
        mset_guest_last_failure(world->guest).lost != NULL) {
        world_complain(world, "a lost listener cannot be brought back");
    }
    memset(world->uncertain, true, sizeof world->uncertain);
}

bool world_disarm(struct world *world) {
    const struct world_faults none = {0};
    const bool refused = world->memory.refused != 0 || world->fake.faults.hit != 0 ||
                         (world->host_fail_at != 0 && world->host_calls >= world->host_fail_at) ||
                         mset_guest_last_failure(world->guest).code != 0;
    struct mset_kvm_statistics statistics = {.lost = false};
    world_arm(world, &none);
    if (world->kvm != NULL) {
        mset_kvm_get_statistics(world->kvm, &statistics);
    }
    if (statistics.lost) {
        bring_back(world);
    }
    return refused;
}

/* ---- the world --------------------------------------------------------------------------------
 */

static void pause_vcpus(void *context) {
    struct world *const world = context;
    if (world->paused) {
        world_complain(world, "paused twice");
    }
    world->paused = true;
    world->pauses++;
}

static void resume_vcpus(void *context) {
    struct world *const world = context;
    if (!world->paused) {
        world_complain(world, "resumed without a pause");
    }
    world->paused = false;
}

static void synchronize(void *context) {
    struct world *const world = context;
    world->synchronized++;
}

/* Only what is logged, and only memory. */
static void wrote(void *context, uint64_t address, uint64_t size) {
    struct world *const world = context;
    const uint64_t unit = world->options.unit, at = address - world->options.base;
    for (uint64_t k = at / unit; size != 0 && k <= (at + (size - 1)) / unit; k++) {
        struct model_sight sight = {.region = -1};
        if (k < MODEL_UNITS) {
            sight = model_look(&world->model.committed, k);
        }
        if (sight.region < 0 || sight.kind != MSET_REGION_RAM || !sight.logged) {
            world_complain(world, "told of a write to what is not logged");
            return;
        }
    }
    world->told += size;
}

static void require(struct world *world, mset_status status) {
    if (status != MSET_OK) {
        world_complain(world, "a world cannot be opened: %s", mset_status_text(status));
    }
}

/* Where memory moves it is not said which writes came before. */
static void note_move(void *arg, const struct fake_slot *old, const struct fake_slot *new_slot) {
    struct world *const world = arg;
    if (old->size != 0 && new_slot->size != 0 && old->start != new_slot->start) {
        memset(world->uncertain, true, sizeof world->uncertain);
    }
}

static void open_kvm(struct world *world) {
    fake_kvm_open(&world->fake);
    world->fake.has_manual = world->options.manual;
    world->fake.look = note_move;
    world->fake.look_arg = world;
    const struct mset_kvm_config config = {.vm = FAKE_VM,
                                           .control = fake_kvm_control,
                                           .control_context = &world->fake,
                                           .pause = pause_vcpus,
                                           .resume = resume_vcpus,
                                           .pause_context = world,
                                           .manual_clear = world->options.manual,
                                           .allocator = &world->memory.base};
    if (world->options.with_kvm) {
        require(world, mset_kvm_create(&config, &world->kvm));
    }
}

void world_open(struct world *world, const struct world_options *options) {
    memset(world, 0, sizeof *world);
    world->options = *options;
    world->model.base = options->base;
    world->model.unit = options->unit;
    world->model.slot_units = FAKE_PAGE / options->unit;
    counting_allocator_open(&world->memory);
    const struct mset_memory_host host = {obtain, release, discard, world};
    const struct mset_guest_options guest = {.allocator = &world->memory.base,
                                             .host = &host,
                                             .page_size = options->unit,
                                             .synchronize = synchronize,
                                             .wrote = wrote,
                                             .context = world};
    require(world, mset_guest_create(&guest, &world->guest));
    mset_guest_cursor_init(&world->cursor, world->guest);
    watcher_open(&world->watcher);
    open_kvm(world);
    if (world->kvm != NULL && options->kvm_first) {
        require(world, mset_guest_attach(world->guest, mset_kvm_listener(world->kvm)));
    }
    require(world, mset_guest_attach(world->guest, &world->watcher.listener));
    if (world->kvm != NULL && !options->kvm_first) {
        require(world, mset_guest_attach(world->guest, mset_kvm_listener(world->kvm)));
    }
}

void world_close(struct world *world) {
    mset_guest_rollback(world->guest);
    require(world, mset_guest_detach(world->guest, &world->watcher.listener));
    if (world->kvm != NULL) {
        require(world, mset_guest_detach(world->guest, mset_kvm_listener(world->kvm)));
        mset_kvm_destroy(world->kvm);
    }
    if (fake_kvm_count(&world->fake) != 0 || world->watcher.count != 0) {
        world_complain(world, "slots are left after detaching");
    }
    mset_guest_destroy(world->guest);
    for (int i = 0; i < MODEL_REGIONS; i++) {
        world_content_close(world, i);
    }
    if (world->host_live != 0) {
        world_complain(world, "host memory is left");
    }
    pass_on(world, world->fake.complaint);
    pass_on(world, counting_allocator_complaint(&world->memory, true));
    fake_kvm_close(&world->fake);
}
